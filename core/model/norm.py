"""Normalisation: every position's vector is scaled to a common size, then multiplied by a learned gain."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.config import ModelConfig, Norm
from core.hooks import HookPoint, listening
from core.model.part import Part


class Normalise(Part):
    """Layer norm (Ba et al. 2016), RMS norm (Zhang & Sennrich 2019) or the identity, over the last axis.

    layer: (x - mean) / sqrt(var + eps) * w + b        rms: x / sqrt(mean(x^2) + eps) * w
    """

    def __init__(self, size: int, kind: Norm, eps: float, *, gain: bool = True, bias: bool = True) -> None:
        super().__init__()
        self.kind, self.eps, self.size = kind, eps, size
        self.w = nn.Parameter(torch.ones(size)) if gain and kind != "none" else None
        self.b = nn.Parameter(torch.zeros(size)) if bias and kind == "layer" else None
        if kind != "none":
            self.hook_scale = HookPoint()  # (..., 1)
            self.hook_normalized = HookPoint()  # (..., D), before gain and bias

    @classmethod
    def of(cls, config: ModelConfig) -> Normalise:
        """Build the norm of `config` over the residual stream."""
        return cls(config.d_model, config.norm, config.norm_eps, gain=config.norm_gain, bias=config.norm_bias)

    def forward(self, x: Tensor) -> Tensor:  # (..., D) -> (..., D)
        if self.kind == "none":
            return x
        if not listening() or not (self.hook_scale.wanted or self.hook_normalized.wanted):
            return self._fused(x)
        if self.kind == "layer" and not torch.is_grad_enabled() and not self.hook_scale.changed:
            x = self._read(x)
        else:
            x = self._divide(x)
        if self.w is not None:
            x = x * self.w
        return x if self.b is None else x + self.b

    def _fused(self, x: Tensor) -> Tensor:
        if self.kind == "layer":
            return torch.layer_norm(x, (self.size,), self.w, self.b, self.eps)
        return torch.rms_norm(x, (self.size,), self.w, self.eps)

    def _divide(self, x: Tensor) -> Tensor:
        """Normalize x step by step. Half precision computes in float32: in float16 the square of 256 is infinite."""
        wide = x.float() if x.itemsize < 4 else x
        if self.kind == "layer":
            wide = wide - wide.mean(-1, keepdim=True)
        scale = (wide.pow(2).mean(-1, keepdim=True) + self.eps).sqrt()  # (..., 1)
        reported = self.hook_scale(scale.to(x.dtype))
        if self.hook_scale.changed or scale.dtype == x.dtype:
            scale = reported
        return self.hook_normalized((wide / scale).to(x.dtype))

    def _read(self, x: Tensor) -> Tensor:
        """Normalize x; the scale comes from the same kernel and is reported for hooks only."""
        x, _, rate = torch.native_layer_norm(x, (self.size,), None, None, self.eps)  # (..., D), rate (..., 1)
        self.hook_scale(rate.reciprocal().to(x.dtype))
        return self.hook_normalized(x)
