"""The n-gram baseline against a plain recomputation of its formula, and against certainty."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from core.training.ngram import NGram

VOCAB = 4
ROWS = [np.array(row) for row in ([0, 1, 2, 0, 1, 3, 0, 1, 2], [2, 0, 1, 2, 2, 3], [3, 1])]


def plain(rows, order):
    """The same model with dictionaries: p(history, token)."""
    tables: dict[int, tuple[dict, float]] = {}
    for n in range(1, order + 1):
        if n == order:
            counts = Counter(tuple(row[i : i + n]) for row in rows for i in range(len(row) - n + 1))
        else:
            longer = {tuple(row[i : i + n + 1]) for row in rows for i in range(len(row) - n)}
            counts = Counter(gram[1:] for gram in longer) + Counter(
                {tuple(row[:n]) for row in rows if len(row) >= n}
            )
        once, twice = (sum(1 for c in counts.values() if c == k) for k in (1, 2))
        discount = once / (once + 2 * twice) if once and twice else 0.5
        followers: dict[tuple, dict[int, int]] = defaultdict(dict)
        for gram, count in counts.items():
            followers[gram[:-1]][gram[-1]] = count
        tables[n] = followers, discount

    def probability(history, token):
        p = 1 / VOCAB
        for n in range(1, min(order, len(history) + 1) + 1):
            followers, discount = tables[n]
            seen = followers.get(tuple(history[len(history) - n + 1 :]))
            if seen:
                total = sum(seen.values())
                p = max(seen.get(token, 0) - discount, 0) / total + discount * len(seen) / total * p
        return p

    return probability


@pytest.mark.parametrize("order", [1, 2, 3, 4])
def test_equals_the_formula_written_with_dictionaries(order):
    model, p = NGram(ROWS, order, VOCAB), plain([row.tolist() for row in ROWS], order)
    for row in [*ROWS, np.array([3, 3, 2, 1, 0, 0])]:
        expected = [np.log(p(row[:i].tolist(), row[i])) for i in range(len(row))]
        assert np.allclose(model.log_probs(row), expected)


def test_probabilities_sum_to_one_after_any_history():
    model = NGram(ROWS, 3, VOCAB)
    for history in ([], [0], [0, 1], [3, 3], [2, 0, 1]):
        total = sum(np.exp(model.log_probs(np.array([*history, token]))[-1]) for token in range(VOCAB))
        assert total == pytest.approx(1.0)


def test_what_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="63-bit"):
        NGram(ROWS, 5, 10_000)
    with pytest.raises(ValueError, match="at least one token"):
        NGram([], 2, VOCAB)
