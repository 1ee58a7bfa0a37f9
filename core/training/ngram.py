"""The baseline of a small language model: an n-gram model with interpolated Kneser-Ney smoothing.

It uses n - 1 tokens of context only, so the gap to it measures the benefit of longer context.
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

    @staticmethod
    def windows(row: Ids, order: int, vocab: int) -> tuple[Ids, Ids]:
        """Count the n-grams of a row, encoded as numbers, ascending and distinct: (N,), (N,)."""
        grams, counts = np.unique(_keys(row, order, vocab), return_counts=True)
        return grams, counts

    @classmethod
    def counted(cls, grams: Ids, counts: Ids, end: int, order: int, vocab: int) -> NGram:
        """Build the model of a single row from its `windows` alone.

        A row that begins and ends with `order` times `end`.

        With these ends every shorter n-gram of the row begins one of the windows, so that nothing else need be kept.
        """
        made = cls.__new__(cls)
        made.order, made.vocab = order, vocab
        made._tables = [_fitted(grams, counts, vocab)]
        longer = grams
        for n in range(order - 1, 0, -1):
            first = np.array([sum(end * vocab**place for place in range(n))])
            kinds, times = np.unique(np.concatenate([longer % vocab**n, first]), return_counts=True)
            made._tables.insert(0, _fitted(kinds, times, vocab))
            longer = np.unique(longer // vocab)
        return made

    def log_probs(self, row: Ids) -> NDArray[np.float64]:
        """Compute log p of every token of a row given up to n - 1 tokens before it, in nats: (T,)."""
        p = np.full(len(row), 1.0 / self.vocab)
        for n in range(1, self.order + 1):
            keys = _keys(row, n, self.vocab)  # positions with n - 1 tokens before them
            if not len(keys):
                break
            p[n - 1 :] = self._mixed(n, keys, p[n - 1 :])
        return np.log(p)

    def next_log_probs(self, before: Ids) -> NDArray[np.float64]:
        """Compute log p of every token after a text, given its last n - 1 tokens, in nats: (V,)."""
        p = np.full(self.vocab, 1.0 / self.vocab)
        for n in range(1, min(self.order, len(before) + 1) + 1):
            windows = np.empty((self.vocab, n), dtype=np.int64)
            windows[:, :-1], windows[:, -1] = before[len(before) - n + 1 :], np.arange(self.vocab)
            p = self._mixed(n, _numbers(windows, self.vocab), p)
        return np.log(p)

    def _mixed(self, n: int, keys: Ids, shorter: NDArray[np.float64]) -> NDArray[np.float64]:
        """Interpolate p of the last token of each n-gram, from its own counts and from p by the shorter context.

        (N,).
        """
        grams, counts, contexts, totals, kinds, discount = self._tables[n - 1]
        count = _look_up(grams, counts, keys)
        total = _look_up(contexts, totals, keys // self.vocab)
        kind = _look_up(contexts, kinds, keys // self.vocab)
        seen = total > 0
        safe = np.where(seen, total, 1)
        mixed = np.maximum(count - discount, 0) / safe + discount * kind / safe * shorter
        p: NDArray[np.float64] = np.where(seen, mixed, shorter)
        return p

    def _table(self, rows: list[Ids], n: int) -> tuple[Ids, Ids, Ids, Ids, Ids, float]:
        if n == self.order:
            grams, counts = np.unique(
                np.concatenate([_keys(row, n, self.vocab) for row in rows]), return_counts=True
            )
        else:  # number of different contexts, plus one for the beginning of a document
            longer = np.unique(np.concatenate([_keys(row, n + 1, self.vocab) for row in rows]))
            first = np.unique(np.concatenate([_keys(row[:n], n, self.vocab) for row in rows]))
            grams, counts = np.unique(np.concatenate([longer % self.vocab**n, first]), return_counts=True)
        return _fitted(grams, counts, self.vocab)


def _fitted(grams: Ids, counts: Ids, vocab: int) -> tuple[Ids, Ids, Ids, Ids, Ids, float]:
    """Fit one order: its n-grams and counts; each context's total and number of continuations; the discount d."""
    contexts, inverse = np.unique(grams // vocab, return_inverse=True)
    totals = np.bincount(inverse, weights=counts).astype(np.int64)
    kinds = np.bincount(inverse)
    once, twice = int((counts == 1).sum()), int((counts == 2).sum())
    discount = once / (once + 2 * twice) if once and twice else 0.5
    return grams, counts, contexts, totals, kinds, discount


def _keys(row: Ids, n: int, vocab: int) -> Ids:
    """Encode each window of n ids as one number: (T - n + 1,)."""
    if len(row) < n:
        return np.zeros(0, dtype=np.int64)
    return _numbers(np.lib.stride_tricks.sliding_window_view(row.astype(np.int64), n), vocab)


def _numbers(windows: Ids, vocab: int) -> Ids:
    """Encode rows of n ids as one number each: (N, n) -> (N,)."""
    keys: Ids = windows @ vocab ** np.arange(windows.shape[1] - 1, -1, -1, dtype=np.int64)
    return keys


def _look_up(keys: Ids, values: Ids, wanted: Ids) -> Ids:
    place = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[place] == wanted, values[place], 0)


