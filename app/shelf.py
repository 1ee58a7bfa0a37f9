"""Models at hand: each loaded once for all sessions, shared read-only, and bounded by the memory they take.

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
from typing import TYPE_CHECKING

from app.memory import give_back
from app.room import written

if TYPE_CHECKING:
    from core.language_model import LanguageModel


class NoRoom(ValueError):
    """A model that is larger than what is allowed, or free; the message has both numbers."""

    def __init__(self, need: int, room: int, of: str) -> None:
        self.need, self.room = need, room
        super().__init__(f"needs {written(need)} of memory, but {of} {written(room)}")


def _unknown() -> int | None:
    return None


def _nothing() -> None:
    return


@dataclass
class Shelf:
    """Models by key; the one used longest ago makes room.

    Attributes:
        most: how many models stay; most_bytes: how many bytes their weights may take, or a function that says so. The
            newest always stays.
        free: bytes that can still be had on the machine, None where nobody knows.
        left: called when a model has left, for whoever else keeps something of it.
    """

    most: int
    most_bytes: int | Callable[[], int]
    free: Callable[[], int | None] = _unknown
    left: Callable[[], None] = _nothing
    _models: OrderedDict[Hashable, LanguageModel] = field(default_factory=OrderedDict)
    _loading: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _reserved: dict[Hashable, int] = field(default_factory=dict)  # by what is being loaded just now
    _lock: threading.Condition = field(default_factory=threading.Condition)

    def get(self, key: Hashable, load: Callable[[], LanguageModel], need: int = 0) -> LanguageModel:
        """The model of `key`, loaded by the first who asks; who asks meanwhile waits for it.

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

    def peek(self, key: Hashable) -> LanguageModel | None:
        """The model of `key`, if it is at hand."""
        with self._lock:
            return self._found(key)

    def has(self, key: Hashable) -> bool:
        """Whether the model of `key` is at hand; looking is no use of it."""
        with self._lock:
            return key in self._models

    def clear(self) -> None:
        """Put everything away."""
        with self._lock:
            self._models.clear()

    @property
    def bytes(self) -> int:
        """What all weights on the shelf take."""
        with self._lock:
            return sum(weigh(lm) for lm in self._models.values())

    @property
    def limit(self) -> int:
        """What they may take."""
        return self.most_bytes() if callable(self.most_bytes) else self.most_bytes

    def __len__(self) -> int:
        return len(self._models)

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
                if self._models:
                    self._leave()
                elif on_the_way:
                    self._lock.wait()  # the two do not fit together: the other one first
                else:
                    raise NoRoom(need, left or 0, "this machine has free")

    def _leave(self) -> None:
        """The model used longest ago leaves; its memory is free when nobody shows it any more."""
        self._models.popitem(last=False)
        self.left()
        give_back()

    def _found(self, key: Hashable) -> LanguageModel | None:
        if key in self._models:
            self._models.move_to_end(key)
        return self._models.get(key)

    def _put(self, key: Hashable, lm: LanguageModel) -> None:
        self._models[key] = lm
        while len(self._models) > 1 and (len(self._models) > self.most or self.bytes > self.limit):
            self._leave()


def weigh(lm: LanguageModel) -> int:
    """Bytes of a model's weights."""
    return sum(weight.numel() * weight.element_size() for weight in lm.transformer.parameters())
