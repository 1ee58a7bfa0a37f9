"""How learning rates move over a run, and at which steps a run is kept."""

from __future__ import annotations

import math

from core.training.spec import TrainSpec


def share(spec: TrainSpec, step: int) -> float:
    """The factor of every first learning rate at step 1, 2, ...: rising linearly during the warm-up, then falling.

    linear: to zero, reached just after the last step.   cosine: half a wave to zero (Loshchilov & Hutter 2017, without
    restarts).   constant: stays. Equal to `transformers`' schedules of those names at its step `step - 1`, but that the
    rise begins at 1 / warmup, as a step with rate 0 would be wasted.
    """
    if step <= spec.warmup:
        return step / spec.warmup
    done = (step - 1 - spec.warmup) / (spec.steps - spec.warmup)
    if spec.schedule == "constant":
        return 1.0
    return 1.0 - done if spec.schedule == "linear" else 0.5 * (1.0 + math.cos(math.pi * done))


def checkpoint_steps(spec: TrainSpec) -> tuple[int, ...]:
    """The steps to keep, 0 and the last among them: denser early, where more changes (evenly in the square root)."""
    count = min(spec.checkpoints, spec.steps + 1)
    return tuple(sorted({round(spec.steps * (n / (count - 1)) ** 2) for n in range(count)}))
