"""Optimizer update rules, written out: gradient descent, momentum, Adam, AdamW, Muon.

One step of each as its paper has it, on arrays of any shape, with every number on the way kept: this is what a learner
reads. Each equals torch.optim's step (SGD, Adam, AdamW, Muon), weight decay and all; training itself runs those.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float64]
Kind = Literal["sgd", "momentum", "adam", "adamw", "muon"]
KINDS: tuple[Kind, ...] = ("sgd", "momentum", "adam", "adamw", "muon")


@dataclass(frozen=True)
class Rule:
    """An optimizer and its settings.

    Attributes:
        rate: the learning rate.
        momentum: how much of the past direction stays (momentum, Muon).
        beta1, beta2, eps: Adam's and AdamW's.
        weight_decay: added to the gradient as decay times weight (sgd, momentum, adam), or taken off the weight itself
            as rate times decay times weight (adamw, muon).
        nesterov: momentum and Muon look one step ahead.

    Raises:
        ValueError: a setting that no optimizer can work with; the message names it.
    """

    kind: Kind
    rate: float
    momentum: float = 0.9
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    weight_decay: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no optimizer is called {self.kind!r}; there are {', '.join(KINDS)}")
        for name in ("rate", "weight_decay", "eps", "momentum"):
            value = getattr(self, name)
            if not (value >= 0 and math.isfinite(value)):
                raise ValueError(f"{name}={value:g} must not be negative, and must be a number")
        for name in ("beta1", "beta2"):
            if not 0 <= getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name):g} must lie from 0 to below 1")


@dataclass(frozen=True)
class Memory:
    """The state of an optimizer between two steps.

    first: the running direction (momentum's, Adam's m, Muon's); second: Adam's v, the running square; None before the
    first step and where an optimizer has none. steps: taken so far.
    """

    first: Array | None = None
    second: Array | None = None
    steps: int = 0


@dataclass(frozen=True)
class Step:
    """One step, with the numbers on the way. Arrays have the weight's shape; None where a rule has no such number.

    Attributes:
        gradient: as it came. used: with the weight decay added, where the rule adds it.
        first_hat, second_hat: Adam's moments without their bias towards 0 (Kingma & Ba 2015, section 3).
        direction: what is multiplied by the rate.
        after: the new weight.
    """

    before: Array
    gradient: Array
    used: Array
    direction: Array
    after: Array
    memory: Memory
    first_hat: Array | None = None
    second_hat: Array | None = None

    @property
    def update(self) -> Array:
        """The amount subtracted from the weight."""
        return self.before - self.after


def step(rule: Rule, weight: Array, gradient: Array, memory: Memory) -> Step:
    """Take one step of `rule` from `weight` with `gradient`."""
    return _STEPS[rule.kind](rule, weight, gradient, memory)


def gradient_descent(rule: Rule, weight: Array, gradient: Array, memory: Memory) -> Step:
    """Update w <- w - rate * g (Robbins & Monro 1951; here g is the gradient of the present batch)."""
    g = gradient + rule.weight_decay * weight
    after = weight - rule.rate * g
    return Step(weight, gradient, g, g, after, Memory(steps=memory.steps + 1))


def momentum(rule: Rule, weight: Array, gradient: Array, memory: Memory) -> Step:
    """Update b <- momentum * b + g; w <- w - rate * b (Polyak 1964).

    With Nesterov the step goes along g + momentum * b (Sutskever et al. 2013, section 2).
    """
    g = gradient + rule.weight_decay * weight
    b = g if memory.first is None else rule.momentum * memory.first + g
    direction = g + rule.momentum * b if rule.nesterov else b
    after = weight - rule.rate * direction
    return Step(weight, gradient, g, direction, after, Memory(b, None, memory.steps + 1))


def adam(rule: Rule, weight: Array, gradient: Array, memory: Memory) -> Step:
    """Update m, v, running means of g and g^2; w <- w - rate * m^ / (sqrt(v^) + eps) (Kingma & Ba 2015, algorithm 1).

    m^ = m / (1 - beta1^t) and v^ = v / (1 - beta2^t): both means begin at 0 and would otherwise be too small at first.
    AdamW (Loshchilov & Hutter 2019, algorithm 2) takes rate * decay * w off the weight; Adam adds decay * w to g.
    """
    apart = rule.kind == "adamw"
    kept = weight * (1 - rule.rate * rule.weight_decay) if apart else weight
    g = gradient if apart else gradient + rule.weight_decay * weight
    t = memory.steps + 1
    zero = np.zeros_like(g)
    m = rule.beta1 * (zero if memory.first is None else memory.first) + (1 - rule.beta1) * g
    v = rule.beta2 * (zero if memory.second is None else memory.second) + (1 - rule.beta2) * g * g
    m_hat, v_hat = m / (1 - rule.beta1**t), v / (1 - rule.beta2**t)
    direction = m_hat / (np.sqrt(v_hat) + rule.eps) if rule.eps else _ratio(m_hat, np.sqrt(v_hat))
    after = kept - rule.rate * direction
    return Step(weight, gradient, g, direction, after, Memory(m, v, t), m_hat, v_hat)


def muon(rule: Rule, weight: Array, gradient: Array, memory: Memory) -> Step:
    """Update b, running mean of g; w <- w - rate * decay * w - rate * scale * orthogonal(b) (Jordan et al. 2024).

    A matrix is moved equally far along all its directions; scale = sqrt(max(1, rows / columns)). A vector counts as a
    matrix of one row: all that is left then is b at a length near 1.
    """
    matrix = gradient if gradient.ndim == 2 else gradient.reshape(1, -1)
    b = _between(
        np.zeros_like(gradient) if memory.first is None else memory.first, gradient, 1 - rule.momentum
    )
    ahead = _between(gradient, b, rule.momentum) if rule.nesterov else b
    scale = math.sqrt(max(1.0, matrix.shape[0] / matrix.shape[1]))
    direction = scale * orthogonal(ahead.reshape(matrix.shape)).reshape(gradient.shape)
    after = weight * (1 - rule.rate * rule.weight_decay) - rule.rate * direction
    return Step(weight, gradient, gradient, direction, after, Memory(b, None, memory.steps + 1))


def orthogonal(matrix: Array, iterations: int = 5) -> Array:
    """Bring the singular values of `matrix` near 1: five Newton-Schulz iterations in bfloat16 (Jordan et al. 2024).

    X <- a X + (b A + c A A) X with A = X X^T turns each singular value s into a s + b s^3 + c s^5, which drives all of
    (0, 1] to about 0.7 to 1.2. matrix (R, C) -> (R, C); the zero matrix stays 0.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = torch.from_numpy(np.ascontiguousarray(matrix)).to(torch.bfloat16)  # (R, C)
    tall = matrix.shape[0] > matrix.shape[1]
    if tall:
        x = x.T  # (C, R)
    x = x / x.norm().clamp(min=1e-7)
    for _ in range(iterations):
        gram = x @ x.T
        x = torch.addmm(x, torch.addmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return (x.T if tall else x).to(torch.float64).numpy()


def _between(one: Array, other: Array, share: float) -> Array:
    """Interpolate from `one` towards `other`, rounding like torch.lerp: it starts from the nearer of the two."""
    return one + share * (other - one) if share < 0.5 else other - (other - one) * (1 - share)


def _ratio(above: Array, below: Array) -> Array:
    """Divide above / below, with 0 / 0 = 0: a weight without gradient stays unchanged."""
    return np.divide(above, below, out=np.zeros_like(above), where=below > 0)


_STEPS: dict[Kind, Callable[[Rule, Array, Array, Memory], Step]] = {
    "sgd": gradient_descent,
    "momentum": momentum,
    "adam": adam,
    "adamw": adam,
    "muon": muon,
}
