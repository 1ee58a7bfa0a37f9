"""Models with a head of classes or spans in the place of a use's usual model: which there are, and which is chosen.

A model that names classes can be asked for the sentiment of a review, one that finds spans for the answer to a
question. They are folders under GLASSBOX_MODELS and ids of the hub list; they read the same texts as the usual model.
"""

from __future__ import annotations

from app import cache, gallery, models, opening, state
from pages.applications import uses
from pages.applications.uses import Opened, Use

HEADS = set(gallery.ASKED.values())  # the uses in which such a model can be asked
MISSING = (
    "{model} is not on this server, so nothing is computed here: choose a task whose model is. "
    "Whoever runs this Glassbox can put a folder of that name under GLASSBOX_MODELS."
)


def use_of(name: str) -> str:
    """The use in which a model of the list can be asked; "" of one that says words, that does not open, or of none."""
    try:
        config = models.shape(models.resolve(name))
    except models.RefusedModel:
        return ""
    return "" if config is None else gallery.ASKED.get(config.head, "")


def others(use: Use) -> list[str]:
    """The names of the models that can answer besides the usual one."""
    if use.name not in HEADS:
        return []
    return [choice.name for choice in models.choices() if use_of(choice.name) == use.name]


def adopt() -> None:
    """Before the page begins: a model with a head that was chosen for all pages is asked on this one."""
    name, memo = str(state.get("model")), state.memo("applications")
    use = use_of(name)
    if not use:
        memo["model"] = name
        return
    state.put({"model": memo.get("model", state.DEFAULT_MODEL), "snapshot": -1, "use": use, "by": name})


def chosen(use: Use) -> str:
    """Which model answers: the one that was chosen, where it can, or the usual one."""
    by = str(state.get("by"))
    return by if by and by in others(use) else use.model


def fit(use: Use) -> None:
    """A model that cannot answer here is no choice of the list "Answered by"."""
    by = str(state.get("by"))
    if by and use.name in HEADS and by not in others(use):
        if not use_of(by):
            state.note(f"“{by[:80]}” is no model of this server that can answer here, so {use.model} does.")
        state.put({"by": ""})


def opened(use: Use) -> tuple[Opened | None, str]:
    """The model that answers, or why none does."""
    name = chosen(use)
    if name == use.model:
        found = uses.opened(use)
        return found, "" if found else MISSING.format(model=name)
    try:
        lm = opening.load(name)
    except (ValueError, OSError) as why:
        return None, models.without_places(str(why))
    return Opened(cache.key(name), str(models.resolve(name).target), lm, name), ""
