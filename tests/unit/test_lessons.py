"""The files of lessons: the parser's rules, and that every lesson of ours is true on the model that it plays on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import core
from app import chapters
from app.lessons import library, reading
from app.lessons.reading import FILLED, LessonError, parse, place
from core.analysis.expressions import check, named, value
from core.analysis.measures import Measures
from core.catalogue import snapshots
from core.language_model import LanguageModel
from core.runs.run_measures import MEASURED
from tests import real

HEAD = "# Why?\nasks: What is it?\nminutes: 5\n"
STEP = "\n## One\nat: /attention?block=3&head=2\nSome words.\n"
ASKED = "\n? Which?\n- this\n+ that\ncheck: p(·ball) > 0.5\nbecause: it looks\n"
SHIPPED = [library.find(name) for name in library.ORDER]
every_lesson = pytest.mark.parametrize("lesson", SHIPPED, ids=[one.name for one in SHIPPED])


def test_a_lesson_is_read() -> None:
    source = HEAD + "model: tales-bert\ntext: Hi\nends: so.\n" + STEP + ASKED + "evidence: {p(·ball)}\n"
    lesson = parse(
        "mine", source + "\n## Two\nat: http://localhost:8501/loss?v=1&follow=3\nfade: 1\ndo: off has 3.2\n"
    )
    one, two = lesson.steps
    assert (lesson.title, lesson.asks, lesson.minutes) == ("Why?", "What is it?", 5)
    assert (lesson.model, lesson.text, lesson.ends) == ("tales-bert", "Hi", "so.")
    assert (
        one.at.slug == "attention"
        and one.at.state() == {"block": 3, "head": 2}
        and one.prose == "Some words."
    )
    assert one.question is not None and one.question.options == ("this", "that") and one.question.right == 1
    assert two.at == place("/loss?follow=3") and two.fade == 1 and two.question is None
    assert two.goal is not None and two.goal.reached("3.1 3.2") and not two.goal.reached("3.21")
    assert lesson.pages == ("attention", "loss")


@pytest.mark.parametrize(
    ("source", "line", "why"),
    [
        ("words", 1, "no step"),
        (HEAD, 1, "no step"),
        ("asks: a\nminutes: 5\n" + STEP, 1, "first line is the title"),
        ("# T\nminutes: 5\n" + STEP, 1, "“asks:” is missing"),
        ("# T\nasks: a\nminutes: soon\n" + STEP, 1, "not a whole number"),
        (HEAD + "colour: red\n" + STEP, 4, "is not read here"),
        (HEAD + "asks: again\n" + STEP, 4, "stands twice"),
        (HEAD + "\n## One\nwords\n", 5, "“at:” is missing"),
        (HEAD + "\n## One\nat: /nowhere\n", 5, "no page “/nowhere”"),
        (HEAD + "\n## One\nat: /attention?blok=3\n", 5, "which no page knows"),
        (HEAD + "\n## One\nat: /attention?block=x\n", 5, "is not a whole number"),
        (HEAD + STEP + "word " * 46, 5, "at most 45"),
        (HEAD + STEP + "a `b\n", 5, "backtick is open"),
        (HEAD + STEP + "because: it is\n", 8, "belongs to a question"),
        (HEAD + STEP + "? a\n- b\ncheck: always\nbecause: c\n", 8, "two to four options"),
        (HEAD + STEP + "? a\n- b\n- c\ncheck: always\nbecause: c\n", 8, "one option is right"),
        (HEAD + STEP + "? a\n- b\n+ B\ncheck: always\nbecause: c\n", 8, "two options are the same"),
        (HEAD + STEP + "? a\n- b\n+ c\nbecause: c\n", 8, "“check:” is missing"),
        (HEAD + STEP + "? a\n- b\n+ c\ncheck: always\nbecause: in 3 steps\n", 8, "without digits"),
        (HEAD + STEP + "? a\n? b\n", 9, "asks one question"),
        (HEAD + STEP + "do: win\n", 5, "is not read"),
        (HEAD + "model: own\n" + STEP + ASKED, 6, "asks nothing of its own"),
        (HEAD + STEP * 41, 165, "at most 40 steps"),
        ("#" * 100_001, 1, "at most 100,000"),
    ],
)
def test_what_is_no_lesson_names_the_line(source: str, line: int, why: str) -> None:
    with pytest.raises(LessonError, match=why) as raised:
        parse("mine", source)
    assert raised.value.line == line and f"Line {line}:" in str(raised.value)


def test_a_folder_of_lessons_joins_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "class-one.md").write_text(HEAD + STEP, encoding="utf-8")
    (tmp_path / "Not a name!.md").write_text(HEAD + STEP, encoding="utf-8")
    (tmp_path / "broken.md").write_bytes(b"\xff\xfe")
    (tmp_path / "why-ball.md").write_text(HEAD + STEP, encoding="utf-8")
    monkeypatch.setenv(library.VARIABLE, str(tmp_path))
    assert library.names() == [*library.ORDER, "broken", "class-one"]
    assert library.find("class-one").title == "Why?"
    assert library.find("why-ball").title == "Why “ball”?", "ours cannot be replaced"
    with pytest.raises(LessonError, match="not UTF-8"):
        library.find("broken")
    with pytest.raises(LessonError, match=r"no lesson “\.\./secrets”"):
        library.find("../secrets")
    assert [one.name for one in library.through("attention")][-1] == "class-one"


# ----------------------------------------------------------------------------------------------------- ours are true


@pytest.fixture(scope="module", autouse=True)
def published() -> Iterator[None]:
    """The published models, on which a lesson plays."""
    with pytest.MonkeyPatch.context() as patch:
        real.here(patch)
        yield


@pytest.fixture(scope="module")
def opened() -> dict[tuple[str, int], LanguageModel]:
    """The models that the lessons play on, loaded once."""
    return {}


@pytest.mark.full(reason="the other cases take 5 s", quick_cases=1)
@every_lesson
def test_every_check_holds_and_every_number_is_measured(
    lesson: reading.Lesson, opened: dict[tuple[str, int], LanguageModel]
) -> None:
    for at, step in enumerate(lesson.steps if lesson.model != "own" else (), 1):
        state = {
            "model": lesson.model,
            "text": lesson.text,
            "snapshot": lesson.moment,
            "target": "",
        } | step.at.state()
        key = (str(state["model"]), int(str(state["snapshot"])))
        if key not in opened:
            opened[key] = core.load(key[0], snapshot=None if key[1] < 0 else key[1])

        def moment(step: int, name: str = key[0]) -> LanguageModel:
            assert step in snapshots(name)
            return core.load(name, snapshot=step)

        lm = opened[key]
        target = str(state["target"]) if lm.config.shape == "encoder-decoder" else None
        measures = Measures(lm, str(state["text"]), target, moment, MEASURED)
        question = step.question
        texts = [step.prose, *([question.text, *question.options, question.evidence] if question else [])]
        for expression in (found for text in texts for found in FILLED.findall(text)):
            assert value(expression, measures), f"{lesson.name}, step {at}"
            assert named(expression)
        if question is not None:
            assert check(question.check, measures), f"{lesson.name}, step {at}: {question.check}"


@every_lesson
def test_a_lesson_is_short_and_types_no_number_of_the_model(lesson: reading.Lesson) -> None:
    assert 5 <= lesson.minutes <= 15 and 5 <= len(lesson.steps) <= 16 and lesson.ends
    assert all(chapters.BY_SLUG[slug].exists for slug in lesson.pages)
    asked = [step.question for step in lesson.steps if step.question]
    if lesson.model == "own":  # the pages ask about the learner's own text
        assert not asked and not any(FILLED.search(text) for text in lesson.texts())
        return
    assert len(asked) >= len(lesson.steps) / 2
    assert len({question.right for question in asked}) > 1, "the right option is not always at the same place"
    for text in lesson.texts():
        typed = re.findall(r"\b[01]\.\d+", FILLED.sub("", text))
        assert not typed, f"{lesson.name}: {typed} is typed, not measured"


def test_the_documented_lesson_is_one_and_true() -> None:
    document = (chapters.ROOT / "docs" / "writing-a-lesson.md").read_text(encoding="utf-8")
    found = re.search(r"```markdown\n(.*?)```", document, re.DOTALL)
    assert found is not None
    lesson = parse("documented", found[1])
    (question,) = [step.question for step in lesson.steps if step.question]
    assert check(question.check, Measures(core.load(lesson.model), lesson.text))


def test_names_of_parts_in_words() -> None:
    assert (
        reading.named("cell 10 3") == "row 10, column 3" and reading.named("head 3 2") == "head 2 of block 3"
    )
    assert reading.named("next") == "the next token" and reading.named("anything else") == "anything else"
