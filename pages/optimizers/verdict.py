"""Who wins the race, why plain gradient descent may, and where it loses: the line under the race."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from app import markup
from app.session import state
from core.training.race import Track
from pages.optimizers.controls import NAMES, Setup

RAVINE, BENT = (
    "ravine",
    "rosenbrock",
)  # the surface of the first view, and one on which plain descent loses at once
STEEP = 20.0  # the second derivative of the ravine across; a step of 2 / STEEP times the slope no longer comes down


def winner(tracks: Sequence[Track]) -> Track | None:
    """Return the track that ends lowest; None where nobody races or all diverge."""
    ended = [track for track in tracks if np.isfinite(track.losses[-1])]
    return min(ended, key=lambda track: float(track.losses[-1]), default=None)


def told(setup: Setup, tracks: Sequence[Track]) -> str:
    """Say who ends lowest and, where plain descent does on the ravine, why."""
    first = winner(tracks)
    if first is None:
        return ""
    said = f"Lowest after {setup.steps} steps: {NAMES[first.rule.kind]}, {first.losses[-1]:.2g}."
    if first.rule.kind != "sgd" or setup.surface.name != RAVINE:
        return said
    return (
        f"{said} Here no memory is needed: the slope is exact, the ravine straight, the rate below what its steepness "
        f"bears, 2 ÷ {STEEP:g}. A real model has none of this."
    )


def draw(setup: Setup, tracks: Sequence[Track]) -> None:
    """Draw the line, and on the ravine the way to where plain descent loses."""
    if not (said := told(setup, tracks)):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="gb-optimizers-verdict"):
        st.caption(markup.escape(said), width=840)
        if setup.surface.name == RAVINE:
            st.button(
                "Race where it loses", key="optimizers.bent", type="tertiary", on_click=state.whole(_bend),
                help="The bent valley of Rosenbrock. On a real model, further down, it comes last as well.",
            )  # fmt: skip


def _bend() -> None:
    state.update({"surface": BENT, "start": "", "rates": "", "racers": "", "lap": -1})
