"""Attention alone in few bits, and the MLPs alone: which of the two a model misses more."""

from __future__ import annotations

from dataclasses import dataclass

from core.efficiency.compressing import matrix_names
from core.efficiency.judging import Reference, changed, judge, tensors
from core.efficiency.quantization import Quantization, nearest

HALVES = ("attention", "mlp")


@dataclass(frozen=True)
class Half:
    """rise: nats a place that the loss is higher with only these `weights` rounded."""

    rise: float
    weights: int


def halves(before: Reference, setting: Quantization) -> dict[str, Half]:
    """Both halves of the blocks' matrices, each rounded to nearest alone; {} of a model without blocks.

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
