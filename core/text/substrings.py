"""Repeated substrings of a corpus's words, with counts and positions: the seed pieces of unigram learning.

Found by length: a substring is repeated only if it is so without its last letter, and without its first, so each length
searches only the places left by the length before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from core.text.lattices import Floats, Integers, Lattices


class Substrings:
    """The pieces that words could be cut into: P of them, single letters first (so letter i is piece i).

    `length`, `count`, `place` (P,): letters of a piece, how often it stands in the corpus, and one place of it (-1 for
    a letter that stands nowhere).

    Args:
        words: the distinct words and how often each stands in the corpus.
        letters: the alphabet.
        longest: letters of the longest piece.
    """

    def __init__(self, words: Mapping[str, int], letters: Sequence[str], longest: int) -> None:
        self.letters = letters
        number = {letter: at for at, letter in enumerate(letters)}
        self.lengths = np.array([len(word) for word in words], np.int64)  # (W,)
        self.weight = np.array(list(words.values()), np.float64)  # (W,)
        self.text = np.array([number[letter] for word in words for letter in word], np.int64)  # (N,)
        self.word = np.repeat(np.arange(len(words)), self.lengths)  # (N,)
        self.begin = np.cumsum(self.lengths) - self.lengths  # (W,)
        # (longest, N) the piece of each length that begins at each place, or -1
        self.table = np.full((longest, len(self.text)), -1, np.int32)
        self.table[:1] = self.text
        weight = self.weight[self.word]
        counts = [np.bincount(self.text, weight, len(letters))]
        places = [np.full(len(letters), -1)]
        places[0][self.text[::-1]] = np.arange(len(self.text))[::-1]
        total = len(letters)
        room = (self.begin + self.lengths)[self.word] - np.arange(len(self.text))  # letters left in the word
        at = np.flatnonzero(room > 1)
        for length in range(2, longest + 1):
            at = at[room[at] >= length]
            at = at[(self.table[length - 2, at] >= 0) & (self.table[length - 2, at + 1] >= 0)]
            keys = self.table[length - 2, at].astype(np.int64) * len(letters) + self.text[at + length - 1]
            _, first, group = np.unique(keys, return_index=True, return_inverse=True)
            often = np.bincount(group, weight[at], len(first))
            again = often >= 2
            renamed = np.where(again, total + np.cumsum(again) - 1, -1)
            self.table[length - 1, at] = renamed[group]
            counts.append(often[again])
            places.append(at[first[again]])
            total += int(again.sum())
            at = at[again[group]]
        self.count: Floats = np.concatenate(counts).astype(np.float64)
        self.place: Integers = np.concatenate(places)
        self.length: Integers = np.repeat(np.arange(1, longest + 1), [len(part) for part in counts])

    def entry(self, piece: int) -> str:
        """Return a piece as text."""
        if piece < len(self.letters):
            return self.letters[piece]
        place = self.place[piece]
        return "".join(self.letters[letter] for letter in self.text[place : place + self.length[piece]])

    def seeds(self, n: int) -> Integers:
        """Choose all letters and the substrings that cover most of the corpus (count times length), n in all,
        sorted."""
        cover = (self.count * self.length).astype(np.float64)
        cover[: len(self.letters)] = np.inf
        return np.sort(np.argsort(-cover, kind="stable")[:n])

    def lattices(self, alive: Integers) -> tuple[Lattices, Integers]:
        """Build lattices of all ways to cut every word into live pieces, with the piece of each edge."""
        names = np.full(len(self.length), -1)
        names[alive] = alive
        found = np.where(self.table >= 0, names[self.table], -1)  # (longest, N)
        length, at = np.nonzero(found >= 0)
        word = self.word[at]
        first = self.begin + np.arange(len(self.begin))  # one node more than letters in every word
        start = at + word
        return Lattices(first, first + self.lengths, start, start + length + 1, word), found[length, at]

    def inside(self, alive: Integers) -> tuple[Lattices, Integers, Integers]:
        """Build lattices of all ways to cut every longer live piece into others; word k of them is piece `whole[k]`.

        Returns:
            The lattices, the piece of each edge, and `whole`.
        """
        names = np.full(len(self.length), -1)
        names[alive] = alive
        whole = alive[alive >= len(self.letters)]
        size, place = self.length[whole], self.place[whole]
        first = np.cumsum(size + 1) - (size + 1)
        starts, ends, words, pieces = [], [], [], []
        for offset in range(int(size.max(initial=0))):
            for length in range(1, int(size.max(initial=0)) - offset + 1):
                fits = np.flatnonzero((offset + length <= size) & (length < size))
                piece = self.table[length - 1, place[fits] + offset]
                fits, piece = fits[piece >= 0], names[piece[piece >= 0]]
                fits, piece = fits[piece >= 0], piece[piece >= 0]
                starts.append(first[fits] + offset)
                ends.append(first[fits] + offset + length)
                words.append(fits)
                pieces.append(piece)
        empty = [np.empty(0, np.int64)]
        start, end, word, piece = (np.concatenate(part or empty) for part in (starts, ends, words, pieces))
        return Lattices(first, first + size, start, end, word), piece, whole
