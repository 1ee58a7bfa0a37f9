"""Faster backward passes for training on a CPU, with the values of `core.model`.

The trainer puts them in (`put_in`), part by part, on the model that learns; `take_out` makes the parts what they were.
They act while a part is in training, on a processor. What is gained: torch's fused attention does not keep the pattern,
so its gradient computes it again, in bfloat16 slowly; at up to `MOST` places a pattern that is kept takes a third of
the time. torch's RMS norm takes twice as long, and it works GELU's tanh out twice.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from core.hooks import listening
from core.model.attention import Attention, Geometry
from core.model.feed_forward import ACTIVATIONS, FeedForward
from core.model.kv_cache import KVCache
from core.model.norm import Normalise
from core.model.part import Part
from core.model.position import rotate

MOST = 256  # maximum positions whose pattern is kept


def put_in(model: nn.Module) -> None:
    """Replace the parts of `model` by subclasses with faster backward passes."""
    for part in model.modules():
        part.__class__ = _QUICK.get(type(part), type(part))


def take_out(model: nn.Module) -> None:
    """Undo `put_in`."""
    for part in model.modules():
        part.__class__ = _PLAIN.get(type(part), type(part))


class _Rms(torch.autograd.Function):
    """x / sqrt(mean(x^2) + eps) over the last axis.

    The gradient needs only the result y and the rate r = 1 / sqrt(...): dx = r (dy - y mean(dy y)).
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, eps: float) -> Tensor:
        length = torch.linalg.vector_norm(x, dim=-1, keepdim=True, dtype=torch.float32)  # (..., 1)
        rate = length.square_().mul_(1 / x.shape[-1]).add_(eps).rsqrt_().to(x.dtype)
        y = x * rate
        ctx.save_for_backward(y, rate)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor, None]:
        y, rate = ctx.saved_tensors
        along = (outer * y).mean(dim=-1, keepdim=True)  # (..., 1)
        return torch.addcmul(outer, y, along, value=-1).mul_(rate), None


def rms_trained(x: Tensor, eps: float) -> Tensor:
    """Compute RMS norm without a gain, with a fast first derivative and no second."""
    y: Tensor = _Rms.apply(x, eps)
    return y


class QuickNormalise(Normalise):
    """RMS norm whose backward pass uses only the result and the rate."""

    def _fused(self, x: Tensor) -> Tensor:
        if self.kind != "rms" or not self.training or x.device.type != "cpu":
            return super()._fused(x)
        y = rms_trained(x, self.eps)
        return y if self.w is None else y * self.w


class _ReluSquared(torch.autograd.Function):
    """max(0, x)^2: 2 max(0, x) is all that the gradient needs, and torch would work it out as a power."""

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        positive = F.relu(x)
        ctx.save_for_backward(positive)
        return positive * positive

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> Tensor:
        return (outer * ctx.saved_tensors[0]).mul_(2)


_GELU = 2 * math.sqrt(2 / math.pi)
# a 0-dimensional tensor takes the dtype of the other operand
_FLAT = torch.tensor(_GELU, dtype=torch.float64)


