"""Merge ranks of a large vocabulary as arrays: some 16 bytes each, where a dict of pairs takes 500."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

import numpy as np


class Ranks(Mapping[tuple[str, str], int]):
    """Pair -> rank (0 was learned first), as a read-only mapping; of a pair that comes twice the last counts.

    Args:
        merges: the pairs in the order in which they were learned.
        id: the number of an entry of the vocabulary, None for what is no entry.
        entry: the entry of a number.
    Raises:
        ValueError: a merge of something that the vocabulary does not have; the message names it.
    """

    def __init__(
        self, merges: Iterable[tuple[str, str]], id: Callable[[str], int | None], entry: Callable[[int], str]
    ) -> None:
        self._id, self._entry = id, entry
        keys = np.fromiter((self._key(pair) for pair in merges), np.int64)
        if (keys < 0).any():
            raise ValueError(f"merge {int(np.argmax(keys < 0))} joins what is no entry of the vocabulary")
        order = np.argsort(keys, kind="stable")
        last = np.append(keys[order][1:] != keys[order][:-1], True)[: len(keys)]
        self._rank = order[last]
        self._keys = keys[self._rank]

    def __getitem__(self, pair: tuple[str, str]) -> int:
        key = self._key(pair)
        at = int(np.searchsorted(self._keys, key))
        if at == len(self._keys) or self._keys[at] != key:
            raise KeyError(pair)
        return int(self._rank[at])

    def __iter__(self) -> Iterator[tuple[str, str]]:
        for key in self._keys[np.argsort(self._rank)].tolist():
            yield self._entry(key >> 32), self._entry(key & 0xFFFFFFFF)

    def __len__(self) -> int:
        return len(self._keys)

    def _key(self, pair: tuple[str, str]) -> int:
        """Encode both ids as one number; -1 where one is no entry."""
        left, right = map(self._id, pair)
        return -1 if left is None or right is None else left << 32 | right
