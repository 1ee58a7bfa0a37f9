"""The baselines beside tales-t5's tasks: each does what its name says, learned from training pairs alone."""

from __future__ import annotations

import json
from itertools import islice

import pytest

from core.analysis.tasks.task_scores import examples, judge, score
from core.data.tasks import TASKS
from scripts.task_baselines import baselines, joined, words
from scripts.task_report import chrf


@pytest.fixture(scope="module", params=list(TASKS))
def learned(request):
    train = list(islice(TASKS[request.param].pairs(5), 400))
    return request.param, train, baselines(request.param, train)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
def test_the_nearest_training_example_of_itself_is_itself(learned):
    name, train, kinds = learned
    found = [kinds["lookup"](pair.source) == pair.target for pair in train[:50]]
    assert sum(found) >= 45, name


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
def test_baselines_answer_every_held_out_source(learned):
    name, _, kinds = learned
    pairs = examples(name, 20)
    for kind, answer in kinds.items():
        shares = score([judge(name, pair, answer(pair.source)) for pair in pairs]).all
        assert all(0 <= share.low <= share.high <= 1 for share in shares.values()), kind


def test_copying_copies():
    train = list(islice(TASKS["translate"].pairs(5), 5))
    copy = baselines("translate", train)["copy"]
    assert copy("translate English to Spanish: The dog slept.") == "The dog slept."
    asked = baselines("question", list(islice(TASKS["question"].pairs(5), 5)))["copy"]
    assert asked("question: Who fed the goat? context: It rained. Nora fed the goat. So it was.") == "Nora."


def test_phrases_are_put_together_from_what_was_seen():
    train = list(islice(TASKS["translate"].pairs(5), 300))
    ngram = baselines("translate", train)["n-gram"]
    short = [pair for pair in train if len(words(pair.truth.english)) <= 5]
    right = [ngram(pair.source) in pair.truth.allowed for pair in short]
    assert right
    assert ngram("translate English to Spanish: Zzyzx") == "Zzyzx"


def test_words_are_joined_to_a_text():
    assert joined(words("¿Dónde está? —dijo Nora—. ¡Sí, aquí!")).startswith("¿Dónde está?")
    assert joined(["Nora", ",", "the", "cook", "."]) == "Nora, the cook."


def test_chrf_is_a_hundred_for_any_allowed_telling_and_takes_the_nearest():
    allowed = [frozenset({"El perro duerme.", "Duerme el perro."}), frozenset({"La casa es roja."})]
    assert chrf(["Duerme el perro.", "La casa es roja."], allowed)["score"] == 100
    near = chrf(["Duerme el gato.", "La casa es roja."], allowed)
    assert 60 < near["score"] < 100
    assert near["low"] <= near["score"] <= near["high"] + 1
    assert json.loads(json.dumps(near)) == near
