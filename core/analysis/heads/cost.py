"""What attention costs as a text grows, measured on this machine: seconds by length, beside the rest of the pass.

Scores, softmax and mixing touch every pair of tokens: H T^2 K products twice, and H T^2 numbers kept (Vaswani et al.
2017, section 4, table 1). All else touches every token once. The fused kernel (Dao et al. 2022) does the same sums
without keeping the scores.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from core.analysis.places import Kind, stack_of
from core.model.attention import Attention, Geometry, attention_pattern, attention_scores
from core.model.block import Block
from core.model.transformer import Transformer, build

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]

LENGTHS = (16, 32, 64, 128, 256, 384, 512, 768, 1024)
LONGEST = 4096  # tokens: beyond, the scores of one layer alone may fill the memory


@dataclass(frozen=True)
class CostPoint:
    """One length: medians of several passes over random streams, in seconds, all blocks of one stack together.

    attention: scores, softmax and the mixing of values, written out as on the page, with every score kept.
    fused: the same with torch's fused kernel.
    rest: the pass from the first block to the end in which attention hands every token its own value: projections,
        norms, feed-forward, unembedding.
    score_bytes: of one layer's scores, all heads.
    """

    length: int
    attention: float
    fused: float
    rest: float
    score_bytes: int


@dataclass(frozen=True)
class Curve:
    """square n^2 + linear n + fixed, in seconds; no coefficient is below 0."""

    square: float
    linear: float
    fixed: float

    def __call__(self, length: float) -> float:
        """Compute the seconds at a length."""
        return self.square * length * length + self.linear * length + self.fixed

    @classmethod
    def through(cls, lengths: Sequence[float], seconds: Sequence[float], *, square: bool = True) -> Curve:
        """Fit by least squares with weights 1 / seconds, as the variance grows with the time: short texts count, too.

        Args:
            square: False: without the n^2.

        Raises:
            ValueError: fewer points than coefficients, or a time that is not above 0.
        """
        n, t = np.asarray(lengths, dtype=float), np.asarray(seconds, dtype=float)
        powers = [2, 1, 0] if square else [1, 0]
        if len(n) < len(powers):
            raise ValueError(f"{len(n)} points do not determine {len(powers)} coefficients")
        if not (t > 0).all():
            raise ValueError("every time must be above 0")
        best: tuple[float, dict[int, float]] = (np.inf, {})
        # Non-negative least squares: of all subsets of coefficients above 0, take the best fit (3 at most).
        for kept in (some for k in range(1, len(powers) + 1) for some in combinations(powers, k)):
            columns = np.stack([n**power / np.sqrt(t) for power in kept], axis=1)
            size = columns.max(axis=0)
            found = np.linalg.lstsq(columns / size, np.sqrt(t), rcond=None)[0]
            error = float(np.square(columns / size @ found - np.sqrt(t)).sum() / t.sum())
            if (found >= 0).all() and error < best[0] - 1e-12:
                best = error, dict(zip(kept, map(float, found / size)))
        return cls(*(best[1].get(power, 0.0) for power in (2, 1, 0)))


def score_bytes(n_heads: int, length: int, size: int = 4) -> int:
    """Return the bytes of all heads' scores of one layer: H T^2 numbers."""
    return n_heads * length * length * size


