"""Multi-head attention (Vaswani et al. 2017, section 3.2): softmax(Q K^T / sqrt(K) + bias, masked) V, per head."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.config import ModelConfig
from core.hooks import HookPoint, listening
from core.model.kv_cache import KVCache
from core.model.norm import Normalise
from core.model.part import Part
from core.model.position import rotate


@dataclass(frozen=True)
class Geometry:
    """Positional inputs of attention: the mask, the bias, and the rotation.

    allowed: (B or 1, 1, T, S) bool, or None when every query sees every key.
    bias: (1, H, T, S) added to the scores, or None.   turn: the new positions' rows of `rotary_table`, or None.
    causal: `allowed` is exactly the square causal mask, which a fused kernel needs no tensor for.
    """

    allowed: Tensor | None = None
    bias: Tensor | None = None
    turn: tuple[Tensor, Tensor] | None = None
    causal: bool = False

    @property
    def cos(self) -> Tensor | None:
        """(T, K): the cosine of each angle by which a query or key is rotated."""
        return None if self.turn is None else self.turn[0][:, 0]

    @property
    def sin(self) -> Tensor | None:
        """(T, K): the sine."""
        return None if self.turn is None else self.turn[1][:, 0].chunk(2, dim=-1)[1].repeat(1, 2)


def attention_scores(q: Tensor, k: Tensor, scale: float, geometry: Geometry) -> Tensor:
    """Compute Q K^T * scale + bias, with -inf where masked. q (B,T,H,K), k (B,S,H,K) -> (B,H,T,S)."""
    scores = q.transpose(1, 2) @ k.permute(0, 2, 3, 1) * scale  # (B, H, T, S)
    if geometry.bias is not None:
        scores = scores + geometry.bias
    return scores if geometry.allowed is None else torch.where(geometry.allowed, scores, -torch.inf)


def attention_pattern(scores: Tensor) -> Tensor:
    """Compute the softmax over the keys; a fully masked query gets zeros. (B, H, T, S) -> (B, H, T, S)."""
    blind = scores.detach().amax(dim=-1, keepdim=True) == -torch.inf  # (B, H, T, 1)
    if not blind.any():
        return scores.softmax(dim=-1)
    return scores.masked_fill(blind, 0.0).softmax(dim=-1).masked_fill(blind, 0.0)


class Attention(Part):
    """All heads of one layer. Weights are stored in two fused matrices; W_Q, W_K, W_V, W_O are views of them."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.n_heads, self.n_kv_heads, self.d_head = config.n_heads, config.kv_heads, config.head_size
        self.scale = 1.0 / math.sqrt(config.head_size) if config.scale_scores else 1.0
        self.dropout = config.dropout
        rows = (self.n_heads + 2 * self.n_kv_heads) * self.d_head
        self.weight_qkv = nn.Parameter(torch.empty(rows, config.d_model))
        self.bias_qkv = nn.Parameter(torch.zeros(rows)) if config.qkv_bias else None
        self.weight_o = nn.Parameter(torch.empty(config.d_model, self.n_heads * self.d_head))
        self.b_O = nn.Parameter(torch.zeros(config.d_model)) if config.out_bias else None
        self.qk_norm = config.qk_norm
        if config.qk_norm:
            self.q_norm = Normalise(self.d_head, "rms", config.norm_eps, gain=config.norm_gain)
            self.k_norm = Normalise(self.d_head, "rms", config.norm_eps, gain=config.norm_gain)
        self.hook_q = HookPoint()  # (B, T, H, K)
        self.hook_k = HookPoint()  # (B, S, H_kv, K)
        self.hook_v = HookPoint()  # (B, S, H_kv, K)
        if config.position == "rotary":
            self.hook_rot_q = HookPoint()  # (B, T, H, K)
            self.hook_rot_k = HookPoint()  # (B, S, H_kv, K)
        self.hook_attn_scores = HookPoint()  # (B, H, T, S)
        self.hook_pattern = HookPoint()  # (B, H, T, S)
        self.hook_z = HookPoint()  # (B, T, H, K)
        self.hook_result = HookPoint()  # (B, T, H, D), only when asked for by name

    @property
    def W_Q(self) -> Tensor:
        """(H, D, K)"""
        return self._heads(self.weight_qkv, 0, self.n_heads).transpose(1, 2)

    @property
    def W_K(self) -> Tensor:
        """(H_kv, D, K)"""
        return self._heads(self.weight_qkv, self.n_heads, self.n_kv_heads).transpose(1, 2)

    @property
    def W_V(self) -> Tensor:
        """(H_kv, D, K)"""
        return self._heads(self.weight_qkv, self.n_heads + self.n_kv_heads, self.n_kv_heads).transpose(1, 2)

    @property
    def W_O(self) -> Tensor:
        """(H, K, D)"""
        return self.weight_o.T.unflatten(0, (self.n_heads, self.d_head))

    @property
    def b_Q(self) -> Tensor | None:
        """(H, K)"""
        return None if self.bias_qkv is None else self._heads(self.bias_qkv, 0, self.n_heads)

    @property
    def b_K(self) -> Tensor | None:
        """(H_kv, K)"""
        return None if self.bias_qkv is None else self._heads(self.bias_qkv, self.n_heads, self.n_kv_heads)

    @property
    def b_V(self) -> Tensor | None:
        """(H_kv, K)"""
        first = self.n_heads + self.n_kv_heads
        return None if self.bias_qkv is None else self._heads(self.bias_qkv, first, self.n_kv_heads)

    def _heads(self, stored: Tensor, first: int, count: int) -> Tensor:
        return stored[first * self.d_head : (first + count) * self.d_head].unflatten(0, (count, self.d_head))

    def forward(
        self, x: Tensor, geometry: Geometry, source: Tensor | None = None, cache: KVCache | None = None
    ) -> Tensor:
        """Attend from x (B, T, D) to `source` (B, S, D), or x itself.

        Return the sum of all heads' outputs, (B, T, D).
        """
        q, k, v = self._queries_keys_values(x, geometry, source, cache)  # (B, H, T, K), (B, H_kv, S, K) twice
        if self.n_kv_heads != self.n_heads:  # several queries share a key and a value
            k, v = (kv.repeat_interleave(self.n_heads // self.n_kv_heads, dim=1) for kv in (k, v))
        if listening() and (self.hook_attn_scores.wanted or self.hook_pattern.wanted):
            scores = attention_scores(q.transpose(1, 2), k.transpose(1, 2), self.scale, geometry)
            scores = self.hook_attn_scores(scores)  # (B, H, T, S)
            pattern = self.hook_pattern(attention_pattern(scores))  # (B, H, T, S)
            z = F.dropout(pattern, self.dropout, self.training) @ v  # (B, H, T, K)
        else:
            z = self._at_once(q, k, v, geometry)  # the same by a fused kernel that keeps no pattern
        z = self.hook_z(z.transpose(1, 2))  # (B, T, H, K)
        if listening() and self.hook_result.wanted_by_name:
            return self._head_by_head(z)
        return F.linear(z.flatten(2), self.weight_o, self.b_O)

    def _head_by_head(self, z: Tensor) -> Tensor:
        """Sum the heads' outputs: (B, T, H, K) -> (B, T, D)."""
        out = self.hook_result(torch.einsum("bthk,hkd->bthd", z, self.W_O)).sum(dim=2)  # (B, T, D)
        return out if self.b_O is None else out + self.b_O

    def _queries_keys_values(
        self, x: Tensor, geometry: Geometry, source: Tensor | None, cache: KVCache | None
    ) -> tuple[Tensor, Tensor, Tensor]:
        """Project to q (B, H, T, K), and to all visible k and v (B, H_kv, S, K)."""
        if source is not None:
            return self._from_source(x, source, cache)
        together = F.linear(x, self.weight_qkv, self.bias_qkv)  # (B, T, (H + 2 H_kv) K)
        together = together.view(x.shape[0], x.shape[1], -1, self.d_head)
        q, k, v = together.split_with_sizes(
            (self.n_heads, self.n_kv_heads, self.n_kv_heads), dim=2
        )  # (B, T, H, K), (B, T, H_kv, K) twice
        q, k, v = self.hook_q(q), self.hook_k(k), self.hook_v(v)
        if self.qk_norm:
            q, k = self.q_norm(q), self.k_norm(k)
        if geometry.turn is not None:
            turned = rotate(torch.cat([q, k], dim=2), *geometry.turn)  # (B, T, H + H_kv, K)
            q, k = turned.split_with_sizes((self.n_heads, self.n_kv_heads), dim=2)
            q, k = self.hook_rot_q(q), self.hook_rot_k(k)
        q, k, v = q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)
        if cache is not None:
            k, v = cache.append(self.hook_k.name, k, v)
        return q, k, v

    def _from_source(self, x: Tensor, source: Tensor, cache: KVCache | None) -> tuple[Tensor, Tensor, Tensor]:
        """Project for cross-attention: keys and values of the source (B, S, D) are computed once while a text grows."""
        split = self.n_heads * self.d_head
        bias_q = bias_kv = None
        if self.bias_qkv is not None:
            bias_q, bias_kv = self.bias_qkv[:split], self.bias_qkv[split:]
        q = self.hook_q(F.linear(x, self.weight_qkv[:split], bias_q).unflatten(-1, (-1, self.d_head)))
        known = None if cache is None else cache.fixed(self.hook_k.name)
        if known is not None:
            k, v = (kv.transpose(1, 2) for kv in known)
        else:
            both = F.linear(source, self.weight_qkv[split:], bias_kv).unflatten(-1, (-1, self.d_head))
            k, v = both.chunk(2, dim=2)  # (B, S, H_kv, K) twice
            if cache is not None:
                cache.fix(self.hook_k.name, k.transpose(1, 2), v.transpose(1, 2))
        k, v = self.hook_k(k), self.hook_v(v)
        if self.qk_norm:
            q, k = self.q_norm(q), self.k_norm(k)
        return q.transpose(1, 2), k.transpose(1, 2), v.transpose(1, 2)

    def _at_once(self, q: Tensor, k: Tensor, v: Tensor, geometry: Geometry) -> Tensor:
        """Mix the values by the pattern in one fused call. q (B, H, T, K), k and v (B, H, S, K) -> (B, H, T, K)."""
        mask = geometry.allowed
        if geometry.bias is not None:
            mask = geometry.bias.to(q.dtype)
            if geometry.allowed is not None:
                mask = mask.masked_fill(~geometry.allowed, -torch.inf)
        plain = geometry.causal and geometry.bias is None
        dropout = self.dropout if self.training else 0.0
        return F.scaled_dot_product_attention(
            q, k, v, attn_mask=None if plain else mask, dropout_p=dropout, is_causal=plain, scale=self.scale
        )
