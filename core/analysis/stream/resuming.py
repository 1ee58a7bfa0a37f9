"""Partial passes: run from a block in the middle, from the stream that an earlier pass had there."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import cast

import torch
from torch import Tensor

from core.hooks import needs_whole_text
from core.model.block import Block
from core.model.kv_cache import KVCache
from core.model.transformer import EncoderDecoder, Transformer


def run_text(model: Transformer | EncoderDecoder, ids: tuple[Tensor, ...]) -> Tensor | None:
    """Run one text and return the source of cross-attention, (1, S, D)."""
    if not isinstance(model, EncoderDecoder):
        model(*ids)
        return None
    source = model.encode(ids[0])
    model.decode(ids[1], source)
    return source


class Before(KVCache):
    """Keys and values of the first positions (1, H_kv, P, K), shared by all texts of a batch.

    Args:
        kept: by layer, keys and values of such positions.   growing: whether new ones are kept, too.
    """

    def __init__(self, kept: dict[str, tuple[Tensor, Tensor]] | None = None, *, growing: bool = True) -> None:
        super().__init__()
        self.kept, self.growing = dict(kept or {}), growing

    def append(self, layer: str, k: Tensor, v: Tensor) -> tuple[Tensor, Tensor]:
        """Append k, v (B, H_kv, T, K) to the kept keys and values and return all."""
        known = self.kept.get(layer)
        if known is not None:
            k, v = (
                torch.cat([old.expand(len(new), -1, -1, -1), new], dim=2) for old, new in zip(known, (k, v))
            )
        if self.growing:
            self.kept[layer] = k, v
        return k, v

    def first(self, positions: int) -> Before:
        """Keep the first `positions` only."""
        kept = {layer: (k[:, :, :positions], v[:, :, :positions]) for layer, (k, v) in self.kept.items()}
        return Before(kept, growing=False)


def read_before(stack: Transformer, streams: Sequence[Tensor]) -> Before:
    """Compute the keys and values of the first positions, whose streams (1, P, D) enter the blocks."""
    before = Before()
    places = torch.arange(streams[0].shape[1], device=streams[0].device)
    geometry = stack.geometry(places, 0, None, streams[0].dtype)
    for block, x in zip(cast(Iterable[Block], stack.blocks), streams, strict=True):
        block.attn(x if block.post_norm else block.ln1(x), geometry, None, before)
    before.growing = False
    return before


def run_behind(stack: Transformer, first: int, x: Tensor, before: Before, past: int, last: bool) -> Tensor:
    """Run the blocks from `first` on over x (B, T, D) after `past` shared positions, and return the last row: (B, D).

    Args:
        last: whether other rows of the last block are read or changed; else only their keys and values are computed.
    """
    places = torch.arange(past, past + x.shape[1], device=x.device)
    geometry = stack.geometry(places, past, None, x.dtype)
    whole = len(stack.blocks) if last or x.shape[1] == 1 else len(stack.blocks) - 1
    for block in stack.blocks[first:whole]:
        x = block(x, geometry, None, cache=before)
    if whole < len(stack.blocks):
        block, earlier, seen = cast(Block, stack.blocks[whole]), x[:, :-1], Before(before.kept)
        read = earlier if block.post_norm else block.ln1(earlier)
        block.attn(read, stack.geometry(places[:-1], past, None, x.dtype), None, seen)
        x = block(x[:, -1:], stack.geometry(places[-1:], int(places[-1]), None, x.dtype), None, cache=seen)
    return x[:, -1]


def run_blocks(
    stack: Transformer, first: int, x: Tensor, source: Tensor | None, row: int | None = None
) -> Tensor:
    """Run the blocks from `first` on over x (B, T, D), the stream that enters the first of them.

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
    """Run the blocks and return row `row` of `run_blocks`: (B, D).

    In the last block other rows get keys and values only.

    No hook may index positions in the last block meanwhile: it has only one row.
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
    """Compute the readout of rows (B, D) of the last stream: (B,), without the rest of the vocabulary."""
    if stack.ln_final is not None:
        x = stack.ln_final(x)
    if stack.mlm_head is not None:
        x = stack.mlm_head(x)
    return x.double() @ readout[0] + readout[1]
