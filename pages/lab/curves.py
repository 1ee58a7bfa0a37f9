"""Choose the curves that the lab shows: the open model's own first, then those that the learner put beside it.

A curve is a run of the store (drawn live, by its stream), a recorded run, or the one on a bundled model's card.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from app import models, runs
from app.counts import counted
from app.kit import pack
from app.session import state
from core import zoo
from core.runs import Run, recordings
from core.training import TrainSpec
from core.training.preparation import longest_row

MOST = 6  # curves in one chart


@dataclass(frozen=True)
class Curve:
    """The curve of a training.

    Attributes:
        id: of a run; of a recorded run or a bundled model its name.
        model: what opens it, as a link names it; "" where nothing does (recorded without weights, or not begun).
        run: the store's record; None where it is no run of the store.
        mine: whether this browser may command it.
        columns: the points, where they do not come by a stream.
        steps: its moments that can be opened, in order.
        planned: how many steps it was to take.
        growth: (step, tokens): from there on it reads rows of so many tokens.
        slot: its place in the order of colours, which it keeps (`coloured`).
    """

    id: str
    name: str
    model: str = ""
    run: Run | None = None
    mine: bool = False
    columns: dict[str, Any] = field(default_factory=dict)
    steps: tuple[int, ...] = ()
    planned: int = 0
    growth: tuple[tuple[int, int], ...] = ()
    slot: int = 0

    @property
    def unit(self) -> str:
        """What a token of a run of the store is called."""
        return "character" if self.run is not None and self.run.spec.tokenizer == "characters" else "token"

    def record(self) -> dict[str, Any]:
        """Turn it into what curves.js draws."""
        told: dict[str, Any] = {"id": self.id, "name": self.name, "model": self.model, "mine": self.mine}
        told["slot"] = self.slot
        told["growth"] = [
            {"x": step, "text": f"rows of {counted(tokens, 'token')}"} for step, tokens in self.growth
        ]
        if self.run is None:
            points = {
                name: pack(np.asarray(column, dtype=np.float32)) for name, column in self.columns.items()
            }
            return told | {"points": points, "steps": self.planned, "checkpoints": list(self.steps)}
        told |= {"live": True, "steps": self.run.steps, "state": self.run.state, "group": self.run.group}
        return told | {"from": _beginning(self.run)}


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
    return coloured([*first, *others][:MOST])


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
    if id in models.bundled():
        return _bundled(id)
    if id in recordings.names():
        return _recorded(id)
    run = runs.find(id) if _is_id(id) else None
    return None if run is None else _stored(run)


def _is_id(text: str) -> bool:
    return len(text) == 24 and all(letter in "0123456789abcdef" for letter in text)


def _stored(run: Run) -> Curve:
    steps = tuple(runs.steps(run.id))
    return Curve(
        run.id, run_name(run), runs.RUN + run.id if steps else "", run, runs.is_mine(run), steps=steps,
        planned=run.steps, growth=_growth(run.spec),
    )  # fmt: skip


run_name = models.run_name


def _bundled(name: str) -> Curve | None:
    card = zoo.card(name)
    curve = card.get("curve")
    if not curve:
        return None
    columns = {
        "step": [point["step"] for point in curve],
        "loss": [point["loss"] for point in curve],
        "held_out": [np.nan if point["held_out"] is None else point["held_out"] for point in curve],
    }
    batch = card.get("tokens_read", 0) / card["steps"]  # every step reads as many
    if batch:
        columns["tokens"] = [step * batch for step in columns["step"]]
    growth = _growth(TrainSpec.from_dict(card["spec"]))
    return Curve(name, name, name, None, False, columns, tuple(zoo.snapshots(name)), card["steps"], growth)


def _recorded(name: str) -> Curve:
    run = recordings.recorded(name)
    columns = dict(run.points().columns())
    steps = tuple(int(each.step) for each in run.checkpoints())
    return Curve(name, name, "", None, False, columns, steps, run.spec.steps, _growth(run.spec))


def _growth(spec: TrainSpec) -> tuple[tuple[int, int], ...]:
    return tuple((step, then or spec.context or longest_row(spec)) for step, then in spec.growth())


def _beginning(run: Run) -> dict[str, float]:
    """Where a fork begins on every axis: at its parent's step."""
    parent, _, step = run.parent.partition("@")
    points = runs.points(parent, after=int(step) - 1) if step else None
    if points is None or not len(points):
        return {"step": int(step or 0)}
    return {name: float(getattr(points, name)[0]) for name in ("step", "tokens", "seconds")}


def free_name() -> str:
    """The next of Run A, Run B, ... that none of this browser's runs has."""
    taken = {run.name for run in runs.mine()}
    for number in range(1, 1000):
        name = "Run " + (chr(64 + number) if number <= 26 else str(number))
        if name not in taken:
            return name
    return "Run"


def facts(first: Curve | None) -> str:
    """Who trains what, in a line; the picture says how far it is."""
    if first is None or first.run is None:
        return "" if first is None else f"{first.name}, {counted(first.planned, 'step')}"
    forked = f"forked at step {first.run.parent.partition('@')[2]}" if first.run.parent else ""
    whose = "" if first.mine else "somebody else’s: look, rewind, fork"
    return ", ".join(part for part in (first.name, f"seed {first.run.seed}", forked, whose) if part)
