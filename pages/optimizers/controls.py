"""The sliders under the race. Their steps are those that matter; any other value that a link brings joins them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app import page, state
from core.training.surfaces import SURFACES

BETAS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
BETA2 = (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999)
DECAYS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
STEPS = (10, 20, 40, 60, 100, 150, 200, 300)
RATES = (0.0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0)


def race_controls() -> None:
    """Surface, what is remembered, decay, length."""
    with page.controls():
        st.selectbox(
            "Surface", list(SURFACES), format_func=lambda name: SURFACES[name].title, filter_mode=None,
            **state.bind("surface", then=_fresh_surface),
        )  # fmt: skip
        ladder("Memory of the direction, β (β₁)", "beta", BETAS, {0.0: "0: none"}, 190)
        ladder("Memory of the size, β₂", "beta2", BETA2, {0.0: "0: none"}, 150)
        ladder("Weight decay", "decay", DECAYS, {0.0: "0: off"}, 110)
        ladder("Steps", "laps", STEPS, {}, 110)
        st.toggle("Nesterov", **state.bind("nesterov"))


def _fresh_surface() -> None:
    """Start and rates belong to a surface: another one begins with its own."""
    state.update({"start": "", "rates": ""})


def ladder(label: str, key: str, steps: Sequence[float], names: Mapping[float, str], width: int) -> None:
    """A slider over `steps` for one field; `names` says what a value means where its number does not."""
    value = state.get(key)
    st.select_slider(
        label, sorted({*steps, value}), format_func=lambda number: names.get(number, f"{number:g}"), width=width,
        **state.bind(key),
    )  # fmt: skip
