"""Set up the race: its sliders, and what the link's fields say of surface, start, rates and who takes part.

The sliders' steps are those that matter; any other value that a link brings joins them. A field that holds what no
optimizer can use is put right, and a note says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import streamlit as st

from app import markup
from app.frame import page
from app.session import state
from core.training.race import Track
from core.training.rules import KINDS, Kind, Rule
from core.training.surfaces import SURFACES, Surface

NAMES: dict[Kind, str] = {
    "sgd": "Gradient descent",
    "momentum": "Momentum",
    "adam": "Adam",
    "adamw": "AdamW",
    "muon": "Muon",
}
BETAS = (0.0, 0.5, 0.7, 0.8, 0.9, 0.95, 0.99)
BETA2 = (0.0, 0.5, 0.9, 0.95, 0.99, 0.999, 0.9999)
DECAYS = (0.0, 0.01, 0.03, 0.1, 0.3, 1.0)
STEPS = (10, 20, 40, 60, 100, 150, 200, 300)
RATES = (0.0, 1e-5, 1e-4, 3e-4, 1e-3, 3e-3, 1e-2, 3e-2, 0.1, 1.0)


@dataclass(frozen=True)
class Setup:
    """A race: where, from which point, by which rules (those that take part, in the usual order), how long."""

    surface: Surface
    start: tuple[float, float]
    rules: tuple[Rule, ...]
    rates: Mapping[str, float]  # of all five
    steps: int


def read() -> Setup:
    """The race that the fields describe; notes name what did not fit."""
    surface = SURFACES[state.get("surface")]
    rates = read_rates("rates", surface.rates)
    beta, decay = float(state.get("beta")), float(state.get("decay"))
    taking = read_racers(str(state.get("racers")))
    rules = tuple(
        Rule(
            kind, rates[kind], momentum=beta, beta1=beta, beta2=float(state.get("beta2")), weight_decay=decay,
            nesterov=bool(state.get("nesterov")),
        )
        for kind in taking
    )  # fmt: skip
    return Setup(surface, read_start(surface), rules, rates, int(state.get("laps")))


def read_racers(raw: str) -> tuple[Kind, ...]:
    """Who takes part, from a text such as "sgd adam"; "none" is nobody; what is no optimizer is left out."""
    if not raw.strip():
        return KINDS
    return tuple(kind for kind in KINDS if kind in raw.split())


def read_start(surface: Surface) -> tuple[float, float]:
    """Where the race begins: never outside the picture."""
    raw = str(state.get("start"))
    if not raw.strip():
        return surface.start
    try:
        x, y = (float(part) for part in raw.split())
        if not (math.isfinite(x) and math.isfinite(y)):
            raise ValueError
    except ValueError:
        state.put({"start": ""})
        state.note("The start is not two numbers; the surface’s own start is used.")
        return surface.start
    left, right, low, high = surface.box
    fitted = min(max(x, left), right), min(max(y, low), high)
    if fitted != (x, y):
        state.put({"start": f"{fitted[0]:g} {fitted[1]:g}"})
        state.note("The start lies outside the picture; the nearest point inside is used.")
    return fitted


def read_rates(field: str, usual: Mapping[str, float]) -> dict[str, float]:
    """Rates of all five from a text such as "sgd:0.1 adam:0.3": the usual ones where it says nothing or cannot be."""
    rates, wrong = dict(usual), []
    for part in str(state.get(field)).split():
        kind, _, number = part.partition(":")
        try:
            rate = float(number) if number.isascii() and "_" not in number else math.nan
        except ValueError:
            rate = math.nan
        if kind in rates and math.isfinite(rate) and 0 <= rate <= 1e12:
            rates[kind] = rate
        else:
            wrong.append(part)
    if wrong:
        state.put({field: write_rates(rates, usual)})
        named = ", ".join(f"“{part[:24]}”" for part in wrong[:3])
        state.note(f"{named}: a rate is a number from 0 up; the usual rate is used.")
    return rates


def write_rates(rates: Mapping[str, float], usual: Mapping[str, float]) -> str:
    """The text that `read_rates` reads: only what differs from the usual rates."""
    return " ".join(f"{kind}:{rate:g}" for kind, rate in rates.items() if rate != usual[kind])


# ---------------------------------------------------------------- sliders


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


# ---------------------------------------------------------------- who wins, and why

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
    said = f"Lowest after {setup.steps} steps: {NAMES[first.rule.kind]}, {first.losses[-1]:.2g}"
    if first.rule.kind != "sgd" or setup.surface.name != RAVINE:
        return f"{said}."
    return (
        f"{said}: its slope is exact, the ravine straight, the rate below the limit, 2 ÷ {STEEP:g}. "
        "Real models grant none of it."
    )


def draw_verdict(setup: Setup, tracks: Sequence[Track]) -> None:
    """Draw the line, and on the ravine the way to where plain descent loses."""
    if not (said := told(setup, tracks)):
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="gb-optimizers-verdict"):
        st.caption(markup.escape(said), width=840)
        if setup.surface.name == RAVINE:
            st.button(
                "Race where it loses", key="optimizers.bent", on_click=state.whole(_bend),
                help="The bent valley of Rosenbrock. On a real model, further down, it comes last as well.",
            )  # fmt: skip


def _bend() -> None:
    state.update({"surface": BENT, "start": "", "rates": "", "racers": "", "lap": -1})
