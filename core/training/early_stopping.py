"""Early stopping (Prechelt 1998, "Early stopping, but when?"): end a run when the held-out loss no longer falls."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Stop:
    """The best step of a run, and the step where patience would end it.

    Attributes:
        best, best_step: the lowest held-out loss up to the stop, and its step: what one would keep.
        step: of the last training step; the run's own last where patience never runs out.
        early: whether patience ends it before.
        last, last_step: where the run ended without it.
        missed: nats by which a later measurement is lower than `best` (0: patience cost nothing).
    """

    best: float
    best_step: int
    step: int
    early: bool
    last: float
    last_step: int
    missed: float

    @property
    def saved(self) -> float:
        """The share of the steps that is saved."""
        return 1.0 - self.step / self.last_step if self.last_step else 0.0

    @property
    def better(self) -> float:
        """The nats by which the kept model is better than the last one."""
        return self.last - self.best


def stop_early(steps: Sequence[int], held_out: Sequence[float], patience: int) -> Stop:
    """Find where a curve of held-out losses stops after `patience` measurements without a new best.

    Args:
        steps, held_out: of equal length; losses that are not numbers are left out.
        patience: 0: never.

    Raises:
        ValueError: no measurement, or a negative patience.
    """
    curve = [
        (int(step), float(loss)) for step, loss in zip(steps, held_out, strict=True) if math.isfinite(loss)
    ]
    if not curve or patience < 0:
        raise ValueError("early stopping needs a held-out loss, and a patience of at least 0")
    best_step, best = curve[0]
    waited, at = 0, 0
    for at, (step, loss) in enumerate(curve):
        if loss < best or at == 0:
            best_step, best, waited = step, loss, 0
        else:
            waited += 1
            if patience and waited >= patience:
                break
    last_step, last = curve[-1]
    later = min(loss for _, loss in curve)
    return Stop(best, best_step, curve[at][0], at < len(curve) - 1, last, last_step, best - later)
