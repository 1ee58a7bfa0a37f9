"""Spelling suggestions: the words of a list nearest to a given one by edit distance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

LONGEST = 40  # maximum characters of the queried word that are compared


class Spelling:
    """A list of words, prepared for comparison: case and surrounding spaces do not count."""

    def __init__(self, words: Sequence[str]) -> None:
        plain = [word.strip().casefold() for word in words]
        self.lengths = np.array([len(word) for word in plain], dtype=np.int64)
        width = int(min(self.lengths.max(initial=0), 2 * LONGEST))
        self.letters = np.zeros((len(plain), width), dtype=np.int32)  # (V, longest), 0 behind a word's end
        for row, word in enumerate(plain):
            codes = [ord(letter) for letter in word[:width]]
            self.letters[row, : len(codes)] = codes

    def nearest(self, word: str, count: int = 3) -> list[int]:
        """Find the rows of the nearest words, best first; ties in the order of the list.

        Near is what differs by a third of the letters of `word` or less (by one, in a short word): there may be none.
        """
        word = word.strip().casefold()[:LONGEST]
        most = min(max(1, len(word) // 3), len(word) - 1)
        rows = np.flatnonzero((np.abs(self.lengths - len(word)) <= most) & (self.lengths > 0))
        if not word or not len(rows):
            return []
        distances = edit_distances(word, self.letters[rows], self.lengths[rows])
        order = np.argsort(distances, kind="stable")[:count]
        return [int(rows[at]) for at in order if distances[at] <= most]


def edit_distances(word: str, letters: NDArray[np.int32], lengths: NDArray[np.int64]) -> NDArray[np.int64]:
    """Compute the edit distance to each word, with transpositions of neighbours (Damerau 1964).

    Args:
        letters: (N, longest) character codes; lengths: (N,) how many of them are the word.

    Returns:
        (N,) the distances of `word` to each, no part of a word edited twice.
    """
    columns = int(lengths.max(initial=0)) + 1
    grid = np.zeros((len(word) + 1, columns, len(lengths)), dtype=np.int64)
    grid[:, 0] = np.arange(len(word) + 1)[:, None]
    grid[0] = np.arange(columns)[:, None]
    for i, letter in enumerate(word, start=1):
        for j in range(1, columns):
            here = letters[:, j - 1]
            best = np.minimum(grid[i - 1, j], grid[i, j - 1]) + 1
            best = np.minimum(best, grid[i - 1, j - 1] + (here != ord(letter)))
            if i > 1 and j > 1:
                swapped = (here == ord(word[i - 2])) & (letters[:, j - 2] == ord(letter))
                best = np.where(swapped, np.minimum(best, grid[i - 2, j - 2] + 1), best)
            grid[i, j] = best
    distances: NDArray[np.int64] = grid[len(word), lengths, np.arange(len(lengths))]
    return distances
