"""The recorded steps of learning by merges: what each was chosen from and what it changed, stored as integers.

A step refers to some thirty symbols and counts. As objects, those of one vocabulary are a hundred thousand that stay in
memory as long as it does; so the steps are numbers in a few columns, and a `Merge` is made when it is looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from core.text.bpe import merged
from core.text.columns import Column, Whole
from core.text.wordpiece import CONTINUED


@dataclass(frozen=True)
class PairCount:
    """A pair before a merge: the counts of it and of its parts, and its two possible scores.

    `entry`: what it would become. `score`: count / (left_count * right_count), WordPiece's.
    """

    left: str
    right: str
    entry: str
    count: int
    left_count: int
    right_count: int

    @property
    def score(self) -> float:
        return self.count / (self.left_count * self.right_count)


@dataclass(frozen=True)
class Change:
    """A word that a merge changes: its symbols before and after, and its count in the corpus.

    `at`: the index in `before` of the first merged pair's left part. Of a long word, the stretch about that; `cut`.
    """

    word: str
    count: int
    before: tuple[str, ...]
    after: tuple[str, ...]
    at: int
    cut: bool


@dataclass(frozen=True)
class Merge:
    """One step: the chosen pair, and its alternatives.

    `step` counts from 0 and is the merge's rank when text is encoded; `id` the new entry's. `count` is how often the
    pair stood when it was chosen, `symbols` how many symbols the corpus has after it. `rivals`: the best pairs before
    it, best first, by the rule of this learning. `other`: what the other rule would have taken. `changes`: the most
    frequent words that change.
    """

    step: int
    left: str
    right: str
    entry: str
    id: int
    count: int
    score: float
    symbols: int
    rivals: tuple[PairCount, ...]
    other: PairCount
    changes: tuple[Change, ...]


def joined(left: str, right: str, marked: bool) -> str:
    """Return what a pair becomes; of `marked` pieces (WordPiece's) the right one loses its `##`."""
    return left + (right.removeprefix(CONTINUED) if marked else right)


class Merges(Sequence[Merge]):
    """The steps of a learning so far, as a read-only sequence of `Merge`; equal to a list of the same steps.

    M steps, with P pairs and C changed words in all. Entries are stored as their ids.

    Args:
        vocabulary: the entries in the order of their ids, shared with the learning, which adds to it.
        marked: whether pieces that go on a word begin with `##`.

    Attributes:
        left, right, made, symbols: (M,) the ids of a step's pair and of what it became, the symbols after it.
        pair_left, pair_right, pair_count, pair_left_count, pair_right_count: (P,) a step's rivals, best first, then
            what the other rule would have taken.
        pair_end: (M,) where a step's pairs end.
        change_count, change_at, change_cut: (C,) of `Change`; before_end: (C,) where its symbols end in `before`.
        change_end: (M,) where a step's changes end. before: the ids of all their symbols, one after the other.
    """

    _COLUMNS = (
        "left", "right", "made", "symbols", "pair_end", "pair_left", "pair_right", "pair_count", "pair_left_count",
        "pair_right_count", "change_end", "change_count", "change_at", "change_cut", "before_end", "before",
    )  # fmt: skip
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, vocabulary: Sequence[str], marked: bool) -> None:
        self.vocabulary, self.marked = vocabulary, marked
        self._columns = {name: Column() for name in self._COLUMNS}

    @classmethod
    def restore(cls, vocabulary: Sequence[str], marked: bool, arrays: Mapping[str, Whole]) -> Merges:
        """Return the steps of which `arrays` is what another one's `arrays` gave."""
        found = cls(vocabulary, marked)
        found._columns = {name: Column.of(arrays[name]) for name in cls._COLUMNS}
        return found

    def arrays(self) -> dict[str, Whole]:
        """Return all columns by their names."""
        return {name: column.values for name, column in self._columns.items()}

    def pack(self) -> None:
        """Store the columns in as few bytes as they need; no step can be added from then on."""
        for column in self._columns.values():
            column.pack()

    def add(self, merge: Merge, id: Mapping[str, int]) -> None:
        """Record the next step. `id`: the number of each entry."""
        pairs = (*merge.rivals, merge.other)
        row = self._columns
        for name, value in (("left", id[merge.left]), ("right", id[merge.right]), ("made", merge.id),
                            ("symbols", merge.symbols)):  # fmt: skip
            row[name].extend((value,))
        row["pair_left"].extend([id[pair.left] for pair in pairs])
        row["pair_right"].extend([id[pair.right] for pair in pairs])
        row["pair_count"].extend([pair.count for pair in pairs])
        row["pair_left_count"].extend([pair.left_count for pair in pairs])
        row["pair_right_count"].extend([pair.right_count for pair in pairs])
        for change in merge.changes:
            row["before"].extend([id[symbol] for symbol in change.before])
            row["before_end"].extend((len(row["before"]),))
        row["change_count"].extend([change.count for change in merge.changes])
        row["change_at"].extend([change.at for change in merge.changes])
        row["change_cut"].extend([change.cut for change in merge.changes])
        row["pair_end"].extend((len(row["pair_left"]),))
        row["change_end"].extend((len(row["change_count"]),))

    def pairs(self, upto: int | None = None) -> list[tuple[str, str]]:
        """List the pairs of the first `upto` steps (of all if None), in order."""
        left, right = (self._columns[name].values[:upto].tolist() for name in ("left", "right"))
        return [(self.vocabulary[one], self.vocabulary[other]) for one, other in zip(left, right)]

    def __len__(self) -> int:
        return len(self._columns["left"])

    @overload
    def __getitem__(self, at: int) -> Merge: ...
    @overload
    def __getitem__(self, at: slice) -> list[Merge]: ...
    def __getitem__(self, at: int | slice) -> Merge | list[Merge]:
        if isinstance(at, slice):
            return [self._merge(step) for step in range(*at.indices(len(self)))]
        step = at + len(self) if at < 0 else at
        if not 0 <= step < len(self):
            raise IndexError(f"no merge {at}: there are {len(self)}")
        return self._merge(step)

    def __iter__(self) -> Iterator[Merge]:
        at = 0
        while at < len(self):
            yield self._merge(at)
            at += 1

    def __eq__(self, other: Any) -> bool:
        if not isinstance(other, Sequence) or isinstance(other, str | bytes):
            return NotImplemented
        return len(self) == len(other) and all(mine == theirs for mine, theirs in zip(self, other))

    def __repr__(self) -> str:
        return f"<{len(self)} merges>"

    def _merge(self, step: int) -> Merge:
        row = self._columns
        left, right, id = (row[name][step] for name in ("left", "right", "made"))
        *rivals, other = (self._pair(at) for at in self._range("pair_end", step))
        first, second, entry = (self.vocabulary[symbol] for symbol in (left, right, id))
        changes = tuple(self._change(at, first, second, entry) for at in self._range("change_end", step))
        return Merge(
            step, first, second, entry, id, rivals[0].count, rivals[0].score, row["symbols"][step], tuple(rivals),
            other, changes,
        )  # fmt: skip

    def _pair(self, at: int) -> PairCount:
        row = self._columns
        left, right = self.vocabulary[row["pair_left"][at]], self.vocabulary[row["pair_right"][at]]
        counts = (row[name][at] for name in ("pair_count", "pair_left_count", "pair_right_count"))
        return PairCount(left, right, joined(left, right, self.marked), *counts)

    def _change(self, at: int, left: str, right: str, entry: str) -> Change:
        row = self._columns
        before = tuple(self.vocabulary[row["before"][place]] for place in self._range("before_end", at))
        after = tuple(merged(before, left, right, entry))
        return Change(
            spell(before), row["change_count"][at], before, after, row["change_at"][at], bool(row["change_cut"][at])
        )  # fmt: skip

    def _range(self, ends: str, at: int) -> range:
        return range(self._columns[ends][at - 1] if at else 0, self._columns[ends][at])


def spell(symbols: Sequence[str]) -> str:
    """Join the symbols of a word to the word."""
    return symbols[0] + "".join(symbol.removeprefix(CONTINUED) for symbol in symbols[1:])
