"""Relative speed of changed models, measured in alternating passes, since machine load affects both.

Single timings are unreliable under load. All models read the same text one after the other, round after round, and each
round gives a ratio; the quartiles of the ratios are kept.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

import torch

from core.efficiency.judging import ROUNDS as PACE_ROUNDS
from core.efficiency.judging import Reference
from core.language_model import LanguageModel
from core.messages import later, mark
from core.verdict_rule import Rule

ROUNDS = 15
Speed = tuple[float, float, float]  # the lower quartile, the median and the upper quartile of the ratios


def speeds(before: Reference, models: Sequence[LanguageModel], rounds: int = ROUNDS) -> list[Speed]:
    """Measure each model's speed relative to the original on the first text.

    Args:
        rounds: in each the original and every model read once, in this order; one more comes first and warms up.

    Raises:
        ValueError: fewer than two rounds have no quartiles.
    """
    if rounds < 2:
        raise ValueError(f"rounds={rounds} must be at least 2")
    ratios: list[list[float]] = [[] for _ in models]
    for turn in range(rounds + 1):
        original, *others = [_pass(before, lm) for lm in (before.lm, *models)]
        for found, taken in zip(ratios, others, strict=True):
            if turn:
                found.append(original / taken)
    return [_quartiles(found) for found in ratios]


def told(speed: Sequence[float]) -> bool:
    """Return whether the rounds tell the speed from the original's: both quartiles lie on one side of 1 (`RULE`)."""
    return speed[0] > 1 or speed[2] < 1


def _quartiles(ratios: Sequence[float]) -> Speed:
    low, middle, high = statistics.quantiles(ratios, n=4, method="inclusive")
    return round(low, 4), round(middle, 4), round(high, 4)


@torch.no_grad()
def _pass(before: Reference, lm: LanguageModel) -> float:
    """Time one pass over the first text, in seconds."""
    began = time.perf_counter()
    lm.transformer(*before.asked[0].inputs)
    if lm.device.type == "cuda":
        torch.cuda.synchronize(lm.device)
    return time.perf_counter() - began


RULE = Rule(
    mark("A speed: “times as fast”, “saves”, “costs”, or “no clear gain”"),
    mark(
        "The time of a pass divided by the original’s in the same round: both take turns on this machine, so "
        "that its load falls on both."
    ),
    mark("Told: the middle half of the rounds (both quartiles) lies on one side of 1."),
    later(
        "One held-out text; {recorded} rounds of recorded models, {open} of the open one, after one that warms up.",
        recorded=ROUNDS, open=PACE_ROUNDS,
    ),
    mark("None. It is a rule of thumb about this machine at this moment, and no test of a hypothesis."),
    mark("Our rule"),
    told,
)  # fmt: skip
