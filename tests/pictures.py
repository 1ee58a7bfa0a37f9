"""Pictures outside of the app, whichever takes a model and a text and whichever takes neither."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import core
from app import show
from app.kit.figures import Figure
from app.outside.documents import Picture

SHOWN = sorted(name for name, one in vars(show).items() if isinstance(one, show.Show))


def figure(name: str) -> Figure[Any]:
    """What the page of that name says of its picture."""
    found: Figure[Any] = import_module(f"pages.{name}.export").FIGURE
    return found


OF_A_MODEL = [name for name in SHOWN if figure(name).model]
ALONE = [name for name in SHOWN if not figure(name).model]
OF_A_TEXT = [name for name in SHOWN if figure(name).text]


# What is learned for a picture, made small where a test is about something else.
SMALLER: dict[str, dict[str, Any]] = {"tokenization": {"corpus": "fables", "size": 300}}


def draw(name: str, lm: core.LanguageModel, text: str, **arguments: Any) -> Picture:
    """Draw a page's picture, of as much of this model and text as it takes."""
    one: show.Show = getattr(show, name)
    arguments = SMALLER.get(name, {}) | arguments
    if figure(name).model:
        return one(lm, text, **arguments)
    return one(text=text, **arguments) if figure(name).text else one(**arguments)


def without_times(data: dict[str, Any]) -> dict[str, Any]:
    """What a picture draws but for the times of passes, which no two measurements share."""
    return {name: part for name, part in data.items() if name != "passes"}
