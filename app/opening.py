"""Opening the chosen model: with progress when it is fetched, with a message and the nearest model when it fails."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import streamlit as st

from app import cache, models, state, widgets

if TYPE_CHECKING:
    from core.language_model import LanguageModel

log = logging.getLogger("glassbox")


def open_model() -> tuple[LanguageModel, str]:
    """The chosen model, or with a message the nearest one that opens: the finished one, then a bundled one."""
    first = models.bundled()
    usual = state.DEFAULT_MODEL if state.DEFAULT_MODEL in first else next(iter(first), "")
    name, moment = state.get("model"), state.get("snapshot")
    for attempt in dict.fromkeys([(name, moment), (name, -1), (usual, -1)]):
        try:
            lm = _load(*attempt)
        except (ValueError, OSError) as why:
            log.warning("model %r at %r does not open: %s", *attempt, why)
            said = models.without_places(str(why))
            state.note(said[:1].upper() + said[1:])
        except Exception:
            log.exception("model %r at %r does not open", *attempt)
            state.note(f"“{attempt[0]}” could not be opened; the log says why.")
        else:
            if attempt != (name, moment):
                state.put({"model": attempt[0], "snapshot": attempt[1]})
                how = "as it is when finished" if attempt[0] == name else "instead"
                state.note(f"This page shows {attempt[0]} {how}; the list of models has others.")
            return lm, cache.key(*attempt)
    st.error("No model opens. `make models` trains the bundled ones again.")
    st.stop()


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
