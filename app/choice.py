"""Another model is chosen: it opens finished, and reads a text of its kind where nobody has written one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import models, state

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def choose(name: str, **also: str | int) -> None:
    """Let every page show the model `name`, and set the fields `also`, all as one change that Undo takes back.

    A text that the learner wrote stays. The text that stood there by itself gives way to the first of the new model's
    own: a model that was trained for questions says nothing of use about the beginning of a story, nor one of code.
    What a folder or a training run is made for shows when it has opened (`arrive`).

    An encoder-decoder begins with nothing written. To let it write its whole answer here would surprise: no token would
    be left to choose on Home, and the tree of Decoding would begin where the text has ended. app/answer.py offers it.
    """
    memo = state.memo("choice")
    mine = state.get("text") not in (state.DEFAULT_TEXT, *texts(state.get("model")))
    changes: dict[str, str | int] = {"model": name, "snapshot": -1, **also}
    if not mine:
        changes |= {"text": next(iter(_known(name)), state.DEFAULT_TEXT), "target": ""}
    state.update(changes)
    memo["waits"] = not mine


def arrive(name: str, lm: LanguageModel) -> None:
    """The model has opened. If nobody has written a text, and the link has none, it reads one of its own."""
    from core.families.suited import suited

    memo = state.memo("choice")
    if memo.get("name") != name:
        memo |= {"name": name, "texts": _known(name) or suited(lm)}
    if name != state.get("model"):  # another stands in for the chosen one, which has yet to open
        return
    waits, memo["waits"] = memo.get("waits", not state.linked("text")), False
    if waits and state.get("text") == state.DEFAULT_TEXT:
        state.put({"text": next(iter(memo["texts"]), state.DEFAULT_TEXT)})


def texts(name: str) -> tuple[str, ...]:
    """The texts that a model is shown with: a bundled one's by its card, another's by its shape once it is open."""
    memo = state.memo("choice")
    return memo["texts"] if memo.get("name") == name else _known(name)


def _known(name: str) -> tuple[str, ...]:
    """What is known without opening it."""
    from core import zoo

    return zoo.texts(name) if name in models.bundled() else ()
