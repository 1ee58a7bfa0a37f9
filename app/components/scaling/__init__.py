"""The Scaling picture: a ladder of sizes, the law of its runs, what the law foretells, and the frontier of compute.

The functions here ask `core` and turn its answers into the component's JSON; they compute nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from app import state
from app.components import register
from app.components.scaling import own, words
from app.components.scaling.own import Own
from app.components.scaling.seen import AXES, Seen, fits, places, shown, surface
from core.runs import ladders
from core.runs.ladders import Rung
from core.scaling.surface import Surface

scaling = register("scaling")

STEPS = ("runs", "law", "band", "forecast", "frontier")
LINES = 40  # of the drawn laws


def step() -> str:
    """The step that is looked at, or "" for the whole picture."""
    at = int(state.get("stage"))
    return STEPS[at] if 0 <= at < len(STEPS) else ""


def record(seen: Seen, mine: Sequence[Own]) -> dict[str, Any]:
    """What view.js draws, but for the selection."""
    axis, letter = AXES[seen.against]
    beside = seen.runs if seen.against == "parameters" else ladders.rungs()
    both = surface(seen.tables)
    used = max(seen.found.used) if seen.found else 0.0
    return {
        "against": seen.against, "axis": axis, "letter": letter, "tables": seen.tables, "withheld": seen.withheld,
        "points": [_point(one, seen) | {"used": one.at(seen.against, seen.tables) <= used} for one in seen.runs],
        "beside": [_point(one, seen) for one in beside if one not in seen.runs],
        "own": [_own(one, seen) for one in mine],
        "law": _law(seen), "curve": _curve(seen), "forecast": _forecast(seen), "why": seen.why,
        "rows": words.rows(seen, [one.rung for one in mine]),
        "frontier": _frontier(seen, both, [one.rung for one in mine if one.known]),
        "findings": words.findings(seen, both), "live": [one.arm.curve() for one in mine if one.arm.going],
    }  # fmt: skip


def _point(one: Rung, seen: Seen) -> dict[str, Any]:
    return {
        "name": one.name, "x": one.at(seen.against, seen.tables), "loss": one.loss, "low": one.low, "high": one.high,
        "width": one.width, "seed": one.seed, "n": one.parameters(seen.tables), "d": one.tokens,
    }  # fmt: skip


def _own(one: Own, seen: Seen) -> dict[str, Any]:
    """An own run; `fits`: it belongs on the axis as it stands, with the text (or the width) of the runs there."""
    rung = one.rung
    return {
        "id": rung.own, "name": rung.name, "x": rung.at(seen.against, seen.tables), "fits": fits(rung, seen),
        "alike": rung.alike, "loss": rung.loss if one.known else None, "width": rung.width, "d": rung.tokens,
        "n": rung.parameters(seen.tables), "going": one.arm.going,
    }  # fmt: skip


def _law(seen: Seen) -> dict[str, Any] | None:
    if seen.found is None:
        return None
    law, band = seen.found.law, seen.found.band
    low, high = band.exponent() if band else (None, None)
    return {"floor": law.floor, "amount": law.amount, "exponent": law.exponent, "low": low, "high": high}


def _curve(seen: Seen) -> dict[str, Any]:
    if seen.found is None:
        return {"x": [], "law": [], "low": [], "high": [], "laws": []}
    x, band = places(seen), seen.found.band
    low, high = band.at(x) if band else (np.array([]), np.array([]))
    laws = band.laws(x)[:LINES] if band and step() == "band" else np.zeros((0, 0))
    return {
        "x": x, "law": _short(seen.found.law(x)), "low": _short(low), "high": _short(high),
        "laws": [_short(one) for one in laws],
    }  # fmt: skip


def _short(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]


def _forecast(seen: Seen) -> dict[str, Any] | None:
    found = seen.found
    if found is None:
        return None
    return {
        "at": found.at, "loss": found.loss, "low": found.low, "high": found.high, "truth": found.truth,
        "miss": found.miss, "verdict": found.verdict, "held": list(found.held),
    }  # fmt: skip


def _frontier(seen: Seen, law: Surface, mine: Sequence[Rung]) -> dict[str, Any]:
    """Loss against compute: a line for each width, the sizes that none beats, the best split by the surface."""
    runs = ladders.rungs()
    lines = []
    for width in ladders.widths():
        ours = [one for one in runs if one.width == width]
        tokens = sorted({one.tokens for one in ours})
        means = [ladders.mean([one for one in ours if one.tokens == count]) for count in tokens]
        n = ours[0].parameters(seen.tables)
        at = [next(one for one in ours if one.tokens == count).at("compute", seen.tables) for count in tokens]
        lines.append({"width": width, "n": n, "c": at, "loss": means, "d": tokens})
    best: dict[float, list[Rung]] = {}
    for one in ladders.frontier(runs, seen.tables):
        best.setdefault(one.at("compute", seen.tables), []).append(one)
    return {
        "lines": lines,
        "best": [{"c": c, "loss": ladders.mean(kind), "name": kind[0].name} for c, kind in best.items()],
        "own": [{"c": one.at("compute", seen.tables), "loss": one.loss, "name": one.name} for one in mine],
        "share": law.share if min(law.amount_n, law.amount_d) > 0 else None,
    }  # fmt: skip


def draw(data: dict[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> Any:
    """Mount the picture; `on` maps its events to callbacks."""
    return scaling(data=data, key=key, **{f"on_{name}_change": callback for name, callback in on.items()})


__all__ = ["Own", "Seen", "draw", "own", "record", "shown", "step"]
