"""One block: attention and feed-forward, each adding to the residual stream, with a norm before or after each."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from core.config import ModelConfig
from core.decoding.kv_cache import KVCache
from core.hooks import HookPoint
from core.model.attention import Attention, Geometry
from core.model.feed_forward import FeedForward
from core.model.norm import Normalise


class Block(nn.Module):
    """pre-norm:  x + attn(ln1(x)), then x + mlp(ln2(x))      (GPT-2, Llama, T5)
    post-norm: ln1(x + attn(x)), then ln2(x + mlp(x))          (Vaswani et al. 2017, BERT)

    With `cross`, attention to the encoder stands between the two, and the norms are ln1, ln2, ln3.
    """

    def __init__(self, config: ModelConfig, *, cross: bool = False) -> None:
        super().__init__()
        self.residual, self.post_norm, self.cross = config.residual, config.norm_placement == "post", cross
        self.dropout = config.dropout
        self.hook_resid_pre = HookPoint()  # (B, T, D)
        self.ln1 = Normalise.of(config)
        self.attn = Attention(config)
        self.hook_attn_out = HookPoint()  # (B, T, D)
        self.hook_resid_mid = HookPoint()  # (B, T, D)
        if cross:
            self.ln2 = Normalise.of(config)
            self.cross_attn = Attention(config.replace(position="none"))
            self.hook_cross_attn_out = HookPoint()  # (B, T, D)
            self.hook_resid_mid_cross = HookPoint()  # (B, T, D)
            self.ln3 = Normalise.of(config)
        else:
            self.ln2 = Normalise.of(config)
        self.mlp = FeedForward(config)
        self.hook_mlp_out = HookPoint()  # (B, T, D)
        self.hook_resid_post = HookPoint()  # (B, T, D)
        if self.post_norm:
            self.hook_normalized_resid_mid = HookPoint()  # (B, T, D)
            if cross:
                self.hook_normalized_resid_mid_cross = HookPoint()  # (B, T, D)
            self.hook_normalized_resid_post = (
                HookPoint()
            )  # (B, T, D): what Hugging Face calls the hidden state

    def forward(
        self,
        x: Tensor,
        geometry: Geometry,
        source: Tensor | None = None,
        source_geometry: Geometry | None = None,
        cache: KVCache | None = None,
    ) -> Tensor:
        """x (B, T, D), the stream, in and out; source (B, S, D) is the encoder's output."""
        before = self._identity if self.post_norm else self._norm
        after = self._norm if self.post_norm else self._identity
        x = self.hook_resid_pre(x)
        attn_out = self.hook_attn_out(self.attn(before(self.ln1, x), geometry, cache=cache))
        x = after(self.ln1, self.hook_resid_mid(self._add(x, attn_out)), "hook_normalized_resid_mid")
        if self.cross:
            asked = self.cross_attn(before(self.ln2, x), source_geometry or Geometry(), source, cache)
            x = self.hook_resid_mid_cross(self._add(x, self.hook_cross_attn_out(asked)))
            x = after(self.ln2, x, "hook_normalized_resid_mid_cross")
        last = self.ln3 if self.cross else self.ln2
        mlp_out = self.hook_mlp_out(self.mlp(before(last, x)))
        return after(last, self.hook_resid_post(self._add(x, mlp_out)), "hook_normalized_resid_post")

    def _add(self, x: Tensor, update: Tensor) -> Tensor:
        update = F.dropout(update, self.dropout, self.training)
        return x + update if self.residual else update

    def _norm(self, norm: Normalise, x: Tensor, hook: str = "") -> Tensor:
        x = norm(x)
        return getattr(self, hook)(x) if hook else x

    def _identity(self, _norm: Normalise, x: Tensor, _hook: str = "") -> Tensor:
        return x
