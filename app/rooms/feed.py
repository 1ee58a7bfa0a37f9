"""The state of one room while it is watched: read by one poller of this process, shared by all its watchers.

Every event is a whole state, so a phone that slept, came late or lost its connection is right with the next one.
No Streamlit in here.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
from collections import Counter
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sse_starlette import ServerSentEvent
from starlette.concurrency import run_in_threadpool

if TYPE_CHECKING:
    from core.rooms import Look, Rooms

log = logging.getLogger("glassbox")

EVERY = 0.4  # seconds between two looks at a room: votes are counted out at most so often
WHOLE = 10.0  # seconds between two looks that also find whose signs of life have stopped
ALIVE = 15.0  # seconds between two records of who is connected here
SWEEPS = 600.0  # seconds between two looks for rooms whose time is over
RETRY = 1000  # milliseconds until a browser reconnects
LIVE = "GLASSBOX_ROOM_SESSIONS"  # live pages that may follow rooms at once, in one server process
PLACES = 30
THIRDS_ROOM, THIRDS_ADDRESS = 1, 2  # of these places: what one room and one network address may take
AWAY = "The room does not answer just now; it is tried again."

Derive = Callable[["Look"], dict[str, Any]]


@dataclass
class Feed:
    """A watched room.

    Attributes:
        members: of each member that is connected here, how many connections it has.
        look: the room's last state; looked: when that was read, by the event loop's clock.
        ended: whether the room is gone; away: whether it could not be read just now.
        news: set and replaced at every change.
    """

    id: str
    rooms: Callable[[], Rooms]
    watchers: int = 0
    members: Counter[str] = field(default_factory=Counter)
    look: Look | None = None
    looked: float = 0.0
    ended: bool = False
    away: bool = False
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _left: set[str] = field(default_factory=set)
    _wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _told_alive: float = -ALIVE
    _whole: float = -WHOLE

    def begin(self) -> None:
        """Start the poller, unless it runs already."""
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())

    def end(self) -> None:
        """Stop the poller."""
        if self._task is not None:
            self._task.cancel()

    def hurry(self) -> None:
        """Look at once: this process has changed the room."""
        self._wanted.set()

    def come(self, member: str) -> None:
        """Add a connection of a member ("" for projector and teacher)."""
        self.watchers += 1
        if member:
            self.members[member] += 1
            self._left.discard(member)
            self._told_alive = -ALIVE
            self.hurry()

    def go(self, member: str) -> None:
        """Remove a connection of a member."""
        self.watchers -= 1
        if member:
            self.members[member] -= 1
            if self.members[member] <= 0:
                del self.members[member]
                self._left.add(member)
                self.hurry()

    def closes(self) -> float | None:
        """Return the seconds until the open vote ends, now; None: nobody has closed it."""
        left = None if self.look is None else self.look.room.closes
        if left is None:
            return None
        return max(0.0, left - (asyncio.get_running_loop().time() - self.looked))

    async def _poll(self) -> None:
        while not self.ended:
            await self._once()
            left = self.closes()
            with suppress(TimeoutError):
                await asyncio.wait_for(
                    self._wanted.wait(), EVERY if left is None else min(EVERY, left + 0.01)
                )
            self._wanted.clear()

    async def _once(self) -> None:
        from core.rooms import NoSuchRoom

        now = asyncio.get_running_loop().time()
        left, self._left = self._left, set()
        alive = now - self._told_alive >= ALIVE
        whole = now - self._whole >= WHOLE or self.look is None
        present = list(self.members) if alive else []
        since = -1 if whole or self.look is None else self.look.room.version
        before = self.ended, self.away
        try:
            found = await run_in_threadpool(self._read, present, left, since)
            self.away = False
        except NoSuchRoom:
            found, self.ended = None, True
        except Exception as why:
            if not self.away:
                log.warning("A room could not be read: %s", why)
            found, self.away = None, True
            self._left |= left
        else:
            self._told_alive = now if alive else self._told_alive
            self._whole = now if whole else self._whole
        fresh = found is not None and found != self.look
        if found is not None:
            self.look, self.looked = found, now
        if fresh or before != (self.ended, self.away):
            self.news.set()
            self.news = asyncio.Event()

    def _read(self, present: list[str], left: set[str], since: int) -> Look | None:
        """Read the room once, with who is connected written down; runs in a thread."""
        rooms = self.rooms()
        if present or left:
            rooms.seen(self.id, present, left)
        return rooms.look(self.id, since)


class Hub:
    """All watched rooms of a server process."""

    def __init__(self, rooms: Callable[[], Rooms]) -> None:
        self.rooms = rooms
        self.feeds: dict[str, Feed] = {}
        self.followers = Counter[str]()  # live pages that follow, by the room's id
        self.follower_addresses = Counter[str]()  # the same, by network address
        self._beside: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None

    def has_place(self, id: str, address: str) -> bool:
        """Return whether one more live page from this address may follow a room: others keep places for theirs."""
        most = places()
        return (
            self.followers.total() < most
            and self.followers[id] < max(1, most * THIRDS_ROOM // 3)
            and self.follower_addresses[address] < max(1, most * THIRDS_ADDRESS // 3)
        )

    async def follow(self, id: str, derive: Derive, address: str = "") -> AsyncGenerator[bytes, None]:
        """Yield the events of a room for a live page that follows it.

        The page takes a place while one is free. Beyond that it takes none from others: it only listens.
        """
        counts = ((self.followers, id), (self.follower_addresses, address))
        counted = self.has_place(id, address)
        try:
            for count, key in counts:
                count[key] += counted
            async for one in self.watch(id, derive):
                yield one
        finally:
            for count, key in counts:
                count[key] -= counted
                if count[key] <= 0:
                    del count[key]

    async def watch(self, id: str, derive: Derive, member: str = "") -> AsyncIterator[bytes]:
        """Yield the events of a room for one screen: "state" with all that it may know, "away", and at last "end".

        Args:
            derive: what this screen may know.   member: whose phone it is; "" for projector and teacher.
        """
        feed = self.feeds.get(id)
        if feed is None:
            feed = self.feeds[id] = Feed(id, self.rooms)
        feed.come(member)
        feed.begin()
        told: Any = None
        try:
            yield ServerSentEvent(comment="here", retry=RETRY).encode()
            while True:
                news = feed.news  # taken before reading: a change meanwhile wakes us at once
                if feed.ended:
                    yield event("end", {})
                    return
                if feed.away:
                    told = None
                    yield event("away", {"why": AWAY})
                elif feed.look is not None:
                    said = derive(feed.look) | {"closes": feed.closes()}
                    without = {**said, "version": 0, "closes": said["closes"] is not None}
                    if without != told:
                        told = without
                        yield event("state", said, feed.look.room.version)
                await news.wait()
        finally:
            feed.go(member)
            if feed.watchers == 0:
                if self.feeds.get(id) is feed:
                    del self.feeds[id]
                feed.end()
                if member:
                    self._later(feed.rooms, id, member)

    def hurry(self, id: str) -> None:
        """Tell the watchers of a room at once that it has changed."""
        if (feed := self.feeds.get(id)) is not None:
            feed.hurry()

    def keep_swept(self) -> None:
        """Look for rooms whose time is over from now on, for as long as there are any."""
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep())

    async def _sweep(self) -> None:
        left = True
        while left:
            await asyncio.sleep(SWEEPS)
            try:
                left = await run_in_threadpool(lambda: self.rooms().sweep())
            except Exception as why:
                log.warning("Rooms could not be looked through: %s", why)

    def _later(self, rooms: Callable[[], Rooms], id: str, member: str) -> None:
        """Record that the last connection to a room has left."""

        async def left() -> None:
            with suppress(Exception):  # the store is away: the member is gone when its signs of life are old
                await run_in_threadpool(lambda: rooms().seen(id, (), (member,)))

        task = asyncio.get_running_loop().create_task(left())
        self._beside.add(task)
        task.add_done_callback(self._beside.discard)


def places() -> int:
    """Return how many live pages may follow rooms in this process at once."""
    written = os.environ.get(LIVE, "").strip()
    return int(written) if written.isdecimal() else PLACES


def event(name: str, data: dict[str, Any], id: int | None = None) -> bytes:
    """Format one server-sent event."""
    written = json.dumps(data, allow_nan=False)
    return ServerSentEvent(data=written, event=name, id=None if id is None else str(id)).encode()
