"""Another model is chosen: it opens finished, and reads a text of its kind where nobody has written one."""

from __future__ import annotations

from app import models, state


def choose(name: str, **also: str | int) -> None:
    """Let every page show the model `name`, and set the fields `also`, all as one change that Undo takes back.

    A text that the learner wrote stays. The text that stood there by itself gives way to the first of the new model's
    own: a model that was trained for questions says nothing of use about the beginning of a story, nor one of code.
    """
    mine = state.get("text") not in (state.DEFAULT_TEXT, *texts(state.get("model")))
    changes: dict[str, str | int] = {"model": name, "snapshot": -1, **also}
    if not mine:
        changes |= {"text": next(iter(texts(name)), state.DEFAULT_TEXT), "target": ""}
    state.update(changes)


def texts(name: str) -> tuple[str, ...]:
    """The texts that a bundled model is shown with, as its card has them; () for another."""
    from core import zoo

    return zoo.texts(name) if name in models.bundled() else ()
