"""Quantized snapshots: weights as 8-bit integers with one scale per row, in a quarter of the space.

Rounding is to the nearest of 255 steps between -max and max of the row, so no weight moves by more than max / 254.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

SCALE = ".scale"


def rows(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Quantize a matrix (rows, columns): int8 steps of the same shape, and each row's step size, float32 (rows, 1)."""
    scale = weight.float().abs().amax(dim=-1, keepdim=True).clamp(min=1e-12) / 127  # (rows, 1)
    return (weight.float() / scale).round().to(torch.int8).contiguous(), scale.contiguous()


def compact(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Quantize matrices to int8 with a float32 scale per row under `NAME.scale`; vectors become float16."""
    small: dict[str, Tensor] = {}
    for name, weight in state.items():
        if weight.ndim < 2:
            small[name] = weight.half().contiguous()
            continue
        small[name], small[name + SCALE] = rows(weight)
    return small


def restore(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Dequantize the result of `compact` to float32; other states are returned as they are."""
    return {
        name: weight.float() * state[name + SCALE] if weight.dtype is torch.int8 else weight
        for name, weight in state.items()
        if not (name.endswith(SCALE) and name.removesuffix(SCALE) in state)
    }
