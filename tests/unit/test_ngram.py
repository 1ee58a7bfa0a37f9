"""The n-gram baseline against a plain recomputation of its formula, and against certainty."""

from collections import Counter, defaultdict

import numpy as np
import pytest

from core.training.ngram import FillIn, NGram

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


def plain_fill_in(rows):
    """The baseline of masked models with dictionaries: p(readable row with None where hidden, place, token)."""
    tables = []
    for offsets in FillIn.CONTEXTS:
        followers: dict[tuple, Counter] = defaultdict(Counter)
        for row in rows:
            wide = ["end", "end", *row, "end", "end"]
            for at, token in enumerate(row, start=2):
                followers[tuple(wide[at + offset] for offset in offsets)][token] += 1
        counts = [count for each in followers.values() for count in each.values()]
        once, twice = counts.count(1), counts.count(2)
        tables.append((offsets, followers, once / (once + 2 * twice) if once and twice else 0.5))

    def probability(row, place, token):
        wide = ["end", "end", *row, "end", "end"]
        p = 1 / VOCAB
        for offsets, followers, discount in tables:
            context = tuple(wide[place + 2 + offset] for offset in offsets)
            seen = followers.get(context)
            if seen and None not in context:
                total = seen.total()
                p = max(seen[token] - discount, 0) / total + discount * len(seen) / total * p
        return p

    return probability


LONG = [np.random.default_rng(row).integers(0, VOCAB, 12 + row) for row in range(6)]


def test_filling_in_equals_the_formula_written_with_dictionaries():
    model, p = FillIn(LONG, VOCAB), plain_fill_in([row.tolist() for row in LONG])
    for row in ([0, 1, -1, 3, 2], [-1, -1, 2, 2, 0], [-1], [1, -1, -1, -1, 1], [3, 3, 3, -1]):
        told = [None if id < 0 else id for id in row]
        for place in (at for at, id in enumerate(row) if id < 0):
            found = model.probabilities(np.array(row), place)
            assert found.sum() == pytest.approx(1)
            assert found == pytest.approx([p(told, place, token) for token in range(VOCAB)])


def test_what_is_shown_of_a_hidden_token_is_weighed_by_bayes_rule():
    """Against counting: of every token that may stand there, how often is it shown as what the input shows?"""
    model, mask = FillIn(LONG, VOCAB), 9
    inputs, targets = (
        np.array([[0, mask, 2, 1], [3, 1, 0, 0]]),
        np.array([[-100, 1, -100, -100], [-100, 1, -100, -100]]),
    )
    hidden = np.array([0, -1, 2, 1]), np.array([3, -1, 0, 0])
    found = model.log_probs(inputs, targets, mask, kept=0.2, drawn=0.3)
    assert found[0] == pytest.approx(np.log(model.probabilities(hidden[0], 1)[1]))
    before = model.probabilities(hidden[1], 1)
    shown = [before[token] * (0.2 * (token == 1) + 0.3 / VOCAB) for token in range(VOCAB)]
    assert found[1] == pytest.approx(np.log(shown[1] / sum(shown)))


def test_filling_in_knows_what_always_stands_between():
    rows = [np.array([0, 1, 2] * 20), np.array([0, 3, 1] * 20)]
    model = FillIn(rows, VOCAB)
    assert model.probabilities(np.array([0, -1, 2]), 1).argmax() == 1
    assert model.probabilities(np.array([0, -1, 1]), 1).argmax() == 3
    assert model.probabilities(np.array([0, -1, -1]), 1)[[1, 3]].sum() > 0.9, "the right side is hidden, too"
    for wrong in (lambda: FillIn([], VOCAB), lambda: FillIn(rows, 10_000)):
        with pytest.raises(ValueError, match=r"at least one token|do not fit"):
            wrong()
