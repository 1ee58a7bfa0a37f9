"""Whatever a lesson's file or an expression holds, it is read or refused in words."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

import core
from app.lessons.reading import Lesson, LessonError, Place, parse, place
from core.analysis.expressions import check
from core.analysis.measures import MeasureError, Measures

MEASURES = Measures(core.load("tales-gpt"), "A red ball was lost. She found the red")

LINES = st.sampled_from([
    "# Title", "asks: What?", "minutes: 5", "## Step", "at: /", "at: /attention?block=3", "prose", "? Why?", "- so",
    "+ thus", "check: always", "because: it is so", "because: in 3", "", "fade: 1", "do: off has 3.2", "point: next",
    "shows: /loss",
])  # fmt: skip


def told(read: Callable[[], Any], refusal: type[Exception]) -> Any:
    """What is read, or the refusal; any other error fails the test."""
    try:
        return read()
    except refusal as why:
        return why


@given(st.text(max_size=400))
def test_any_text_is_refused_in_words(source: str) -> None:
    found = told(lambda: parse("any", source), LessonError)
    assert isinstance(found, LessonError) and str(found).startswith("Line ") and found.line >= 1


@given(st.lists(LINES | st.text(max_size=30), max_size=25))
def test_any_order_of_lines_is_a_lesson_or_names_the_line(lines: list[str]) -> None:
    source = "\n".join(lines)
    found = told(lambda: parse("any", source), LessonError)
    if isinstance(found, LessonError):
        assert 1 <= found.line <= source.count("\n") + source.count("\r") + 1
    else:
        assert isinstance(found, Lesson) and found.steps and found.title


@given(st.text(max_size=120))
def test_any_link_is_a_place_or_refused(link: str) -> None:
    assert isinstance(told(lambda: place(link), LessonError), Place | LessonError)


@given(st.text(alphabet='p()·bal"“”<>=+-*/, 0123.andwt', max_size=60))
def test_any_expression_is_decided_or_refused(text: str) -> None:
    assert isinstance(told(lambda: check(text, MEASURES), MeasureError), bool | MeasureError)
