"""The feed-forward layer (Vaswani et al. 2017, section 3.3): widen, bend, narrow, at each position alone."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from core.config import Activation, ModelConfig
from core.hooks import HookPoint
from core.model.part import Part


def relu_squared(x: Tensor) -> Tensor:
    """max(0, x)^2 (So et al. 2021, Primer)."""
    return F.relu(x).square()


class _ReluSquared(torch.autograd.Function):
    """The same for training: 2 max(0, x) is all that the gradient needs, and torch would work it out as a power."""

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
_FLAT = torch.tensor(_GELU, dtype=torch.float64)  # no dimensions: takes the type of what it is added to


class _GeluTanh(torch.autograd.Function):
    """x (1 + tanh u) / 2 for training, u = sqrt(2 / pi) (x + 0.044715 x^3): as x s, s = sigmoid(2 u), which equals it.

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


ACTIVATIONS: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": F.relu,
    "gelu": F.gelu,  # x * Phi(x) (Hendrycks & Gimpel 2016)
    "gelu_tanh": partial(F.gelu, approximate="tanh"),
    "silu": F.silu,
    "relu_squared": relu_squared,
}
_TRAINED: dict[Activation, Callable[[Tensor], Tensor]] = {  # the same values, with a quicker derivative
    "gelu_tanh": _GeluTanh.apply,
    "relu_squared": _ReluSquared.apply,
}


class FeedForward(Part):
    """act(x W_in + b_in) W_out + b_out, or gated: (act(x W_gate) * (x W_in)) W_out (Shazeer 2020)."""

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        d, f = config.d_model, config.mlp_size
        self.act, self.gated, self.d_mlp = ACTIVATIONS[config.act], config.gated, f
        self.act_trained = _TRAINED.get(config.act, self.act)
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
        if self.gated:
            gate, linear = F.linear(x, self.weight_in, self.bias_in).chunk(2, dim=-1)  # (B, T, F) twice
            post = self.act(self.hook_pre(gate)) * self.hook_pre_linear(linear)
        else:
            pre = self.hook_pre(F.linear(x, self.weight_in, self.bias_in))  # (B, T, F)
            quick = self.training and pre.device.type == "cpu"
            post = self.act_trained(pre) if quick else self.act(pre)
        return F.linear(self.hook_post(post), self.weight_out, self.b_out)
