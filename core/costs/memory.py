"""What training and using a model hold in memory, part by part, and what of it fits on a card.

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
FARTHEST = 2**40  # tokens or rows: what fits beyond that many is not looked for


@dataclass(frozen=True)
class Held:
    """Bytes of one kind: `fixed` whatever is read, and `row` for each text read side by side."""

    name: str
    fixed: int
    row: int = 0

    def bytes(self, batch: int) -> int:
        """Bytes at so many texts."""
        return self.fixed + batch * self.row


def trained_in(precision: Precision) -> Precision:
    """What a model that is used at `precision` is trained in: 8 and 4 bits are for use, training takes 16."""
    return precision if precision == "fp32" else "bf16"


def training_memory(config: ModelConfig, length: int, precision: Precision = "fp32") -> tuple[Held, ...]:
    """Weights, gradients, optimizer (AdamW) and activations of a training step over texts of `length` tokens.

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
    """What the backward pass needs of texts of `length` tokens: the part of `training_memory` that they change."""
    size = 2 if trained_in(precision) == "bf16" else 4
    once = kept_bytes(config, 0, length, length, size)
    return Held("activations", once, kept_bytes(config, 1, length, length, size) - once)


def using_memory(config: ModelConfig, length: int, precision: Precision = "fp32") -> tuple[Held, ...]:
    """Weights and the kept keys and values of texts of `length` tokens; an encoder keeps none.

    Keys and values take 4 bytes in float32 and 2 otherwise: quantized are weights alone (see `weight_bytes`).
    """
    return Held("weights", weight_bytes(config, precision)), kept_keys(config, length, precision)


def kept_keys(config: ModelConfig, length: int, precision: Precision = "fp32") -> Held:
    """Keys and values of texts of `length` tokens: the part of `using_memory` that they change."""
    size = 4 if precision == "fp32" else 2
    return Held("cache", 0, 0 if config.shape == "encoder" else cache_bytes(config, length, length, size))


def held(kinds: tuple[Held, ...], batch: int) -> int:
    """Bytes of all kinds at so many texts."""
    return sum(kind.bytes(batch) for kind in kinds)


def largest_batch(kinds: tuple[Held, ...], room: int) -> int | None:
    """How many texts fit into `room` bytes; 0: not even one; None: as many as one likes, as a text keeps nothing."""
    free, row = room - held(kinds, 0), held(kinds, 1) - held(kinds, 0)
    if free < 0:
        return 0
    return free // row if row else None


def largest_length(memory: Callable[[int], tuple[Held, ...]], batch: int, room: int) -> int | None:
    """How long the texts may be; 0: not even one token; None: longer than anybody asks, as length costs nothing.

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
