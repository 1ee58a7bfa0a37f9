"""GPTQ (Frantar, Ashkboos, Hoefler & Alistarh 2023): quantize column by column, and let later columns compensate.

The objective is the error of the layer's output, |W X - W' X|^2, not of each weight. Its second derivative in a row of
W is H = 2 X X^T, the same for every row. Rounding column j by e_j leaves the columns after it free to change, and the
best update is -e_j [H^-1]_j,after / [H^-1]_jj (section 3.1). U, the upper Cholesky factor of H^-1, holds all of these
rows at once (section 3.3, step 3); columns are taken in batches (step 2).
"""

from __future__ import annotations

import torch
from torch import Tensor

from core.efficiency.quantization import (
    Grid,
    Quantization,
    QuantizationError,
    Quantized,
    check_width,
    grid_of,
)

BATCH = 128  # columns between two updates of all that follow
DAMP = 0.01  # of the mean diagonal, added to it (section 3.3, step 3)


def gptq(weight: Tensor, hessian: Tensor, setting: Quantization, grid: Grid | None = None) -> Quantized:
    """Quantize a matrix with minimal change of its products on the calibration text.

    Args:
        weight: (rows, columns).
        hessian: X X^T of the inputs, (columns, columns); a factor changes nothing.
        grid: for rows of a matrix whose grid is common to more rows; None: from these weights. Of groups the grid is
            made when their first column comes, from the weights as they are by then.

    Raises:
        QuantizationError: nothing was read (H is 0), its size is another, or as `grid_of`.
    """
    columns = weight.shape[1]
    if hessian.shape != (columns, columns):
        raise QuantizationError(f"H is {tuple(hessian.shape)} for rows of {columns} weights")
    if not bool(hessian.diagonal().any()):
        raise QuantizationError("GPTQ needs a text to calibrate on: nothing was read")
    check_width(columns, setting)
    left, upper = _free(weight, hessian)
    by_group = setting.granularity == "group"
    grid = grid or grid_of(weight, setting)
    scale, zero = grid.scale.clone(), grid.zero.clone()
    codes = torch.empty(weight.shape, dtype=torch.int16, device=weight.device)
    batch = (
        max(BATCH // setting.group, 1) * setting.group if by_group else BATCH
    )  # a group lies within a batch
    for first in range(0, columns, batch):
        last = min(first + batch, columns)
        errors = torch.empty_like(left[:, first:last])
        for at in range(first, last):
            if by_group and at % setting.group == 0:
                fresh = grid_of(left[:, at : at + setting.group], setting)
                scale[:, at // setting.group], zero[:, at // setting.group] = (
                    fresh.scale[:, 0],
                    fresh.zero[:, 0],
                )
            of = at // setting.group if by_group else 0
            step, middle = scale[:, of].to(left), zero[:, of].to(left)  # (rows,) or (1,)
            code = ((left[:, at] / step).round() + middle).clamp(setting.low, setting.high)  # (rows,)
            error = (left[:, at] - (code - middle) * step) / upper[at, at]
            left[:, at + 1 : last] -= error[:, None] * upper[at, at + 1 : last]
            codes[:, at], errors[:, at - first] = code.to(torch.int16), error
        left[:, last:] -= errors @ upper[first:last, last:]
    return Quantized(codes, Grid(scale, zero), setting)


def _free(weight: Tensor, hessian: Tensor) -> tuple[Tensor, Tensor]:
    """Compute U (columns, columns) of the damped inverse and the weights to quantize.

    Always-zero inputs get zero weights.
    """
    exact = torch.float64 if weight.dtype == torch.float64 else torch.float32
    left, h = weight.detach().to(exact).clone(), hessian.to(exact).clone()
    unread = h.diagonal() == 0
    h.diagonal()[unread] = 1
    left[:, unread] = 0
    h.diagonal().add_(DAMP * h.diagonal().mean())
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(h))
    return left, torch.linalg.cholesky(inverse, upper=True)
