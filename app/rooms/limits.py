"""How often something may happen from one place: so many times in so many seconds. No Streamlit in here."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

PLACES = 10_000  # places that are remembered, those heard of longest ago leave


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
        with self._lock:
            events = self._events.get(place)
            while events and events[0] <= self.clock() - self.seconds:
                events.popleft()
            return events is not None and len(events) >= self.most

    def count(self, place: str) -> None:
        """Record one event of the place."""
        with self._lock:
            self._events.setdefault(place, deque(maxlen=self.most)).append(self.clock())
            self._events.move_to_end(place)
            while len(self._events) > PLACES:
                self._events.popitem(last=False)
