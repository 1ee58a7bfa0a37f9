"""Integrated gradients: a prediction's number distributed over the tokens (Sundararajan et al. 2017, section 3).

On the straight line from a baseline x' to the text x, token i gets (x_i - x'_i) times the mean gradient at its vector.
The shares add up to f(x) - f(x') (completeness, Proposition 1); with finitely many steps they miss it by a little: the
convergence delta.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.analysis.explaining.readout import Readout

Array = np.ndarray[Any, Any]
MOST_STEPS = 512
TOLERANCE = 0.05  # of what is distributed: as far as the sum of the shares may miss it


@dataclass(frozen=True, kw_only=True)
class Attribution:
    """A number distributed over the tokens.

    values: (N,) of every token that can matter, 0 where it is special.
    at, base: f of the text and of the baseline.   steps: on the line between them. along: (steps,) each step's position
    on the line, from 0 to 1; height: (steps,) f there.
    slopes: (steps, N) each step's attribution of a token: (x_i - x'_i) times the gradient there.
    weights: (steps,) of the steps in the mean; they add up to 1.
    """

    values: Array
    at: float
    base: float
    steps: int
    along: Array
    height: Array
    slopes: Array
    weights: Array

    @property
    def total(self) -> float:
        """The sum of all shares."""
        return float(self.values.sum())

    @property
    def delta(self) -> float:
        """The error of the shares' sum against f(text) - f(baseline): captum's convergence delta."""
        return self.total - (self.at - self.base)

    @property
    def adds_up(self) -> bool:
        """Whether the shares add up to f(text) - f(baseline), but for a twentieth of it, or of the largest share."""
        return abs(self.delta) <= TOLERANCE * max(abs(self.at - self.base), float(np.abs(self.values).max()))


def gauss_legendre(steps: int) -> tuple[Array, Array]:
    """Compute Gauss-Legendre nodes between 0 and 1 and weights that add up to 1: exact to degree 2 steps - 1.

    Raises:
        ValueError: fewer than one step, or more than `MOST_STEPS`.
    """
    if not 1 <= steps <= MOST_STEPS:
        raise ValueError(f"steps={steps} must be from 1 to {MOST_STEPS}")
    at, weights = np.polynomial.legendre.leggauss(steps)
    return (1 + at) / 2, weights / 2


def integrated_gradients(asked: Readout, base: Tensor, steps: int = 32) -> Attribution:
    """Distribute f(text) - f(base) over the tokens.

    Args:
        asked: f, and the vectors x of the text.   base: (N, D) the vectors x'.
        steps: places of a Gauss-Legendre quadrature on the way from x' to x.

    Raises:
        ValueError: steps out of range.
    """
    along, weights = gauss_legendre(steps)
    way = asked.vectors - base  # (N, D)
    slopes, height = [], []
    for part in asked.batches(steps):
        share = torch.from_numpy(along[part]).to(way)[:, None, None]  # (B, 1, 1)
        found, gradient = gradients(asked, base + share * way)
        height.append(found)
        slopes.append((gradient * way).sum(-1).double().cpu().numpy())  # (B, N)
    each = np.concatenate(slopes)
    with torch.no_grad():
        at, bottom = asked(torch.stack([asked.vectors, base])).double().tolist()
    return Attribution(
        values=weights @ each, at=at, base=bottom, steps=steps, along=along, height=np.concatenate(height),
        slopes=each, weights=weights,
    )  # fmt: skip


def double_steps(asked: Readout, base: Tensor, steps: int, most: int) -> Iterator[Attribution]:
    """Yield integrated gradients with twice as many steps each time, until the shares add up or the steps are `most`.

    Raises:
        ValueError: steps out of range.
    """
    found = integrated_gradients(asked, base, steps)
    yield found
    while not found.adds_up and found.steps < most:
        found = integrated_gradients(asked, base, min(2 * found.steps, most))
        yield found


def gradients(asked: Readout, vectors: Tensor) -> tuple[Array, Tensor]:
    """Compute f (B,) and its gradient (B, N, D) at B sets of vectors."""
    with torch.enable_grad():
        at = vectors.detach().clone().requires_grad_()
        found = asked(at)
        (slope,) = torch.autograd.grad(found.sum(), at)
    return found.detach().double().cpu().numpy(), slope


def deltas(asked: Readout, base: Tensor, counts: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64)) -> Array:
    """Compute the convergence delta for several numbers of steps: (len(counts),)."""
    return np.array([integrated_gradients(asked, base, steps).delta for steps in counts])
