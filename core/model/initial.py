"""Initialization of the weights from a seed."""

from __future__ import annotations

import math
from typing import Literal

import torch
from torch import nn

from core.config import ModelConfig

Kind = Literal["auto", "normal", "recipe"]

_INTO_STREAM = ("weight_o", "weight_out")  # output projections of attention and the feed-forward layer


def initialise(
    model: nn.Module,
    config: ModelConfig,
    seed: int = 0,
    spread: float | None = None,
    kind: Kind = "auto",
) -> None:
    """Initialize every weight of `model` in place; biases 0, gains 1.

    Args:
        kind: "recipe", the fast small recipe's: projections N(0, 0.5 / sqrt(fan in)), those into the stream 0,
            embeddings N(0, 0.3), unembedding N(0, 0.02): not 0, so that tokens used alike start apart.
            "normal", GPT-2's (Radford et al. 2019): N(0, 0.02), those into the stream divided by sqrt(2 L).
            "auto": the recipe's with query/key norm, otherwise GPT-2's.
        spread: one standard deviation for every weight, gain (around 1) and bias instead: for tests, where a value
            left at its default would hide a mistake.
    """
    draw = torch.Generator().manual_seed(seed)
    small = config.qk_norm if kind == "auto" else kind == "recipe"
    with torch.no_grad():
        for name, weight in model.named_parameters():
            last = name.rsplit(".", 1)[-1]
            gain, bias = last == "w", last.startswith("b")
            noise = torch.randn(weight.shape, generator=draw, dtype=torch.float32)
            if spread is not None:
                value = noise * spread + (1.0 if gain else 0.0)
            elif gain or bias:
                value = torch.ones_like(noise) if gain else torch.zeros_like(noise)
            elif small:
                value = noise * _small_spread(name, last, weight.shape)
            else:
                depth = math.sqrt(2 * max(1, config.n_layers)) if last in _INTO_STREAM else 1.0
                value = noise * 0.02 / depth
            weight.copy_(value)


def _small_spread(name: str, last: str, shape: torch.Size) -> float:
    if last in _INTO_STREAM:
        return 0.0
    if name.endswith("unembed.weight"):
        return 0.02
    return 0.3 if last in ("W_E", "W_pos", "W_token_type") else 0.5 / math.sqrt(shape[-1])
