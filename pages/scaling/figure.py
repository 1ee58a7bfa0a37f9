"""Draw the Scaling picture: a ladder of sizes, the law of its runs, what it foretells, and the frontier of compute.

The functions here ask `core` and turn its answers into JSON: of the component, which holds the steps, a row for each
size and the curves of a run that trains, and of the charts beside it (`charts.py`). They compute nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.kit import register
from core.messages import say
from core.runs import ladder_recordings
from core.runs.ladder_recordings import Rung
from core.scaling.surface import Surface
from pages.scaling import words
from pages.scaling.seen import AXES, Own, Seen, fits

scaling = register("scaling", __file__)

STEPS = ("runs", "law", "band", "forecast", "frontier")
TOLD: dict[str, tuple[int, ...]] = {
    "runs": (),
    "law": (0,),
    "band": (0,),
    "forecast": (0, 1),
    "frontier": (2,),
}


def step_of(stage: int) -> str:
    """The step that is looked at, or "" for the whole picture."""
    return STEPS[stage] if 0 <= stage < len(STEPS) else ""


def record(seen: Seen, mine: Sequence[Own], step: str, both: Surface) -> dict[str, Any]:
    """Describe what figure.js draws, as its JSON, but for the selection; both: the law over N and D."""
    axis, letter = AXES[seen.against]
    used = max(seen.found.used) if seen.found else 0.0
    return {
        "against": seen.against, "axis": say(axis), "letter": letter, "tables": seen.tables, "withheld": seen.withheld,
        "points": [_point(one, seen) | {"used": one.at(seen.against, seen.tables) <= used} for one in seen.runs],
        "own": [_own(one, seen) for one in mine],
        "law": _law(seen), "forecast": _forecast(seen), "why": seen.why,
        "rows": words.rows(seen, [one.rung for one in mine if not one.of_class]),
        "frontier": frontier(seen, both, [one.rung for one in mine if one.known]),
        "told": told(seen, both, step), "live": [one.arm.curve() for one in mine if one.arm.going and not one.of_class],
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


def _forecast(seen: Seen) -> dict[str, Any] | None:
    found = seen.found
    if found is None:
        return None
    return {
        "at": found.at, "loss": found.loss, "low": found.low, "high": found.high, "truth": found.truth,
        "miss": found.miss, "verdict": found.verdict, "held": list(found.held),
    }  # fmt: skip


def frontier(seen: Seen, law: Surface, mine: Sequence[Rung]) -> dict[str, Any]:
    """Loss against compute: a line for each width, the sizes that none beats, the best split by the surface."""
    runs = ladder_recordings.rungs()
    lines = []
    for width in ladder_recordings.widths():
        ours = [one for one in runs if one.width == width]
        tokens = sorted({one.tokens for one in ours})
        means = [ladder_recordings.mean([one for one in ours if one.tokens == count]) for count in tokens]
        n = ours[0].parameters(seen.tables)
        at = [next(one for one in ours if one.tokens == count).at("compute", seen.tables) for count in tokens]
        lines.append({"width": width, "n": n, "c": at, "loss": means, "d": tokens})
    best: dict[float, list[Rung]] = {}
    for one in ladder_recordings.frontier(runs, seen.tables):
        best.setdefault(one.at("compute", seen.tables), []).append(one)
    return {
        "lines": lines,
        "best": [{"c": c, "loss": ladder_recordings.mean(kind), "name": kind[0].name} for c, kind in best.items()],
        "own": [{"c": one.at("compute", seen.tables), "loss": one.loss, "name": one.name} for one in mine],
        "share": law.share if min(law.amount_n, law.amount_d) > 0 else None,
    }  # fmt: skip


def told(seen: Seen, both: Surface, step: str) -> list[str]:
    """What the step says, in sentences."""
    found = words.findings(seen, both)
    if step == "runs":
        count = len(seen.runs)
        if seen.against == "compute":
            return [say(
                "{count} runs by one recipe: only the width differs, and the text; these are the sizes that none "
                "cheaper beats, by the mean of their seeds. A dot is a seed.",
                count=count,
            )]  # fmt: skip
        if seen.against == "data":
            return [
                say(
                    "{count} runs by one recipe: only the text that they read differs. A dot is a seed.",
                    count=count,
                )
            ]
        return [say("{count} runs by one recipe: only the width differs. A dot is a seed.", count=count)]
    return found if seen.found is None else [found[i] for i in TOLD.get(step, (0, 1, 2))]
