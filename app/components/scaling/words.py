"""What the Scaling picture says: a row for each size, and sentences made from the law's numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from app.components.scaling.seen import AXES, Seen
from core.runs.ladders import Rung
from core.scaling.forecast import NEXT, Forecast
from core.scaling.surface import Surface
from core.training import ladder

GREEK = "α"


def powered(value: float) -> str:
    """A number with its power of ten: 1.2 · 10¹²."""
    power = math.floor(math.log10(value))
    raised = "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(one)] if one.isdigit() else "⁻" for one in str(power))
    return f"{value / 10**power:.1f} · 10{raised}"


def sized(value: float) -> str:
    """A number of any size in few signs: 332k, 2.99M, 1.2 · 10¹⁵."""
    if value >= 1e15 or 0 < value < 1e-3:
        return powered(value)
    for unit, sign in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if value >= unit:
            return f"{float(f'{value / unit:.3g}'):g}{sign}"
    return f"{float(f'{value:.3g}'):g}"


def rows(seen: Seen, own: Sequence[Rung]) -> list[dict[str, Any]]:
    """A row for each size: its runs' mean, what the law says there, and how far that is off."""
    found = []
    for x in sorted(set(seen.x)):
        losses = [loss for at, loss in zip(seen.x, seen.losses) if at == x]
        mean = float(np.mean(losses))
        said = float(seen.found.law(x)) if seen.found else None
        found.append({
            "x": x, "runs": len(losses), "loss": mean, "law": said, "miss": None if said is None else mean / said - 1,
            "used": seen.found is not None and x in seen.found.used, "own": "",
        })  # fmt: skip
    for one in own:
        if one.loss == one.loss and (seen.against != "parameters" or one.tokens == ladder.FULL):
            x = one.at(seen.against, seen.tables)
            said = float(seen.found.law(x)) if seen.found else None
            found.append({
                "x": x, "runs": 1, "loss": one.loss, "law": said, "used": False, "own": one.own,
                "miss": None if said is None else one.loss / said - 1,
            })  # fmt: skip
    return found


def findings(seen: Seen, both: Surface) -> list[str]:
    """The law in numbers; what it foretells and what came; the frontier, by the surface `both`."""
    if seen.found is None:
        return [seen.why]
    return [_law(seen, seen.found), _forecast(seen, seen.found), _frontier(both)]


def equation(seen: Seen) -> str:
    """The law with its numbers: L(N) = 0.52 + 38.1 / N^0.39."""
    if seen.found is None:
        return ""
    law, letter = seen.found.law, AXES[seen.against][1]
    return f"L({letter}) = {law.floor:.3f} + {sized(law.amount)} / {letter}^{law.exponent:.3f}"


def _law(seen: Seen, found: Forecast) -> str:
    law = found.law
    sure = ""
    if found.band:
        low, high = found.band.exponent()
        sure = f" ({GREEK} between {low:.2f} and {high:.2f})"
    left, what = law.share_left(10), AXES[seen.against][0].split(",")[0]
    return (
        f"{equation(seen)}{sure}: ten times the {what} leave {left:.0%} of what lies above {law.floor:.2f}, "
        "which no size takes away."
    )


def _forecast(seen: Seen, found: Forecast) -> str:
    letter = AXES[seen.against][1]
    many = (
        f"Fitted on the {len(found.used)} smallest, it"
        if found.held
        else f"For {NEXT:g} times the largest it"
    )
    said = f"{many} foretells {found.loss:.3f} at {letter} = {powered(found.at) if letter == 'C' else sized(found.at)}"
    if found.low is not None and found.high is not None:
        said += f", a run between {found.low:.3f} and {found.high:.3f}"
    if found.truth is None or found.miss is None:
        return f"{said}. Nobody has trained that one yet."
    side = "more" if found.miss >= 0 else "less"
    word = {
        "inside": "inside the interval",
        "above": "above it",
        "below": "below it",
        "": "no interval to hold it against",
    }
    return f"{said}. What came: {found.truth:.3f}, {abs(found.miss):.1%} {side} than foretold, {word[found.verdict]}."


def _frontier(law: Surface) -> str:
    if min(law.amount_n, law.amount_d) <= 0:
        return "On these runs only one of parameters and characters makes a difference, so there is no best split."
    return (
        "On the frontier no cheaper run is better. By the law over both N and D the best size grows as "
        f"C^{law.share:.2f} (Hoffmann et al. 2022 found about C^0.5, Kaplan et al. 2020 C^0.73)."
    )
