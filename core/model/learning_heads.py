"""All heads of a layer at once, for learning in bfloat16 on a processor: the values of `Attention`, a quicker gradient.

torch's fused attention does not keep the pattern, so its gradient computes it again, in bfloat16 slowly; at up to
`KEPT` places a pattern that is kept takes a third of the time. Head after head, each with its places in order, every
step is one pass over memory as it lies.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from core.model.norm import rms_trained
from core.model.position import causal_bias, rotate

KEPT = 256


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
    """What the heads read from the values: (B, T, H, K), from all queries, keys and values (B, T, H + 2 H_kv, K).

    Args:
        norm_eps: of the norm of queries and keys; None: they are not normed. gains: (H + H_kv, K) after it, or None.
        turn: cos and sin of `rotary_table`, (T, 1, K) each, or None.
        causal: whether a place sees itself and the past only, or every place.
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
