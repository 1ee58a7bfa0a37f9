"""Validation of a scaling law: fitted on the smaller runs, it predicts the loss of a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.messages import later, mark
from core.scaling.law import DRAWS, FEWEST, Band, Law, bootstrap, checked, fit
from core.verdict_rule import Rule, percent

LEVEL = 0.95  # of runs that an interval is to hold
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
        raise ValueError(
            later(
                "{held} of {sizes} sizes cannot be held back: leave at least one",
                held=held,
                sizes=len(different),
            )
        )
    edge = different[len(different) - held - 1]
    used = sizes <= edge
    law = fit(sizes[used].tolist(), values[used].tolist())
    try:
        band = bootstrap(sizes[used].tolist(), values[used].tolist(), draws, level=LEVEL)
    except ValueError:  # as many runs as unknowns
        band = None
    place = float(at if at is not None else different[-1] if held else NEXT * different[-1])
    low, high = (None, None) if band is None else (float(bound[0]) for bound in band.run([place]))
    return Forecast(
        law, band, tuple(different[different <= edge].tolist()), tuple(different[different > edge].tolist()), place,
        float(law(place)), low, high, (*values[sizes == place].tolist(), *truths),
    )  # fmt: skip


@dataclass(frozen=True)
class Coverage:
    """How many of the withheld runs the prediction intervals held.

    held, of: of all withheld runs, at every cut.   next_held, next_of: of those one size beyond the cut.
    cuts: how many there were.
    """

    held: int = 0
    of: int = 0
    next_held: int = 0
    next_of: int = 0
    cuts: int = 0

    def __add__(self, other: Coverage) -> Coverage:
        """Add up the counts of two series of runs."""
        return Coverage(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


def coverage(x: Sequence[float], losses: Sequence[float], draws: int = DRAWS) -> Coverage:
    """Measure the coverage of the intervals: at every cut, fit the smaller sizes, and count the larger runs inside.

    A cut leaves at least `FEWEST` sizes and as many runs as a band needs. Cuts share runs, so their counts are not
    independent of each other.
    """
    sizes, values = checked(x, losses, fewest=1)
    different, found = np.unique(sizes), Coverage()
    for edge, beyond in zip(different[FEWEST - 1 : -1], different[FEWEST:]):
        used = sizes <= edge
        if used.sum() <= FEWEST:
            continue
        band = bootstrap(sizes[used].tolist(), values[used].tolist(), draws, level=LEVEL)
        low, high = band.run(sizes[~used])
        inside = (low <= values[~used]) & (values[~used] <= high)
        nearest = sizes[~used] == beyond
        found += Coverage(int(inside.sum()), len(inside), int(inside[nearest].sum()), int(nearest.sum()), 1)
    return found


RULE = Rule(
    mark("A forecast: “inside”, “above” or “below” the interval, and how many runs the intervals held"),
    mark(
        "The loss of a run against the interval that the law of the smaller sizes gives for one more run of "
        "its size."
    ),
    later(
        "Inside: within the {level} prediction interval, {draws} laws of resampled residuals, each with "
        "every residual. Several seeds are judged by their mean, and counted one by one.",
        level=percent(LEVEL),
        draws=DRAWS,
    ),
    mark(
        "Every cut of the axis that leaves a band: the smaller sizes are fitted, and all larger runs are "
        "held against their intervals. The cuts share runs."
    ),
    later(
        "None. Intervals that are right hold {level} of the withheld runs in the long run; fewer means that "
        "they are too narrow, all of them that they may be too wide.",
        level=percent(LEVEL),
    ),
    mark("Efron & Tibshirani 1993, section 9.4; the law of Hoffmann et al. 2022"),
    coverage,
)
