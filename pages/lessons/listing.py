"""The list of all lessons, as the card of Home draws them (app/lessons/card.js)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from app import chapters
from app.lessons import card
from app.lessons.reading import Lesson
from core.messages import say

KEY = card.KEY


def draw(lessons: Sequence[Lesson], read: Callable[[], None]) -> None:
    """Draw the list; `read` runs when a lesson is to be read as a document."""
    records = [
        card.about(one) | {"pages": [say(chapters.BY_SLUG[slug].title) for slug in one.pages]}
        for one in lessons
    ]
    card.mount(records, {"read": read})
