"""Rank correlation of two measurements."""

from __future__ import annotations

import torch
from torch import Tensor


def ranks(values: Tensor) -> Tensor:
    """Rank each number within its row, from 1; ties share their mean rank.

    Args:
        values: (..., N).

    Returns:
        (..., N) float64
    """
    below = (values[..., None, :] < values[..., :, None]).sum(-1)
    equal = (values[..., None, :] == values[..., :, None]).sum(-1)
    return below + (equal + 1).double() / 2


def rank_correlation(first: Tensor, second: Tensor) -> Tensor:
    """Compute Spearman's coefficient along the last axis: Pearson's, of the ranks (Spearman 1904). From -1 to 1.

    Args:
        first, second: (..., N).

    Returns:
        (...,) float64; NaN where one of the two is the same everywhere, or N < 2.
    """
    a, b = ranks(first), ranks(second)
    a, b = a - a.mean(-1, keepdim=True), b - b.mean(-1, keepdim=True)
    lengths = (a.square().sum(-1) * b.square().sum(-1)).sqrt()
    return torch.where(lengths > 0, (a * b).sum(-1) / lengths, torch.nan)
