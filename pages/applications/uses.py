"""Open the model that answers on the page, choose examples, and follow what is typed.

The models are those that come with Glassbox, or folders of their names; where there is none the page says so. A model
that names classes can be asked for the sentiment of a review, one that finds spans for the answer to a question: those
are folders under GLASSBOX_MODELS and ids of the hub list, and read the same texts as the usual model.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from app import models
from app.models import cache, gallery, opening
from app.session import state
from core.messages import mark, say
from pages.applications.answers import Opened, Use

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def _opened(name: str, lm: LanguageModel) -> Opened:
    key = cache.key(name)

    def call(function: Callable[..., Any], *arguments: Any) -> Any:
        return cache.call(function, key, *arguments)

    return Opened(key, str(models.resolve(name).target), lm, name, call)


def usual(use: Use) -> Opened | None:
    """Open the usual model of a use; None: this server has none."""
    name = use.model if use.model in models.bundled() else f"./{use.model}"
    try:
        lm = cache.model(name)
    except (ValueError, OSError):
        return None
    both = use.picture != "lines"
    if (
        lm.config.head != "lm"
        or (lm.config.shape == "encoder-decoder") != both
        or lm.config.shape == "encoder"
    ):
        return None
    return _opened(name, lm)


def follow_typing() -> None:
    """Replace an example by a text that was typed while it was shown."""
    memo = state.memo("applications")
    text = state.get("text")
    if memo.get("text", text) != text and int(state.get("drawn")) > 0:
        state.put({"drawn": -1})
    memo["text"] = text


def next_one() -> dict[str, state.Value]:
    """Return the fields of the next example, or of another draw."""
    return {"drawn": (max(0, int(state.get("drawn"))) + 1) % 1_000_000, "spoken": -1, "said": -1}


def another() -> None:
    """Choose the next example, or another draw."""
    state.update(next_one())


def own() -> None:
    """Choose the learner's own text."""
    state.update({"drawn": -1, "spoken": -1, "said": -1})


# --------------------------------------- models with a head of classes or spans, in the usual model's place

HEADS = set(gallery.ASKED.values())  # the uses in which such a model can be asked
MISSING = mark(
    "{model} is not on this server, so nothing is computed here: choose a task whose model is. "
    "Whoever runs this Glassbox can put a folder of that name under GLASSBOX_MODELS."
)


def use_of(name: str) -> str:
    """Find the use in which a model of the list can be asked; "" of one that says words, does not open, or has none."""
    try:
        config = models.shape(models.resolve(name))
    except models.RefusedModel:
        return ""
    return "" if config is None else gallery.ASKED.get(config.head, "")


def others(use: Use) -> list[str]:
    """List the names of the models that can answer besides the usual one."""
    if use.name not in HEADS:
        return []
    return [choice.name for choice in models.choices() if use_of(choice.name) == use.name]


def adopt() -> None:
    """Adopt, before the page begins, a model with a head that was chosen for all pages: it is asked on this one."""
    name, memo = str(state.get("model")), state.memo("applications")
    use = use_of(name)
    if not use:
        memo["model"] = name
        return
    state.put({"model": memo.get("model", state.DEFAULT_MODEL), "snapshot": -1, "use": use, "by": name})


def chosen(use: Use) -> str:
    """Choose the model that answers: the one that was chosen, where it can, or the usual one."""
    by = str(state.get("by"))
    return by if by and by in others(use) else use.model


def fit(use: Use) -> None:
    """Drop a model that cannot answer here from the field "Answered by"."""
    by = str(state.get("by"))
    if by and use.name in HEADS and by not in others(use):
        if not use_of(by):
            state.note(
                say(
                    "“{name}” is no model of this server that can answer here, so {model} does.",
                    name=by[:80],
                    model=use.model,
                )
            )
        state.put({"by": ""})


def opened(use: Use) -> tuple[Opened | None, str]:
    """Open the model that answers, or say why none does."""
    name = chosen(use)
    if name == use.model:
        found = usual(use)
        return found, "" if found else say(MISSING, model=name)
    try:
        lm = opening.load(name)
    except (ValueError, OSError) as why:
        return None, models.without_places(str(why))
    return _opened(name, lm), ""
