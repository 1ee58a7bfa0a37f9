"""Structured pruning: whole heads and neurons are removed, so the model is smaller and faster.

The importance of a head or a neuron is the norm of all its input and output weights as one vector (He et al. 2017 and
Li et al. 2017 do so for filters). Every block loses as many, as a `ModelConfig` has one number of heads and one of
neurons; which ones differs from block to block. Under grouped queries the query heads that share a key go together.
Heads with their own bias for distances (ALiBi, T5's relative positions) cannot be taken out: the table of that bias is
shared by all blocks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from core.checkpoints.folder import assemble
from core.config import ModelConfig
from core.efficiency.judging import tensors
from core.efficiency.pruning import check
from core.language_model import LanguageModel
from core.messages import later, mark
from core.model.attention import Attention
from core.model.feed_forward import FeedForward
from core.model.transformer import EncoderDecoder, Transformer

BIASED = ("alibi", "relative")  # position kinds whose heads cannot be removed


@dataclass(frozen=True)
class Kept:
    """The kept heads (or neurons): name of a part -> their indices in order."""

    heads: Mapping[str, tuple[int, ...]]
    neurons: Mapping[str, tuple[int, ...]]


def attentions(model: Transformer | EncoderDecoder) -> dict[str, Attention]:
    """Return every attention by name, with an encoder-decoder's cross-attention."""
    return {name: part for name, part in model.named_modules() if isinstance(part, Attention)}


def feed_forwards(model: Transformer | EncoderDecoder) -> dict[str, FeedForward]:
    """Return every feed-forward layer by name."""
    return {name: part for name, part in model.named_modules() if isinstance(part, FeedForward)}


def head_weights(part: Attention) -> Tensor:
    """Return all weights of each group of heads that share a key (of each head, where none do) as a row: (H_kv, n)."""
    groups = part.n_kv_heads
    asks, out = (side.detach().reshape(groups, -1) for side in (part.W_Q, part.W_O))
    keys, values = (side.detach().reshape(groups, -1) for side in (part.W_K, part.W_V))
    return torch.cat([asks, keys, values, out], dim=1)


def neuron_weights(part: FeedForward) -> Tensor:
    """Return all weights of each neuron as a row, with those of its gate: (F, n)."""
    rows = part.weight_in.detach().unflatten(0, (-1, part.d_mlp)).transpose(0, 1).flatten(1)  # (F, D or 2 D)
    return torch.cat([rows, part.weight_out.detach().T], dim=1)


def longest(rows: Tensor, share: float, what: str) -> tuple[int, ...]:
    """Choose the rows to keep when the share `share` with the smallest norms is removed; at least one stays."""
    gone = round(check(share) * len(rows))
    if gone >= len(rows):
        raise ValueError(
            later(
                "a share of {share} would remove all {count} {parts}: choose a lower one",
                share=f"{share:g}",
                count=len(rows),
                parts=later(what),
            )
        )
    order = torch.linalg.vector_norm(rows.double(), dim=1).topk(len(rows) - gone).indices
    return tuple(sorted(order.tolist()))


def choose(model: Transformer | EncoderDecoder, heads: float, neurons: float) -> Kept:
    """Choose the heads and neurons of every block to keep, by importance.

    Args:
        heads, neurons: shares of them, each from 0 to below 1; rounded to whole heads and neurons.

    Raises:
        ValueError: no such share, or none would be left; heads that cannot be removed.
    """
    found = {}
    for name, part in attentions(model).items():
        per = part.n_heads // part.n_kv_heads
        groups = longest(head_weights(part), heads, mark("heads") if per == 1 else mark("groups of heads"))
        found[name] = tuple(group * per + one for group in groups for one in range(per))
        if model.config.position in BIASED and len(found[name]) < part.n_heads:
            raise ValueError(
                later(
                    "heads of a model with {kind} positions share one table of biases and cannot be removed: "
                    "remove neurons only",
                    kind=model.config.position,
                )
            )
    rest = {
        name: longest(neuron_weights(part), neurons, mark("neurons"))
        for name, part in feed_forwards(model).items()
    }
    return Kept(found, rest)


def cut(lm: LanguageModel, kept: Kept) -> LanguageModel:
    """Build a smaller model from what is kept; `lm` stays as it is.

    Raises:
        ValueError: blocks of unlike sizes, or nothing left of one.
    """
    model = lm.transformer
    config = _smaller(model, kept)
    state = tensors(lm)
    for name, part in attentions(model).items():
        state |= _heads(name, part, kept.heads[name])
    for name, layer in feed_forwards(model).items():
        state |= _neurons(name, layer, kept.neurons[name])
    dtype = next(iter(state.values())).dtype
    whole = {name: value.clone() for name, value in state.items()}
    fresh = assemble(config, whole, lm.device, dtype)
    return LanguageModel(fresh, lm.tokenizer, lm.name, lm.card)


def _heads(name: str, part: Attention, stays: tuple[int, ...]) -> dict[str, Tensor]:
    per = part.n_heads // part.n_kv_heads
    groups = sorted({head // per for head in stays})
    first, second = part.n_heads, part.n_heads + part.n_kv_heads
    rows = torch.tensor([*stays, *(first + g for g in groups), *(second + g for g in groups)])
    new = {
        f"{name}.weight_qkv": _pick(part.weight_qkv, rows, part.d_head, 0),
        f"{name}.weight_o": _pick(part.weight_o, torch.tensor(stays), part.d_head, 1),
    }
    if part.bias_qkv is not None:
        new[f"{name}.bias_qkv"] = _pick(part.bias_qkv, rows, part.d_head, 0)
    return new


def _neurons(name: str, part: FeedForward, stays: tuple[int, ...]) -> dict[str, Tensor]:
    rows = torch.tensor(stays)
    both = torch.cat([rows, rows + part.d_mlp]) if part.gated else rows
    new = {
        f"{name}.weight_in": part.weight_in.detach()[both],
        f"{name}.weight_out": part.weight_out.detach()[:, rows],
    }
    if part.bias_in is not None:
        new[f"{name}.bias_in"] = part.bias_in.detach()[both]
    return new


def _pick(weight: Tensor, which: Tensor, size: int, axis: int) -> Tensor:
    """Select the given blocks of `size` along an axis."""
    return (
        weight.detach()
        .unflatten(axis, (-1, size))
        .index_select(axis, which.to(weight.device))
        .flatten(axis, axis + 1)
    )


def _smaller(model: Transformer | EncoderDecoder, kept: Kept) -> ModelConfig:
    config = model.config
    heads = {len(stays) for stays in kept.heads.values()}
    neurons = {len(stays) for stays in kept.neurons.values()}
    if len(heads) != 1 or len(neurons) != 1 or not min(heads) or not min(neurons):
        raise ValueError(
            "every block has to keep as many heads and neurons as the others, and at least one of each"
        )
    per = config.n_heads // config.kv_heads
    count = heads.pop()
    return config.replace(
        n_heads=count, n_kv_heads=count // per, d_head=config.head_size, d_mlp=neurons.pop()
    )
