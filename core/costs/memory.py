"""Memory of training and inference, part by part, and what fits on a card.

Mixed precision as in Micikevicius et al. 2018 and Rajbhandari et al. 2020, section 3.1: weights and gradients in 16
bits, beside them a float32 copy of the weights and AdamW's two moments, 16 bytes a weight in all. Not counted: what a
driver and an allocator take, and the short-lived results between two operations.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from core.config import ModelConfig
from core.costs.activations import kept_bytes
from core.costs.cache import cache_bytes
from core.costs.weights import parameters, weight_bytes

Precision = Literal["fp32", "bf16", "int8", "int4"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)
FARTHEST = 2**40  # tokens or rows: the search for what fits ends here


@dataclass(frozen=True)
class Held:
    """Bytes of one kind: `fixed` independent of the batch, and `row` per text."""

    name: str
    fixed: int
    row: int = 0

    def bytes(self, batch: int) -> int:
        """Compute the bytes for so many texts."""
        return self.fixed + batch * self.row


def trained_in(precision: Precision) -> Precision:
    """Return the training precision for a model used at `precision`.

    8 and 4 bits are for inference, training takes 16.
    """
    return precision if precision == "fp32" else "bf16"


def training_memory(config: ModelConfig, length: int, precision: Precision = "fp32") -> tuple[Held, ...]:
    """Compute weights, gradients, optimizer (AdamW) and activations of a training step over texts of `length` tokens.

    An encoder-decoder writes as many tokens as it reads.
    """
    weights, half = parameters(config), trained_in(precision) == "bf16"
    size = 2 if half else 4
    return (
        Held("weights", size * weights),
        Held("gradients", size * weights),
        Held("optimizer", (12 if half else 8) * weights),
        activations(config, length, precision),
    )


def activations(config: ModelConfig, length: int, precision: Precision = "fp32") -> Held:
    """Compute the activations of texts of `length` tokens: the part of `training_memory` that depends on them."""
    size = 2 if trained_in(precision) == "bf16" else 4
    once = kept_bytes(config, 0, length, length, size)
    return Held("activations", once, kept_bytes(config, 1, length, length, size) - once)


def using_memory(config: ModelConfig, length: int, precision: Precision = "fp32") -> tuple[Held, ...]:
    """Compute weights and key/value cache of texts of `length` tokens; an encoder has no cache.

    Keys and values take 4 bytes in float32 and 2 otherwise: quantized are weights alone (see `weight_bytes`).
    """
    return Held("weights", weight_bytes(config, precision)), kept_keys(config, length, precision)


def kept_keys(config: ModelConfig, length: int, precision: Precision = "fp32") -> Held:
    """Compute keys and values of texts of `length` tokens: the part of `using_memory` that depends on them."""
    size = 4 if precision == "fp32" else 2
    return Held("cache", 0, 0 if config.shape == "encoder" else cache_bytes(config, length, length, size))


def held(kinds: tuple[Held, ...], batch: int) -> int:
    """Sum the bytes of all kinds for so many texts."""
    return sum(kind.bytes(batch) for kind in kinds)


def largest_batch(kinds: tuple[Held, ...], room: int) -> int | None:
    """Compute the largest batch that fits into `room` bytes; 0: not even one text; None: unlimited."""
    free, row = room - held(kinds, 0), held(kinds, 1) - held(kinds, 0)
    if free < 0:
        return 0
    return free // row if row else None


def largest_length(memory: Callable[[int], tuple[Held, ...]], batch: int, room: int) -> int | None:
    """Find the longest texts that fit; 0: not even one token; None: unlimited.

    Args:
        memory: of texts of a length, as `training_memory` or `using_memory` of a model; it must not fall with length.
    """

    def fits(length: int) -> bool:
        return held(memory(length), batch) <= room

    if not fits(1):
        return 0
    low, high = 1, 2
    while fits(high):
        low, high = high, 2 * high
        if low >= FARTHEST:
            return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low
