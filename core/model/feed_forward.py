"""The feed-forward layer (Vaswani et al. 2017, section 3.3): expand, activate, contract, at each position alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from core.config import Activation, ModelConfig
from core.hooks import HookPoint
from core.model.part import Part


def relu_squared(x: Tensor) -> Tensor:
    """Compute max(0, x)^2 (So et al. 2021, Primer)."""
    return F.relu(x).square()


ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,  # x * Phi(x) (Hendrycks & Gimpel 2016)
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "relu_squared": relu_squared,
}


class FeedForward(Part):
    """act(x W_in + b_in) W_out + b_out, or gated: (act(x W_gate) * (x W_in)) W_out (Shazeer 2020)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d, f = config.d_model, config.mlp_size
        self.act, self.gated, self.d_mlp = ACTIVATIONS[config.act], config.gated, f
        self.weight_in = nn.Parameter(
            torch.empty(2 * f if config.gated else f, d)
        )  # gated: W_gate's rows first
        self.weight_out = nn.Parameter(torch.empty(d, f))
        self.bias_in = nn.Parameter(torch.zeros(len(self.weight_in))) if config.mlp_bias else None
        self.b_out = nn.Parameter(torch.zeros(d)) if config.mlp_bias else None
        self.hook_pre = HookPoint()  # (B, T, F)
        if config.gated:
            self.hook_pre_linear = HookPoint()  # (B, T, F)
        self.hook_post = HookPoint()  # (B, T, F)

    @property
    def W_in(self) -> Tensor:
        """(D, F)"""
        return self.weight_in[-self.d_mlp :].T

    @property
    def W_gate(self) -> Tensor:
        """(D, F), of a gated layer.

        Raises:
            AttributeError: the layer is not gated.
        """
        if not self.gated:
            raise AttributeError("W_gate: this feed-forward layer is not gated")
        return self.weight_in[: self.d_mlp].T

    @property
    def b_in(self) -> Tensor | None:
        """(F,)"""
        return None if self.bias_in is None else self.bias_in[-self.d_mlp :]

    @property
    def W_out(self) -> Tensor:
        """(F, D)"""
        return self.weight_out.T

    def forward(self, x: Tensor) -> Tensor:  # (B, T, D) -> (B, T, D)
        wide = F.linear(x, self.weight_in, self.bias_in)  # (B, T, F), gated: twice as wide
        if self.gated:
            gate, linear = wide.chunk(2, dim=-1)  # (B, T, F) twice
            post = self._bend(self.hook_pre(gate)) * self.hook_pre_linear(linear)
        else:
            post = self._bend(self.hook_pre(wide))
        return F.linear(self.hook_post(post), self.weight_out, self.b_out)

    def _bend(self, x: Tensor) -> Tensor:
        """Apply the activation elementwise."""
        return self.act(x)
