"""Learning rate schedules, and the steps of checkpoints."""

from __future__ import annotations

import math

from core.training.spec import TrainSpec


def share(spec: TrainSpec, step: int) -> float:
    """Return the factor of every learning rate at step 1, 2, ..., counted from noise: linear warm-up, then decay.

    linear: to zero, reached just after the last step.   cosine: half a wave to zero (Loshchilov & Hutter 2017, without
    restarts).   constant: stays. Equal to `transformers`' schedules of those names at its step `step - 1`, but that the
    rise begins at 1 / warmup, as a step with rate 0 would be wasted.
    """
    if step <= spec.warmup:
        return step / spec.warmup
    done = (step - 1 - spec.warmup) / (spec.total_steps - spec.warmup)
    if spec.schedule == "constant":
        return 1.0
    return 1.0 - done if spec.schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))


def checkpoint_steps(spec: TrainSpec) -> tuple[int, ...]:
    """Return the checkpoint steps, with 0 and the last.

    Denser early, where more changes (evenly in the square root).
    """
    count = min(spec.checkpoints, spec.steps + 1)
    return tuple(sorted({round(spec.steps * (n / (count - 1)) ** 2) for n in range(count)}))
