"""Opening the chosen model: with progress when it is fetched, with a message and the nearest model when it fails."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from app import cache, models, runs, state, widgets

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.runs import Run

log = logging.getLogger("glassbox")


@dataclass(frozen=True)
class Opened:
    """The model that a page shows.

    Attributes:
        moment: the training step that it is at; -1: a model that is finished.
        moments: the steps that it can be rewound to, in order; () where none were kept.
        run: the training run that it comes from, or None.
    """

    lm: LanguageModel
    name: str
    moment: int
    moments: tuple[int, ...]
    run: Run | None = None

    @property
    def key(self) -> str:
        """For `cache.call`."""
        return cache.key(self.name, self.moment)


def open_model() -> Opened:
    """The chosen model, or with a message the nearest one that opens: the finished one, then a bundled one."""
    first = models.bundled()
    usual = state.DEFAULT_MODEL if state.DEFAULT_MODEL in first else next(iter(first), "")
    name, moment = state.get("model"), state.get("snapshot")
    known = runs.look(models.run_id(name)) if models.run_id(name) else runs.Known()
    waits = _waits(known, name, moment)
    if waits:  # it may open in a moment: the choice stays, and the page shows the usual model until then
        state.note(f"{waits} Until then this page shows {usual}.".removeprefix(f"{runs.AWAY} "))
    tried = [(usual, -1)] if waits else [(name, moment), (name, -1), (usual, -1)]
    for attempt in dict.fromkeys(tried):
        try:
            opened = _open(*attempt, known)
        except (ValueError, OSError) as why:
            log.warning("model %r at %r does not open: %s", *attempt, why)
            said = models.without_places(str(why))
            state.note(said[:1].upper() + said[1:])
        except Exception:
            log.exception("model %r at %r does not open", *attempt)
            state.note(f"“{attempt[0]}” could not be opened; the log says why.")
        else:
            if attempt != (name, moment) and not waits:
                state.put({"model": attempt[0], "snapshot": attempt[1]})
                how = "as it is when finished" if attempt[0] == name else "instead"
                state.note(f"This page shows {attempt[0]} {how}; the list of models has others.")
            return opened
    st.error("No model opens. `make models` trains the bundled ones again.")
    st.stop()


def _waits(known: runs.Known, name: str, moment: int) -> str:
    """Why the chosen training run has nothing to show just now, but may have in a moment; "" when it has."""
    if known.away:
        at = known.steps[-1] if moment < 0 and known.steps else moment
        return "" if known.run is not None and cache.is_at_hand(name, at) else known.why
    if known.run is None or known.steps or known.run.over:
        return ""
    place = f"has place {known.run.place} in the queue" if known.run.place else "is just beginning"
    return f"“{known.run.name or 'This run'}” {place} and has no checkpoint yet."


def _open(name: str, moment: int, known: runs.Known) -> Opened:
    source = models.resolve(name).source
    if source != "run":
        return Opened(_load(name, moment), name, moment, cache.moments(name) if source == "bundled" else ())
    if known.run is None:
        raise ValueError(known.why)
    if not known.steps:
        raise ValueError("This run ended before its first checkpoint: there is no model to open.")
    moment = known.steps[-1] if moment < 0 else moment
    return Opened(_load(name, moment), name, moment, known.steps, known.run)


def _load(name: str, moment: int) -> LanguageModel:
    if cache.is_fetched(name):
        return cache.model(name, moment)
    place = st.empty()

    def report(done: int, total: int) -> None:
        share = f"{done / 1e6:,.0f} of {total / 1e6:,.0f} MB" if total else "asking the hub"
        place.progress(min(1.0, done / total) if total else 0.0, f"Fetching {widgets.escape(name)}: {share}")

    try:
        models.fetch(name, report)
        return cache.model(name, moment)
    finally:
        place.empty()
