"""The error of a diverged training."""

from __future__ import annotations

import math


class Diverged(ArithmeticError):
    """Raised when the loss is not finite, or far above guessing. Nothing was changed by that step."""

    def __init__(self, step: int, loss: float, what: str = "loss") -> None:
        size = f"{loss:,.3g}" if math.isfinite(loss) else "not a finite number"
        super().__init__(f"diverged at step {step:,}: the {what} was {size}; try a lower learning rate")
        self.step, self.loss = step, loss