def cost_points(
    lm: LanguageModel,
    lengths: Sequence[int] = LENGTHS,
    *,
    attention: Kind = "self",
    repeats: int = 5,
    budget: float | None = None,
    clock: Callable[[], float] = time.perf_counter,
) -> Iterator[CostPoint]:
    """Measure attention length by length with the model's own weights; the text may be longer than its context.

    A stream of random numbers stands for a text, as time does not hang on what is read: the blocks begin with it, and
    no table of positions is asked for.

    Args:
        attention: the stack to measure; "cross" measures the decoder, which then reads as long a source.
        repeats: passes a length, after one that warms up.
        budget: seconds; a length is left out, with those after it, that would not fit if attention grows with the
            square of the length and the rest in step with it.
        clock: returns seconds.

    Raises:
        ValueError: no repeat, a length that is not between 1 and 4,096, or no such attention.
    """
    if repeats < 1:
        raise ValueError(f"repeats={repeats} must be at least 1")
    if wrong := [length for length in lengths if not 1 <= length <= LONGEST]:
        raise ValueError(f"length {wrong[0]} is not between 1 and {LONGEST:,}")
    stack, idle = stack_of(lm, attention), _idle(lm, attention)
    began, last = clock(), None
    for length in lengths:
        if budget is not None and last is not None:
            growth = length / last.length
            coming = (last.attention + last.fused) * growth**2 + last.rest * growth
            if clock() - began + (repeats + 1) * coming > budget:
                return
        last = _point(stack, idle, length, repeats, clock)
        yield last


def _idle(lm: LanguageModel, attention: Kind) -> Transformer:
    """Copy the stack, with the same weights, so that attention gives each token its own value back."""
    model = build(lm.config)
    model.load_state_dict(lm.transformer.state_dict(keep_vars=True), assign=True)
    stack = stack_of(type(lm)(model.to(lm.device).eval(), lm.tokenizer), attention)
    for part in stack.modules():
        if isinstance(part, Attention):
            part.__dict__["_at_once"] = _own_value  # of this instance only
    return stack


def _own_value(q: Tensor, k: Tensor, v: Tensor, geometry: Geometry) -> Tensor:
    return v


@torch.inference_mode()
def _point(
    stack: Transformer, idle: Transformer, length: int, repeats: int, clock: Callable[[], float]
) -> CostPoint:
    config, weight = stack.config, stack.embed.W_E
    x = torch.randn(1, length, config.d_model, dtype=weight.dtype, device=weight.device)
    geometry = stack.geometry(torch.arange(length, device=weight.device), 0, None, weight.dtype)
    cross = Geometry()
    layers: list[tuple[Attention, Geometry]] = []
    for block in stack.blocks:
        layers.append((cast(Block, block).attn, geometry))
        if cast(Block, block).cross:
            layers.append((cast(Block, block).cross_attn, cross))
    q, k, v = torch.randn(3, 1, config.n_heads, length, config.head_size, dtype=x.dtype, device=x.device)

    def attend() -> None:
        for attn, seen in layers:
            scores = attention_scores(q.transpose(1, 2), k.transpose(1, 2), attn.scale, seen)  # (1, H, T, T)
            attention_pattern(scores) @ v  # (1, H, T, K)

    def fused() -> None:
        for attn, seen in layers:
            plain = seen.causal and seen.bias is None
            F.scaled_dot_product_attention(
                q, k, v, attn_mask=None if plain else _added(seen), is_causal=plain, scale=attn.scale
            )

    def rest() -> None:
        y = x
        for block in idle.blocks:
            y = block(y, geometry, x, cross)
        idle.head(y)

    written_out, in_one, others = _medians((attend, fused, rest), repeats, clock)
    return CostPoint(
        length, written_out, in_one, others, score_bytes(config.n_heads, length, x.element_size())
    )


def _added(geometry: Geometry) -> Tensor | None:
    """Combine mask and bias in the form that the fused kernel takes."""
    if geometry.bias is None or geometry.allowed is None:
        return geometry.allowed if geometry.bias is None else geometry.bias
    return geometry.bias.masked_fill(~geometry.allowed, -torch.inf)


def _medians(works: Sequence[Callable[[], None]], repeats: int, clock: Callable[[], float]) -> list[float]:
    """Time each function: the median of several interleaved rounds, so that a busy moment affects all alike."""
    times: list[list[float]] = [[] for _ in works]
    for _ in range(repeats + 1):  # the first warms up
        for work, spent in zip(works, times):
            began = clock()
            work()
            spent.append(clock() - began)
    return [statistics.median(spent[1:]) for spent in times]
