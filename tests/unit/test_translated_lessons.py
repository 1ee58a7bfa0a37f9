"""Lessons and questions in other languages: the same steps, links, checks, measures and places; only words differ."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

import core
from app import questions
from app.lessons import library, reading, sheets
from app.lessons.reading import FILLED, Lesson
from core.messages import ENGLISH, FOLDER, LANGUAGES, speaking, spoken
from tests.unit.test_lessons import HEAD, STEP
from tests.unit.test_questions import check_question
from tests.unit.test_sheets import Cells

OTHERS = [code for code in LANGUAGES if code != ENGLISH]
PAIRS = [(code, name) for code in OTHERS for name in library.ORDER]
every_lesson = pytest.mark.parametrize(("language", "name"), PAIRS, ids=["/".join(pair) for pair in PAIRS])
_CODE = re.compile(r"`[^`]+`")
# Tokens, the model’s words and names of heads are the same in every language.
_ENGLISH = re.compile(r"`[^`]+`|“[^”]+”|L\d+H\d+")
_SAME = re.compile(r"(minutes|model|text|moment|at|shows|point|do|fade|check): .*")


def told(language: str, name: str) -> Lesson:
    """A lesson in a language."""
    with speaking(language):
        return library.find(name)


def questions_of(language: str) -> dict[tuple[str, str], questions.Question]:
    """The questions of the pages in a language."""
    with speaking(language):
        return dict(questions.read())


@pytest.mark.parametrize("language", OTHERS)
def test_every_lesson_and_the_questions_are_translated(language: str) -> None:
    there = {path.name for path in (FOLDER / language / "lessons").iterdir()}
    assert there == {path.name for path in reading.HERE.iterdir()}


@every_lesson
def test_a_lesson_has_the_same_steps_links_and_checks(language: str, name: str) -> None:
    english, other = told(ENGLISH, name), told(language, name)
    assert [line for line in other.source.splitlines() if _SAME.fullmatch(line)] == [
        line for line in english.source.splitlines() if _SAME.fullmatch(line)
    ]
    assert len(other.steps) == len(english.steps)
    for one, its in zip(english.steps, other.steps, strict=True):
        assert (its.at, its.shows, its.point, its.goal, its.fade) == (
            one.at, one.shows, one.point, one.goal, one.fade,
        )  # fmt: skip
        assert bool(its.prose) == bool(one.prose) and (its.question is None) == (one.question is None)
        if one.question is not None and its.question is not None:
            assert (its.question.check, its.question.right) == (one.question.check, one.question.right)
            assert len(its.question.options) == len(one.question.options)
            assert bool(its.question.evidence) == bool(one.question.evidence)


@every_lesson
def test_a_lesson_keeps_measures_and_code_where_they_are(language: str, name: str) -> None:
    pairs = zip(told(ENGLISH, name).texts(), told(language, name).texts(), strict=True)
    for one, its in pairs:
        assert Counter(FILLED.findall(its)) == Counter(FILLED.findall(one)), one
    for mark, (step, of) in enumerate(
        zip(told(ENGLISH, name).steps, told(language, name).steps, strict=True), 1
    ):
        assert set(_CODE.findall(" ".join(words(of)))) == set(_CODE.findall(" ".join(words(step)))), mark


def words(step: reading.Step) -> list[str]:
    """All that a step says."""
    asked = step.question
    said = [] if asked is None else [asked.text, *asked.options, asked.because, asked.evidence]
    return [FILLED.sub("", text) for text in (step.prose, *said)]


@every_lesson
def test_a_lesson_is_told_in_its_language(language: str, name: str) -> None:
    english, other = told(ENGLISH, name), told(language, name)
    assert other.title != english.title and other.asks != english.asks and other.ends != english.ends
    for one, its in zip(english.steps, other.steps, strict=True):
        same = set(words(its)) & set(words(one))
        assert not [text for text in same if re.search(r"[^\W\d_]", _ENGLISH.sub("", text))], its.title


@pytest.mark.parametrize("language", OTHERS)
def test_a_question_has_the_same_options_causes_and_places(language: str, subtests: pytest.Subtests) -> None:
    english = questions_of(ENGLISH)
    for name, translated in questions_of(language).items():
        with subtests.test("/".join(name)):
            check_translation(english[name], translated)


def check_translation(one: questions.Question, its: questions.Question) -> None:
    """Check that a question and its translation have the same options, causes and places."""
    assert (list(its.options), its.claimed) == (list(one.options), one.claimed)
    assert (list(its.because), list(its.evidence)) == (list(one.because), list(one.evidence))
    place = re.compile(r"\{\w+\}|`[^`]+`")
    assert Counter(place.findall(its.text)) == Counter(place.findall(one.text))
    for texts, of in ((one.options, its.options), (one.because, its.because), (one.evidence, its.evidence)):
        for key, text in texts.items():
            assert set(place.findall(of[key])) == set(place.findall(text)), key


@pytest.mark.parametrize("language", OTHERS)
def test_a_question_in_another_language_keeps_the_rules(language: str, subtests: pytest.Subtests) -> None:
    english = questions_of(ENGLISH)
    for name, translated in questions_of(language).items():
        with subtests.test("/".join(name)):
            check_question(translated)
            assert translated.text != english[name].text


@pytest.mark.parametrize("language", OTHERS)
def test_a_folders_lesson_is_told_as_its_own_translation_or_in_english(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(library.VARIABLE, "given")  # a folder may be named from where the app starts
    (tmp_path / "given" / language).mkdir(parents=True)
    (tmp_path / "given" / "class-one.md").write_text(HEAD + STEP, encoding="utf-8")
    (tmp_path / "given" / "class-two.md").write_text(HEAD + STEP, encoding="utf-8")
    own = tmp_path / "given" / language / "class-one.md"
    own.write_text(HEAD.replace("Why?", "¿Por qué?") + STEP, encoding="utf-8")
    assert told(language, "class-one").title == "¿Por qué?" and told(ENGLISH, "class-one").title == "Why?"
    assert told(language, "class-two").title == "Why?"
    with speaking(language):
        assert library.names() == [*library.ORDER, "class-one", "class-two"], (
            "a translation is no lesson more"
        )
        assert [one.title for one in library.through("attention")][-2:] == ["¿Por qué?", "Why?"]


def test_parts_of_pictures_are_named_in_each_language() -> None:
    points = {step.point for name in library.ORDER for step in told(ENGLISH, name).steps if step.point}
    for language in OTHERS:
        with speaking(language):
            assert spoken() == language
            assert [point for point in points if reading.named(point) == point] == []
            assert reading.named("anything else") == "anything else"
    assert reading.named("cell 10 3") == "row 10, column 3" and reading.named("ledger") == "ledger"


@pytest.mark.parametrize("name", sheets.names())
def test_a_sheet_has_the_same_answers_in_every_language(name: str) -> None:
    lm = core.load(told(ENGLISH, name).model)
    answers = {}
    for language in LANGUAGES:
        with speaking(language):
            tables = Cells(sheets.sheet(lm, name, True)).tables
        cells = [cell for table in tables for row in table[1:] for cell in row]
        letters = [cell[0] for cell in cells if re.match(r"[a-d]\. ", cell)]
        answers[language] = letters, re.findall(r"\d\.\d+", " ".join(cells))
    assert all(found == answers[ENGLISH] and found[0] for found in answers.values())
