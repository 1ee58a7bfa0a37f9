"""Quantization error of one matrix: of its weights and of its products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from core.efficiency.calibration import Rows
from core.efficiency.quantization import Quantization, Quantized, grouped, spread

BINS = 96


@dataclass(frozen=True)
class Moved:
    """The change of a matrix by quantization.

    Attributes:
        relative: |W' - W| / |W| over all its weights.
        largest: the farthest that a weight moved, in steps of its grid (0.5: half a step).
        step: the mean size of a step.
        zeros: the share of weights that are 0 afterwards.
    """

    relative: float
    largest: float
    step: float
    zeros: float


def moved(weight: Tensor, matrix: Quantized) -> Moved:
    """Compare the weights (rows, columns) before and after."""
    after = matrix.weight()
    gone = after - weight.float()
    steps = spread(matrix.grid.scale, weight.shape[1])
    return Moved(
        relative=share(gone, weight),
        largest=float((gone.abs() / steps).max()),
        step=float(matrix.grid.scale.mean()),
        zeros=float((after == 0).float().mean()),
    )


def share(gone: Tensor, of: Tensor) -> float:
    """Compute |gone| / |of|, 0 where both are 0."""
    size = float(of.float().norm())
    return float(gone.float().norm()) / size if size else 0.0


def product_error(weight: Tensor, after: Tensor, inputs: Mapping[Rows, Tensor]) -> float:
    """Compute |W' X - W X| / |W X| on the matrix's inputs.

    Args:
        inputs: for each part of its rows X (tokens, columns): `core.efficiency.calibration.inputs_read`.
    """
    gone = whole = 0.0
    for (first, last), x in inputs.items():
        before = weight[first:last].float()
        gone += float(F.linear(x, after[first:last].float() - before).square().sum())
        whole += float(F.linear(x, before).square().sum())
    return (gone / whole) ** 0.5 if whole > 0 else 0.0


def histogram(values: Tensor, low: float, high: float) -> list[int]:
    """Count the values in each of `BINS` equal bins from low to high; both ends belong to a bin."""
    if high <= low:
        return [int(values.numel())] + [0] * (BINS - 1)
    return [int(count) for count in torch.histc(values.float().clamp(low, high), BINS, low, high)]


def one_group(weight: Tensor, setting: Quantization, row: int, group: int) -> Tensor:
    """Return the weights that share a grid with those of this row and group: (N,).

    Raises:
        ValueError: no such row or group.
    """
    parts = grouped(weight, setting)
    at, of = min(row, parts.shape[0] - 1) if parts.shape[0] == 1 else row, group
    if not (0 <= at < parts.shape[0] and 0 <= of < parts.shape[1]):
        raise ValueError(
            f"row {row}, group {group}: there are {parts.shape[0]} rows of {parts.shape[1]} groups"
        )
    return parts[at, of]
