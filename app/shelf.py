"""Models at hand: each loaded once for all sessions, shared read-only, and bounded by the memory they take.

Finished models are few and large, so they are counted; moments of a training are many and small, and a learner who
drags Rewind comes by all of them again and again, so they are weighed. No Streamlit in here.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core.language_model import LanguageModel


@dataclass
class Shelf:
    """Models by key; the one used longest ago makes room.

    Attributes:
        most: how many models stay; most_bytes: how many bytes their weights may take. The newest always stays.
    """

    most: int
    most_bytes: int
    _models: OrderedDict[Hashable, LanguageModel] = field(default_factory=OrderedDict)
    _loading: dict[Hashable, threading.Lock] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, key: Hashable, load: Callable[[], LanguageModel]) -> LanguageModel:
        """The model of `key`, loaded by the first who asks; who asks meanwhile waits for it."""
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
                found = load()
            finally:
                with self._lock:  # in one go: whoever asks from now on finds the model, or is the next to try
                    if found is not None:
                        self._put(key, found)
                    self._loading.pop(key, None)
        return found

    def peek(self, key: Hashable) -> LanguageModel | None:
        """The model of `key`, if it is at hand."""
        with self._lock:
            return self._found(key)

    def clear(self) -> None:
        """Put everything away."""
        with self._lock:
            self._models.clear()

    @property
    def bytes(self) -> int:
        """What all weights on the shelf take."""
        return sum(weigh(lm) for lm in self._models.values())

    def __len__(self) -> int:
        return len(self._models)

    def _found(self, key: Hashable) -> LanguageModel | None:
        if key in self._models:
            self._models.move_to_end(key)
        return self._models.get(key)

    def _put(self, key: Hashable, lm: LanguageModel) -> None:
        self._models[key] = lm
        while len(self._models) > 1 and (len(self._models) > self.most or self.bytes > self.most_bytes):
            self._models.popitem(last=False)


def weigh(lm: LanguageModel) -> int:
    """Bytes of a model's weights."""
    return sum(weight.numel() * weight.element_size() for weight in lm.transformer.parameters())
