"""Runs of a comparison in one form, recorded ones and a learner's own (app/runs/trained.py).

A picture outside of the app has the recorded ones; no Streamlit in here.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from app.kit.packing import pack

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
        still: a file carries it: its curve is as far as it has come.
    """

    name: str
    id: str
    spec: TrainSpec
    points: Points
    checkpoints: Sequence[Checkpoint]
    run: Run | None = None
    ended: str = ""
    still: bool = False

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
        if self.run is not None and not self.run.over and not self.still:
            return {**known, "live": True}
        columns = {
            name: pack(column) for name, column in self.points.columns().items() if name != "update_norm"
        }
        state = "done" if self.run is None else self.run.state if self.run.over else "stopped"
        return {**known, "points": columns, "state": state}


def stilled(arms: Sequence[Arm]) -> list[Arm]:
    """Return arms for a file, in which no run goes on."""
    return [replace(arm, still=True) for arm in arms]


def recorded_arms(names: Mapping[str, str]) -> list[Arm]:
    """Build arms from recorded runs: role -> name of the recording."""
    from core.runs import recorded

    found = []
    for name, recording in names.items():
        one = recorded(recording)
        ended = "" if len(one.points()) >= one.spec.steps else one.ended
        found.append(Arm(name, recording, one.spec, one.points(), one.checkpoints(), None, ended))
    return found
