"""The card of the lessons on Home: the first one to start with, or the one to go on with.

How far a learner came is known to the browser alone (progress.js). card.js sends "start" with {"lesson", "mark"}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from app.kit import register
from app.lessons import library, player
from app.lessons.reading import Lesson, LessonError
from app.session import events, state
from core.messages import say

card = register("lesson_card", __file__, shared=False)
KEY = "lesson-card"


def draw() -> None:
    """Draw the card, outside of a lesson and of a frame that holds a picture alone."""
    if player.playing() is None and state.get("view") != "figure":
        mount([about(one) for _, one in library.shown() if not isinstance(one, LessonError)])


def about(lesson: Lesson) -> dict[str, Any]:
    """Return what a card says of a lesson, as JSON."""
    return {
        "name": lesson.name, "title": lesson.title, "asks": lesson.asks, "minutes": lesson.minutes,
        "of": len(lesson.steps),
    }  # fmt: skip


def mount(
    lessons: Sequence[dict[str, Any]], also: Mapping[str, Callable[[], None]] = MappingProxyType({})
) -> None:
    """Mount the card of these lessons; on the page Lessons it is the list of all."""
    on = {
        "start": _started,
        "forget": _forgotten,
        "list": lambda: state.memo("visit").update(page="lessons"),
        **also,
    }
    card(data={"lessons": list(lessons), "page": state.page()}, key=KEY, on=on)


def _forgotten() -> None:
    player.forget(str(events.sent(KEY, "forget").get("lesson")))


def _started() -> None:
    asked = events.sent(KEY, "start")
    name, mark = asked.get("lesson"), asked.get("mark")
    if not isinstance(name, str) or not isinstance(mark, int):
        return
    try:
        player.start(name, mark)
    except LessonError as why:
        state.note(say("The lesson could not be opened. {why}", why=why))
