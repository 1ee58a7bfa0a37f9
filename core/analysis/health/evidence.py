"""The input of `core.analysis.health.diagnosis`: the measurements of a run, or of a trained model on one text."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from core.analysis.health.component_ablation import Reading
    from core.runs.records import Checkpoint, Points

Health = Mapping[str, Any]


@dataclass(frozen=True)
class Evidence:
    """What was measured on one model.

    Attributes:
        healths: at each checkpoint, the first before training; of a finished model just one.
        steps: of these checkpoints.
        loss: of the training batches, mean of the last steps; None for a finished model.
        held_out: the last one; of a finished model the loss of the text.
        guessing: nats of a guess among all tokens.
        ended: why the run ended, where it did not reach its end.
        sample: what it wrote last.
    """

    healths: tuple[Health, ...]
    steps: tuple[int, ...] = (0,)
    loss: float | None = None
    held_out: float | None = None
    guessing: float | None = None
    ended: str = ""
    sample: str = ""

    @property
    def last(self) -> Health:
        """The measurements at the last checkpoint."""
        return self.healths[-1]


def of_run(
    points: Points, checkpoints: Sequence[Checkpoint], *, guessing: float | None = None, ended: str = "",
    upto: int | None = None,
) -> Evidence:  # fmt: skip
    """Collect the measurements of a run, unfinished or finished.

    Args:
        points: its curve; the loss is the mean over the last twentieth of it.
        checkpoints: those that have been looked at (with a health).
        ended: why it ended, unless it reached its end.
        upto: the last step that counts, so that a run is judged as it was then; None: all of it.
    """
    seen = [one for one in checkpoints if one.health and (upto is None or one.step <= upto)]
    known = len(points) if upto is None else int(np.searchsorted(points.step, upto, side="right"))
    held_out, losses = points.held_out[:known], points.loss[:known]
    measured = held_out[np.isfinite(held_out)]
    last = losses[-max(1, known // 20) :]
    return Evidence(
        tuple(one.health for one in seen),
        tuple(one.step for one in seen),
        float(last.mean()) if len(last) else None,
        float(measured[-1]) if len(measured) else None,
        guessing,
        ended,
        seen[-1].sample if seen else "",
    )


def of_reading(reading: Reading) -> Evidence:
    """Collect the measurements of a trained model on one text; its loss takes the place of the held-out one."""
    health = dataclasses.asdict(reading.depth) | {"order": reading.order}
    return Evidence((health,), held_out=reading.loss)
