"""The baseline a small language model has to beat: an n-gram model with interpolated Kneser-Ney smoothing.

It remembers n - 1 tokens and nothing else, so the gap to it measures how much a text needs a longer memory.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


class NGram:
    """p(w | h) = max(c(hw) - d, 0) / c(h) + d * N1+(h .) / c(h) * p(w | h without its first token)

    (Chen & Goodman 1999, section 2.7; Kneser & Ney 1995), d = n1 / (n1 + 2 n2) at each order. Lower orders count in how
    many contexts a token was seen, not how often; below the unigram stands the uniform distribution.

    Args:
        rows: id arrays, one a document; n-grams do not reach across.
        order: n; vocab ** order must fit in 63 bits.

    Raises:
        ValueError: the order is too high for the vocabulary, or there is no text.
    """

    def __init__(self, rows: list[Ids], order: int, vocab: int) -> None:
        if order < 1 or vocab**order >= 2**63:
            raise ValueError(f"order {order} over a vocabulary of {vocab:,} does not fit in 63-bit keys")
        if not any(len(row) for row in rows):
            raise ValueError("an n-gram model needs at least one token of text")
        self.order, self.vocab = order, vocab
        self._tables = [self._table(rows, n) for n in range(1, order + 1)]

    def log_probs(self, row: Ids) -> NDArray[np.float64]:
        """log p of every token of a row given up to n - 1 tokens before it, in nats: (T,)."""
        p = np.full(len(row), 1.0 / self.vocab)
        for n, (grams, counts, contexts, totals, kinds, discount) in enumerate(self._tables, start=1):
            keys = _keys(row, n, self.vocab)  # of the positions that have n - 1 tokens before them
            if not len(keys):
                break
            count = _look_up(grams, counts, keys)
            total = _look_up(contexts, totals, keys // self.vocab)
            kind = _look_up(contexts, kinds, keys // self.vocab)
            seen = total > 0
            safe = np.where(seen, total, 1)
            mixed = np.maximum(count - discount, 0) / safe + discount * kind / safe * p[n - 1 :]
            p[n - 1 :] = np.where(seen, mixed, p[n - 1 :])
        return np.log(p)

    def _table(self, rows: list[Ids], n: int) -> tuple[Ids, Ids, Ids, Ids, Ids, float]:
        if n == self.order:
            grams, counts = np.unique(
                np.concatenate([_keys(row, n, self.vocab) for row in rows]), return_counts=True
            )
        else:  # in how many different contexts, and once more where a document begins and there is none
            longer = np.unique(np.concatenate([_keys(row, n + 1, self.vocab) for row in rows]))
            first = np.unique(np.concatenate([_keys(row[:n], n, self.vocab) for row in rows]))
            grams, counts = np.unique(np.concatenate([longer % self.vocab**n, first]), return_counts=True)
        contexts, inverse = np.unique(grams // self.vocab, return_inverse=True)
        totals = np.bincount(inverse, weights=counts).astype(np.int64)
        kinds = np.bincount(inverse)
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        discount = once / (once + 2 * twice) if once and twice else 0.5
        return grams, counts, contexts, totals, kinds, discount


def _keys(row: Ids, n: int, vocab: int) -> Ids:
    """Each window of n ids as one number: (T - n + 1,)."""
    if len(row) < n:
        return np.zeros(0, dtype=np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(row.astype(np.int64), n)  # (T - n + 1, n)
    keys: Ids = windows @ vocab ** np.arange(n - 1, -1, -1, dtype=np.int64)
    return keys


def _look_up(keys: Ids, values: Ids, wanted: Ids) -> Ids:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)
