"""Models and results at hand: each made once for all sessions, shared read-only, and bounded by the memory they take.

A model that has to leave stays whole for whoever still shows it: it leaves memory when the last one has let go of it.
Finished models are few and large, so each one's need is known before it is loaded (`need`), and room is made first.
Moments of a training are many and small, and a learner who drags Rewind comes by all of them again and again; those of
a large run need as much as a finished model, and the others leave before one is loaded. No Streamlit in here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from app.models.memory import give_back
from app.models.room import written

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Thing = TypeVar("Thing")


class NoRoom(ValueError):
    """A model that is larger than what is allowed, or free; the message has both numbers."""

    def __init__(self, need: int, room: int, of: str) -> None:
        self.need, self.room = need, room
        super().__init__(f"needs {written(need)} of memory, but {of} {written(room)}")


def _unknown() -> int | None:
    return None


def weigh(lm: LanguageModel) -> int:
    """Bytes of a model's weights."""
    return sum(weight.numel() * weight.element_size() for weight in lm.transformer.parameters())


@dataclass
class Shelf(Generic[Thing]):
    """Things by key; the one used longest ago makes room.

    Attributes:
        most: how many stay; most_bytes: how many bytes they may take together, or a function that says so. The newest
            always stays.
        free: bytes that can still be had on the machine, None where nobody knows.
        left: called when one has left, for whoever else keeps something of it, or for the system to have its memory.
        weigh: the bytes that one takes, asked once; usually a model's weights.
    """

    most: int
    most_bytes: int | Callable[[], int]
    free: Callable[[], int | None] = _unknown
    left: Callable[[], None] = give_back
    weigh: Callable[[Any], int] = weigh
    _things: OrderedDict[Hashable, Thing] = field(default_factory=OrderedDict)
    _bytes: dict[Hashable, int] = field(default_factory=dict)
    _loading: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _reserved: dict[Hashable, int] = field(default_factory=dict)  # by what is being loaded just now
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def get(self, key: Hashable, load: Callable[[], Thing], need: int = 0) -> Thing:
        """The thing of `key`, made by the first who asks; who asks meanwhile waits for it.

        Args:
            need: bytes that it will take; others leave before it is loaded where that is more than there is room for.

        Raises:
            NoRoom: it needs more than may be used, or than is free when all others have left; `load` is not called.
        """
        with self._lock:
            found = self._found(key)
            if found is not None:
                return found
            loading = self._loading.setdefault(key, threading.Lock())
        with loading:
            with self._lock:
                found = self._found(key)
            if found is not None:
                return found
            try:
                self._make_room(key, need)
                found = load()
            finally:
                with self._lock:  # in one go: whoever asks from now on finds the model, or is the next to try
                    self._reserved.pop(key, None)
                    if found is not None:
                        self._put(key, found)
                    self._loading.pop(key, None)
                    self._lock.notify_all()
        return found

    def check(self, need: int) -> None:
        """Whether a model that needs so many bytes could be loaded, if all others left: before it is even fetched.

        Raises:
            NoRoom: it could not.
        """
        if need > self.limit:
            raise NoRoom(need, self.limit, "models may take")
        left = self.free()
        if left is not None and need > left + self.bytes:
            raise NoRoom(need, left + self.bytes, "this machine has free")

    def put(self, key: Hashable, thing: Thing) -> None:
        """Keep what was made elsewhere, in the place of what was kept under `key`."""
        with self._lock:
            if self._found(key) is not thing:
                self._put(key, thing)

    def peek(self, key: Hashable) -> Thing | None:
        """The thing of `key`, if it is at hand."""
        with self._lock:
            return self._found(key)

    def has(self, key: Hashable) -> bool:
        """Whether the thing of `key` is at hand; looking is no use of it."""
        with self._lock:
            return key in self._things

    def names(self) -> list[Hashable]:
        """The keys of all that is at hand, what was used longest ago first."""
        with self._lock:
            return list(self._things)

    def clear(self) -> None:
        """Put everything away."""
        with self._lock:
            self._things.clear()
            self._bytes.clear()

    @property
    def bytes(self) -> int:
        """What all on the shelf take."""
        with self._lock:
            return sum(self._bytes.values())

    @property
    def limit(self) -> int:
        """What they may take."""
        return self.most_bytes() if callable(self.most_bytes) else self.most_bytes

    def __len__(self) -> int:
        return len(self._things)

    def _make_room(self, key: Hashable, need: int) -> None:
        """Reserve `need` bytes for `key`; those used longest ago leave, and what is being loaded is waited for."""
        if not need:
            return
        with self._lock:
            limit = self.limit
            if need > limit:
                raise NoRoom(need, limit, "models may take")
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
                    self._lock.wait()  # the two do not fit together: the other one first
                else:
                    raise NoRoom(need, left or 0, "this machine has free")

    def _leave(self) -> None:
        """What was used longest ago leaves; its memory is free when nobody shows it any more."""
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
