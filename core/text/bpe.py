"""Byte-pair encoding: a word begins as letters, and the learned merges are applied in the order they were learned.

Sennrich et al. 2016, section 3.2; over bytes, Radford et al. 2019, section 2.2.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from itertools import pairwise

from core.text.pieces import UNKNOWN, Piece, Word
from core.text.pretokens import piece, split

Ranks = Mapping[tuple[str, str], int]


@dataclass(frozen=True)
class Candidate:
    """A pair of neighbouring symbols: the left one's index, both, and the rank of their merge (None: never learned)."""

    at: int
    left: str
    right: str
    rank: int | None


@dataclass(frozen=True)
class Turn:
    """One merge step: the word's symbols, its pairs, and the pair that is merged.

    `taken`: the index in `pairs` of the pair with the lowest rank, the leftmost of equals; None where no pair has
    one, which ends it.
    """

    symbols: tuple[str, ...]
    pairs: tuple[Candidate, ...]
    taken: int | None


def replay(letters: Iterable[str], ranks: Ranks) -> list[Turn]:
    """Merge a word's letters step by step; the last step holds the pieces."""
    symbols, turns = list(letters), []
    while True:
        pairs = [
            Candidate(at, left, right, ranks.get((left, right)))
            for at, (left, right) in enumerate(pairwise(symbols))
        ]
        ranked = [(pair.rank, pair.at) for pair in pairs if pair.rank is not None]
        taken = min(ranked)[1] if ranked else None
        turns.append(Turn(tuple(symbols), tuple(pairs), taken))
        if taken is None:
            return turns
        symbols[taken : taken + 2] = [symbols[taken] + symbols[taken + 1]]


def pieces_of(letters: Iterable[str], ranks: Ranks) -> list[str]:
    """Compute the symbols of the last step of `replay`, without recording the others: O(n log n) for n letters.

    A heap holds the pairs that have a rank. A merged symbol takes the place of its left part; that of the right one is
    empty.
    """
    symbols = list(letters)
    following = list(range(1, len(symbols) + 1))  # where the next symbol stands
    preceding = list(range(-1, len(symbols) - 1))
    heap = [
        (rank, at, pair) for at, pair in enumerate(pairwise(symbols)) if (rank := ranks.get(pair)) is not None
    ]
    heapify(heap)
    while heap:
        _, at, (left, right) = heappop(heap)
        taken = following[at]
        if symbols[at] != left or taken == len(symbols) or symbols[taken] != right:
            continue  # one of the two was merged with another symbol in the meantime
        after = following[at] = following[taken]
        symbols[at], symbols[taken] = left + right, ""
        if after < len(symbols):
            preceding[after] = at
        for first, second in ((preceding[at], at), (at, after)):
            if first < 0 or second == len(symbols):
                continue
            pair = symbols[first], symbols[second]
            if (rank := ranks.get(pair)) is not None:
                heappush(heap, (rank, first, pair))
    return [symbol for symbol in symbols if symbol]


def merged(symbols: Sequence[str], left: str, right: str, entry: str) -> list[str]:
    """Replace every `left` followed by `right` by `entry`, left to right."""
    out: list[str] = []
    at = 0
    while at < len(symbols):
        if symbols[at] == left and at + 1 < len(symbols) and symbols[at + 1] == right:
            out.append(entry)
            at += 2
        else:
            out.append(symbols[at])
            at += 1
    return out


class BPE:
    """A vocabulary of letters and merges.

    Args:
        vocabulary: the entries in the order of their ids.
        merges: the pairs in the order in which they were learned; of a pair that comes twice the last counts.
        pretokens: a name in `pretokens.PRETOKENS`. In bytes, every letter is in the vocabulary; otherwise `[UNK]`
            stands for a letter that is not.
    """

    name = "BPE"

    def __init__(self, vocabulary: Sequence[str], merges: Iterable[tuple[str, str]], pretokens: str) -> None:
        self.vocabulary = list(vocabulary)
        self.ranks: dict[tuple[str, str], int] = {pair: rank for rank, pair in enumerate(merges)}
        self.pretokens = pretokens
        self.ids = {entry: id for id, entry in enumerate(self.vocabulary)}

    def __len__(self) -> int:
        return len(self.vocabulary)

    def words(self, text: str) -> list[Word]:
        """Pre-tokenize a text into words; merges stay inside them."""
        return split(text, self.pretokens)

    def letters(self, word: Word) -> list[str]:
        """Return the symbols that merging begins with.

        The word's letters, `[UNK]` for one that the vocabulary lacks.
        """
        return [letter if letter in self.ids else UNKNOWN for letter in word.entry]

    def replay(self, word: Word) -> list[Turn]:
        """Record how this word is merged, step by step."""
        return replay(self.letters(word), self.ranks)

    def cut(self, word: Word, text: str) -> list[Piece]:
        """Tokenize one word of `text`."""
        found: list[Piece] = []
        letters = self.letters(word)
        first = 0
        for entry in pieces_of(letters, self.ranks):
            last, length = first, 0
            while length < len(entry):  # counted in letters, since `[UNK]` has five characters
                length, last = length + len(letters[last]), last + 1
            unknown = last == first + 1 and letters[first] != word.entry[first]
            found.append(piece(self.pretokens, text, word, first, last, entry, self.ids[entry], unknown))
            first = last
        return found

    def encode(self, text: str) -> list[Piece]:
        """Tokenize a text, left to right."""
        return [found for word in self.words(text) for found in self.cut(word, text)]
