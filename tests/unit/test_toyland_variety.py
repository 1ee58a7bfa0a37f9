"""Toyland's text is varied, quickly made, streamed, and the same on every machine."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tracemalloc
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest

from core.data.toyland import Person, Story, stories, story
from core.data.toyland.tell import Sentence
from core.data.toyland.variety import FORMS, Report, forms, frame, measure, recalls
from tests import toyland

ROOT = Path(__file__).parents[2]
MANY = 1500


@pytest.fixture(scope="module")
def train() -> list[Story]:
    return toyland.told()


@pytest.fixture(scope="module")
def report(train: list[Story]) -> Report:
    return measure(train)


def said(text: str, told: Story | None = None) -> Sentence:
    """A sentence of which nothing is known but its text."""
    told = told or story(0)
    return Sentence(text, (), told.start, ())


@pytest.mark.full(reason="takes 2 s")
def test_the_vocabulary_has_the_size_it_should(report: Report) -> None:
    assert 1200 <= report.types <= 2000
    assert report.types_in_a_million == report.types  # 1,500 stories are less than a million words


def test_no_frame_is_common(report: Report) -> None:
    assert report.frame_share <= 0.02, report.commonest_frame


def test_no_two_stories_and_no_two_paragraphs_are_alike(report: Report) -> None:
    assert report.stories == MANY
    assert report.same_stories == 0
    assert report.same_paragraphs == 0
    assert report.plots > 0.85 * MANY


def test_most_runs_of_five_words_are_new(report: Report) -> None:
    assert report.five_grams >= 0.65


def test_names_come_back_after_more_than_five_words(report: Report) -> None:
    assert report.recalled >= 0.7


# The least share of sentences that each form should have.
LEAST = {
    "active": 0.6,
    "question": 0.03,
    "direct speech": 0.15,
    "reported speech": 0.02,
    "passive": 0.02,
    "cleft": 0.003,
    "coordination": 0.1,
    "relative clause": 0.015,
    "subordination": 0.04,
    "inversion": 0.005,
}


@pytest.mark.parametrize("form", ["active", *FORMS])
def test_every_form_of_telling_is_used(report: Report, form: str) -> None:
    assert report.forms[form] >= LEAST[form]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("She walked to the mill.", {"active"}),
        ("The kite was mended by her in no time.", {"passive"}),
        ("It was <Person> who found <Thing>.", {"cleft", "relative clause"}),
        ("He sat down and waited.", {"active", "coordination"}),
        ("She saw a fox that crossed the road.", {"active", "relative clause"}),
        ("<Person> asked <Person> whether it was late.", {"active", "reported speech"}),
        ('"Come out!" she called.', {"direct speech"}),
        ('"Was that given back because it rained and blew?" he said.', {"direct speech", "question"}),
        ("Where had it gone?", {"active", "question"}),
        ("She was sad because it rained.", {"active", "subordination"}),
        ("In a narrow house lived <Person>.", {"active", "inversion"}),
    ],
)
def test_the_form_of_a_sentence(text: str, expected: set[str]) -> None:
    assert forms(said(text), story(0)) == expected


def test_frame_replaces_entities() -> None:
    told = story(3)
    names = {e.name for e in told.entities.values() if isinstance(e, Person)}
    for sentence in told.sentences:
        assert not any(name in frame(sentence, told) for name in names)


def test_what_is_said_twice_is_counted(train: list[Story]) -> None:
    twice = measure([*train[:5], train[0]])
    assert twice.same_stories == 1
    assert twice.same_paragraphs > 0
    assert twice.plots == measure(train[:5]).plots
    same = replace(train[0], sentences=(train[0].sentences[0],) * 10)
    assert measure([same]).frame_share == 1
    assert measure([same]).same_sentences == 0.9


def test_only_the_window_counts_five_grams(train: list[Story]) -> None:
    assert measure(train[:40], window=1).types_in_a_million < measure(train[:40]).types_in_a_million
    assert measure(train[:1] * 40, window=1).five_grams > 20 * measure(train[:1] * 40).five_grams


def test_nothing_has_no_variety() -> None:
    with pytest.raises(ValueError, match="no story"):
        measure([])


def test_recalls_counts_by_hand(train: list[Story]) -> None:
    told = train[0]
    name = told.people[0].id
    text = f"{name} saw {name} and one two three four five six seven {name}."
    spans = [match.span() for match in re.finditer(name, text)]
    mentions = tuple(replace(told.sentences[0].mentions[0], start=a, end=b, entity=name) for a, b in spans)
    assert recalls(replace(told, sentences=(replace(said(text, told), mentions=mentions),))) == (2, 1)


@pytest.mark.full(reason="takes a second")
def test_stories_are_streamed_not_kept() -> None:
    stream = stories(0)
    list(islice(stream, 250))  # fills what is built once
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in islice(stream, 250):
            pass
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 1_000_000
    assert peak - before < 2_000_000


PRINT = """
import hashlib
from itertools import islice
from core.data.toyland import Dials, questions, stories
from core.data.toyland.exercises import brackets, lists, sums
digest = hashlib.sha256()
turned = Dials(she_share={"doctor": 0.2}, sense_share={"bat": {"stick": 0.5, "animal": 0.5}})
for dials in (None, turned):
    for split in ("train", "held_out", "any"):
        for told in islice(stories(11, dials, split), 15):
            digest.update(repr((told.title, told.text, questions(told))).encode())
for exercises in (sums, brackets, lists):
    digest.update(repr(list(islice(exercises(5), 20))).encode())
print(digest.hexdigest())
"""


@pytest.mark.full(reason="takes a second")
def test_another_process_tells_the_same() -> None:
    """Python orders sets anew in every process; nothing that is drawn may hang on that."""
    outputs = {
        subprocess.run(
            [sys.executable, "-c", PRINT],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2", "3")
    }
    assert len(outputs) == 1
    assert re.fullmatch(r"[0-9a-f]{64}\n", outputs.pop())
