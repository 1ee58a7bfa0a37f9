"""Measures of recorded runs, of the curves on bundled models' cards and of the scaling ladder, as lessons name them.

`core.analysis.measures` declares their names and arguments; whoever opens lessons gives it `MEASURED`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from core import zoo
from core.runs import ladder_recordings
from core.runs.recordings import names, recorded
from core.runs.records import RunError
from core.runs.reuse_measures import REUSED
from core.training.early_stopping import Stop, stop_early

SIDES = ("training", "held_out")


def curve(name: str, side: str, step: int | None = None) -> float:
    """Return a loss of a recorded run or a bundled model's training, in nats a token.

    Args:
        side: "training" (of that step's batch) or "held_out".   step: None: the last at which it was measured.

    Raises:
        RunError: no such curve, or nothing was measured at that step.
    """
    if side not in SIDES:
        raise RunError(f"the side of a curve is {' or '.join(SIDES)}, not “{side}”")
    measured = dict(_points(name, side))
    if not measured or (step is not None and step not in measured):
        raise RunError(
            f"the {side} loss of {name} was not measured at {'any' if step is None else 'that'} step"
        )
    return measured[max(measured) if step is None else step]


def best(name: str) -> float:
    """Return the lowest held-out loss of a training, in nats a token. Raises RunError as `curve`."""
    return _stop(name).best


def beststep(name: str) -> int:
    """Return the step of the lowest held-out loss. Raises RunError as `curve`."""
    return _stop(name).best_step


def rms(name: str) -> float:
    """Return the root mean square of a recorded run's weights inside the blocks, at its last checkpoint.

    Raises:
        RunError: no such run, or its weights were not measured.
    """
    seen = [one.health for one in recorded(name).checkpoints() if one.health]
    if not seen:
        raise RunError(f"the weights of {name} were not measured")
    return float(seen[-1]["weights"]["rms"])


def rung(width: int, read: int, seed: int | None = None) -> float:
    """Return the held-out loss of the scaling ladder's runs, in nats a character.

    Args:
        width: d_model.   read: how many characters they read.
        seed: of one run; None: the mean over seeds.

    Raises:
        RunError: no such run.
    """
    runs = [
        one
        for one in ladder_recordings.rungs()
        if (one.width, one.tokens) == (width, read) and seed in (None, one.seed)
    ]
    if not runs:
        raise RunError("the ladder has no such run")
    return ladder_recordings.mean(runs)


def ngram(name: str) -> float:
    """Return the held-out loss of an n-gram model on a bundled model's text, as its card has it, in nats a token.

    Raises:
        RunError: no such model, or its card has none.
    """
    found = zoo.card(name).get("n_gram") if name in zoo.bundled() else None
    if not found:
        raise RunError(f"no n-gram model stands beside {name}")
    return float(found["held_out_loss"])


MEASURED: Mapping[str, Callable[..., float]] = {
    "curve": curve, "best": best, "beststep": beststep, "rms": rms, "rung": rung, "ngram": ngram,
    **REUSED,
}  # fmt: skip


def _points(name: str, side: str) -> list[tuple[int, float]]:
    """Where a curve was measured."""
    column = "loss" if side == "training" else side
    if name in zoo.bundled():
        card = zoo.card(name).get("curve", [])
        return [(int(point["step"]), float(point[column])) for point in card if point[column] is not None]
    if name not in names():
        raise RunError(f"no training of “{name}” was recorded")
    columns = recorded(name).points().columns()
    known = np.isfinite(columns[column])
    return list(zip(columns["step"][known].tolist(), columns[column][known].tolist(), strict=True))


def _stop(name: str) -> Stop:
    points = _points(name, "held_out")
    if not points:
        raise RunError(f"the held-out loss of {name} was not measured")
    steps, losses = zip(*points, strict=True)
    return stop_early(steps, losses, 0)
