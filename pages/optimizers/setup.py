"""What the race and the runs are set to: surface, start, rates, who takes part; read from the link's fields.

A field that holds what no optimizer can use is put right, and a note says so.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from app import state
from core.training.rules import KINDS, Kind, Rule
from core.training.surfaces import SURFACES, Surface

NAMES: dict[Kind, str] = {
    "sgd": "Gradient descent",
    "momentum": "Momentum",
    "adam": "Adam",
    "adamw": "AdamW",
    "muon": "Muon",
}


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
    """Where the race begins: inside the picture, as no hand can put it elsewhere."""
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
