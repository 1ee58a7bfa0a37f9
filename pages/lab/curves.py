"""Choose the curves that the lab shows: the open model's own first, then those that the learner put beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from app import models, runs
from app.counts import counted
from app.session import state
from core.messages import say
from core.runs import Run
from pages.lab.figure import MOST as MOST
from pages.lab.figure import Curve as Curve
from pages.lab.figure import growth, recorded_curve


def listed() -> list[str]:
    """The ids and names of the field `runs`, each once."""
    return list(dict.fromkeys(state.get("runs").split()))[:MOST]


def adopt() -> None:
    """Open a run that was just started as soon as it can be opened: every page then shows it. Before `page.begin`."""
    first = next(iter(listed()), "")
    memo = state.memo("lab")
    run = runs.find(first) if _is_id(first) else None
    if run is None:
        return
    if not runs.steps(run.id):
        memo["waiting"] = run.id
    elif memo.get("waiting") == run.id:
        memo["waiting"] = ""
        state.put({"model": runs.RUN + run.id, "snapshot": -1})


def shown(name: str) -> list[Curve]:
    """The curves to show, the one that the page is about first.

    Args:
        name: of the open model, as a link has it.
    """
    found = [one for one in map(find, listed()) if one is not None]
    waiting = [one for one in found if one.id == state.memo("lab").get("waiting")]
    own = find(name.removeprefix(runs.RUN))
    first = waiting[:1] or ([] if own is None else [own])
    others = [one for one in found if one.id != (first[0].id if first else "")]
    if not first and not others:
        # Never an empty chart: a model without a curve of its own stands beside one that has.
        others = [one for one in [find(state.DEFAULT_MODEL)] if one is not None]
    return [_placed(one) for one in coloured([*first, *others][:MOST])]


def _placed(curve: Curve) -> Curve:
    """The curve with the place where it begins, where it is a run of the store."""
    return curve if curve.run is None else replace(curve, begins=_beginning(curve.run))


def coloured(curves: list[Curve]) -> list[Curve]:
    """The curves with the slots that they had before in this session; a new one gets the first that is free."""
    slots: dict[str, int] = state.memo("lab").setdefault("slots", {})
    taken = {slots[one.id] for one in curves if one.id in slots}
    for one in curves:
        if one.id not in slots:
            slots[one.id] = min(set(range(MOST)) - taken)
            taken.add(slots[one.id])
    met: dict[int, str] = {}
    for one in curves:  # two that were never beside each other may have the same one
        if met.setdefault(slots[one.id], one.id) != one.id:
            slots[one.id] = min(set(range(MOST)) - taken)
            taken.add(slots[one.id])
            met[slots[one.id]] = one.id
    return [replace(one, slot=slots[one.id]) for one in curves]


def find(id: str) -> Curve | None:
    """A curve by its id or name; None: there is none."""
    if (known := recorded_curve(id)) is not None or id in models.bundled():
        return known
    run = runs.find(id) if _is_id(id) else None
    return None if run is None else _stored(run)


def _is_id(text: str) -> bool:
    return len(text) == 24 and all(letter in "0123456789abcdef" for letter in text)


def _stored(run: Run) -> Curve:
    steps = tuple(runs.steps(run.id))
    return Curve(
        run.id, run_name(run), runs.RUN + run.id if steps else "", run, runs.is_mine(run), steps=steps,
        planned=run.steps, growth=growth(run.spec), spec=run.spec,
    )  # fmt: skip


run_name = models.run_name


def _beginning(run: Run) -> dict[str, float]:
    """Where a fork begins on every axis: at its parent's step, which may be a fork itself."""
    parent, _, step = run.parent.partition("@")
    points = runs.points(parent, after=int(step) - 1) if step else None
    if points is None or not len(points):
        return {"step": run.spec.first_step or int(step or 0)}
    found = runs.find(parent)
    before = _beginning(found) if found is not None and found.parent else {}
    own = {
        name: float(getattr(points, name)[0]) if int(step) else 0.0 for name in ("step", "tokens", "seconds")
    }
    return {name: value + before.get(name, 0.0) for name, value in own.items()}


def free_name() -> str:
    """Return the next of Run A, Run B, ... that no run of this browser has, or had in this session."""
    taken = {run.name for run in runs.mine()} | state.memo("lab").get("names", set())
    for number in range(1, 1000):
        name = say("Run {letter}", letter=chr(64 + number) if number <= 26 else number)
        if name not in taken:
            return name
    return say("Run")


def describe_band(shown: Sequence[Curve]) -> str:
    """Say where the runs that differ by their seed end, once all that are shown have ended; "" without such."""
    by_setting: dict[str, list[Run]] = {}
    for one in shown:
        if one.run is not None and one.setting:
            by_setting.setdefault(one.setting, []).append(one.run)
    several = (found for found in by_setting.values() if len({run.seed for run in found}) > 1)
    group = next(several, [])
    if not group or not all(run.state == "done" for run in group):
        return ""
    ends = [
        points.held_out[-1] for run in group if (points := runs.points(run.id)) is not None and len(points)
    ]
    return say(
        "{count} seeds of one setting: the validation loss ends between {low} and {high}, at {mean} on average. The "
        "band holds all of them.",
        count=len(ends), low=f"{min(ends):.3f}", high=f"{max(ends):.3f}", mean=f"{sum(ends) / len(ends):.3f}",
    )  # fmt: skip


def facts(first: Curve | None) -> str:
    """Who trains what, in a line; the picture says how far it is."""
    if first is None or first.run is None:
        return "" if first is None else f"{first.name}, {counted(first.planned, 'step')}"
    forked = say("forked at step {step}", step=first.run.parent.partition("@")[2]) if first.run.parent else ""
    seed = say("seed {seed}", seed=first.run.seed)  # in the names of several seeds
    whose = "" if first.mine else say("somebody else’s: look, rewind, fork")
    return ", ".join(part for part in (first.name, "" if seed in first.name else seed, forked, whose) if part)
