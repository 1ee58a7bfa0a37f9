"""The yardstick of the shrinking runs: the same held-out stories for the base, each student and each pruned model."""

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
    """What the base says on held-out stories (of its own corpus), once; the changed models are held against it."""
    return reference(base, yardstick(base, "held_out", stories))


def figures(judged: Judged) -> dict[str, float]:
    """What a table keeps of a judgement: nats, shares, numbers, bytes."""
    kept = ("loss", "rise", "rise_low", "rise_high", "agreement", "low", "high", "kl")
    return {name: round(getattr(judged, name), 5) for name in kept}


def measure(before: Reference, lm: LanguageModel, masks: Masks | None = None) -> dict[str, Any]:
    """A changed model in figures: `figures`, the numbers that are not masked, bytes of its file, its speed.

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
