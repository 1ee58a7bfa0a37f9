"""A learner's own runs of a comparison, in the form of the recorded ones of the first screen (app/kit/arms.py).

A page names what it compares (the arms of a comparison: "whole" and "without", "plain" and "dropout") and gives a spec
for each. Own runs of one click share a group, which a link carries, so that others see them, too.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from app import runs
from app.kit.arms import Arm as Arm
from app.kit.arms import recorded_arms as recorded_arms
from app.session import state

if TYPE_CHECKING:
    from core.runs import Run
    from core.training.spec import TrainSpec


# The pages that train groups of runs, and the field of each that holds the group which is shown.
GROUPS = {
    "objectives": "triple", "optimizers": "quintet", "regularization": "quartet", "break_it": "duo",
    "fine_tuning": "tuned", "scaling": "ladder", "adaptability": "adapted", "bias": "doses", "efficiency": "shrinks",
}  # fmt: skip


def new_group() -> str:
    """Return an unguessable name for a group of runs, which begins with the page that starts them."""
    return f"{state.page()}-{secrets.token_hex(8)}"


def last_group(page: str) -> list[Run]:
    """Return the runs that this browser started last on a page, newest first; [] where there are none."""
    started = [run for run in runs.mine(None) if run.group.startswith(f"{page}-")]
    return [run for run in started if run.group == started[0].group]


def own_arms(group: str, names: Sequence[str]) -> list[Arm]:
    """Return the runs of a group by role, in the order of `names`; empty where one of them is missing."""
    if not group:
        return []
    known = {run.name: run for run in runs.grouped(group)}
    if any(name not in known for name in names):
        return []
    arms = []
    for name in names:
        run = known[name]
        points = runs.points(run.id)
        if points is None:
            return []
        short = run.over and run.step < run.steps
        arms.append(
            Arm(name, run.id, run.spec, points, runs.checkpoints(run.id), run, run.ended if short else "")
        )
    return arms


def start(specs: Mapping[str, TrainSpec], text: str | None = None) -> tuple[str, str]:
    """Queue a run for each arm; return their group, and "" or why they were refused.

    Args:
        text: the own text of specs that have one.

    If one is refused, those before it are deleted: half a comparison shows nothing.
    """
    group, begun = new_group(), list[str]()
    for name, spec in specs.items():
        run = runs.start(spec, text, name=name, group=group)
        if isinstance(run, str):
            for id in begun:
                runs.command(id, "stop")
                runs.delete(id)
            return "", run
        begun.append(run.id)
    return group, ""


def stop(arms: Sequence[Arm]) -> None:
    """Stop the running ones; a note says why one was not stopped."""
    for arm in arms:
        if arm.going and (why := runs.command(arm.id, "stop")):
            state.note(why)
