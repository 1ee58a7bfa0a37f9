"""Passes in parts: one that begins in the middle, at the stream which an earlier pass left there, and what it says."""

from __future__ import annotations

from typing import cast

import torch
from torch import Tensor

from core.decoding.kv_cache import KVCache
from core.hooks import needs_whole_text
from core.model.block import Block
from core.model.transformer import EncoderDecoder, Transformer


def run_text(model: Transformer | EncoderDecoder, ids: tuple[Tensor, ...]) -> Tensor | None:
    """Run one text; returns what cross-attention reads, (1, S, D)."""
    if not isinstance(model, EncoderDecoder):
        model(*ids)
        return None
    source = model.encode(ids[0])
    model.decode(ids[1], source)
    return source


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


def run_to_row(stack: Transformer, first: int, x: Tensor, source: Tensor | None, row: int) -> Tensor:
    """(B, D): row `row` of `run_blocks`. Of the last block all other rows are only looked at, through their keys.

    Nobody may read or change a place of the last block meanwhile by its position: it has the one row.
    """
    last = len(stack.blocks) - 1
    if not stack.causal or row < 1 or first > last or needs_whole_text():
        return run_blocks(stack, first, x, source, row)[:, row]
    x = x[:, : row + 1]
    places = torch.arange(row + 1, device=x.device)
    geometry = stack.geometry(places, 0, None, x.dtype)
    for block in stack.blocks[first:last]:
        x = block(x, geometry, source)
    block, earlier, cache = cast(Block, stack.blocks[last]), x[:, :row], KVCache()
    read = earlier if block.post_norm else block.ln1(earlier)
    block.attn(read, stack.geometry(places[:row], 0, None, x.dtype), None, cache)
    cache.length = row
    x = block(x[:, row:], stack.geometry(places[row:], row, None, x.dtype), source, cache=cache)
    return x[:, 0]


def say(stack: Transformer, x: Tensor, readout: tuple[Tensor, float]) -> Tensor:
    """(B,): what rows (B, D) of the last stream say along a readout; the rest of the vocabulary is spared."""
    if stack.ln_final is not None:
        x = stack.ln_final(x)
    if stack.mlm_head is not None:
        x = stack.mlm_head(x)
    return x.double() @ readout[0] + readout[1]
