"""The corpus lab: the recorded doses and remedies, and the learner's own runs as points among them."""

from __future__ import annotations

import re
from typing import Any

from app import own_run, runs, state
from app.own_run import Next
from app.trained import Arm
from core.analysis.seeds import Interval
from core.data.dial import Remedy
from core.runs import doses
from core.runs.doses import Dose
from core.training import corpus_lab
from core.training.corpus_lab import BIASED, DIALLED, OTHERS
from core.training.spec import TrainSpec

FIRST = 100  # seed of own runs; the next one has the next seed
NAMES: dict[Remedy, str] = {
    "none": "as it is told", "swap": "swap", "remove": "remove", "balance": "balance",
}  # fmt: skip


def jobs() -> tuple[str, ...]:
    """The professions that the next run dials: the learner's, or those of the recorded runs."""
    given = [part.strip().lower() for part in re.split(r"[,;\n]", str(state.get("dosed"))) if part.strip()]
    return tuple(sorted(dict.fromkeys(given))) or DIALLED


def own() -> list[Arm]:
    """The learner's runs of the group that the link names, oldest first."""
    group = str(state.get("doses"))
    found = []
    for run in runs.grouped(group) if group else ():
        if run.spec.dial and (points := runs.points(run.id)) is not None:
            short = run.over and run.step < run.steps
            checkpoints = runs.checkpoints(run.id)
            found.append(
                Arm(run.name, run.id, run.spec, points, checkpoints, run, run.ended if short else "")
            )
    return found


def spec_of(arms: list[Arm], share: str | None = None) -> TrainSpec:
    """The next run by the page's fields: a seed that no recorded run has. Raises ValueError: it cannot be.

    Args:
        share: of the steps, as for `own_run.shortened`.
    """
    seed = FIRST + len(arms)
    spec = corpus_lab.spec(int(state.get("dose")) / 100, seed, jobs(), state.get("remedy"))
    return own_run.shortened(spec, share)


def following(arms: list[Arm], share: str | None = None) -> Next:
    """The next run as it would be put into the queue. Raises as `spec_of`."""
    spec = spec_of(arms, share)
    return Next(spec, f"Corpus lab: {title(spec)}")


def title(spec: TrainSpec) -> str:
    """A run in words: "90 % she, swap"."""
    doing = "" if spec.remedy == "none" else f", {spec.remedy}"
    if spec.steps != corpus_lab.STEPS:
        doing += f", {spec.steps} of {corpus_lab.STEPS} steps"
    try:
        return f"{100 * corpus_lab.dose_of(spec):.0f} % she{doing}"
    except ValueError:
        return f"a dial for each profession{doing}"


def _spread(one: Interval) -> dict[str, Any]:
    return {"mean": one.mean, "low": one.low, "high": one.high}


def _dose(one: Dose) -> dict[str, Any]:
    return {
        "at": one.at, "remedy": one.remedy, "name": NAMES[one.remedy],
        "dialled": {**_spread(one.spread("dialled")), "values": list(one.dialled)},
        "others": {**_spread(one.spread("others")), "values": list(one.others)},
        "heldOut": _loss(one),
    }  # fmt: skip


def own_point(arm: Arm) -> dict[str, Any]:
    """An own run: its dose, and how the gap moved at each moment that was kept."""
    spec = arm.spec
    try:
        at: float | None = corpus_lab.dose_of(spec)
    except ValueError:
        at = None
    trace = [
        {"step": one.step, "dialled": said["dialled"], "others": said["others"]}
        for one in arm.checkpoints
        if (said := one.health.get("pronouns"))
    ]
    return {
        "id": arm.id, "name": title(spec), "at": at, "remedy": spec.remedy, "seed": spec.seed, "steps": spec.steps,
        "same": {job for job, _ in spec.dial} == set(DIALLED) and spec.steps == corpus_lab.STEPS, "trace": trace,
        "jobs": len(spec.dial), "going": arm.going, "ended": arm.ended,
    }  # fmt: skip


