"""Unigram tokenization: every piece has a probability, and a word is segmented along the most probable path.

Kudo 2018, section 3.2. All the ways to cut a word form a lattice; its best path (Viterbi 1967), its n best, and the sum
of all are found without listing them.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass

from core.text.pieces import Piece, Word
from core.text.pretokens import piece, split

UNKNOWN_PENALTY = 10.0  # nats below the least probable entry, as in SentencePiece


@dataclass(frozen=True)
class Edge:
    """A possible piece of a word: its letters start to end (excluded) and its log-probability in nats."""

    start: int
    end: int
    entry: str
    id: int
    log_prob: float
    unknown: bool


@dataclass(frozen=True)
class Lattice:
    """All segmentations of a word: its letters, its edges (by start, then end), the best path, and two sums.

    `best_log_prob`: of the best path. `total_log_prob`: of all paths together. Both in nats.
    """

    letters: str
    edges: tuple[Edge, ...]
    best: tuple[Edge, ...]
    best_log_prob: float
    total_log_prob: float


@dataclass(frozen=True)
class Segmentation:
    """One segmentation of a word.

    Its pieces, its log-probability (nats), and its share of the total probability, 0 to 1.
    """

    pieces: tuple[str, ...]
    log_prob: float
    probability: float


class Unigram:
    """A vocabulary of pieces with probabilities.

    Args:
        vocabulary: the entries in the order of their ids.
        log_probs: natural logarithms of their probabilities, in the same order.
        pretokens: a name in `pretokens.PRETOKENS`.
        unknown: the id of the entry for a letter that is no piece; such letters next to each other become one piece.
    """

    name = "Unigram"

    def __init__(
        self,
        vocabulary: Sequence[str],
        log_probs: Sequence[float],
        pretokens: str = "spaces",
        unknown: int = 0,
    ) -> None:
        self.vocabulary, self.log_probs = list(vocabulary), list(log_probs)
        self.pretokens, self.unknown = pretokens, unknown
        self.ids = {entry: id for id, entry in enumerate(self.vocabulary)}
        self.longest = max(map(len, self.vocabulary))
        self.unknown_log_prob = min(self.log_probs) - UNKNOWN_PENALTY

    def __len__(self) -> int:
        return len(self.vocabulary)

    def words(self, text: str) -> list[Word]:
        """Pre-tokenize a text into words."""
        return split(text, self.pretokens)

    def edges(self, letters: str) -> list[Edge]:
        """Find every entry that matches in a word, by start, then end; the unknown where no single letter does."""
        found = []
        for start in range(len(letters)):
            for end in range(start + 1, min(start + self.longest, len(letters)) + 1):
                id = self.ids.get(letters[start:end])
                if id is not None:
                    entry = letters[start:end]
                    found.append(Edge(start, end, entry, id, self.log_probs[id], id == self.unknown))
                elif end == start + 1:
                    entry = self.vocabulary[self.unknown]
                    found.append(Edge(start, end, entry, self.unknown, self.unknown_log_prob, True))
        return found

    def lattice(self, letters: str) -> Lattice:
        """Build the lattice of all segmentations of a word, with its best path and total probability."""
        edges = self.edges(letters)
        best = best_path(edges, len(letters))
        total = total_log_prob(edges, len(letters))
        return Lattice(letters, tuple(edges), tuple(best), sum(edge.log_prob for edge in best), total)

    def n_best(self, letters: str, n: int) -> list[Segmentation]:
        """Find the n most probable segmentations of a word, best first (fewer where there are fewer)."""
        edges = self.edges(letters)
        total = total_log_prob(edges, len(letters))
        return [
            Segmentation(tuple(letters[e.start : e.end] for e in path), score, math.exp(score - total))
            for score, path in n_best_paths(edges, len(letters), n)
        ]

    def cut(self, word: Word, text: str) -> list[Piece]:
        """Tokenize one word of `text`, along the best path."""
        found: list[Piece] = []
        path = best_path(self.edges(word.entry), len(word.entry))
        while path:
            edge = path.pop(0)
            end = edge.end
            while edge.unknown and path and path[0].unknown:
                end = path.pop(0).end
            found.append(
                piece(self.pretokens, text, word, edge.start, end, edge.entry, edge.id, edge.unknown)
            )
        return found

    def encode(self, text: str) -> list[Piece]:
        """Tokenize a text, left to right."""
        return [found for word in self.words(text) for found in self.cut(word, text)]


def best_path(edges: Sequence[Edge], length: int) -> list[Edge]:
    """Find the path from 0 to `length` with the largest sum of log-probabilities (Viterbi).

    Args:
        edges: sorted by start, so that all paths to a place are known before one leaves it; some path must lead
            through. Of equals, the one whose last piece begins first.
    """
    score = [0.0, *[-math.inf] * length]
    last: list[Edge | None] = [None] * (length + 1)
    for edge in edges:
        reached = score[edge.start] + edge.log_prob
        if reached > score[edge.end]:
            score[edge.end], last[edge.end] = reached, edge
    path: list[Edge] = []
    edge_before = last[length]
    while edge_before is not None:
        path.append(edge_before)
        edge_before = last[edge_before.start]
    return path[::-1]


def total_log_prob(edges: Sequence[Edge], length: int) -> float:
    """Compute the log of the summed probabilities of all paths from 0 to `length` (forward algorithm), in nats."""
    reached: list[list[float]] = [[0.0], *([] for _ in range(length))]
    total = [0.0] * (length + 1)
    for at in range(length + 1):
        most = max(reached[at], default=-math.inf)
        total[at] = (
            most + math.log(sum(math.exp(one - most) for one in reached[at])) if reached[at] else -math.inf
        )
        for edge in edges:
            if edge.start == at:
                reached[edge.end].append(total[at] + edge.log_prob)
    return total[length]


def n_best_paths(edges: Sequence[Edge], length: int, n: int) -> list[tuple[float, list[Edge]]]:
    """Find the n paths from 0 to `length` with the largest sums, best first, from the n best to each position."""
    best: list[list[tuple[float, list[Edge]]]] = [[(0.0, [])], *([] for _ in range(length))]
    for edge in edges:
        ways = [(score + edge.log_prob, [*path, edge]) for score, path in best[edge.start]]
        best[edge.end] = heapq.nlargest(n, best[edge.end] + ways, key=lambda way: way[0])
    return best[length] if length else best[0][:n]
