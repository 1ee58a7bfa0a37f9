"""Completions of functions: how a task is divided, what counts as right, and the baselines."""

from __future__ import annotations

import json

import numpy as np
import pytest

from core.analysis.tasks import code_scores
from core.analysis.tasks.code_scores import (
    Completer,
    Task,
    by_lookup,
    by_model,
    by_model_checked,
    by_ngram,
    complete,
    divide,
    score,
    tasks,
)
from core.training import Trainer, TrainSpec
from core.training.ngram import NGram
from scripts import held_out

DOCUMENT = (
    'import os\n\n@staticmethod\ndef f(path):\n    """What it is."""\n    x = path\n    return os.stat(x)'
)
TASK = Task(
    'import os\n\n@staticmethod\ndef f(path):\n    """What it is."""', "\n    x = path\n    return os.stat(x)"
)


def test_a_prompt_ends_behind_the_docstring_or_the_signature():
    assert divide(DOCUMENT) == TASK
    assert TASK.prompt + TASK.rest == DOCUMENT
    assert divide("def f(x):\n    x += 1\n    return x") == Task("def f(x):", "\n    x += 1\n    return x")
    block = "async def f(x):\n    if x:\n        await x"
    assert divide(block) == Task("async def f(x):", "\n    if x:\n        await x")
    for short in (
        "def f(x):\n    return x",
        'def f(x):\n    """Said."""\n    return x',
        'def f():\n    """Said."""',
        "x = 1",
        "def",
    ):
        assert divide(short) is None


def test_the_same_tasks_are_drawn_whatever_the_order():
    documents = [f"def f{n}(x):\n    x += {n}\n    return x" for n in range(40)] + ["def g():\n    return 1"]
    drawn = tasks(documents, 12)
    assert len(drawn) == 12 and drawn == tasks(documents[::-1], 12)
    assert len(tasks(documents, 100)) == 40
    assert [task.prompt for task in drawn] != sorted(task.prompt for task in drawn)


@pytest.mark.parametrize(
    ("said", "ended", "right", "reason"),
    [
        (TASK.rest, True, True, ""),
        (TASK.rest, False, False, "the function did not end"),
        (TASK.rest + "\ndef g():\n    pass", False, True, ""),
        ("\n    pass", True, True, ""),
        ("", True, False, "nothing was written"),
        ("\n\n", True, False, "nothing was written"),
        ("\n    return y", True, False, "name 'y' is not defined here, at line 6"),
        ("\n    return (path", True, False, "'(' was never closed, at line 6"),
    ],
)
def test_a_completion_is_right_for_a_reason(said, ended, right, reason):
    found = complete(TASK, lambda prompt: (said, ended))
    assert found.check.right == right
    assert reason in "; ".join(found.check.reasons)
    assert bool(found.check.reasons) != right


@pytest.mark.parametrize(
    ("body", "exact", "uses", "trivial"),
    [
        (TASK.rest, True, True, False),
        ("\n    x =   path\n\n    return os.stat( x )  # said otherwise", True, True, False),
        ("\n    pass", False, False, True),
        ("\n    return None", False, False, True),
        ("\n    return", False, False, True),
        ("\n    ...", False, False, True),
        ("\n    os.stat('path')", False, False, False),
        ("\n    path = 1\n    return 2", False, True, False),
        ("\n    raise ValueError", False, False, False),
        ("\n    return path", False, True, False),
        ("\n    return (path", False, False, False),
    ],
)
def test_what_says_more_than_right(body, exact, uses, trivial):
    found = complete(TASK, saying(body))
    assert (found.exact, found.uses_parameter, found.trivial) == (exact, uses, trivial)


def saying(body: str) -> Completer:
    """Somebody who always says the same."""
    return lambda prompt: (body, True)


def test_a_score_counts_each_share_with_its_interval():
    bodies = [TASK.rest, "\n    pass", "\n    return path", "\n    return y", "\n    return ("]
    found = score([complete(TASK, saying(body)) for body in bodies])
    assert {name: (one["right"], one["of"]) for name, one in found.to_dict().items()} == {
        "right": (3, 5), "parses": (4, 5), "uses_parameter": (2, 5), "nontrivial": (2, 5), "exact": (1, 5),
    }  # fmt: skip
    assert found.right.low < 0.6 < found.right.high
    with pytest.raises(ValueError):
        score([])


