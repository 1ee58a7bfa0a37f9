"""A pass that begins in the middle: at the stream which an earlier pass left there."""

from __future__ import annotations

import torch
from torch import Tensor

from core.hooks import needs_whole_text
from core.model.transformer import Transformer


def run_blocks(
    stack: Transformer, first: int, x: Tensor, source: Tensor | None, row: int | None = None
) -> Tensor:
    """The stream after the blocks from `first` on, of x (B, T, D), the stream that enters the first of them.

    Args:
        source: (B, S, D) what cross-attention reads.
        row: the only row that is wanted: under a causal mask the rows behind it, which cannot reach it, are left out.
    """
    if stack.causal and row is not None and not needs_whole_text():
        x = x[:, : row + 1]
    geometry = stack.geometry(torch.arange(x.shape[1], device=x.device), 0, None, x.dtype)
    for block in stack.blocks[first:]:
        x = block(x, geometry, source)
    return x
