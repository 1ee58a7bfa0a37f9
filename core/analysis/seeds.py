"""Statistics over runs that differ in their seed: a mean and its confidence interval."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.messages import mark
from core.verdict_rule import Rule

# The 97.5 % quantile of Student's t by degrees of freedom (Student 1908), and of the normal distribution.
_T = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131, 2.120,
    2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
)  # fmt: skip
_NORMAL = 1.959964


@dataclass(frozen=True)
class Interval:
    """The mean of `of` values and its 95 % confidence interval (Student's t).

    With one value the interval is the whole range between `floor` and `ceiling` of `interval`.
    """

    mean: float
    low: float
    high: float
    of: int


def interval(values: Sequence[float], floor: float = 0.0, ceiling: float = 1.0) -> Interval:
    """Compute mean +- t s / sqrt(n) over n seeds, clipped to the values' range.

    Raises:
        ValueError: no values.
    """
    if not values:
        raise ValueError("no runs to take a mean of")
    count = len(values)
    mean = math.fsum(values) / count
    if count == 1:
        return Interval(mean, floor, ceiling, 1)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (count - 1))
    half = student(count - 1) * spread / math.sqrt(count)
    return Interval(mean, max(floor, mean - half), min(ceiling, mean + half), count)


def half_width(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Compute half of the 95 % interval of many means at once: t s / sqrt(n), (..., n) -> (...); n is at least 2."""
    count = values.shape[-1]
    found: NDArray[np.float64] = student(count - 1) * values.std(-1, ddof=1) / math.sqrt(count)
    return found


def student(freedom: int) -> float:
    """Return the 97.5 % quantile of Student's t for so many degrees of freedom.

    Above 30 by its expansion around the normal quantile (Abramowitz & Stegun 1964, 26.7.5), exact to four digits.
    """
    if freedom <= len(_T):
        return _T[freedom - 1]
    z = _NORMAL
    return z + (z**3 + z) / (4 * freedom) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * freedom**2)


def difference(one: Sequence[float], other: Sequence[float]) -> Interval:
    """Compute the paired difference in accuracy by seed: both saw the same examples of each seed.

    Raises:
        ValueError: not as many of both, or none.
    """
    if len(one) != len(other):
        raise ValueError(f"{len(one)} and {len(other)} runs cannot be held against each other seed by seed")
    return interval([a - b for a, b in zip(one, other)], -1.0, 1.0)


def apart(one: Sequence[float], other: Sequence[float]) -> int:
    """Return 1 if `one` is significantly better, -1 if `other` is, 0 if the interval holds 0."""
    found = difference(one, other)
    return 0 if found.low <= 0 <= found.high else (1 if found.mean > 0 else -1)


def place_among(value: float, recorded: Sequence[float]) -> int:
    """Return 1 if one run lies above all recorded ones, -1 if below all, 0 if among them.

    The interval of their mean is narrower than the runs are spread: one run may well lie outside of it.

    Raises:
        ValueError: none is recorded.
    """
    if not recorded:
        raise ValueError("no recorded runs to hold a run against")
    return int(value > max(recorded)) - int(value < min(recorded))


RULE = Rule(
    mark("Two ways of training: “lower”, “higher”, “ahead”, or “the seeds do not tell”"),
    mark(
        "The difference between two ways seed by seed: both saw the same examples in the same order with "
        "each seed."
    ),
    mark("A verdict: the 95 % interval of the mean difference (Student’s t) leaves out 0."),
    mark("The recorded seeds of both ways, as many as the sentence says."),
    mark("None: each difference is judged on its own, so of 20 that are none, one passes on average."),
    mark("Student 1908, paired"),
    apart,
)
