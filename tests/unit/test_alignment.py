"""Alignment error rate against counts made by hand and a plain second computation; IBM model 1 against a plain one."""

from __future__ import annotations

import math
from collections import defaultdict
from itertools import islice
from random import Random

import numpy as np
import pytest

from core.analysis.heads import alignment
from core.analysis.heads.alignment import Counts, LexicalModel, compared, diagonal, interval, links
from core.analysis.heads.cross_reading import Rule, rules
from core.data.toyland.spanish import translations, words
from tests.pairs import translator


@pytest.fixture(scope="module")
def lm():
    return translator()


def plain(found, sure, possible):
    """AER by the formula of section 2.2, link by link."""
    agreed = sum(1 for link in found if link in sure) + sum(
        1 for link in found if link in sure or link in possible
    )
    return 1 - agreed / (len(found) + len(sure))


# Links of a sentence, sure ones, possible ones, and the error rate, worked out on paper.
BY_HAND = [
    ([(0, 0), (1, 1)], [(0, 0), (1, 1)], [], 0.0),  # all right
    ([(0, 1), (1, 0)], [(0, 0), (1, 1)], [], 1.0),  # all wrong
    ([(0, 0), (1, 1), (2, 2)], [(0, 0)], [(1, 1)], 1 - 3 / 4),  # one sure, one possible, one wrong
    ([(0, 0)], [(0, 0), (1, 1), (2, 2)], [(0, 1)], 1 - 2 / 4),  # two sure ones missed
    ([(0, 0), (0, 1)], [(0, 0)], [(0, 1)], 0.0),  # a possible one costs nothing
    ([], [(0, 0)], [], 1.0),
]  # fmt: skip


@pytest.mark.parametrize(("found", "sure", "possible", "error"), BY_HAND)
def test_error_rates_by_hand(found, sure, possible, error):
    assert compared(found, sure, possible).error == pytest.approx(error, abs=1e-12)
    assert plain(found, sure, possible) == pytest.approx(error, abs=1e-12)


def test_error_rates_of_many_draws():
    rng = Random(0)
    every = [(i, j) for i in range(5) for j in range(6)]
    for _ in range(300):
        found, sure, possible = (set(rng.sample(every, rng.randrange(1, 9))) for _ in range(3))
        counts = compared(found, sure, possible)
        assert counts.error == pytest.approx(plain(found, sure, possible), abs=1e-12)
        assert counts.recall == len(found & sure) / len(sure)
        assert counts.precision == len(found & (sure | possible)) / len(found)
        assert 0 <= counts.error <= 1


def test_counts_of_a_text_are_added_before_they_are_divided():
    one, other = compared([(0, 0)], [(0, 0)], []), compared([(0, 0), (1, 0)], [(1, 1), (2, 2), (3, 3)], [])
    assert (one + other).error == pytest.approx(1 - 2 / (3 + 4))
    assert (one + other).error != (one.error + other.error) / 2
    empty = Counts(0, 0, 0, 0)
    assert all(map(math.isnan, (empty.error, empty.precision, empty.recall)))


def test_each_word_is_linked_to_what_it_reads_most():
    weights = np.array([[0.1, 0.7, 0.1, 0.05], [0.5, 0.3, 0.1, 0.9], [0.2, 0.2, 0.3, 0.9], [0, 0, 0, 0]])
    read, written = ["the", "red", "kite", "."], ["la", "roja", ".", "x"]
    assert links(weights, read, written) == {(1, 0), (0, 1)}, (
        "marks are never linked, nor a word that read nothing"
    )
    assert links(weights, read, written, share=0.5) == {(1, 0), (0, 1), (1, 1)}
    assert links(weights, [".", ",", "!", "?"], written) == frozenset()
    assert links(np.zeros((0, 4)), read, []) == frozenset()


def test_the_diagonal_knows_only_places():
    assert diagonal(["a", "b", "."], ["x", "y", "!"]) == {(0, 0), (1, 1)}
    assert diagonal(["a", "b"], ["w", "x", "y", "z"]) == {(0, 0), (0, 1), (1, 2), (1, 3)}
    assert diagonal(["a", ",", "b", "c", "d"], ["x", "y"]) == {(2, 0), (4, 1)}
    assert diagonal([], ["x"]) == diagonal(["a"], []) == frozenset()


