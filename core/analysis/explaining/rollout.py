"""Attention rollout: what a row reads of every token when all blocks' attention is traced back to the text.

Each block's attention, averaged over its heads, is mixed half and half with the identity, for the residual stream that
passes it by, and the blocks' maps are multiplied (Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers",
section 3). Their definition is of one stack. An encoder-decoder is here one graph of the tokens of both texts, in which
every attention is a step: the encoder's, then in each decoder block its own and the cross-attention.

It uses attention weights alone, neither values nor later layers, and cannot tell whether a token supports or opposes
the prediction.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from core.analysis.explaining.readout import Readout
from core.analysis.places import Kind, Place, stack_of
from core.hooks import recording

Array = np.ndarray[Any, Any]
RESIDUAL = 0.5  # share of the residual stream in a step


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What one row reads of the N tokens. Each array adds up to 1, special tokens included.

    rollout: (N,) through all steps.   raw: (N,) by the last block's attention alone; of an encoder-decoder half its own
    attention and half its cross-attention.   by_step: (steps, N) the row's rollout through the last 1, 2, ... steps.
    names: of these steps, the last one first.
    """

    rollout: Array
    raw: Array
    by_step: Array
    names: tuple[str, ...]


def attention_rollout(maps: Sequence[Array], residual: float = RESIDUAL) -> Array:
    """Multiply the maps, each mixed with the identity: (N, N). Rows add up to 1 if the maps' do.

    Args:
        maps: (N, N) each, a row for a token that asks, the first block's first.
        residual: from 0 to 1, what of each step passes it by.

    Raises:
        ValueError: no map, or a residual outside 0 to 1.
    """
    if not maps or not 0 <= residual <= 1:
        raise ValueError(f"rollout needs at least one map and a residual from 0 to 1, not {residual:g}")
    rolled: Array = np.eye(len(maps[0]))
    for one in maps:
        rolled = (residual * np.eye(len(one)) + (1 - residual) * one) @ rolled
    return rolled


def attention_flow(asked: Readout) -> Flow | None:
    """Compute rollout and raw attention of the row of `asked`; None: the model has no block."""
    steps = step_maps(asked)
    if not steps:
        return None
    names, maps = [name for name, _ in steps], [one for _, one in steps]
    row = asked.split + asked.row if len(asked.names) > 1 else asked.row
    by_step = [attention_rollout(maps[first:])[row] for first in reversed(range(len(maps)))]
    last = maps[-2:] if len(asked.names) > 1 and len(maps) > 1 else maps[-1:]
    return Flow(
        rollout=by_step[-1], raw=np.mean([one[row] for one in last], axis=0), by_step=np.stack(by_step),
        names=tuple(reversed(names)),
    )  # fmt: skip


def step_maps(asked: Readout) -> list[tuple[str, Array]]:
    """Return every attention of the model as a map over all N tokens, averaged over heads.

    (name, (N, N) float64), in order.

    A token that is no query in a step has the identity's row.
    """
    lm, places = asked.lm, _steps(asked)
    ids = torch.tensor(asked.ids, device=lm.device)
    sides = [ids[None, : asked.split], ids[None, asked.split :]][: len(asked.names)]
    with torch.inference_mode(), recording([name for name, _, _, _ in places]) as seen:
        lm.transformer(*sides)
    found = []
    for name, said, rows, cols in places:
        whole = np.eye(len(ids))
        whole[rows] = 0.0
        whole[rows, cols] = seen[name][0].double().mean(0).cpu().numpy()  # (T, S)
        found.append((said, whole))
    return found


def _steps(asked: Readout) -> list[tuple[str, str, slice, slice]]:
    """List hook, name, query tokens and key tokens of every attention, in the order of the pass."""
    lm, n = asked.lm, len(asked.ids)
    source, written = slice(0, asked.split), slice(asked.split, n)

    def hook(layer: int, kind: Kind) -> str:
        return f"{Place.of(lm, layer, 0, kind).attn_name}.hook_pattern"

    if len(asked.names) == 1:
        layers = range(len(stack_of(lm, "self").blocks))
        return [(hook(at, "self"), f"block {at}", slice(0, n), slice(0, n)) for at in layers]
    steps = [
        (hook(at, "encoder"), f"encoder block {at}", source, source)
        for at in range(len(stack_of(lm, "encoder").blocks))
    ]
    for at in range(len(stack_of(lm, "self").blocks)):
        steps += [
            (hook(at, "self"), f"decoder block {at}", written, written),
            (hook(at, "cross"), f"decoder block {at}, cross", written, source),
        ]
    return steps
