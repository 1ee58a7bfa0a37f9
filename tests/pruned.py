"""What the tests of pruning share: a pruned copy, the share of zeros, a packed file read again, parts off by hooks."""

from __future__ import annotations

import math
from collections.abc import Mapping

import torch
from torch import Tensor

from core.efficiency.pruning import BITS, KEPT, SHAPE, Scope
from core.efficiency.removal import removed
from core.efficiency.structure import Kept, attentions, feed_forwards
from core.hooks import Intervention
from core.language_model import LanguageModel
from core.model.transformer import EncoderDecoder, Transformer


def pruned(lm: LanguageModel, sparsity: float, scope: Scope = "global") -> LanguageModel:
    """A copy of the model with the smallest weights of its blocks at zero."""
    return removed(lm, "magnitude", sparsity, scope)[0]


def sparsity_of(weights: Mapping[str, Tensor]) -> float:
    """The share of zeros in these matrices."""
    zeros = sum(int((weight == 0).sum()) for weight in weights.values())
    return zeros / sum(weight.numel() for weight in weights.values())


def unpacked(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The reverse of `core.efficiency.pruning.packed`."""
    state = {name: value for name, value in stored.items() if not name.endswith((BITS, KEPT, SHAPE))}
    for key, bits in stored.items():
        if key.endswith(BITS):
            name = key.removesuffix(BITS)
            kept, shape = stored[name + KEPT], stored[name + SHAPE].tolist()
            weight = torch.zeros(math.prod(shape), dtype=kept.dtype)
            places = torch.arange(8, dtype=torch.uint8)
            there = (bits[:, None] >> places & 1).flatten()[: len(weight)].bool()  # (n,)
            weight[there] = kept
            state[name] = weight.view(shape)
    return state


def silenced(model: Transformer | EncoderDecoder, kept: Kept) -> tuple[Intervention, ...]:
    """A smaller model by hooks, for `core.hooks.intervene(*...)`: every head and neuron that would go gives zero."""
    changes = []
    for name, part in attentions(model).items():
        changes.append(_zero(part.hook_z.name, kept.heads[name], part.n_heads))
    for name, layer in feed_forwards(model).items():
        changes.append(_zero(layer.hook_post.name, kept.neurons[name], layer.d_mlp))
    return tuple(changes)


def _zero(hook: str, stays: tuple[int, ...], count: int) -> Intervention:
    gone = torch.tensor(sorted(set(range(count)) - set(stays)), dtype=torch.long)

    def edit(value: Tensor) -> Tensor:  # (B, T, H, K), or (B, T, F)
        return value.index_fill(2, gone.to(value.device), 0.0)

    return Intervention((hook,), edit, f"{len(gone)} of {count} off at {hook}")
