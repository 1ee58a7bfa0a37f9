"""Gradient norm by depth, with and without residuals and norms: untrained models, measured now.

The same blocks in six ways: residual connections on or off, norms before each part (pre), after each sum (post: Vaswani
et al. 2017), or none. Trainability is visible before the first step: where the first blocks' gradient is a billionth of
the last one's, they will not learn (Glorot & Bengio 2010; He et al. 2016; Xiong et al. 2020, "On Layer Normalization in
the Transformer Architecture", section 3.3).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import torch
from torch import Tensor, nn

from core.analysis.stream.depth import blocks_of, rms
from core.config import ModelConfig
from core.hooks import recording
from core.model.transformer import Transformer, build
from core.training.loss import next_token_loss

Array = np.ndarray[Any, Any]
Norms = Literal["pre", "post", "none"]
MOST_LAYERS = 24


@dataclass(frozen=True)
class Variant:
    """One of the six ways to build the blocks."""

    residual: bool
    norms: Norms

    @property
    def name(self) -> str:
        """The variant in words: "residual, pre-norm"."""
        said = "no norms" if self.norms == "none" else f"{self.norms}-norm"
        return f"{'residual' if self.residual else 'no residual'}, {said}"


VARIANTS = tuple(Variant(residual, norms) for residual in (True, False) for norms in get_args(Norms))


@dataclass(frozen=True, kw_only=True)
class GradientByDepth:
    """One variant, L blocks, S seeds.

    Attributes:
        stream: (S, L + 1) rms of the loss's gradient by the stream: before block 0, then after each block (under
            post-norm after its last norm).
        weights: (S, L) rms of the gradient by the two matrices of a block that write into the stream, W_O and W_out.
        activation: (S, L + 1) rms of the stream itself.
        alike: (S,) mean cosine between the streams of two tokens of a row after the last block: near 1, what set the
            tokens apart is lost (Dong et al. 2021, "Attention is not all you need"). Before block 0 it is about 0.
        loss: (S,) nats a token.

    A number that overflowed is nan; one that vanished below what float32 holds is 0.
    """

    variant: Variant
    stream: Array
    weights: Array
    activation: Array
    alike: Array
    loss: Array

    @property
    def reach(self) -> float:
        """The gradient at the input over that at the last block, median over the seeds; NaN: undefined."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return float(np.median(self.stream[:, 0] / self.stream[:, -1]))


def gradient_by_depth(
    variants: Sequence[Variant] = VARIANTS,
    *,
    n_layers: int = 12,
    d_model: int = 64,
    n_heads: int = 4,
    rows: Tensor | None = None,
    d_vocab: int = 512,
    seeds: Sequence[int] = (0, 1, 2),
) -> Iterator[GradientByDepth]:
    """Run one forward and one backward pass of an untrained decoder for every variant and seed, one variant at a time.

    All weights are drawn by one rule, Glorot & Bengio's (2010, equation 16, as a normal distribution): a matrix keeps
    the size of what passes, forward and backward, on average. The same seed draws the same matrices in every variant.
    The global random state is not touched.

    Args:
        n_layers: 1 to 24.
        rows: (B, T + 1) ids to predict the next token on; None: 8 rows of 32 random ones.
        d_vocab: above every id of `rows`.

    Raises:
        ValueError: too many layers, sizes that do not fit, ids outside the vocabulary, or rows without a next token.
    """
    if not 1 <= n_layers <= MOST_LAYERS:
        raise ValueError(f"n_layers={n_layers} must lie between 1 and {MOST_LAYERS}")
    if rows is None:
        rows = torch.randint(d_vocab, (8, 33), generator=torch.Generator().manual_seed(0))
    if rows.ndim != 2 or rows.shape[1] < 2:
        raise ValueError(f"rows of the shape {tuple(rows.shape)} hold no next token: give (B, T + 1) ids")
    if int(rows.max()) >= d_vocab or int(rows.min()) < 0:
        raise ValueError(f"token id {int(rows.max())} lies outside the vocabulary of {d_vocab:,}")
    base = ModelConfig(
        n_layers=n_layers, d_model=d_model, n_heads=n_heads, d_vocab=d_vocab, n_ctx=rows.shape[1] - 1,
        tied_embeddings=False,
    )  # fmt: skip
    return _variants(variants, base, rows, seeds)


def _variants(
    variants: Sequence[Variant], base: ModelConfig, rows: Tensor, seeds: Sequence[int]
) -> Iterator[GradientByDepth]:
    for variant in variants:
        config = base.replace(
            residual=variant.residual,
            norm="none" if variant.norms == "none" else "layer",
            norm_placement="post" if variant.norms == "post" else "pre",
            final_norm=variant.norms == "pre",  # post-norm blocks end with a norm
        )
        measured = [_measure(config, rows, seed) for seed in seeds]
        stream, weights, activation, alike, loss = (np.array(column) for column in zip(*measured))
        yield GradientByDepth(
            variant=variant, stream=stream, weights=weights, activation=activation, alike=alike, loss=loss
        )


def _measure(
    config: ModelConfig, rows: Tensor, seed: int
) -> tuple[list[float], list[float], list[float], float, float]:
    model = build(config)
    assert isinstance(model, Transformer)
    glorot(model, seed)
    blocks = list(blocks_of(model))
    left = "hook_normalized_resid_post" if config.norm_placement == "post" else "hook_resid_post"
    names = ["blocks.0.hook_resid_pre", *(f"{path}.{left}" for path, _ in blocks)]
    with torch.enable_grad(), recording(names) as seen:
        loss = next_token_loss(model, rows)
    streams = [seen[name] for name in names]
    matrices = [weight for _, block in blocks for weight in (block.attn.weight_o, block.mlp.weight_out)]
    found = torch.autograd.grad(loss, [*streams, *matrices])
    by_stream, by_weight = found[: len(streams)], found[len(streams) :]
    pairs = [
        torch.cat([by_weight[at].flatten(), by_weight[at + 1].flatten()])
        for at in range(0, len(by_weight), 2)
    ]
    return (
        [_finite(rms(gradient)) for gradient in by_stream],
        [_finite(rms(pair)) for pair in pairs],
        [_finite(rms(stream)) for stream in streams],
        _finite(mean_cosine(streams[-1].detach())),
        _finite(float(loss.detach())),
    )


def mean_cosine(stream: Tensor) -> float:
    """Compute the mean cosine between two different tokens of the same row: (B, T, D), T of 2 or more."""
    unit = nn.functional.normalize(stream.double(), dim=-1)
    size = unit.shape[1]
    every = unit.sum(1).square().sum(-1)  # (B,) over all pairs, those of a token with itself among them
    return float(((every - size) / (size * (size - 1))).mean())


def glorot(model: nn.Module, seed: int) -> None:
    """Initialize every matrix in place from N(0, 2 / (fan in + fan out)); gains 1, biases 0.

    Tables of vectors N(0, 1 / 2), so that the stream, the sum of a token's and a position's, begins with rms 1.
    """
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            last = name.rsplit(".", 1)[-1]
            if weight.ndim < 2:
                weight.fill_(1.0 if last == "w" else 0.0)
                continue
            spread = math.sqrt(2 / sum(weight.shape))
            if last in ("W_E", "W_pos"):
                spread = math.sqrt(0.5)
            elif last == "weight_qkv":  # three matrices stored as one
                spread = math.sqrt(2 / (weight.shape[0] / 3 + weight.shape[1]))
            weight.copy_(torch.randn(weight.shape, generator=draw) * spread)


def _finite(value: float) -> float:
    return value if math.isfinite(value) else math.nan
