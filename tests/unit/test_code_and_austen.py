"""code-gpt and austen-gpt are what their cards say, as far as their texts are at hand."""

from __future__ import annotations

import itertools
import platform
import re
from dataclasses import asdict

import pytest

import core
from core import zoo
from core.analysis.tasks import code_scores
from core.data import corpora
from core.data.toyland.dials import HELD_OUT_PAIRS, HELD_OUT_PLACES
from core.vectors.probe import wilson
from scripts import austen

FEW = 24
DEFINED = re.compile(r"^(async )?def |^@", re.MULTILINE)  # where a function begins, behind its imports
# Sentences of nobody's, in the manner of the novels and in another.
MANNER = (
    "She was very much obliged to him for the attention, but could not suppose that he would be in any hurry to be "
    "introduced to her sister; and Mr. Harris had no sooner left the room, than she began to speak of it."
)
ELSEWHERE = (
    "The engine of the red tram has no brakes, so the mechanic bolted two old tyres to the front bumper."
)


@pytest.fixture(scope="module")
def code():
    return core.load("code-gpt", device="cpu")


@pytest.fixture(scope="module")
def prose():
    return core.load("austen-gpt", device="cpu")


@pytest.mark.full(reason="takes 11 s")
def test_functions_are_completed_as_often_as_the_card_says(code):
    said = zoo.card("code-gpt")["scores"]
    done = said["completions"]
    for name in ("model", "checked", "n_gram", "lookup"):
        for share in done[name].values():
            assert asdict(wilson(share["right"], share["of"])) == pytest.approx(share)
            assert share["of"] == done["tasks"] == 300
    assert done["each"].count("1") == done["model"]["right"]["right"]
    assert done["decoding"] == code_scores.DECODING
    kept = list(corpora.corpus("functions", split="held_out"))
    found = [
        code_scores.complete(task, code_scores.by_model(code)).check.right
        for task in code_scores.tasks(kept, FEW)
    ]
    if said["python"] == platform.python_version():
        same = sum(right == (each == "1") for right, each in zip(found, done["each"]))
        assert same >= FEW - 2, "another processor rounds otherwise, and one token changes what follows"
    else:
        assert sum(found) / FEW > done["model"]["right"]["low"] - 0.25, "other functions, of another library"


@pytest.mark.full(reason="takes 5 s")
def test_no_held_out_function_is_among_those_that_were_read():
    train, kept = (set(corpora.corpus("functions", split=split)) for split in ("train", "held_out"))
    assert train.isdisjoint(kept)
    assert len(kept) > 500
    functions = [
        {text[start.start() :] for text in part if (start := DEFINED.search(text))} for part in (train, kept)
    ]
    assert len(functions[0]) > 5_000 and functions[0].isdisjoint(functions[1]), "below other import lines"


def test_the_card_says_what_practice_shows_of_what_is_held_out():
    card = zoo.card("tales-bert")
    spec = card["spec"]
    texts = list(itertools.islice(corpora.corpus(spec["practice"], spec["seed"]), 8_000))
    pairs = [rf"\b{colour} {kind}" for colour, kind in HELD_OUT_PAIRS]
    places = [(rf"\b{name}\b", rf"\b{place}\b") for name, place in HELD_OUT_PLACES]
    shown = sum(
        any(re.search(pair, text) for pair in pairs)
        or any(re.search(name, text) and re.search(place, text) for name, place in places)
        for text in texts
    )
    assert f": {shown} of the first 8,000 practice texts name a person with a place that" in card["note"]


@pytest.mark.parametrize("name", ["code-gpt", "austen-gpt"])
def test_everything_held_out_is_likelier_than_for_an_n_gram_model(name):
    card = zoo.card(name)
    whole = card["scores"]["held_out"]
    assert whole["loss"] < whole["n_gram"] - 0.1
    assert whole["tokens"] > 50_000
    assert card["held_out_loss"] == pytest.approx(whole["loss"], abs=0.15), "some rows, and all documents"
    assert len(card["note"]) > 40


def test_a_completion_of_code_ends_by_itself(code):
    written = code.generate("def __len__(self):", max_new_tokens=60)
    assert written.finished == "end token"
    assert written.text.startswith("\n    return ")


def test_the_card_of_the_novels_says_that_their_text_is_elsewhere(prose):
    card = zoo.card("austen-gpt")
    assert card["data"] == asdict(austen.RECORD)
    assert "not stored" in card["data"]["origin"]
    assert card["spec"]["corpus"] == "own" and len(card["spec"]["text"]) == 64
    assert all(len(sample) > 100 for sample in card["samples"])


def test_the_novels_left_their_manner(prose):
    def nats_a_character(lm: core.LanguageModel, text: str) -> float:
        return -float(lm.score(text).sum()) / len(text)

    assert nats_a_character(prose, MANNER) < 1.3 < nats_a_character(prose, ELSEWHERE)
    assert nats_a_character(core.load("tales-gpt", device="cpu"), MANNER) > 2
    early = core.load("austen-gpt", device="cpu", snapshot=core.snapshots("austen-gpt")[1])
    assert nats_a_character(early, MANNER) > nats_a_character(prose, MANNER) + 0.3