class _GeluTanh(torch.autograd.Function):
    """x (1 + tanh u) / 2, u = sqrt(2 / pi) (x + 0.044715 x^3): as x s, s = sigmoid(2 u), which equals it.

    torch works the tanh out twice, and each time takes longer than all of this does. Every line is one pass.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        s = torch.addcmul(_FLAT, x, x, value=0.044715 * _GELU).mul_(x).sigmoid_()
        y = x * s
        ctx.save_for_backward(x, s, y)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> Tensor:
        x, s, y = ctx.saved_tensors
        slope = torch.addcmul(_FLAT, x, x, value=3 * 0.044715 * _GELU).mul_(y)  # y d(2 u)/dx
        return torch.addcmul(s, slope, 1 - s).mul_(outer)


QUICK_BENDS: dict[
    Callable[[Tensor], Tensor], Callable[[Tensor], Tensor]
] = {  # the same values, with a faster derivative
    ACTIVATIONS["gelu_tanh"]: _GeluTanh.apply,
    ACTIVATIONS["relu_squared"]: _ReluSquared.apply,
}


class QuickFeedForward(FeedForward):
    """A feed-forward layer whose activation has a fast derivative."""

    def _bend(self, x: Tensor) -> Tensor:
        if self.gated or not self.training or x.device.type != "cpu":
            return super()._bend(x)
        return QUICK_BENDS.get(self.act, self.act)(x)


class QuickAttention(Attention):
    """Attention in bfloat16 that keeps its pattern for the gradient."""

    def forward(
        self, x: Tensor, geometry: Geometry, source: Tensor | None = None, cache: KVCache | None = None
    ) -> Tensor:
        """Compute attention as `Attention.forward`."""
        if source is None and cache is None and self._learns_alone(x, geometry):
            return F.linear(self._learning(x, geometry).flatten(2), self.weight_o, self.b_O)
        return super().forward(x, geometry, source, cache)

    def _at_once(self, q: Tensor, k: Tensor, v: Tensor, geometry: Geometry) -> Tensor:
        if not self._half(q) or max(q.shape[2], k.shape[2]) > MOST:
            return super()._at_once(q, k, v, geometry)
        pattern = self._kept_pattern(q, k, geometry)  # (B, H, T, S)
        return F.dropout(pattern, self.dropout) @ v

    def _half(self, x: Tensor) -> bool:
        return self.training and x.dtype == torch.bfloat16 and x.device.type == "cpu"

    def _kept_pattern(self, q: Tensor, k: Tensor, geometry: Geometry) -> Tensor:
        """Compute the pattern from q (B, H, T, K) and k (B, H, S, K); a fully masked query attends uniformly."""
        scores = (q * self.scale) @ k.mT  # (B, H, T, S)
        if geometry.bias is not None:
            scores = scores + geometry.bias
        if geometry.allowed is not None:
            scores = scores.masked_fill(~geometry.allowed, torch.finfo(scores.dtype).min)
        return scores.softmax(-1)

    def _learns_alone(self, x: Tensor, geometry: Geometry) -> bool:
        """Return whether no hook is active, and `heads_in_learning` is faster."""
        plain = geometry.bias is None and (geometry.causal or geometry.allowed is None)
        return self._half(x) and plain and x.shape[1] <= MOST and not listening()

    def _learning(self, x: Tensor, geometry: Geometry) -> Tensor:
        """Compute the heads' outputs, (B, T, H, K)."""
        together = F.linear(x, self.weight_qkv, self.bias_qkv)  # (B, T, (H + 2 H_kv) K)
        eps = gains = None
        if self.qk_norm:
            eps = self.q_norm.eps
            if self.q_norm.w is not None and self.k_norm.w is not None:
                rows: list[Tensor] = [self.q_norm.w] * self.n_heads
                gains = torch.stack(rows + [self.k_norm.w] * self.n_kv_heads)  # (H + H_kv, K)
        return heads_in_learning(
            together.unflatten(-1, (-1, self.d_head)),
            self.n_heads,
            self.scale,
            norm_eps=eps,
            gains=gains,
            turn=geometry.turn,
            causal=geometry.causal,
            dropout=self.dropout,
        )


def heads_in_learning(
    together: Tensor,
    n_heads: int,
    scale: float,
    *,
    norm_eps: float | None = None,
    gains: Tensor | None = None,
    turn: tuple[Tensor, Tensor] | None = None,
    causal: bool = True,
    dropout: float = 0.0,
) -> Tensor:
    """Compute the heads' outputs (B, T, H, K) from all queries, keys and values (B, T, H + 2 H_kv, K).

    Args:
        norm_eps: of the norm of queries and keys; None: they are not normed. gains: (H + H_kv, K) after it, or None.
        turn: cos and sin of `rotary_table`, (T, 1, K) each, or None.
        causal: whether a position sees itself and the past only, or every position.
        dropout: the share of the pattern that is left out.
    """
    kv_heads = (together.shape[2] - n_heads) // 2
    moved = together.permute(2, 0, 1, 3).contiguous()  # (H + 2 H_kv, B, T, K)
    both, v = moved.split_with_sizes((n_heads + kv_heads, kv_heads))
    if norm_eps is not None:
        both = rms_trained(both, norm_eps)
    if gains is not None:
        both = both * gains[:, None, None]
    if turn is not None:
        both = rotate(both, turn[0][:, 0], turn[1][:, 0])
    q, k = both.split_with_sizes((n_heads, kv_heads))
    if kv_heads != n_heads:
        k, v = (kv.repeat_interleave(n_heads // kv_heads, dim=0) for kv in (k, v))
    q, k, v = q.flatten(0, 1), k.flatten(0, 1), v.flatten(0, 1)  # (H B, T, K) thrice
    if causal:
        bias = causal_bias(q.shape[1], q.dtype, q.device)
        scores = torch.baddbmm(bias, q, k.mT, alpha=scale)  # (H B, T, T)
    else:
        scores = torch.bmm(q * scale, k.mT)
    pattern = scores.softmax(dim=-1)
    z = torch.bmm(F.dropout(pattern, dropout) if dropout else pattern, v)  # (H B, T, K)
    return z.unflatten(0, (n_heads, -1)).permute(1, 2, 0, 3)


@lru_cache(maxsize=16)
@torch.inference_mode(False)
def causal_bias(positions: int, dtype: torch.dtype, device: torch.device) -> Tensor:
    """Build the causal mask as a bias: (T, T), 0 where a query may attend, -inf for later keys."""
    return torch.full((positions, positions), -torch.inf, dtype=dtype, device=device).triu(1)


_QUICK: dict[type[nn.Module], type[Part]] = {
    Attention: QuickAttention, FeedForward: QuickFeedForward, Normalise: QuickNormalise,
}  # fmt: skip
_PLAIN: dict[type[nn.Module], type[Part]] = {quick: plain for plain, quick in _QUICK.items()}  # type: ignore[misc]
