"""Draw the race's controls: its sliders, and the line that says who ends lowest.

The sliders' steps are those that matter; any other value that a link brings joins them. A field that holds what no
optimizer can use is put right, and a note says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from app import markup
from app.frame import page
from app.session import state
from core.messages import say
from core.training.race import Track
from core.training.surfaces import SURFACES
from pages.optimizers.figure import BENT, RAVINE, USUAL, Setup, parsed_rates, setup_of, told, write_rates

BETAS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
BETA2 = (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999)
DECAYS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
STEPS = (10, 20, 40, 60, 100, 150, 200, 300)
RATES = (0.0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0)


def read() -> Setup:
    """Read the race that the fields describe; notes name what did not fit."""
    return setup_of(state.snapshot(), _put_right)


def read_rates(field: str, usual: Mapping[str, float]) -> dict[str, float]:
    """Read the rates of all five from a field; a note names what did not fit."""
    rates, why = parsed_rates(str(state.get(field)), usual)
    if why:
        _put_right(field, write_rates(rates, usual), why, say(USUAL))
    return rates


def _put_right(field: str, value: str, why: str, used: str) -> None:
    state.put({field: value})
    state.note(say("{why}; {used} is used.", why=why, used=used))


# ---------------------------------------------------------------- sliders


def race_controls() -> None:
    """Surface, what is remembered, decay, length."""
    with page.controls():
        st.selectbox(
            say("Surface"), list(SURFACES), format_func=lambda name: say(SURFACES[name].title), filter_mode=None,
            **state.bind("surface", then=_fresh_surface),
        )  # fmt: skip
        ladder(say("Memory of the direction, β (β₁)"), "beta", BETAS, {0.0: say("0: none")}, 190)
        ladder(say("Memory of the size, β₂"), "beta2", BETA2, {0.0: say("0: none")}, 150)
        ladder(say("Weight decay"), "decay", DECAYS, {0.0: say("0: off")}, 110)
        ladder(say("Steps"), "laps", STEPS, {}, 110)
        st.toggle(say("Nesterov"), **state.bind("nesterov"))


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


# ---------------------------------------------------------------- who wins, and why


def draw_verdict(setup: Setup, tracks: Sequence[Track]) -> None:
    """Draw the line, and on the ravine the way to where plain descent loses."""
    if not (said := told(setup, tracks)):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="gb-optimizers-verdict"):
        st.caption(markup.escape(said), width=840)
        if setup.surface.name == RAVINE:
            st.button(
                say("Race where it loses"), key="optimizers.bent", on_click=state.whole(_bend),
                help=say("The bent valley of Rosenbrock. On a real model, further down, it comes last as well."),
            )  # fmt: skip


def _bend() -> None:
    state.update({"surface": BENT, "start": "", "rates": "", "racers": "", "lap": -1})
