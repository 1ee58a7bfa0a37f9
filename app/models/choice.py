"""The choice of another model: it opens at its final step, with an example text where the learner has written none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app import models
from app.session import state
from app.session.fields import BEGUN as BEGUN

if TYPE_CHECKING:
    from core.language_model import LanguageModel

TALE = "Once upon a time, there was a small house by the lake, and Ruth lived there."
NEWS = "Nora lost her red kite in the storm. She looked for it all day."
# Pages on whose claim the usual example throws no light: the text that each opens with while the learner has written
# none, and the models that read such a text; (): the page has models of its own for it.
OPENS: dict[str, tuple[str, tuple[str, ...]]] = {
    "break_it": (TALE, (models.SMALL,)), "lab": (f"{TALE} Ruth had a red kite. She wanted the red", (models.SMALL,)),
    "families": (BEGUN, (models.SMALL, models.REAL)), "fine_tuning": (NEWS, ()), "adaptability": (NEWS, ()),
}  # fmt: skip
ENOUGH = 6 * 10**9  # bytes of memory from which a first visit opens on the published model


def choose(name: str, **also: str | int) -> None:
    """Choose the model `name` for every page and set the fields `also`, as one change for undo.

    A text that the learner wrote stays. An unedited example text is replaced by the new model's first example: a model
    trained for questions or for code gives nothing useful for the beginning of a story. For a folder or a training run
    the examples are known only once it has opened (`arrive`).

    An encoder-decoder begins with nothing written. Generating its whole answer here would leave no token to choose on
    Home, and the tree of Decoding would begin at the end of the text. A button offers it
    (app/controls/decoder_text.py).
    """
    memo = state.memo("choice")
    placed = (text for text, _ in OPENS.values())
    mine = state.get("text") not in (state.DEFAULT_TEXT, *texts(state.get("model")), *placed)
    changes: dict[str, str | int] = {"model": name, "snapshot": -1, **also}
    if not mine:
        memo["auto"] = next(iter(_known(name)), state.DEFAULT_TEXT)
        memo.pop("usual", None)
        changes |= {"text": memo["auto"], "target": ""}
    state.update(changes)
    memo["waits"] = not mine


def switch(name: str) -> None:
    """Choose the model `name` for every page and keep the text: one text, two models."""
    state.memo("choice")["waits"] = False
    state.update({"model": name, "snapshot": -1})


def welcome(slug: str) -> None:
    """Set up a first visit to Home without a link: the published model, and a text whose next word is obvious.

    Where the model is not here, or the machine is small, the trained small one stays.
    """
    from core.memory import total

    memo = state.memo("choice")
    if memo.get("welcomed"):
        return
    memo["welcomed"] = True
    if slug != "home" or state.is_linked() or state.get("path") or models.REAL not in models.published():
        return
    memory = total()
    if memory is None or memory >= ENOUGH:
        first = next(iter(_known(models.REAL)), state.DEFAULT_TEXT)
        state.put({"model": models.REAL, "text": first})


def arrive(name: str, lm: LanguageModel) -> None:
    """Replace the text by an example for the opened model, if the learner wrote none and the link has none."""
    from core.families.example_texts import suited

    memo = state.memo("choice")
    if memo.get("name") != name:
        memo |= {"name": name, "texts": _known(name) or suited(lm)}
    if name != state.get("model"):  # a fallback is shown for the chosen model, which is not open yet
        return
    waits, memo["waits"] = memo.get("waits", not state.linked("text")), False
    if waits and state.get("text") == state.DEFAULT_TEXT:
        memo["auto"] = next(iter(memo["texts"]), state.DEFAULT_TEXT)
        state.put({"text": memo["auto"]})


def suit(slug: str) -> None:
    """Put the text on which the page's claim is easy to see, where the learner and the link have given none.

    On a page without such a text the usual example comes back.
    """
    memo, now = state.memo("choice"), state.get("text")
    if state.get("path"):  # a lesson has its own text
        return
    if memo.setdefault("auto", None if state.linked("text") else now) != now:
        return
    text, readers = OPENS.get(slug, ("", ()))
    if text and (not readers or state.get("model") in readers):
        memo.setdefault("usual", now)
    else:
        text = memo.pop("usual", now)
    if text != now:
        memo["auto"] = text
        state.put({"text": text})


def texts(name: str) -> tuple[str, ...]:
    """Return the example texts of a model: a bundled one's from its card, others' by their shape once open."""
    memo = state.memo("choice")
    return memo["texts"] if memo.get("name") == name else _known(name)


def _known(name: str) -> tuple[str, ...]:
    """Return the example texts that are known without opening the model."""
    from core import real, zoo

    if name in models.published():
        return tuple(real.card(name).get("texts", ()))
    return zoo.texts(name) if name in models.bundled() else ()
