"""Limits on what one visitor, one network address, and all of them take of a server process at once.

A visitor is a browser or a phone, by its cookie; who sends none is known by the address alone. A school is behind one
address, so that may have as much as a few classes need. Whoever is refused reads why: a page has a link to
try again, a stream says it as its only event, any other request gets {"why"}. No Streamlit in here.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sse_starlette import ServerSentEvent
from starlette.requests import HTTPConnection
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response

from app.counts import counted
from app.rooms import documents
from app.rooms.cookies import MEMBER
from app.rooms.limits import Rate
from app.session import language, owner, visitors
from core.messages import Later, later, mark, say, speaking
from core.settings import read

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "GLASSBOX_LIMIT_"
HIDDEN = "/_stcore/metrics"  # Streamlit's, which tells everybody; ours ask who wants to know (app/server/metrics.py)
AGAIN = 20  # seconds after which a page, or a stream, that was refused is asked for again
BURST, EACH = 30, 0.1  # messages of one page at once; seconds between two when there were more
LARGE = 200_000  # bytes of a message that count as another message
MINUTE = 60.0
OURS = ("/runs/", "/rooms", "/join", "/room/")  # whose requests are counted by the minute


@dataclass(frozen=True)
class Limits:
    """Bound what may be open at once, or asked in a minute, in one server process.

    Attributes:
        pages: live pages of all visitors; pages_address, pages_visitor: of one.
        streams: event streams of all, streams_address, streams_visitor: of one; a page has one or two, a phone one.
        requests_address, requests_visitor: requests for runs and rooms in a minute, of one.
    """

    pages: int = 600
    pages_address: int = 400
    pages_visitor: int = 30
    streams: int = 2000
    streams_address: int = 800
    streams_visitor: int = 60
    requests_address: int = 20_000
    requests_visitor: int = 1200

    @classmethod
    def from_environment(cls) -> Limits:
        """Read GLASSBOX_LIMIT_PAGES, _PAGES_ADDRESS and so on, where they are set.

        Raises:
            ValueError: one of them is no whole number from 1 on.
        """
        return read(cls, PREFIX)


class Refused(Exception):
    """Raised for what is over a limit; the message says which, and what to do."""


@dataclass(frozen=True)
class Place:
    """Name where a request comes from.

    Attributes:
        visitor: what its cookie says, of a browser or of a phone in a class; "" without one.
        address: of the network.
    """

    visitor: str
    address: str

    @classmethod
    def of(cls, scope: Scope) -> Place:
        """Read both from a request."""
        found = HTTPConnection(scope)
        known = owner.read(found.cookies.get(owner.COOKIE)) or owner.read(found.cookies.get(MEMBER), MEMBER)
        return cls(known or "", found.headers.get(visitors.HEADER, ""))


_TOO_MANY = {
    "pages": mark(
        "this browser has {count} pages of this Glassbox open, as many as one visitor may have: close some"
    ),
    "streams": mark(
        "this browser has {count} streams of this Glassbox open, as many as one visitor may have: close some"
    ),
}


class Open:
    """Count what is open at once of one kind, such as live pages.

    Args:
        what: its name in the plural, a key of `_TOO_MANY`.
        most, address, visitor: how many there may be of all, and of one.
    """

    def __init__(self, what: str, most: int, address: int, visitor: int) -> None:
        self.what, self.most, self.address, self.visitor = what, most, address, visitor
        self.by_address, self.by_visitor = Counter[str](), Counter[str]()

    @property
    def total(self) -> int:
        """How many are open."""
        return self.by_address.total()

    def check(self, place: Place) -> None:
        """Check that one more may be opened from there. Raises Refused: not now."""
        if place.visitor and self.by_visitor[place.visitor] >= self.visitor:
            raise Refused(later(_TOO_MANY[self.what], count=self.visitor))
        if self.by_address[place.address] >= self.address:
            raise Refused(
                later(
                    "your network may have {places} on this Glassbox, and no more is free",
                    places=Places(self.address),
                )
            )
        if self.total >= self.most:
            raise Refused(_full(self.most))

    @contextmanager
    def held(self, place: Place) -> Iterator[None]:
        """Count one for the body of the `with` block. Raises Refused: it may not be opened now."""
        self.check(place)
        keys = ((self.by_address, place.address), (self.by_visitor, place.visitor))
        for count, key in keys:
            count[key] += 1
        try:
            yield
        finally:
            for count, key in keys:
                count[key] -= 1
                if count[key] <= 0:
                    del count[key]


class Limited:
    """Middleware that keeps to the limits. It stands behind `Visitor`, which says where a request comes from.

    Args:
        limits: None: from the environment. refused: told the kind of each refusal.
        watch: takes a name, what it counts, and a function that returns how many are open now.

    Raises:
        ValueError: an environment variable is no number.
    """

    def __init__(
        self, app: ASGIApp, limits: Limits | None = None, refused: Callable[[str], object] = lambda what: None,
        watch: Callable[[str, str, Callable[[], float]], object] = lambda name, what, read: None,
    ) -> None:  # fmt: skip
        most = limits or Limits.from_environment()
        self.app, self.refused = app, refused
        self.pages = Open("pages", most.pages, most.pages_address, most.pages_visitor)
        self.streams = Open("streams", most.streams, most.streams_address, most.streams_visitor)
        watch("pages_open", "Live pages", lambda: self.pages.total)
        watch("streams_open", "Event streams", lambda: self.streams.total)
        self.of_address = Rate(most.requests_address, MINUTE)
        self.of_visitor = Rate(most.requests_visitor, MINUTE)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it in words."""
        if _path(scope) == HIDDEN and scope["type"] == "http":
            await PlainTextResponse("Not found.\n", 404)(scope, receive, send)
        elif scope["type"] == "websocket":
            await self._page(scope, receive, send)
        elif scope["type"] == "http":
            await self._request(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hold a live page's place, and slow its messages down where there are too many."""
        try:
            place = Place.of(scope)
            # A browser has its cookie by now. Those without one count as one visitor of their network address.
            one = place if place.visitor else replace(place, visitor=f"no cookie, {place.address}")
            with self.pages.held(one):
                await self.app(scope, Paced(receive, lambda: slowed.count(place.visitor)), send)
        except Refused:
            self.refused("page")
            await receive()  # its request to connect
            await send({"type": "websocket.close", "code": 1013})

    async def _request(self, scope: Scope, receive: Receive, send: Send) -> None:
        path, place = _path(scope), Place.of(scope)
        try:
            self._count(path, place)
            if path.endswith("/events"):
                with self.streams.held(place):
                    await self.app(scope, receive, send)
                return
            if _is_page(scope, path):
                self.pages.check(place)
        except Refused as why:
            kind = "stream" if path.endswith("/events") else "page" if _is_page(scope, path) else "request"
            self.refused(kind)
            with speaking(language.of_request(HTTPConnection(scope))):
                answer = _answer(kind, str(why))
            await answer(scope, receive, send)
            return
        await self.app(scope, receive, send)

    def _count(self, path: str, place: Place) -> None:
        """Count a request for runs and rooms. Raises Refused: there were too many in the last minute."""
        if not path.startswith(OURS):
            return
        counts = [(self.of_address, place.address)]
        if place.visitor:
            counts.append((self.of_visitor, place.visitor))
        if any(rate.reached(key) for rate, key in counts):
            raise Refused(
                later("there were more requests in the last minute than this server answers: wait a moment")
            )
        for rate, key in counts:
            rate.count(key)


SLOWED = mark(
    "This page got more clicks than it can take, ten a second. None is lost: they are done one after the other."
)
slowed = Rate(1, seconds=5.0)  # visitors whose messages were slowed down lately: their next page says so


class Paced:
    """Slow the messages of one live page down where there are more than a person sends; none is lost.

    Args:
        tell: called when a message is slowed down. clock: seconds of a clock that only goes on.
    """

    def __init__(
        self, receive: Receive, tell: Callable[[], object] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:  # fmt: skip
        self.receive, self.tell, self.clock = receive, tell, clock
        self.left, self.last = float(BURST), clock()

    async def __call__(self) -> Message:
        """Return the next message, when it is due."""
        message = await self.receive()
        if message["type"] == "websocket.receive":
            now = self.clock()
            cost = 1 + len(message.get("bytes") or b"") // LARGE
            self.left = min(float(BURST), self.left + (now - self.last) / EACH) - cost
            self.last = now
            if self.left < 0:
                self.tell()
                await asyncio.sleep(-self.left * EACH)
        return message


@dataclass(frozen=True)
class Places:
    """A number of places that is said when it is read."""

    count: int

    def __str__(self) -> str:
        return counted(self.count, "place")


def _full(count: int) -> Later:
    if count == 1:
        return later("this Glassbox is full, {places} is taken", places=Places(count))
    return later("this Glassbox is full, {places} are taken", places=Places(count))


def _path(scope: Scope) -> str:
    return str(scope.get("path", "")).removeprefix(str(scope.get("root_path", "")))


def _is_page(scope: Scope, path: str) -> bool:
    """Return whether a browser asks for one of the app's pages."""
    accepts = HTTPConnection(scope).headers.get("accept", "")
    return scope["method"] == "GET" and "text/html" in accepts and not path.startswith(OURS)


def _answer(kind: str, why: str) -> Response:
    said = why[:1].upper() + why[1:]
    headers = {"Cache-Control": "no-store", "Retry-After": str(AGAIN)}
    if kind == "stream":  # a browser reads no other answer to an EventSource
        told = {"why": say("{why}; this is tried again by itself", why=why)}
        sent = ServerSentEvent(json.dumps(told), event="away", retry=1000 * AGAIN).encode()
        return Response(sent, media_type="text/event-stream", headers=headers)
    if kind == "page":
        return HTMLResponse(documents.nothing(said, say("Try again")), 503, headers)
    return JSONResponse({"why": f"{said}."}, 429, headers)
