"""Entries of a vocabulary stored as one text, with a search for those that a word holds.

A list of ten thousand short strings, and a dictionary of their places, take some three megabytes; this takes a tenth.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import overload

import numpy as np

from core.text.columns import Whole


class Entries(Sequence[str]):
    """N different strings in a given order, read-only.

    Args:
        text: all of them, one after the other. ends: (N,) where each ends in it.
        order: (N,) their places, sorted by the strings.
    """

    def __init__(self, text: str, ends: Whole, order: Whole) -> None:
        # Python's own arrays: a single number of them is read three times as fast as one of numpy's
        self._text, self._ends, self._order = text, array("i", ends.tolist()), array("i", order.tolist())
        self.longest = int(np.diff(ends, prepend=0).max(initial=0))

    @classmethod
    def of(cls, entries: Sequence[str]) -> Entries:
        """Store strings, which have to differ."""
        ends = np.cumsum([len(entry) for entry in entries], dtype=np.int64)
        order = np.array(sorted(range(len(entries)), key=entries.__getitem__), np.int64)
        return cls("".join(entries), ends, order)

    @property
    def parts(self) -> tuple[str, Whole, Whole]:
        """The arguments that these were made of."""
        return self._text, np.array(self._ends, np.int64), np.array(self._order, np.int64)

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, at: int) -> str: ...
    @overload
    def __getitem__(self, at: slice) -> list[str]: ...
    def __getitem__(self, at: int | slice) -> str | list[str]:
        if isinstance(at, slice):
            return [self.entry(place) for place in range(*at.indices(len(self)))]
        return self.entry(range(len(self))[at])

    def entry(self, piece: int) -> str:
        """Return the string of a place from 0 to N - 1."""
        return self._text[self._ends[piece - 1] if piece else 0 : self._ends[piece]]

    def inside(self, word: str) -> Iterator[int]:
        """Yield the places of all strings that stand in a word, by where they begin in it, then by length."""
        for start in range(len(word)):
            low = 0
            for end in range(start + 1, min(start + self.longest, len(word)) + 1):
                part = word[start:end]
                low = bisect_left(self._order, part, low, key=self.entry)
                found = self.entry(self._order[low]) if low < len(self._order) else ""
                if found == part:
                    yield self._order[low]
                elif not found.startswith(part):
                    break  # what is longer begins the same way
