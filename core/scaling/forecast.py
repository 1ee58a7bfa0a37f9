"""Validation of a scaling law: fitted on the smaller runs, it predicts the loss of a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.scaling.law import DRAWS, Band, Law, bootstrap, checked, fit

NEXT = 3.0  # where nothing is held back, the forecast is for a run three times as large


@dataclass(frozen=True)
class Forecast:
    """The forecast of the law of the runs that are not held back, for one size.

    Attributes:
        law, band: of the runs used; the band is None where they are too few for one.
        used, held: the different sizes that were fitted, and those that were held back.
        at: the size of the forecast. loss: the law's value there.
        low, high: the 95 % prediction interval of a run of that size; None without a band.
        truths: the losses of the runs of that size; () where there are none.
    """

    law: Law
    band: Band | None
    used: tuple[float, ...]
    held: tuple[float, ...]
    at: float
    loss: float
    low: float | None
    high: float | None
    truths: tuple[float, ...]

    @property
    def truth(self) -> float | None:
        """The mean of the runs of that size; None: there are none."""
        return float(np.mean(self.truths)) if self.truths else None

    @property
    def miss(self) -> float | None:
        """The relative error of the forecast: how much higher the truth is; None: there is no truth."""
        return None if self.truth is None else self.truth / self.loss - 1

    @property
    def verdict(self) -> str:
        """Where the truth lies: "below" the interval, "inside" or "above" it; "" where one of the two is missing."""
        if self.truth is None or self.low is None or self.high is None:
            return ""
        return "below" if self.truth < self.low else "above" if self.truth > self.high else "inside"


def forecast(
    x: Sequence[float],
    losses: Sequence[float],
    held: int = 1,
    at: float | None = None,
    truths: Sequence[float] = (),
    draws: int = DRAWS,
) -> Forecast:
    """Fit the law without the `held` largest sizes, and forecast the loss at the largest.

    Args:
        x, losses: of each run; several runs may have the same x.
        at: another size to foretell; None: the largest, or, where nothing is held back, `NEXT` times the largest.
        truths: losses of further runs of that size, which are never fitted.

    Raises:
        ValueError: fewer than three sizes are left, or values that no law can have; the message says what to do.
    """
    sizes, values = checked(x, losses, fewest=1)
    different = np.unique(sizes)
    if not 0 <= held < len(different):
        raise ValueError(f"{held} of {len(different)} sizes cannot be held back: leave at least one")
    edge = different[len(different) - held - 1]
    used = sizes <= edge
    law = fit(sizes[used].tolist(), values[used].tolist())
    try:
        band = bootstrap(sizes[used].tolist(), values[used].tolist(), draws)
    except ValueError:  # as many runs as unknowns
        band = None
    place = float(at if at is not None else different[-1] if held else NEXT * different[-1])
    low, high = (None, None) if band is None else (float(bound[0]) for bound in band.run([place]))
    return Forecast(
        law, band, tuple(different[different <= edge].tolist()), tuple(different[different > edge].tolist()), place,
        float(law(place)), low, high, (*values[sizes == place].tolist(), *truths),
    )  # fmt: skip
