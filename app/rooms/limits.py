"""How often something may happen from one place: so many times in so many seconds. No Streamlit in here."""

from __future__ import annotations

import math
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from app.counts import counted
from core.messages import mark, say

if TYPE_CHECKING:
    from core.rooms import Room, Rooms

PLACES = 10_000  # places that are remembered, those heard of longest ago leave
BROWSER_ROOMS = (10, 600.0)  # rooms that one browser may open in so many seconds
ADDRESS_ROOMS = (
    60,
    4 * 3600.0,
)  # rooms of one network address: a school has one, and the store holds 300 rooms
_MANY_OF_BROWSER = mark(
    "no room was opened: this browser opened {count} rooms in a short time, and more would take the rooms of other "
    "classes. Use a room that is open, or try again in {minutes}"
)
_MANY_OF_ADDRESS = mark(
    "no room was opened: your network opened {count} rooms in a few hours, and more would take the rooms of other "
    "schools. Join a room that is open, or try again in {minutes}"
)


class Rate:
    """A limit on events in a sliding window, for each place.

    Args:
        most: events that a place may cause within `seconds`.
        clock: seconds of a clock that only goes on.
    """

    def __init__(self, most: int, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.most, self.seconds, self.clock = most, seconds, clock
        self._events: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()  # pages are threads

    def reached(self, place: str) -> bool:
        """Return whether the place has used up its events."""
        return self.wait(place) > 0

    def wait(self, place: str) -> float:
        """Return the seconds until the place may cause another event; 0: now."""
        with self._lock:
            events, now = self._events.get(place), self.clock()
            while events and events[0] <= now - self.seconds:
                events.popleft()
            return events[0] + self.seconds - now if events and len(events) >= self.most else 0.0

    def count(self, place: str) -> None:
        """Record one event of the place."""
        with self._lock:
            self._events.setdefault(place, deque(maxlen=self.most)).append(self.clock())
            self._events.move_to_end(place)
            while len(self._events) > PLACES:
                self._events.popitem(last=False)


class RoomLimit:
    """Limit how many rooms one browser and one network address open in a time."""

    def __init__(self) -> None:
        self.of_browser, self.of_address = Rate(*BROWSER_ROOMS), Rate(*ADDRESS_ROOMS)

    def open_room(self, rooms: Rooms, owner: str, browser: str, address: str) -> Room:
        """Open a room of an owner, or return the room that is open: that one is not counted.

        Args:
            browser, address: names by which the openings are counted.

        Raises:
            TooMuch: one of the limits is reached, or the store holds no more rooms.
        """
        from core.rooms import TooMuch

        if (room := rooms.of(owner)) is not None:
            return room
        counts = ((self.of_browser, browser, _MANY_OF_BROWSER), (self.of_address, address, _MANY_OF_ADDRESS))
        for rate, place, message in counts:
            if (wait := rate.wait(place)) > 0:
                raise TooMuch(say(message, count=rate.most, minutes=counted(math.ceil(wait / 60), "minute")))
        for rate, place, _ in counts:
            rate.count(place)
        return rooms.open(owner)


room_limit = RoomLimit()  # of this server process: its pages and its routes share it
