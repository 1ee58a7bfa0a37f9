"""A corpus as mergeable symbols, with incrementally updated counts of all pairs.

The distinct words lie one after the other in arrays, each with the number of times it stands in the corpus. A merge
touches only the places where its pair stands (noted when they arose), so its cost is the number of those places.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from core.text.columns import Column, Whole, narrow

Integers = NDArray[np.int64]

GONE = -1  # a place that was merged into the one before it; as a neighbour, a word's end


def key(left: int, right: int) -> int:
    """Encode a pair of symbols as one number; pairs sort as (left, right) do."""
    return left << 32 | right


def key_of(left: NDArray, right: NDArray) -> Integers:
    """Encode pairs of arrays of one shape, or of an array and a single symbol, as `key` does."""
    return left.astype(np.int64) << 32 | right.astype(np.int64)


def pair_of(key: int) -> tuple[int, int]:
    """Decode the two symbols of a key."""
    return key >> 32, key & 0xFFFFFFFF


class Symbols:
    """The corpus, changed in place by `merge`: N places (the symbols of all distinct words), W words.

    Args:
        words: the distinct words, each as its symbols.
        weights: how often each stands in the corpus.

    Attributes:
        merged_left, merged_right: the places of all merges so far, one after the other; merge_end: (M,) where those of
            each end; merge_new: (M,) the symbol that each made.
    """

    _COLUMNS = ("merged_left", "merged_right", "merge_end", "merge_new")

    def __init__(self, words: Sequence[Sequence[int]], weights: Sequence[int]) -> None:
        lengths = np.fromiter((len(word) for word in words), np.int64, len(words))  # (W,)
        n = int(lengths.sum())
        self.weight = np.asarray(weights, np.int64)  # (W,)
        self.word = np.repeat(np.arange(len(words)), lengths)  # (N,)
        self.begin = np.cumsum(lengths) - lengths  # (W,) each word's first place
        # One place more than N, so that the neighbour of a word's end exists: none.
        self.symbol = np.full(n + 1, GONE, np.int64)
        self.symbol[:n] = np.fromiter(chain.from_iterable(words), np.int64, n)
        self.start = self.symbol.copy()
        self.after = np.arange(1, n + 2)
        self.before = np.arange(-1, n)
        filled = lengths > 0
        self.after[(self.begin + lengths - 1)[filled]] = GONE
        self.before[self.begin[filled]] = GONE
        self.total = int(self.weight @ lengths)  # symbols in the corpus now
        self.merged_left, self.merged_right, self.merge_end, self.merge_new = (
            Column() for _ in self._COLUMNS
        )
        self.row: dict[int, int] = {}  # pair -> its row in the tables below
        self.pairs = np.empty(1024, np.int64)
        self.counts = np.zeros(1024, np.int64)  # how often each pair stands in the corpus
        self.where: list[
            list[Integers]
        ] = []  # for each pair: its present and former places, in the order they arose
        joined = np.flatnonzero(self.after[:n] != GONE)
        self._add(key_of(self.symbol[joined], self.symbol[joined + 1]), joined)

    def places(self, pair: int) -> Integers:
        """Return the places of a pair, left to right.

        Of overlapping ones ("aaa") the first counts, the second does not.
        """
        kept = self.where[self.row[pair]]
        left, right = pair_of(pair)
        at = np.unique(np.concatenate(kept)) if len(kept) > 1 else kept[0]
        at = at[self.symbol[at] == left]
        at = at[self.symbol[self.after[at]] == right]
        return _every_other(at, self.after[at]) if left == right else at

    def merge(self, pair: int, new: int, at: Integers) -> list[tuple[int, Integers]]:
        """Merge the pair into one symbol, `new`, at each of the places `at` (all or some of `places(pair)`, in their
        order).

        Returns:
            Each pair that arose and where; `counts` and `where` know them already.
        """
        left, right = pair_of(pair)
        second = self.after[at]
        before, after = self.before[at], self.after[second]
        followed = after != GONE
        was_before, was_after = self.symbol[before], self.symbol[after[followed]]
        self.symbol[at] = new
        self.symbol[second] = GONE
        self.after[at] = after
        self.before[after[followed]] = at[followed]
        self.total -= int(self.weight[self.word[at]].sum())
        self.merged_left.extend(at)
        self.merged_right.extend(second)
        self.merge_end.extend((len(self.merged_left),))
        self.merge_new.extend((new,))
        # Where the same merge happened just before, the pair between the two is counted there, as what follows.
        alone = (before != GONE) & (self.symbol[before] != GONE)
        old, new_, old_right = np.array([left]), np.array([new]), np.array([right])
        gone = (key_of(was_before[alone], old), key_of(old_right, was_after), np.full(len(at), pair))
        self._take(np.concatenate(gone), np.concatenate((at[alone], at[followed], at)))
        made = (key_of(was_before[alone], new_), key_of(new_, self.symbol[after[followed]]))
        return self._add(np.concatenate(made), np.concatenate((before[alone], at[followed])))

    def settle(self) -> None:
        """Drop what only further merges need, most of the memory: from now on no pair is known to stand anywhere."""
        self.row, self.where = {}, []
        self.pairs = self.counts = self.symbol = self.after = self.before = np.empty(0, np.int64)
        for name in self._COLUMNS:
            getattr(self, name).pack()
        self.weight, self.word, self.start = map(narrow, (self.weight, self.word, self.start))

    def arrays(self) -> dict[str, Whole]:
        """Return what `at` and `pairs_at` need, by name."""
        kept: dict[str, Whole] = {"weight": self.weight, "word": self.word, "start": self.start}
        return kept | {name: getattr(self, name).values for name in self._COLUMNS}

    @classmethod
    def restore(cls, arrays: Mapping[str, Whole], total: int) -> Symbols:
        """Return settled symbols of which `arrays` is what others' `arrays` gave. total: symbols in the corpus now."""
        found = cls([], [])
        for name in cls._COLUMNS:
            setattr(found, name, Column.of(arrays[name]))
        found.settle()
        found.weight, found.word, found.start = (narrow(arrays[name]) for name in ("weight", "word", "start"))
        found.total = total
        return found

    def around(self, place: int, reach: int) -> tuple[list[int], int, bool]:
        """Return the symbols of a word around a place, at most `reach` on each side.

        Returns:
            The symbols; the index among them of the one at the place; whether the word goes on past them.
        """
        left: list[int] = []
        at = int(self.before[place])
        while at != GONE and len(left) < reach:
            left.append(int(self.symbol[at]))
            at = int(self.before[at])
        more = at != GONE
        right: list[int] = []
        at = place
        while at != GONE and len(right) <= reach:
            right.append(int(self.symbol[at]))
            at = int(self.after[at])
        return left[::-1] + right, len(left), more or at != GONE

    def at(self, step: int) -> Integers:
        """Return the symbols as they stood after `step` merges: (N,); `GONE` where one was merged into another."""
        symbol = self.start[:-1].astype(np.int64)
        ends = self.merge_end.values[:step]
        upto = int(ends[-1]) if len(ends) else 0
        # Of a place that several merges made, the last one counts; one that was merged away stays so.
        symbol[self.merged_left.values[:upto]] = np.repeat(
            self.merge_new.values[:step], np.diff(ends, prepend=0)
        )
        symbol[self.merged_right.values[:upto]] = GONE
        return symbol

    def pairs_at(self, step: int) -> tuple[Integers, Integers, Integers]:
        """Recount after `step` merges: every pair, sorted, its count in the corpus, and each symbol's.

        Returns:
            pairs (P,), counts (P,), and the count of each symbol by its number.
        """
        symbol = self.at(step)
        alive = np.flatnonzero(symbol != GONE)
        symbol, word = symbol[alive], self.word[alive]
        weight = self.weight[word]
        inside = word[:-1] == word[1:]
        pairs, index = np.unique(key_of(symbol[:-1], symbol[1:])[inside], return_inverse=True)
        counts = np.bincount(index, weight[:-1][inside], len(pairs)).astype(np.int64)
        return pairs, counts, np.bincount(symbol, weight).astype(np.int64)

    def _take(self, keys: Integers, at: Integers) -> None:
        for pair, less in zip(*_sums(keys, self.weight[self.word[at]])):
            self.counts[self.row[pair]] -= less

    def _add(self, keys: Integers, at: Integers) -> list[tuple[int, Integers]]:
        order = np.lexsort((at, keys))
        keys, at = keys[order], at[order]
        pairs, more = _sums(keys, self.weight[self.word[at]])
        groups = np.split(at, np.flatnonzero(keys[1:] != keys[:-1]) + 1) if len(keys) else []
        for pair, n, places in zip(pairs, more, groups):
            row = self.row.get(pair)
            if row is None:
                row = self._new_row(pair)
            self.counts[row] += n
            self.where[row].append(places)
        return list(zip(pairs, groups))

    def _new_row(self, pair: int) -> int:
        row = self.row[pair] = len(self.where)
        if row == len(self.pairs):
            self.pairs = np.concatenate((self.pairs, np.empty_like(self.pairs)))
            self.counts = np.concatenate((self.counts, np.zeros_like(self.counts)))
        self.pairs[row] = pair
        self.where.append([])
        return row


def _sums(keys: Integers, weights: Integers) -> tuple[list[int], list[int]]:
    """Sum the weights of each distinct key, in order."""
    order = np.argsort(keys, kind="stable")
    keys = keys[order]
    firsts = np.flatnonzero(np.concatenate(([True], keys[1:] != keys[:-1]))[: len(keys)])
    sums = np.add.reduceat(weights[order], firsts) if len(keys) else weights
    return keys[firsts].tolist(), sums.tolist()


def _every_other(at: Integers, after: Integers) -> Integers:
    """Choose every other place of adjacent ones: "aaaa" holds "aa" twice, side by side."""
    begins = np.concatenate(([True], at[1:] != after[:-1]))[: len(at)]
    number = np.arange(len(at))
    run = np.maximum.accumulate(np.where(begins, number, 0))
    return at[(number - run) % 2 == 0]