def test_a_look_up_gives_the_body_of_the_likest_head():
    known = [
        DOCUMENT,
        "def other(rows):\n    rows = list(rows)\n    return rows",
        "def short():\n    return 1",
    ]
    completer = by_lookup(known)
    assert completer("def others(row):") == ("\n    rows = list(rows)\n    return rows", True)
    assert completer(TASK.prompt) == (TASK.rest, True)
    assert completer("\N{SNOWMAN}" * 9)[1]


@pytest.fixture(scope="module")
def trained():
    """A tiny model that knows one function by heart, with its documents."""
    documents = ["def f(x):\n    x += 1\n    return x"] * 40
    text = "\n\n".join(documents)
    from core.data import corpora

    spec = TrainSpec(
        model="gpt-nano", corpus="own", text=corpora.fingerprint(text), steps=60, batch_tokens=256, context=32,
        vocab_size=300, device="cpu", learning_rate=0.05, embed_rate=0.02, head_rate=0.02,
    )  # fmt: skip
    trainer = Trainer(spec, text)
    for _ in trainer.run():
        pass
    return trainer.language_model, documents


def test_a_model_an_n_gram_and_a_look_up_complete_what_they_read(trained):
    lm, documents = trained
    model = held_out.ngram(lm, documents)
    (task,) = tasks(documents[:1], 5)
    for completer in (
        by_model(lm),
        by_model(lm, strategy="greedy"),
        by_ngram(model, lm),
        by_lookup(documents),
    ):
        found = complete(task, completer)
        assert found.exact and found.check.right, (found.code, found.check.reasons)
    assert by_model(lm)(task.prompt) == by_model(lm)(task.prompt), "the seed is the prompt's"
    assert by_model(lm, max_new_tokens=2, strategy="greedy")(task.prompt)[1] is False


def test_a_checked_completion_is_the_first_draw_that_passes(monkeypatch):
    draws = ["\n    return y", "\n    return (", TASK.rest, "\n    pass"]
    asked = []

    def drawn(lm, prompt, number, options):
        asked.append(number)
        return draws[number], True

    monkeypatch.setattr(code_scores, "_written", drawn)
    assert by_model_checked(None, 4)(TASK.prompt) == (TASK.rest, True)
    assert asked == [0, 1, 2]
    assert by_model_checked(None, 2)(TASK.prompt) == (draws[0], True), "none passes: the first"
    assert by_model(None)(TASK.prompt) == (draws[0], True)


def test_the_card_of_code_is_computed_with_its_baselines(trained):
    lm, documents = trained
    found = json.loads(json.dumps(held_out.code(lm, documents, documents[:3], count=2)))
    assert found["held_out"]["documents"] == 3
    ids = [*lm.tokenizer.encode(documents[0]), lm.tokenizer.id("</s>")]
    assert found["held_out"]["tokens"] == 3 * (len(ids) - 1)
    assert found["held_out"]["loss"] == pytest.approx(-float(lm.score(ids).mean()), abs=1e-4)
    model = held_out.ngram(lm, documents)
    assert found["held_out"]["n_gram"] == pytest.approx(-model.log_probs(np.array(ids))[1:].mean(), abs=1e-4)
    done = found["completions"]
    assert done["tasks"] == 2 and done["decoding"] == code_scores.DECODING
    assert [done[name]["right"]["right"] for name in ("model", "checked", "n_gram", "lookup")] == [2] * 4
    assert done["examples"][0]["code"] == documents[0]
    assert done["each"] == "11"


def test_the_next_token_of_an_n_gram_has_the_probability_that_a_row_gives_it():
    draw = np.random.default_rng(0)
    model = NGram([draw.integers(12, size=60) for _ in range(9)], 4, 12)
    for length in (0, 1, 2, 3, 7):
        before = draw.integers(12, size=length)
        alone = model.next_log_probs(before)
        assert np.exp(alone).sum() == pytest.approx(1)
        for token in range(12):
            assert model.log_probs(np.append(before, token))[-1] == pytest.approx(alone[token], abs=1e-12)
