"""One block: attention and feed-forward, each adding to the residual stream, with a norm before or after each."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from core.config import ModelConfig
from core.hooks import HookPoint
from core.model.attention import Attention, Geometry
from core.model.feed_forward import FeedForward
from core.model.kv_cache import KVCache
from core.model.norm import Normalise
from core.model.part import Part


class Block(Part):
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
        """Run the block on x (B, T, D), the stream; source (B, S, D) is the encoder's output."""
        x = self.hook_resid_pre(x)
        read = x if self.post_norm else self.ln1(x)
        attended = self.hook_attn_out(self.attn(read, geometry, None, cache))  # (B, T, D)
        x = self.hook_resid_mid(self.add(x, attended))
        if self.post_norm:
            x = self.hook_normalized_resid_mid(self.ln1(x))
        if self.cross:
            x = self._cross(x, source, source_geometry or Geometry(), cache)
        norm = self.ln3 if self.cross else self.ln2
        read = x if self.post_norm else norm(x)
        worked = self.hook_mlp_out(self.mlp(read))  # (B, T, D), each token by itself
        x = self.hook_resid_post(self.add(x, worked))
        return self.hook_normalized_resid_post(norm(x)) if self.post_norm else x

    def _cross(self, x: Tensor, source: Tensor | None, geometry: Geometry, cache: KVCache | None) -> Tensor:
        read = x if self.post_norm else self.ln2(x)
        asked = self.hook_cross_attn_out(self.cross_attn(read, geometry, source, cache))
        x = self.hook_resid_mid_cross(self.add(x, asked))
        return self.hook_normalized_resid_mid_cross(self.ln2(x)) if self.post_norm else x

    def add(self, x: Tensor, update: Tensor) -> Tensor:
        """Add what a part says to the stream; without residual connections it takes the stream's place."""
        if self.training and self.dropout:
            update = F.dropout(update, self.dropout)
        return x + update if self.residual else update
