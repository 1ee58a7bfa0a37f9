"""Heads of an encoder in place of the vocabulary: a class of the text, of each token, or the ends of a span.

sequence  act(x_0 W_pool + b_pool) W + b   position 0 stands for the text   (Devlin et al. 2019, section 4.1)
          the mean of x instead of x_0     where no training made it so     (Reimers & Gurevych 2019, section 3)
token     x W + b                          at every position                (section 5.3)
span      x W + b, two columns             start and end                    (section 4.2)
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.config import ModelConfig
from core.hooks import HookPoint
from core.model.part import Part

_POOL = {"tanh": torch.tanh, "relu": torch.relu}


class LabelHead(Part):
    """From the stream to C scores, one a class; C = 2 for a span."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.pools, self.dropout = config.head == "sequence", config.dropout
        self.act, self.mean = _POOL[config.pool_act], config.pool == "mean"
        if self.pools:
            self.weight_pool = nn.Parameter(torch.empty(config.d_model, config.d_model))
            self.b_pool = nn.Parameter(torch.zeros(config.d_model))
            self.hook_pooled = HookPoint()  # (B, D): the text in one vector
        self.weight = nn.Parameter(torch.empty(config.n_outputs, config.d_model))
        self.b = nn.Parameter(torch.zeros(config.n_outputs))
        self.hook_out = HookPoint()  # (B, C) or (B, T, C)

    @property
    def W_pool(self) -> Tensor:
        """(D, D), used as x W."""
        return self.weight_pool.T

    @property
    def W(self) -> Tensor:
        """(D, C), used as x W."""
        return self.weight.T

    def forward(
        self, x: Tensor, mask: Tensor | None = None
    ) -> Tensor:  # (B, T, D), (B, T) -> (B, C) or (B, T, C)
        if self.pools:
            x = _mean(x, mask) if self.mean else x[:, 0]  # (B, D)
            x = self.act(F.linear(x, self.weight_pool, self.b_pool))
            x = self.hook_pooled(x)
        if self.training and self.dropout:
            x = F.dropout(x, self.dropout)
        return self.hook_out(F.linear(x, self.weight, self.b))


def _mean(x: Tensor, mask: Tensor | None) -> Tensor:  # (B, T, D), (B, T) -> (B, D)
    """Average over all positions but padding."""
    if mask is None:
        return x.mean(1)
    counts = mask.to(x.dtype)[..., None]  # (B, T, 1)
    return (x * counts).sum(1) / counts.sum(1)
