"""Another model is chosen: it opens finished, and reads a text of its kind where nobody has written one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import models
from app.session import state

if TYPE_CHECKING:
    from core.language_model import LanguageModel

ENOUGH = 6 * 10**9  # bytes of memory of a machine on which a first visit opens on the real model


def choose(name: str, **also: str | int) -> None:
    """Let every page show the model `name`, and set the fields `also`, all as one change that Undo takes back.

    A text that the learner wrote stays. The text that stood there by itself gives way to the first of the new model's
    own: a model that was trained for questions says nothing of use about the beginning of a story, nor one of code.
    What a folder or a training run is made for shows when it has opened (`arrive`).

    An encoder-decoder begins with nothing written. To let it write its whole answer here would surprise: no token would
    be left to choose on Home, and the tree of Decoding would begin where the text has ended. A button offers it
    (app/controls/decoder_text.py).
    """
    memo = state.memo("choice")
    mine = state.get("text") not in (state.DEFAULT_TEXT, *texts(state.get("model")))
    changes: dict[str, str | int] = {"model": name, "snapshot": -1, **also}
    if not mine:
        changes |= {"text": next(iter(_known(name)), state.DEFAULT_TEXT), "target": ""}
    state.update(changes)
    memo["waits"] = not mine


def switch(name: str) -> None:
    """Let every page show the model `name`, with the text that stands there: one text, two models."""
    state.memo("choice")["waits"] = False
    state.update({"model": name, "snapshot": -1})


def welcome(slug: str) -> None:
    """A first visit to Home, without a link: the real model and a text whose next word is plain to anybody.

    Where the model is not here, or the machine is small, the trained small one stays.
    """
    from core.memory import total

    memo = state.memo("choice")
    if memo.get("welcomed"):
        return
    memo["welcomed"] = True
    if slug != "home" or state.is_linked() or models.REAL not in models.published():
        return
    memory = total()
    if memory is None or memory >= ENOUGH:
        first = next(iter(_known(models.REAL)), state.DEFAULT_TEXT)
        state.put({"model": models.REAL, "text": first})


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
    from core import real, zoo

    if name in models.published():
        return tuple(real.card(name).get("texts", ()))
    return zoo.texts(name) if name in models.bundled() else ()
