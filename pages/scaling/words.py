"""Tell the Scaling picture in words: a row for each size, and sentences made from the law's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.counts import counted
from core.runs import ladder_recordings
from core.runs.ladder_recordings import Rung
from core.scaling.forecast import LEVEL, Forecast
from core.scaling.surface import Surface
from core.training import ladder
from core.training.spec import TrainSpec
from pages.scaling.seen import AXES, Seen, covered, fits, split_interval

GREEK = "α"
SMALLEST = 0.005  # a floor that is printed as more than 0.00


def powered(value: float) -> str:
    """Write a number with its power of ten: 1.2 · 10¹²."""
    digits, power = f"{value:.1e}".split("e")  # rounded before the power is chosen: never 10.0
    return f"{digits} · 10{raised(int(power))}"


def raised(power: int) -> str:
    """Write an exponent in superscript signs."""
    return "".join("⁰¹²³⁴⁵⁶⁷⁸⁹"[int(one)] if one.isdigit() else "⁻" for one in str(power))


def sized(value: float) -> str:
    """Write a number of any size in few signs: 332k, 2.99M, 1.2 · 10¹⁵."""
    rounded = float(f"{value:.3g}")
    if rounded >= 1e15 or 0 < rounded < 1e-3:
        return powered(value)
    for unit, sign in ((1e12, "T"), (1e9, "B"), (1e6, "M"), (1e3, "k")):
        if rounded >= unit:
            return f"{float(f'{rounded / unit:.3g}'):g}{sign}"
    return f"{rounded:g}"


def rows(seen: Seen, own: Sequence[Rung]) -> list[dict[str, Any]]:
    """Make a row for each size: its runs' mean, what the law says there, and how far that is off."""
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
        if one.loss == one.loss and fits(one, seen):
            x = one.at(seen.against, seen.tables)
            said = float(seen.found.law(x)) if seen.found else None
            found.append({
                "x": x, "runs": 1, "loss": one.loss, "law": said, "used": False, "own": one.own,
                "miss": None if said is None else one.loss / said - 1,
            })  # fmt: skip
    return found


def findings(seen: Seen, both: Surface) -> list[str]:
    """Tell the law in numbers; what it foretells and what came; the frontier, by the surface `both`."""
    if seen.found is None:
        return [seen.why]
    return [_law(seen, seen.found), _forecast(seen, seen.found), _frontier(seen, both)]


def equation(seen: Seen) -> str:
    """Write the law with its numbers: L(N) = 0.52 + 38.1 / N^0.39."""
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
    what = AXES[seen.against][0].split(",")[0]
    return f"{equation(seen)}{sure}: ten times the {what} leave {law.share_left(10):.0%} of {_floor(found)}."


def _floor(found: Forecast) -> str:
    """Tell what the law's floor leaves over, and how sure it is."""
    if found.law.floor < SMALLEST:
        return "the loss; no floor can be told from these runs"
    above = f"what lies above E = {found.law.floor:.2f}"
    if found.band is None:
        return above
    low, high = found.band.floor()
    sure = f"{above}, between {low:.2f} and {high:.2f}"
    return f"{sure}: these runs cannot tell it from no floor" if low < SMALLEST else sure


def _forecast(seen: Seen, found: Forecast) -> str:
    letter = AXES[seen.against][1]
    many = (
        f"Fitted on the {len(found.used)} smallest, it"
        if seen.ahead is None
        else f"For {_ahead(seen.ahead)} it"
    )
    said = f"{many} foretells {found.loss:.3f} at {letter} = {powered(found.at) if letter == 'C' else sized(found.at)}"
    if found.low is not None and found.high is not None:
        said += f", a run between {found.low:.3f} and {found.high:.3f}"
    if found.truth is None or found.miss is None:
        return f"{said}. Train that size, and what comes is held against it."
    side = "more" if found.miss >= 0 else "less"
    word = {
        "inside": "inside the interval",
        "above": "above it",
        "below": "below it",
        "": "no interval to hold it against",
    }
    runs = len(found.truths)
    came = "What came, a single run" if runs == 1 else f"What came, the mean of {runs} seeds"
    each = "" if runs == 1 or not found.verdict else f" ({found.inside} of its {runs} runs are)"
    return (
        f"{said}. {came}: {found.truth:.3f}, {abs(found.miss):.1%} {side} than foretold, {word[found.verdict]}{each}."
        f"{held(seen)}"
    )


def held(seen: Seen) -> str:
    """Say how many withheld runs the intervals of this axis held, after a space; one hit alone says little."""
    found = covered(seen.against, seen.tables)
    if not found.of:
        return ""
    axis = AXES[seen.against][0].split(",")[0]
    whose = "Over data, all widths together" if seen.against == "data" else f"Over {axis}"
    return (
        f" One hit says little. {whose}, with the largest sizes withheld in turn "
        f"({counted(found.cuts, 'cut')}), the {100 * LEVEL:.0f} % intervals held {found.held} of {found.of} runs, one "
        f"size beyond the fit {found.next_held} of {found.next_of}."
    )


def _ahead(one: TrainSpec) -> str:
    """Name the run to come, as the control that trains it names its two dials."""
    text = "all of" if ladder.tokens_of(one) == ladder.FULL else "twice"
    return f"a width of {ladder.width_of(one)} on {text} the ladder’s text"


def _frontier(seen: Seen, law: Surface) -> str:
    if min(law.amount_n, law.amount_d) <= 0:
        return "On these runs only one of parameters and characters makes a difference, so there is no best split."
    low, high, off = split_interval(seen.tables)
    floor = f"E = {law.floor:.2f}" if law.floor >= SMALLEST else "no floor"
    return (
        "On the frontier no cheaper size is better, by the mean of its seeds. By the law over both N and D "
        f"({floor}; its runs lie {off:.3f} nats off it) the best size grows as C^{law.share:.2f}, between "
        f"C^{low:.2f} and C^{high:.2f} (Hoffmann et al. 2022 found about C^0.5, Kaplan et al. 2020 C^0.73)."
        f"{_ended(seen, law)}"
    )


def _ended(seen: Seen, law: Surface) -> str:
    """Tell from where on the longest text sets the frontier: a larger size there would want more text than was read."""
    best = ladder_recordings.frontier(ladder_recordings.rungs(), seen.tables)
    longest = max(one.tokens for one in ladder_recordings.rungs())
    shorter = [one.at("compute", seen.tables) for one in best if one.tokens < longest]
    after = [x for one in best if (x := one.at("compute", seen.tables)) > max(shorter, default=0.0)]
    wanted = law.budget(longest)
    if not after or wanted > max(after):
        return ""
    return (
        f" From C = {powered(wanted)} on it asks for more than the {sized(longest)} characters of the longest runs, "
        f"and from {powered(min(after))} on every size of the frontier has read just these: there the text’s end, not "
        "the best split, draws it."
    )
