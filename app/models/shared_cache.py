"""A cache of models and results: each made once for all sessions, shared read-only, and bounded by memory.

An evicted model stays usable where it is still referenced; its memory is freed with the last reference. Finished models
are few and large, so each one's need is known before it is loaded (`need`), and room is made first. Checkpoints of a
training are many and small, and a learner who drags Rewind revisits all of them; those of a large run need as much as a
finished model, and the others are evicted before one is loaded. No Streamlit in here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from app.models.memory import give_back
from app.models.room import written

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Thing = TypeVar("Thing")


class NoRoom(ValueError):
    """A model that is larger than what is allowed, or free; the message has both numbers.

    Args:
        allowed: `room` is what models may take, not what this machine has free.
    """

    def __init__(self, need: int, room: int, allowed: bool) -> None:
        self.need, self.room, self.allowed = need, room, allowed
        of = "models may take" if allowed else "this machine has free"
        super().__init__(f"needs {written(need)} of memory, but {of} {written(room)}")


@dataclass
class Flight:
    """A load in progress, and what came of it: all who ask for its key meanwhile wait for it.

    Attributes:
        thread: the one that loads. over: set when it has ended.
        found: what was loaded; None with `failed` None: the load was cut short, and another may begin.
    """

    thread: int = field(default_factory=threading.get_ident)
    over: threading.Event = field(default_factory=threading.Event)
    found: Any = None
    failed: Exception | None = None


def _unknown() -> int | None:
    return None


def weigh(lm: LanguageModel) -> int:
    """Return the bytes of a model's weights."""
    return sum(weight.numel() * weight.element_size() for weight in lm.transformer.parameters())


@dataclass
class Shelf(Generic[Thing]):
    """A cache by key that evicts the least recently used entry.

    Attributes:
        most: the number of entries; most_bytes: the bytes that they may take together, or a function that returns it.
            The newest always stays.
        free: bytes that can still be had on the machine, None where that is not known.
        left: called after an eviction, to drop what else refers to the entry, or to return its memory to the system.
        weigh: returns the bytes of an entry, called once; usually those of a model's weights.
    """

    most: int
    most_bytes: int | Callable[[], int]
    free: Callable[[], int | None] = _unknown
    left: Callable[[], None] = give_back
    weigh: Callable[[Any], int] = weigh
    _things: OrderedDict[Hashable, Thing] = field(default_factory=OrderedDict)
    _bytes: dict[Hashable, int] = field(default_factory=dict)
    _loading: dict[Hashable, Flight] = field(default_factory=dict)
    _reserved: dict[Hashable, int] = field(default_factory=dict)  # bytes reserved, by key being loaded
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def get(self, key: Hashable, load: Callable[[], Thing], need: int = 0) -> Thing:
        """Return the entry of `key`, loaded by the first caller; concurrent callers wait for it.

        They get what it got, an error too. Where the first one's page was interrupted, the next one loads.

        Args:
            need: bytes that it will take; others are evicted before it is loaded where there is not enough room.

        Raises:
            NoRoom: it needs more than may be used, or than is free after evicting all others; `load` is not called.
            RecursionError: loading it asks for itself.
        """
        while True:
            with self._lock:
                found = self._found(key)
                if found is not None:
                    return found
                flight = self._loading.get(key)
                if flight is None:
                    flight = self._loading[key] = Flight()
                    break
            if flight.thread == threading.get_ident():
                raise RecursionError(f"{key} cannot be computed: it asks for itself")
            flight.over.wait()
            if flight.failed is not None:
                raise flight.failed
            if flight.found is not None:
                return cast(Thing, flight.found)
        return self._load(key, load, need, flight)

    def _load(self, key: Hashable, load: Callable[[], Thing], need: int, flight: Flight) -> Thing:
        """Load the entry of `key`, and tell those who wait for it how that ended."""
        found = None
        try:
            self._make_room(key, need)
            flight.found = found = load()
        except Exception as why:  # what cuts a run of a page short is no Exception
            flight.failed = why
            raise
        finally:
            with self._lock:  # atomic: later callers find the entry, or are the next to try loading it
                self._reserved.pop(key, None)
                self._loading.pop(key, None)
                flight.over.set()
                if found is not None:
                    self._put(key, found)
                self._lock.notify_all()
        return found

    def check(self, need: int) -> None:
        """Check that a model of `need` bytes could be loaded if all others were evicted, before it is fetched.

        Raises:
            NoRoom: it could not.
        """
        if need > self.limit:
            raise NoRoom(need, self.limit, allowed=True)
        left = self.free()
        if left is not None and need > left + self.bytes:
            raise NoRoom(need, left + self.bytes, allowed=False)

    def put(self, key: Hashable, thing: Thing) -> None:
        """Store an object made elsewhere under `key`, replacing any other."""
        with self._lock:
            if self._found(key) is not thing:
                self._put(key, thing)

    def peek(self, key: Hashable) -> Thing | None:
        """Return the entry of `key` if it is cached."""
        with self._lock:
            return self._found(key)

    def has(self, key: Hashable) -> bool:
        """Return whether `key` is cached, without counting as a use."""
        with self._lock:
            return key in self._things

    def names(self) -> list[Hashable]:
        """Return the keys of all entries, least recently used first."""
        with self._lock:
            return list(self._things)

    def clear(self) -> None:
        """Evict all entries."""
        with self._lock:
            self._things.clear()
            self._bytes.clear()

    @property
    def bytes(self) -> int:
        """The bytes of all entries."""
        with self._lock:
            return sum(self._bytes.values())

    @property
    def limit(self) -> int:
        """The bytes that they may take."""
        return self.most_bytes() if callable(self.most_bytes) else self.most_bytes

    def __len__(self) -> int:
        return len(self._things)

    def _make_room(self, key: Hashable, need: int) -> None:
        """Reserve `need` bytes for `key`: evict the least recently used entries, and wait for loads in progress."""
        if not need:
            return
        with self._lock:
            limit = self.limit
            if need > limit:
                raise NoRoom(need, limit, allowed=True)
            while True:
                on_the_way = sum(self._reserved.values())
                left = self.free()
                fits = left is None or need + on_the_way <= left
                if fits and self.bytes + on_the_way + need <= limit:
                    self._reserved[key] = need
                    return
                if self._things:
                    self._leave()
                elif on_the_way:
                    self._lock.wait()  # both do not fit together: wait for the other load first
                else:
                    raise NoRoom(need, left or 0, allowed=False)

    def _leave(self) -> None:
        """Evict the least recently used entry; its memory is freed with its last reference."""
        key, _ = self._things.popitem(last=False)
        del self._bytes[key]
        self.left()

    def _found(self, key: Hashable) -> Thing | None:
        if key in self._things:
            self._things.move_to_end(key)
        return self._things.get(key)

    def _put(self, key: Hashable, thing: Thing) -> None:
        self._things[key] = thing
        self._things.move_to_end(key)
        self._bytes[key] = self.weigh(thing)
        while len(self._things) > 1 and (len(self._things) > self.most or self.bytes > self.limit):
            self._leave()