def lexicon(pairs, rounds):
    """IBM model 1 with dictionaries, as figure 5 of Brown et al. 1993 writes it down."""
    chance: dict[tuple[str, str], float] = defaultdict(lambda: 1.0)
    for _ in range(rounds):
        count: dict[tuple[str, str], float] = defaultdict(float)
        total: dict[str, float] = defaultdict(float)
        for read, written in pairs:
            for t in written:
                norm = sum(chance[t, s] for s in ["", *read])
                for s in ["", *read]:
                    count[t, s] += chance[t, s] / norm
                    total[s] += chance[t, s] / norm
        chance = defaultdict(float, {(t, s): value / total[s] for (t, s), value in count.items()})
    return chance


def test_ibm_model_1_is_the_plain_one():
    pairs = [
        (alignment.lowered(words(one.english)), alignment.lowered(words(one.spanish)))
        for one in islice(translations(5, "train"), 40)
    ]
    expected, model = lexicon(pairs, 6), LexicalModel(pairs, rounds=6)
    seen = {(t, s) for read, written in pairs for t in written for s in ["", *read]}
    for t, s in seen:
        assert model.chance(s, t) == pytest.approx(expected[t, s], abs=1e-9)
    first = next(s for s in pairs[0][0])
    assert sum(model.chance(first, t) for t in {t for t, s in seen if s == first}) == pytest.approx(1)
    assert model.chance("zeppelin", "kite") == model.chance(first, "zeppelin") == 0


def test_ibm_model_1_learns_what_the_classic_example_says():
    pairs = [
        ("the house", "la casa"),
        ("the book", "el libro"),
        ("a book", "un libro"),
        ("the house", "la casa"),
    ]
    model = LexicalModel([(a.split(), b.split()) for a, b in pairs], rounds=30)
    assert model.links(["a", "book", "."], ["un", "libro", "."]) == {(0, 0), (1, 1)}
    assert model.links(["Zeppelin"], ["libro"]) == frozenset()
    assert model.links([], ["libro"]) == frozenset()


def test_ibm_model_1_aligns_better_than_the_diagonal():
    train = [(words(one.english), words(one.spanish)) for one in islice(translations(6, "train"), 600)]
    model, kept = LexicalModel(train), list(islice(translations(7, "held_out"), 60))
    by_model, by_place = Counts(0, 0, 0, 0), Counts(0, 0, 0, 0)
    for one in kept:
        read, written = words(one.english), words(one.spanish)
        by_model += compared(model.links(read, written), one.links, one.possible)
        by_place += compared(diagonal(read, written), one.links, one.possible)
    assert by_model.error < by_place.error - 0.1


@pytest.mark.full(reason="takes 3 s")
def test_the_chosen_rule_has_the_lowest_error_of_all(lm):
    train = list(islice(translations(8, "train"), 3))
    chosen = alignment.choose(lm, train)
    errors = {}
    for rule in rules(2, 2):
        for share in alignment.SHARES:
            total = Counts(0, 0, 0, 0)
            for one in train:
                total += alignment.counted(alignment.told(lm, one), one, rule, share)
            errors[rule, share] = total.error
    assert chosen.error == pytest.approx(min(errors.values()))
    assert errors[chosen.rule, chosen.share] == pytest.approx(chosen.error)
    with pytest.raises(ValueError, match="no example"):
        alignment.choose(lm, [])


@pytest.mark.full(reason="takes more than a second")
def test_weights_are_those_of_the_english_words_alone(lm):
    (one,) = islice(translations(9, "held_out"), 1)
    found = alignment.told(lm, one)
    weights = alignment.word_weights(found, Rule())
    assert weights.shape == (len(words(one.spanish)), len(words(one.english)))
    assert 0 < weights.sum(1).max() < 1, "a part falls on the prefix of the task"


def test_an_interval_holds_the_rate_and_narrows_with_examples():
    rng = Random(1)
    counts = [Counts(10, 9, right := rng.randrange(5, 9), right + 1) for _ in range(400)]
    whole = alignment.said(counts)
    assert whole["low"] < whole["error"] < whole["high"]
    few = interval(counts[:40])
    assert few[1] - few[0] > 2 * (whole["high"] - whole["low"])
    assert interval(counts) == interval(counts)
