"""Activation functions as curves: the output and the slope for each input.

The values are those of the very functions that the models run (`core.model.feed_forward.ACTIVATIONS`); the slopes are
the closed forms below, which a test holds against autograd.

    relu          max(0, x)                                        Nair & Hinton 2010
    gelu          x Phi(x), Phi the normal distribution            Hendrycks & Gimpel 2016, equation 1
    gelu_tanh     x (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) / 2  the same, section 2: what GPT-2 runs
    silu          x sigmoid(x)                                     Elfwing et al. 2018; "swish"
    relu_squared  max(0, x)^2                                      So et al. 2021, "Primer"
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.analysis.places import traced
from core.analysis.stacks import Half, Stack
from core.config import Activation
from core.model.feed_forward import ACTIVATIONS

if TYPE_CHECKING:
    from core.language_model import LanguageModel, Text
    from core.trace import Trace

Array = np.ndarray[Any, Any]

FORMULAS: dict[Activation, str] = {
    "relu": "max(0, x)",
    "gelu": "x Φ(x)",
    "gelu_tanh": "x (1 + tanh(√(2/π) (x + 0.044715 x³))) / 2",
    "silu": "x / (1 + e⁻ˣ)",
    "relu_squared": "max(0, x)²",
}


def _gelu_slope(x: Tensor) -> Tensor:
    return torch.special.ndtr(x) + x * torch.exp(-x * x / 2) / math.sqrt(2 * math.pi)


def _gelu_tanh_slope(x: Tensor) -> Tensor:
    root = math.sqrt(2 / math.pi)
    bend = torch.tanh(root * (x + 0.044715 * x**3))
    return (1 + bend) / 2 + x * (1 - bend * bend) / 2 * root * (1 + 3 * 0.044715 * x * x)


def _silu_slope(x: Tensor) -> Tensor:
    s = torch.sigmoid(x)
    return s * (1 + x * (1 - s))


SLOPES: dict[Activation, Callable[[Tensor], Tensor]] = {
    "relu": lambda x: (x > 0).to(x.dtype),
    "gelu": _gelu_slope,
    "gelu_tanh": _gelu_tanh_slope,
    "silu": _silu_slope,
    "relu_squared": lambda x: 2 * x.clamp(min=0),
}


@dataclass(frozen=True)
class Curve:
    """An activation over n places, in float64.

    Attributes:
        x: (n,) what comes in. y: (n,) what goes out. slope: (n,) dy / dx; at the corner of relu 0.
        linear: of a gated layer the second number, which y is a multiple of; None: not gated.
    """

    act: Activation
    x: Array
    y: Array
    slope: Array
    linear: float | None = None


def curve(act: Activation, x: Array, linear: float | None = None) -> Curve:
    """Compute y = act(x), or of a gated layer y = act(x) * linear (Shazeer 2020: SwiGLU is silu, gated), with dy / dx.

    A gated neuron has two inputs: over its gate x the curve is the activation's, stretched by the other number, and
    over that number a straight line of slope act(x).

    Raises:
        ValueError: no such activation.
    """
    if act not in ACTIVATIONS:
        raise ValueError(f"no activation is called {act!r}: choose one of {', '.join(ACTIVATIONS)}")
    places = torch.as_tensor(np.asarray(x, dtype=np.float64))
    stretch = 1.0 if linear is None else linear
    y, slope = ACTIVATIONS[act](places) * stretch, SLOPES[act](places) * stretch
    return Curve(act, places.numpy(), y.numpy(), slope.numpy(), linear)


def held(y: Array, within: float = 0.01) -> float:
    """Compute the share of points with almost no output: |y| <= `within`."""
    return float((np.abs(y) <= within).mean())


@cache
def lowest(act: Activation) -> tuple[float, float]:
    """Find (x, y) of the lowest point of a curve by bisection of the slope; of one that ends flat, its corner.

    gelu dips to -0.170 at -0.752, silu to -0.278 at -1.278: a nearly inactive neuron writes a little of the opposite.
    """
    low, high = -3.0, 0.0
    if float(SLOPES[act](torch.tensor(-1e-3, dtype=torch.float64))) <= 0:
        return 0.0, 0.0
    for _ in range(60):
        middle = (low + high) / 2
        below = float(SLOPES[act](torch.tensor(middle, dtype=torch.float64))) < 0
        low, high = (middle, high) if below else (low, middle)
    return high, float(ACTIVATIONS[act](torch.tensor(high, dtype=torch.float64)))


@dataclass(frozen=True)
class Bends:
    """A text's pre-activations on the curve of one layer: post = act(pre), or act(pre) * pre_linear.

    Attributes:
        act: the curve. pre: (T, F). post: (T, F). pre_linear: (T, F) of a gated layer; None elsewhere.
    """

    act: Activation
    pre: Array
    post: Array
    pre_linear: Array | None

    def histogram(self, bins: int = 60) -> tuple[Array, Array]:
        """Count the T * F pre-activations in equal bins: (bins,), and the edges (bins + 1,)."""
        counts, edges = np.histogram(self.pre, bins=bins)
        return counts, edges

    @property
    def share_above(self) -> float:
        """The share of the pre-activations above 0."""
        return float((self.pre > 0).mean())

    @property
    def firing(self) -> Array:
        """(T,) for each token the share of the neurons that fire: whose pre-activation is above 0."""
        shares: Array = (self.pre > 0).mean(1)
        return shares


def bends(
    lm: LanguageModel,
    text: Text,
    layer: int,
    *,
    stack: Stack | None = None,
    target: Text | None = None,
    trace: Trace | None = None,
) -> Bends:
    """Compute every pre-activation of a text in block `layer`, and the activations, from one pass.

    Raises:
        ValueError: no such block or stack, or a trace of another text.
    """
    name = Half.of(lm, stack).block_name(layer)
    trace = traced(lm, text, target, trace)
    linear = trace[f"{name}.mlp.hook_pre_linear"] if lm.config.gated else None
    return Bends(
        act=lm.config.act,
        pre=_numpy(trace[f"{name}.mlp.hook_pre"]),
        post=_numpy(trace[f"{name}.mlp.hook_post"]),
        pre_linear=None if linear is None else _numpy(linear),
    )


def _numpy(value: Tensor) -> Array:
    return (
        value.detach().float().cpu().numpy() if value.dtype != torch.float64 else value.detach().cpu().numpy()
    )
