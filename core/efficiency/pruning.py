"""Magnitude pruning: the smallest weights are set to zero. The shapes stay, so nothing runs faster.

A mask says of every weight whether it stays. Two ways to choose: all weights of the model compete (global), or those of
each matrix (layerwise); Han et al. 2015, "Learning both Weights and Connections", section 3, and Gale et al. 2019. Only
the matrices inside the blocks are pruned: a row of the token table is all that the model knows of its token, and gains
and biases are few.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

import torch
from torch import Tensor, nn

from core.efficiency.compressing import matrix_names
from core.efficiency.judging import tensors
from core.language_model import LanguageModel
from core.messages import later

Scope = Literal["global", "matrix"]
Masks = dict[str, Tensor]
# suffixes of a packed matrix: the mask, and the remaining weights
BITS, KEPT, SHAPE = ".bits", ".kept", ".shape"


def prunable(lm: LanguageModel) -> dict[str, Tensor]:
    """Return the matrices inside the blocks, by name, which quantization applies to, too.

    Raises:
        ValueError: there are none.
    """
    weights = tensors(lm)
    found = {name: weights[name] for block in matrix_names(lm) for name in block}
    if not found:
        raise ValueError(later("this model has no block, so there is no matrix to prune"))
    return found


def check(sparsity: float) -> float:
    """Check a sparsity. Raises ValueError: nothing would be left, or it is no share."""
    number = isinstance(sparsity, (int, float)) and not isinstance(sparsity, bool)
    if not number or not math.isfinite(sparsity) or not 0 <= sparsity < 1:
        raise ValueError(
            f"sparsity={sparsity} is the share of weights that are removed: give a number from 0 (none) to below 1"
        )
    return float(sparsity)


def magnitude(weights: Mapping[str, Tensor], sparsity: float, scope: Scope = "global") -> Masks:
    """Choose the weights to keep: all but the share `sparsity` with the smallest absolute values.

    Args:
        weights: name -> a matrix of any shape.
        scope: "global": all of them compete; "matrix": as large a share of each.

    Returns:
        name -> bool of the same shape, False where a weight goes; round(sparsity * n) of n weights go, as in torch.

    Raises:
        ValueError: a sparsity outside 0..1, no such scope, no weights, or so high a sparsity that none would be left.
    """
    check(sparsity)
    if scope not in ("global", "matrix"):
        raise ValueError(f"scope={scope!r} is neither 'global' nor 'matrix'")
    if not weights:
        raise ValueError("there is no matrix to prune")
    if scope == "matrix":
        return {
            name: _smallest_off(weight.flatten(), sparsity).view_as(weight)
            for name, weight in weights.items()
        }
    together = torch.cat([weight.flatten() for weight in weights.values()])  # (n,)
    parts = _smallest_off(together, sparsity).split([weight.numel() for weight in weights.values()])
    return {name: part.view_as(weight) for (name, weight), part in zip(weights.items(), parts, strict=True)}


def _smallest_off(values: Tensor, sparsity: float) -> Tensor:
    """Mask the smallest values: (n,) -> (n,) bool."""
    gone = round(sparsity * values.numel())
    if gone >= values.numel():
        raise ValueError(
            later(
                "{given} would leave none of {count} weights: choose a lower one",
                given=f"sparsity={sparsity:g}",
                count=f"{values.numel():,}",
            )
        )
    mask = torch.ones_like(values, dtype=torch.bool)
    if gone:
        mask[torch.topk(values.abs(), gone, largest=False).indices] = False
    return mask


def applied(weights: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Apply masks and return new tensors: zero where a mask is False.

    Raises:
        ValueError: a mask for no matrix, or of another shape.
    """
    for name, mask in masks.items():
        if name not in weights or weights[name].shape != mask.shape:
            raise ValueError(f"the mask of {name} fits no matrix of this model")
    return {name: weights[name].detach() * mask for name, mask in masks.items()}


def packed(state: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Pack a pruned model for storage: a mask with one bit per weight, and the remaining weights.

    Args:
        state: all weights, by name; masks: of those that are pruned.
    """
    stored: dict[str, Tensor] = {}
    for name, weight in state.items():
        if name not in masks:
            stored[name] = weight.detach().cpu().contiguous()
            continue
        there = masks[name].flatten().cpu()  # (n,)
        stored[name + BITS] = _bits(there)
        stored[name + KEPT] = weight.detach().flatten().cpu()[there].contiguous()
        stored[name + SHAPE] = torch.tensor(weight.shape, dtype=torch.int32)
    return stored


def _bits(there: Tensor) -> Tensor:
    """Pack a mask into bits: (n,) bool -> (ceil(n / 8),) uint8, the first in the lowest bit."""
    rows = nn.functional.pad(there.to(torch.uint8), (0, -len(there) % 8)).view(-1, 8)
    return (rows << torch.arange(8, dtype=torch.uint8)).sum(1, dtype=torch.uint8)
