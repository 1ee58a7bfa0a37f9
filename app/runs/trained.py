"""Runs of a comparison in one form for pages: recorded ones on the first screen, the learner's own once there are some.

A page names what it compares (the arms of a comparison: "whole" and "without", "plain" and "dropout") and gives a spec
for each. Own runs of one click share a group, which a link carries, so that others see them, too.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from app import runs
from app.kit import pack
from app.session import state

if TYPE_CHECKING:
    from core.runs.records import Checkpoint, Points, Run
    from core.training.spec import TrainSpec


@dataclass(frozen=True)
class Arm:
    """One run of a comparison.

    Attributes:
        name: its role in the comparison.
        id: of a learner's own run, or the name of a recorded one.
        run: the store's row of an own one; None: recorded.
        ended: why it ended, unless it reached its end.
    """

    name: str
    id: str
    spec: TrainSpec
    points: Points
    checkpoints: Sequence[Checkpoint]
    run: Run | None = None
    ended: str = ""

    @property
    def going(self) -> bool:
        """Whether more points may come, and no stop was requested."""
        return self.run is not None and not self.run.over and self.run.control != "stop"

    @property
    def guessing(self) -> float:
        """The loss of uniform guessing over the vocabulary, in nats."""
        return math.log(self.spec.vocab_size)

    def curve(self) -> dict[str, Any]:
        """Return the run in the format of curves.js: a live run by its address, others with their points."""
        known: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "steps": self.spec.steps,
            "checkpoints": [one.step for one in self.checkpoints],
        }
        if self.run is not None and not self.run.over:
            return {**known, "live": True}
        columns = {
            name: pack(column) for name, column in self.points.columns().items() if name != "update_norm"
        }
        return {**known, "points": columns, "state": "done" if self.run is None else self.run.state}


def recorded_arms(names: Mapping[str, str]) -> list[Arm]:
    """Build arms from recorded runs: role -> name of the recording."""
    from core.runs import recorded

    found = []
    for name, recording in names.items():
        one = recorded(recording)
        ended = "" if len(one.points()) >= one.spec.steps else one.ended
        found.append(Arm(name, recording, one.spec, one.points(), one.checkpoints(), None, ended))
    return found


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
    group, begun = secrets.token_hex(8), list[str]()
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
