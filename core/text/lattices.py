"""Batched segmentation lattices: forward-backward sums and best paths for learning a unigram vocabulary.

The ways to cut W words lie side by side: nodes are the places between letters, an edge is a piece from one node to a
later one. All words are computed together, one layer of nodes after the other, so that a step costs as many array
operations as the longest word has letters.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


class Lattices:
    """W lattices with M nodes and E edges.

    Args:
        first, last: (W,) the node before each word's first letter, and the one after its last.
        start, end: (E,) the nodes of each edge; a word's nodes are numbered from first to last.
        word: (E,) the word of each edge.
    """

    def __init__(
        self, first: Integers, last: Integers, start: Integers, end: Integers, word: Integers
    ) -> None:
        self.first, self.last, self.start, self.end, self.word = first, last, start, end, word
        self.nodes = int(last.max(initial=-1)) + 1
        self._forward = _layers(end - first[word], end)
        self._backward = _layers(last[word] - start, start)

    def expected(self, log_prob: Floats, weight: Floats) -> tuple[Floats, float]:
        """Compute the expected uses of each edge, and the likelihood: the E step (Kudo 2018, section 3.2).

        Args:
            log_prob: (E,) of each edge, in nats.
            weight: (W,) how often each word stands in the corpus.
        Returns:
            (E,) expected uses, and the log-likelihood of the corpus in nats.
        """
        before = np.full(self.nodes, -np.inf)
        before[self.first] = 0
        for edges, firsts, nodes in self._forward:
            before[nodes] = _log_sums(before[self.start[edges]] + log_prob[edges], firsts)
        behind = np.full(self.nodes, -np.inf)
        behind[self.last] = 0
        for edges, firsts, nodes in self._backward:
            behind[nodes] = _log_sums(behind[self.end[edges]] + log_prob[edges], firsts)
        total = before[self.last]  # (W,)
        share = np.exp(before[self.start] + log_prob + behind[self.end] - total[self.word])
        return share * weight[self.word], float(weight @ total)

    def best(self, log_prob: Floats) -> list[Integers]:
        """Find the best path of every word: the edges of all last pieces, of all pieces before those, and so on.

        Args:
            log_prob: (E,) in nats; -inf takes an edge away. A word that no path leads through has no piece at all.
        """
        score = np.full(self.nodes, -np.inf)
        score[self.first] = 0
        chosen = np.full(self.nodes, -1)
        for edges, firsts, nodes in self._forward:
            reached = score[self.start[edges]] + log_prob[edges]
            most = np.maximum.reduceat(reached, firsts)
            score[nodes] = most
            group = np.repeat(np.arange(len(firsts)), np.diff(np.append(firsts, len(edges))))
            hits = np.flatnonzero((reached == most[group]) & np.isfinite(reached))
            groups, where = np.unique(group[hits], return_index=True)
            chosen[nodes[groups]] = edges[hits[where]]
        steps = []
        edges = chosen[self.last]
        while len(edges := edges[edges >= 0]):
            steps.append(edges)
            edges = np.where(self.start[edges] == self.first[self.word[edges]], -1, chosen[self.start[edges]])
        return steps


def _layers(depth: Integers, node: Integers) -> list[tuple[Integers, Integers, Integers]]:
    """Yield edges in layers of equal depth: the edges of each, where each node's begin among them, and those nodes."""
    order = np.lexsort((node, depth))
    layers = []
    for edges in np.split(order, np.flatnonzero(np.diff(depth[order])) + 1):
        if len(edges):
            nodes = node[edges]
            firsts = np.flatnonzero(np.concatenate(([True], nodes[1:] != nodes[:-1])))
            layers.append((edges, firsts, nodes[firsts]))
    return layers


def _log_sums(values: Floats, firsts: Integers) -> Floats:
    """Compute the log-sum-exp of each segment of values that begins at one of `firsts`."""
    most = np.maximum.reduceat(values, firsts)
    most[~np.isfinite(most)] = 0
    lengths = np.diff(np.append(firsts, len(values)))
    with np.errstate(divide="ignore"):
        return most + np.log(np.add.reduceat(np.exp(values - np.repeat(most, lengths)), firsts))
