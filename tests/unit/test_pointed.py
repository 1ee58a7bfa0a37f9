"""The sentence that an answer points to: shares add up, the truth is the sentence that tells, chance is its number."""

from __future__ import annotations

from itertools import islice

import numpy as np
import pytest

from core.analysis.heads import answer_location
from core.analysis.heads.cross_reading import Rule, cross_reading, rules
from core.data.tasks import TASKS
from core.data.toyland.asked import asked
from tests.pairs import translator


@pytest.fixture(scope="module")
def lm():
    return translator()


@pytest.fixture(scope="module")
def examples():
    return list(islice(asked(3, "held_out"), 40))


def test_the_source_is_the_task_s_own(examples):
    for pair, one in zip(TASKS["question"].pairs(3, "held_out"), examples):
        assert pair.source == answer_location.source_of(one.question, one.context)


def test_the_true_sentence_holds_the_answer(examples):
    for one in examples:
        source = answer_location.source_of(one.question, one.context)
        first, end = answer_location.sentences(source)[answer_location.truth(one)]
        told = one.context[slice(*one.sentence)]
        assert source[first:end] in told or told in source[first:end]
        assert answer_location.chance(one) == 1 / len(answer_location.sentences(source))
    assert any(answer_location.truth(one) for one in examples)


def test_shares_are_the_attention_of_the_answer(lm, examples):
    one = min(examples, key=lambda each: len(each.context))
    found = cross_reading(lm, answer_location.source_of(one.question, one.context), "In the barn.")
    rule = Rule(1, 0)
    shares = answer_location.shares(found, rule)
    assert shares.sum() == pytest.approx(1)
    rows = found.pattern[1, 0][: len(found.ids)].mean(0)
    spans = answer_location.sentences(found.source)
    by_hand = []
    for first, end in spans:
        inside = [
            weight
            for weight, (a, b) in zip(rows, found.read_spans)
            if min(b, end) - max(a, first) > max(0, *(min(b, y) - max(a, x) for x, y in spans if x != first))
        ]
        by_hand.append(sum(inside))
    np.testing.assert_allclose(shares, np.array(by_hand) / sum(by_hand), atol=1e-9)


def test_without_passage_or_answer_nothing_is_pointed_at(lm):
    assert answer_location.sentences("question: Who?") == ()
    found = cross_reading(lm, answer_location.source_of("Who ran?", "Ben ran. Nora slept."), "")
    np.testing.assert_allclose(answer_location.shares(found, Rule()), [0.5, 0.5])


@pytest.mark.full(reason="takes a second")
def test_the_chosen_rule_is_right_most_often(lm, examples):
    few = sorted(examples, key=lambda one: len(one.context))[:3]
    chosen = answer_location.choose(lm, few)
    right = {
        rule: np.mean(
            [
                np.argmax(answer_location.shares(answer_location.read(lm, one), rule))
                == answer_location.truth(one)
                for one in few
            ]
        )
        for rule in rules(2, 2)
    }
    assert chosen.right == max(right.values()) == right[chosen.rule]
    with pytest.raises(ValueError, match="no example"):
        answer_location.choose(lm, [])


def test_words_of_the_question_find_their_sentence(examples):
    one = examples[0]
    source = answer_location.source_of(one.question, one.context)
    first, end = answer_location.sentences(source)[answer_location.most_alike(one)]
    asked_words = set(one.question.lower().replace("?", " ?").split())
    shared = len(asked_words & set(source[first:end].lower().replace(".", " .").split()))
    assert shared >= 1