def record(arms: list[Arm]) -> dict[str, Any]:
    """For the picture."""
    going = [arm for arm in arms if arm.going]
    return {
        "doses": [_dose(one) for one in doses.curve()], "remedies": [_dose(one) for one in doses.remedies()],
        "biased": BIASED, "seeds": len(corpus_lab.SEEDS), "steps": corpus_lab.STEPS, "dialled": list(DIALLED),
        "own": [own_point(arm) for arm in arms], "live": [arm.curve() for arm in going], "findings": findings(),
    }  # fmt: skip


def findings() -> list[str]:
    """What the recorded runs say, in sentences made from their numbers."""
    curve, tried = doses.curve(), doses.remedies()
    first, last = curve[0], curve[-1]
    moved, spilt = doses.moved(last, first), doses.moved(last, first, "others")
    said = [
        f"Dialled: {', '.join(DIALLED)}; the other {len(OTHERS)} professions stay at one half.",
        f"From a dose of {first.at:.0%} to one of {last.at:.0%} the model’s share of “she” moves by "
        f"{_points(moved)}: "
        + (
            "the seeds do not tell it from nothing."
            if _holds_nothing(moved)
            else "only the dial differs, so the dial is the cause."
        ),
        f"The professions that nobody touched move by {_points(spilt)}: "
        + (
            "the seeds do not tell it from nothing."
            if _holds_nothing(spilt)
            else "what is learned of some spreads to others."
        ),
    ]
    slope = doses.slope(curve)
    said.append(
        f"A model that said what its text says would follow the dotted line, slope 1; this one has a slope of "
        f"{slope.mean:.2f} ({slope.low:.2f} to {slope.high:.2f}): "
        + (
            "it mutes the dose."
            if slope.high < 1
            else "it amplifies it."
            if slope.low > 1
            else "as the text, within the interval."
        )
    )
    before = doses.contrast(tried[0])
    after = "; ".join(f"{NAMES[one.remedy]} {_points(doses.contrast(one))}" for one in tried[1:])
    said.append(
        f"At {BIASED:.0%} the dialled stand above the untouched by {_points(before)}"
        f"{', which the seeds do not tell from nothing' if _holds_nothing(before) else ''}; after a remedy by: {after}."
    )
    said.append(_eased(tried))
    losses = "; ".join(f"{NAMES[one.remedy]} {_loss(one):.2f}" for one in tried)
    said.append(f"What it costs, in held-out loss: {losses} nats. Swap tells half as many tales, each twice.")
    return said


def _eased(tried: list[Dose]) -> str:
    """What each remedy takes off, seed by seed, and of which the seeds tell that it helps."""
    off = {NAMES[one.remedy]: doses.eased(tried[0], one) for one in tried[1:]}
    kinds = (
        ([name for name, one in off.items() if one.low > 0], ("helps", "help")),
        ([name for name, one in off.items() if one.high < 0], ("makes it wider", "make it wider")),
    )
    told = [f"{_listed(names)} {verbs[len(names) > 1]}" for names, verbs in kinds if names]
    if unsure := [name for name, one in off.items() if _holds_nothing(one)]:
        told.append(
            f"of {_listed(unsure)} the seeds do not tell whether {'they help' if len(unsure) > 1 else 'it helps'}"
        )
    every = "; ".join(f"{name} {_points(one, 1)}" for name, one in off.items())
    found = "; ".join(told)
    return (
        f"Seed by seed a remedy takes off that: {every}. {found[0].upper()}{found[1:]}. How far a whole model "
        f"leans to one pronoun differs by seed, so {len(corpus_lab.SEEDS)} are drawn, which are few."
    )


def _loss(one: Dose) -> float:
    return sum(one.held_out) / len(one.held_out)


def _listed(items: list[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _holds_nothing(one: Interval) -> bool:
    return one.low <= 0 <= one.high


def _points(one: Interval, digits: int = 0) -> str:
    """In percentage points, with the interval; "0", never "−0"."""
    mean, low, high = (
        f"{round(100 * value, digits) + 0.0:.{digits}f}".replace("-", "−")
        for value in (one.mean, one.low, one.high)
    )
    return f"{mean} point{'' if mean in ('1', '−1') else 's'} ({low} to {high})"
