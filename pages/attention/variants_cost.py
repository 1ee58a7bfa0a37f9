"""The cost of attention by length: measured when a learner asks, with progress and a stop, and kept for the session."""

from __future__ import annotations

import time
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import state, work
from app.counts import counted
from app.page import Context
from core.analysis.heads.cost import LENGTHS, CostPoint, Curve, cost_points, score_bytes
from core.analysis.places import Kind
from core.language_model import LanguageModel

BUDGET = 20.0  # seconds: longer texts are then left out, and the page says so
REPEATS = 5

KINDS = ("attention", "fused", "rest")


HEAVY = (
    20_000_000  # weights: such a model is read anew only when a learner asks, and tells one story, not four
)


def asked() -> None:
    """The learner wants it measured."""
    state.memo("attention_variants").update(asked=True, heavy=True)


def heavy(lm: LanguageModel) -> bool:
    """A model so large that a pass of it takes its time."""
    return lm.n_parameters > HEAVY


def waits(lm: LanguageModel) -> bool:
    """Nothing of this model is measured before the learner asks."""
    return heavy(lm) and not state.memo("attention_variants").get("heavy")


def _about(ctx: Context, kind: Kind) -> str:
    return repr((ctx.model_key, kind))


def known(ctx: Context, kind: Kind) -> list[CostPoint]:
    """What this session has measured of this model and stack; nothing yet: []."""
    points: list[CostPoint] = state.memo("attention_variants").get(_about(ctx, kind), [])
    return points


def record(points: list[CostPoint], n_heads: int) -> dict[str, Any]:
    """The points and the curves through them, for cost.js."""
    lengths = [one.length for one in points]
    curves = {}
    if len(points) >= 3:
        for name in KINDS:
            curve = Curve.through(lengths, [getattr(one, name) for one in points], square=name != "rest")
            curves[name] = [curve.square, curve.linear, curve.fixed]
    return {
        "points": [
            {"n": one.length, "bytes": one.score_bytes} | {name: getattr(one, name) for name in KINDS}
            for one in points
        ],
        "curves": curves,
        "crossing": crossing(points),
        "lengths": list(LENGTHS),
        "repeats": REPEATS,
        "bytes": [score_bytes(n_heads, length) for length in LENGTHS],
    }


def crossing(points: list[CostPoint]) -> int | None:
    """The first measured length at which attention took longer than all the rest; None: at none."""
    return next((one.length for one in points if one.attention > one.rest), None)


def run(ctx: Context, kind: Kind, slot: DeltaGenerator) -> None:
    """If it was asked for: measure length by length, saying in `slot` how far that is; then draw the page anew.

    Called when the page is drawn. Any click on it, the button's too, stops the measuring.
    """
    memo = state.memo("attention_variants")
    if not memo.pop("asked", False):
        return
    with slot, st.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0, text="Measuring texts of 16 tokens")
        st.button("Stop", key="attention_variants.stop")
    points: list[CostPoint] = []
    began = time.perf_counter()
    for point in cost_points(ctx.lm, LENGTHS, attention=kind, repeats=REPEATS, budget=BUDGET):
        points.append(point)
        spent = time.perf_counter() - began
        following = LENGTHS[min(len(points), len(LENGTHS) - 1)]
        bar.progress(
            len(points) / len(LENGTHS),
            text=f"{counted(point.length, 'token')} measured, {following:,} next; "
            f"{spent:.0f} seconds of at most {BUDGET:.0f}",
        )
    memo[_about(ctx, kind)] = points
    work.again()