class FillIn:
    """The baseline of a masked model: counts of tokens between the visible tokens to their left and right.

    p(w | c) = (max(c(cw) - d, 0) + d * kinds(c) * p(w | next context)) / c(c), d = n1 / (n1 + 2 n2) of each context
    (absolute discounting, Ney et al. 1994), over the contexts of `CONTEXTS`, wider ones first, then the unigram and the
    uniform distribution. A context that is hidden itself, or never came, is passed over. What the input says of a
    hidden token that was kept or replaced is weighed by Bayes' rule with the shares of Devlin et al. 2019.

    Args:
        rows: id arrays, one a document.
        vocab: V; vocab ** 5 must fit in 63 bits.

    Raises:
        ValueError: the vocabulary is too large, or there is no text.
    """

    CONTEXTS = ((), (1,), (-1,), (-1, 1), (-2, -1, 1), (-1, 1, 2), (-2, -1, 1, 2))

    def __init__(self, rows: list[Ids], vocab: int) -> None:
        if (vocab + 1) ** 5 >= 2**63:
            raise ValueError(f"contexts over a vocabulary of {vocab:,} do not fit in 63-bit keys")
        if not any(len(row) for row in rows):
            raise ValueError("a baseline needs at least one token of text")
        self.vocab = vocab
        # Id V stands beyond a document's ends, so that a beginning is a context, too.
        wide = np.concatenate([np.concatenate([row, np.full(2, vocab)]) for row in [[vocab, vocab], *rows]])
        at = np.flatnonzero(wide < vocab)
        self._tables = [self._table(wide, at, offsets) for offsets in self.CONTEXTS]

    def probabilities(self, row: Ids, place: int) -> NDArray[np.float64]:
        """Compute p of every token at one position of a row whose negative ids are hidden: (V,)."""
        tokens = np.arange(self.vocab)
        seen = np.tile(row, (self.vocab, 1))
        return self._p(seen, np.full(self.vocab, place), tokens)

    def log_probs(
        self, inputs: Ids, targets: Ids, mask_id: int, kept: float = 0.1, drawn: float = 0.1
    ) -> NDArray[np.float64]:
        """Compute log p of every hidden token in nats: (hidden,), in the order of `np.nonzero(targets >= 0)`.

        Args:
            inputs: (N, T) what a masked model reads; targets: (N, T) what was hidden, negative elsewhere.
            kept, drawn: of the hidden tokens, the shares that the input shows as they are, or as any other token.
        """
        row, place = np.nonzero(targets >= 0)
        wanted, shown = targets[row, place], inputs[row, place]
        known = np.where(
            (inputs == mask_id) | (targets >= 0), -1, inputs
        )  # a visible token at a hidden position is not used as context
        p = self._p(known[row], place, wanted)
        p_shown = self._p(known[row], place, np.where(shown == mask_id, wanted, shown))
        # A visible token was kept, kept * p(shown), or drawn, drawn / V, whatever the truth.
        even = drawn / self.vocab
        told = p * (kept * (wanted == shown) + even) / (kept * p_shown + even)
        return np.log(np.where(shown == mask_id, p, told))

    def _p(self, rows: Ids, places: Ids, tokens: Ids) -> NDArray[np.float64]:
        """Compute p of each token at its position of its row; (N, T), (N,), (N,) -> (N,)."""
        beyond = np.full((len(rows), 2), self.vocab)
        wide, at = np.concatenate([beyond, rows, beyond], axis=1), places + 2
        p = np.full(len(rows), 1.0 / self.vocab)
        for offsets, (grams, counts, contexts, totals, kinds, discount) in zip(self.CONTEXTS, self._tables):
            around = [wide[np.arange(len(rows)), at + offset] for offset in offsets]
            readable = np.all([ids >= 0 for ids in around], axis=0) if around else np.ones(len(rows), bool)
            context = self._key([np.maximum(ids, 0) for ids in around], len(rows))
            count = _look_up(grams, counts, context * self.vocab + tokens)
            total = _look_up(contexts, totals, context)
            kind = _look_up(contexts, kinds, context)
            found = readable & (total > 0)
            safe = np.where(found, total, 1)
            mixed = (np.maximum(count - discount, 0) + discount * kind * p) / safe
            p = np.where(found, mixed, p)
        return p

    def _table(self, wide: Ids, at: Ids, offsets: tuple[int, ...]) -> tuple[Ids, Ids, Ids, Ids, Ids, float]:
        context = self._key([wide[at + offset] for offset in offsets], len(at))
        grams, counts = np.unique(context * self.vocab + wide[at], return_counts=True)
        contexts, inverse = np.unique(grams // self.vocab, return_inverse=True)
        totals = np.bincount(inverse, weights=counts).astype(np.int64)
        once, twice = int((counts == 1).sum()), int((counts == 2).sum())
        discount = once / (once + 2 * twice) if once and twice else 0.5
        return grams, counts, contexts, totals, np.bincount(inverse), discount

    def _key(self, around: list[Ids], size: int) -> Ids:
        """Encode a context as one number."""
        key = np.zeros(size, dtype=np.int64)
        for ids in around:
            key = key * (self.vocab + 1) + ids
        return key
