"""Held-out evaluation of compression runs: the same stories for the base, each student and each pruned model."""

from __future__ import annotations

from typing import Any

from core.efficiency.judging import (
    Judged,
    Reference,
    file_bytes,
    judge,
    reference,
    tensors,
    yardstick,
)
from core.efficiency.pruning import Masks, packed
from core.efficiency.speed import speeds
from core.language_model import LanguageModel

STORIES = 48


def beside(base: LanguageModel, stories: int = STORIES) -> Reference:
    """Compute the base's predictions on held-out stories (of its own corpus), as the reference for changed models."""
    return reference(base, yardstick(base, "held_out", stories))


def figures(judged: Judged) -> dict[str, float]:
    """Return the figures of a judgement that a table keeps: nats, shares, numbers, bytes."""
    kept = ("loss", "rise", "rise_low", "rise_high", "agreement", "low", "high", "kl")
    return {name: round(getattr(judged, name), 5) for name in kept}


def measure(before: Reference, lm: LanguageModel, masks: Masks | None = None) -> dict[str, Any]:
    """Measure a changed model: `figures`, the number of unmasked weights, bytes of its file, its speed.

    Args:
        masks: of a pruned model: its file holds what stays, and one bit a weight for where that is.

    Returns:
        all of these; "speed" is how many times as fast as the original it reads: quartile, median, quartile.
    """
    state = tensors(lm)
    gone = sum(int((~mask).sum()) for mask in (masks or {}).values())
    size = file_bytes(packed(state, masks) if masks else state)
    return {
        **figures(judge(before, lm, size=size, timed=False)),
        "numbers": lm.n_parameters - gone, "bytes": size, "speed": list(speeds(before, [lm])[0]),
    }  # fmt: skip
