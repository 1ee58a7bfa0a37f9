"""Optimizers from one starting point on a loss surface, with every number of each step recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.training.rules import Memory, Rule, step
from core.training.surfaces import Surface

Array = NDArray[np.float64]
FAR = 1e6  # beyond this size a weight counts as diverged


@dataclass(frozen=True)
class Track:
    """One optimizer's path on a surface, with n steps; arrays of quantities that a rule lacks are NaN.

    Attributes:
        points: (n + 1, 2), from the start on. losses: (n + 1,).
        gradients, used, first, second, first_hat, second_hat, directions: (n, 2), as in `rules.Step`.
        diverged: the step that led beyond `FAR` or to no number at all; None: none did.
        left: the first step that led out of the surface's box; None: none did.
    """

    rule: Rule
    points: Array
    losses: Array
    gradients: Array
    used: Array
    first: Array
    second: Array
    first_hat: Array
    second_hat: Array
    directions: Array
    diverged: int | None
    left: int | None

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.points) - 1


def race(
    surface: Surface, start: tuple[float, float], rules: Sequence[Rule], steps: int
) -> tuple[Track, ...]:
    """Run each rule for `steps` steps from `start`; a diverging track ends there.

    Raises:
        ValueError: fewer than no steps, or a start that is no number.
    """
    if steps < 0 or not np.isfinite(start).all():
        raise ValueError(f"a race needs a start and at least 0 steps, not {start} and {steps}")
    return tuple(run(surface, start, rule, steps) for rule in rules)


def run(surface: Surface, start: tuple[float, float], rule: Rule, steps: int) -> Track:
    """Run one rule: the gradient is taken at the present point, then the rule updates it."""
    point, memory = np.array(start, dtype=np.float64), Memory()
    points, losses, taken = [point], [surface.loss(point)], []
    diverged = left = None
    with np.errstate(over="ignore", invalid="ignore"):
        for at in range(1, steps + 1):
            now = step(rule, point, surface.gradient(point), memory)
            point, memory = now.after, now.memory
            points.append(point)
            losses.append(surface.loss(point))
            taken.append(now)
            if left is None and not surface.inside(point):
                left = at
            if not (np.isfinite(losses[-1]) and np.abs(point).max() < FAR):
                diverged = at
                break
    none = np.full(2, np.nan)

    def column(values: Sequence[Array | None]) -> Array:
        return np.array([none if value is None else value for value in values]).reshape(-1, 2)

    return Track(
        rule=rule,
        points=np.array(points),
        losses=np.array(losses),
        gradients=column([s.gradient for s in taken]),
        used=column([s.used for s in taken]),
        first=column([s.memory.first for s in taken]),
        second=column([s.memory.second for s in taken]),
        first_hat=column([s.first_hat for s in taken]),
        second_hat=column([s.second_hat for s in taken]),
        directions=column([s.direction for s in taken]),
        diverged=diverged,
        left=left,
    )
