"""Quantization of attention alone and of the MLPs alone, to compare the model's sensitivity."""

from __future__ import annotations

from dataclasses import dataclass

from core.efficiency.compressing import matrix_names
from core.efficiency.judging import Reference, changed, judge, tensors
from core.efficiency.quantization import Quantization, nearest

HALVES = ("attention", "mlp")


@dataclass(frozen=True)
class Half:
    """rise: nats per position by which the loss is higher with only these `weights` quantized."""

    rise: float
    weights: int


def halves(before: Reference, setting: Quantization) -> dict[str, Half]:
    """Quantize each half of the blocks' matrices alone, rounding to nearest; {} for a model without blocks.

    Raises:
        QuantizationError: a matrix does not fit the setting.
    """
    own = tensors(before.lm)
    names = [name for block in matrix_names(before.lm) for name in block]
    found = {}
    for half in HALVES:
        ours = [name for name in names if (".mlp." in name) == (half == "mlp")]
        if not ours:
            return {}
        other = changed(
            before.lm, {name: nearest(own[name], setting).weight().to(own[name]) for name in ours}
        )
        found[half] = Half(judge(before, other, timed=False).rise, sum(own[name].numel() for name in ours))
    return found
