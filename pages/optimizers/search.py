"""The learning-rate finder's panel: controls, work, and the figure's data."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

import numpy as np
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state, widgets, work
from app.kit import pack
from app.page import Context
from core.training.rate_finder import RANGES, STEPS, Found, Trial, found, search
from core.training.rules import Kind
from pages.optimizers import figure as view
from pages.optimizers.setup import NAMES
from pages.optimizers.take import searched

ENDS = {
    "burst": "Then the steps were too long and the loss ran away: the search ended.",
    "learned": "One text is soon known by heart, and what is known has no gradient: so no rate was too large here.",
    "open": "",
}


def key(ctx: Context, target: str | None) -> str:
    """What a search depends on."""
    return repr((ctx.model_key, ctx.text, target, state.get("finder"), state.get("fresh")))


def result(ctx: Context, target: str | None) -> Found | None:
    """What the search of this text found so far; None: nobody has asked."""
    job = work.of("finder", key(ctx, target))
    if job is None or not job.done:
        return None
    # A search that is still going has not burst.
    return found(job.done, STEPS if job.ended else len(job.done))


def cells(ctx: Context, target: str | None) -> list[str]:
    """A notebook cell for what was searched."""
    seen = result(ctx, target)
    fresh = state.get("fresh") == "new"
    return [] if seen is None else [searched(seen, str(state.get("finder")), fresh)]


def panel(ctx: Context, target: str | None) -> DeltaGenerator:
    """Controls, button and figure; returns the place for the bar."""
    kind, fresh = cast(Kind, state.get("finder")), state.get("fresh") == "new"

    def make() -> Iterator[Trial]:
        return search(ctx.lm, ctx.text, kind, target, fresh=fresh)

    with st.container(horizontal=True, gap="medium", vertical_alignment="bottom"):
        widgets.segments("Optimizer", "finder", tuple(NAMES), lambda name: NAMES[cast(Kind, name)])
        widgets.segments(
            "Begin with", "fresh", ("trained", "new"),
            lambda name: "the open model’s weights" if name == "trained" else "new random weights",
        )  # fmt: skip
    slot = work.buttons("finder", key(ctx, target), f"Search: {STEPS} steps", STEPS, make)
    view.draw(record(ctx, target, kind), key="rate-finder", on={})
    return slot


def record(ctx: Context, target: str | None, kind: Kind) -> dict[str, Any]:
    """What the figure draws; without trials while nobody has asked."""
    seen = result(ctx, target)
    low, high = RANGES[kind]
    base: dict[str, Any] = {"figure": "finder", "low": low, "high": high, "name": NAMES[kind], "trials": 0}
    job = work.of("finder", key(ctx, target))
    base["stamp"] = repr(
        (key(ctx, target), 0 if job is None else len(job.done), job is not None and job.ended)
    )
    if seen is None:
        return base
    losses = np.array([trial.loss for trial in seen.trials])
    return base | {
        "trials": len(seen.trials), "rates": pack([trial.rate for trial in seen.trials]),
        "losses": pack(np.where(np.isfinite(losses), losses, np.inf)), "smooth": pack(seen.smooth),
        "steepest": seen.steepest, "lowest": seen.lowest, "end": ENDS[seen.end],
    }  # fmt: skip
