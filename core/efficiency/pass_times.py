"""Times of a model's pass on this machine: as it is, and with int8 products in its blocks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from core.efficiency import kernels
from core.efficiency.judging import Reference, judge, pace, seconds
from core.machine import processor

TOKENS = (1, 64)  # of the products that are timed


@dataclass(frozen=True)
class Passes:
    """Seconds of a pass over the first held-out text, of so many tokens: as the model is, and with int8 products in its
    blocks. They hang on the model's shape alone.

    Attributes:
        int8: None where this machine has no such products; `why` says why. low, high: quartiles of int8 / float32.
        agreement: the share of places where both have the same first choice; None while that is not known of these
            weights.
        machine: the processor that they were taken on.
    """

    float32: float
    int8: float | None
    tokens: int
    low: float | None = None
    high: float | None = None
    agreement: float | None = None
    why: str = ""
    machine: str = ""


def time_passes(before: Reference, times: Passes | None = None) -> Passes:
    """Time passes in float32 and in int8, turn by turn.

    Args:
        times: of a model of this shape, where they are known: then only the agreement is measured.
    """
    tokens = before.asked[0].inputs[-1].shape[1]
    try:
        other = kernels.int8_model(before.lm)
        agreement = judge(before, other, size=0, timed=False).agreement
        if times is not None:
            return replace(times, agreement=agreement)
        found = pace(before, other)
    except kernels.LACKS as why:
        own, _ = seconds(before, before.lm)
        return Passes(own, None, tokens, why=kernels.reason(why), machine=processor())
    return Passes(found.original, found.changed, tokens, found.low, found.high, agreement, "", processor())


def time_kernels(before: Reference) -> Iterator[list[kernels.Timed] | Passes]:
    """Time the model's own pass, products at its largest matrix, and at one of a far larger model."""
    yield time_passes(before)
    own = max(kernels.shapes(before.lm), key=lambda size: size[0] * size[1], default=None)
    for size in (own, kernels.LARGE):
        if size is None:
            continue
        for tokens in TOKENS:
            yield kernels.time_products(size, tokens)
