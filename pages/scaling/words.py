"""Tell the Scaling picture in words: a row for each size, and sentences made from the law's numbers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from app.counts import counted
from core.messages import mark, say
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
    left = {
        "equation": _equation(seen, found), "share": f"{law.share_left(10):.0%}", "floor": _floor(found),
    }  # fmt: skip
    if seen.against == "parameters":
        return say("{equation}: ten times the parameters leave {share} of {floor}.", **left)
    if seen.against == "data":
        return say("{equation}: ten times the characters read leave {share} of {floor}.", **left)
    return say("{equation}: ten times the operations of training leave {share} of {floor}.", **left)


def _equation(seen: Seen, found: Forecast) -> str:
    """Write the law with its numbers, and how sure its exponent is."""
    if not found.band:
        return equation(seen)
    low, high = found.band.exponent()
    return say(
        "{equation} ({letter} between {low} and {high})",
        equation=equation(seen), letter=GREEK, low=f"{low:.2f}", high=f"{high:.2f}",
    )  # fmt: skip


def _floor(found: Forecast) -> str:
    """Tell what the law's floor leaves over, and how sure it is."""
    if found.law.floor < SMALLEST:
        return say("the loss; no floor can be told from these runs")
    floor = f"{found.law.floor:.2f}"
    if found.band is None:
        return say("what lies above E = {floor}", floor=floor)
    low, high = found.band.floor()
    ends = {"floor": floor, "low": f"{low:.2f}", "high": f"{high:.2f}"}
    if low < SMALLEST:
        return say(
            "what lies above E = {floor}, between {low} and {high}: these runs cannot tell it from no floor",
            **ends,
        )
    return say("what lies above E = {floor}, between {low} and {high}", **ends)


def _forecast(seen: Seen, found: Forecast) -> str:
    said = [_foretold(seen, found)]
    if found.truth is None or found.miss is None:
        said.append(say("Train that size, and what comes is held against it."))
    else:
        said.append(_came(found, f"{found.truth:.3f}", found.miss))
        said.append(held(seen))
    return " ".join(one for one in said if one)


def _foretold(seen: Seen, found: Forecast) -> str:
    letter = AXES[seen.against][1]
    values = {
        "loss": f"{found.loss:.3f}", "letter": letter,
        "size": powered(found.at) if letter == "C" else sized(found.at),
    }  # fmt: skip
    if found.low is None or found.high is None:
        if seen.ahead is None:
            return say(
                "Fitted on the {count} smallest, it foretells {loss} at {letter} = {size}.",
                count=len(found.used), **values,
            )  # fmt: skip
        return say("For {run} it foretells {loss} at {letter} = {size}.", run=_ahead(seen.ahead), **values)
    values |= {"low": f"{found.low:.3f}", "high": f"{found.high:.3f}"}
    if seen.ahead is None:
        return say(
            "Fitted on the {count} smallest, it foretells {loss} at {letter} = {size}, a run between {low} and {high}.",
            count=len(found.used), **values,
        )  # fmt: skip
    return say(
        "For {run} it foretells {loss} at {letter} = {size}, a run between {low} and {high}.",
        run=_ahead(seen.ahead), **values,
    )  # fmt: skip


VERDICTS = {
    "inside": mark("inside the interval"),
    "above": mark("above it"),
    "below": mark("below it"),
    "": mark("no interval to hold it against"),
}


def _came(found: Forecast, truth: str, miss: float) -> str:
    runs = len(found.truths)
    values = {"truth": truth, "miss": f"{abs(miss):.1%}", "verdict": say(VERDICTS[found.verdict])}
    if runs == 1:
        if miss >= 0:
            return say("What came, a single run: {truth}, {miss} more than foretold, {verdict}.", **values)
        return say("What came, a single run: {truth}, {miss} less than foretold, {verdict}.", **values)
    values["runs"] = str(runs)
    if miss >= 0:
        return say(
            "What came, the mean of {runs} seeds: {truth}, {miss} more than foretold, {verdict}.", **values
        )
    return say(
        "What came, the mean of {runs} seeds: {truth}, {miss} less than foretold, {verdict}.", **values
    )


def held(seen: Seen) -> str:
    """Say how many withheld runs the intervals of this axis held; one hit alone says little."""
    found = covered(seen.against, seen.tables)
    if not found.of:
        return ""
    values = {
        "cuts": counted(found.cuts, "cut"), "level": f"{100 * LEVEL:.0f}", "held": found.held, "of": found.of,
        "next_held": found.next_held, "next_of": found.next_of,
    }  # fmt: skip
    if seen.against == "data":
        return say(
            "Over data, all widths together, the largest sizes withheld in turn ({cuts}), the {level} % intervals "
            "held {held} of {of} runs, one size beyond the fit {next_held} of {next_of}.",
            **values,
        )
    if seen.against == "parameters":
        return say(
            "Over parameters, the largest sizes withheld in turn ({cuts}), the {level} % intervals held {held} of "
            "{of} runs, one size beyond the fit {next_held} of {next_of}.",
            **values,
        )
    return say(
        "Over operations of training, the largest sizes withheld in turn ({cuts}), the {level} % intervals held "
        "{held} of {of} runs, one size beyond the fit {next_held} of {next_of}.",
        **values,
    )


def _ahead(one: TrainSpec) -> str:
    """Name the run to come, as the control that trains it names its two dials."""
    width = ladder.width_of(one)
    if ladder.tokens_of(one) == ladder.FULL:
        return say("a width of {width} on all of the ladder’s text", width=width)
    return say("a width of {width} on twice the ladder’s text", width=width)


def _frontier(seen: Seen, law: Surface) -> str:
    if min(law.amount_n, law.amount_d) <= 0:
        return say(
            "On these runs only one of parameters and characters makes a difference, so there is "
            "no best split."
        )
    low, high, off = split_interval(seen.tables)
    floor = f"E = {law.floor:.2f}" if law.floor >= SMALLEST else say("no floor")
    said = say(
        "On the frontier no cheaper size is better, by the mean of its seeds. By the law over both N and D ({floor}; "
        "its runs lie {off} nats off it) the best size grows as C^{share}, between C^{low} and C^{high} (Hoffmann et "
        "al. 2022 found about C^0.5, Kaplan et al. 2020 C^0.73).",
        floor=floor, off=f"{off:.3f}", share=f"{law.share:.2f}", low=f"{low:.2f}", high=f"{high:.2f}",
    )  # fmt: skip
    return " ".join(one for one in (said, _ended(seen, law)) if one)


def _ended(seen: Seen, law: Surface) -> str:
    """Tell from where on the longest text sets the frontier: a larger size there would want more text than was read."""
    best = ladder_recordings.frontier(ladder_recordings.rungs(), seen.tables)
    longest = max(one.tokens for one in ladder_recordings.rungs())
    shorter = [one.at("compute", seen.tables) for one in best if one.tokens < longest]
    after = [x for one in best if (x := one.at("compute", seen.tables)) > max(shorter, default=0.0)]
    wanted = law.budget(longest)
    if not after or wanted > max(after):
        return ""
    return say(
        "From C = {cost} on it asks for more than the {characters} characters of the longest "
        "runs, and from {end} on every size of the frontier has read just these: there "
        "the text’s end, not the best split, draws it.",
        cost=powered(wanted),
        characters=sized(longest),
        end=powered(min(after)),
    )
