"""Loss surfaces of two weights for comparing optimizers: value, gradient, formula, minima."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.messages import mark

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Surface:
    """A loss of two weights x and y.

    Attributes:
        formula: as a learner reads it.
        value, slope: of arrays x and y; slope gives both partial derivatives.
        box: x from, x to, y from, y to of the picture; 4 : 3, so that a step downhill crosses the contours at a right
            angle.
        start: where a race begins. minima: all lowest points; lowest: the loss there.
        rates: a fair rate for each optimizer on this surface, by its name.
        lesson: what to look for.
    """

    name: str
    title: str
    formula: str
    lesson: str
    value: Callable[[Array, Array], Array]
    slope: Callable[[Array, Array], tuple[Array, Array]]
    box: tuple[float, float, float, float]
    start: tuple[float, float]
    minima: tuple[tuple[float, float], ...]
    rates: dict[str, float]
    lowest: float = 0.0

    def loss(self, point: Array) -> float:
        """Compute the loss at a point (2,)."""
        return float(self.value(point[0], point[1]))

    def gradient(self, point: Array) -> Array:
        """Compute the gradient at a point: (2,) -> (2,)."""
        return np.array(self.slope(point[0], point[1]), dtype=np.float64)

    def inside(self, point: Array) -> bool:
        """Return whether a point is inside the picture."""
        left, right, low, high = self.box
        return bool(left <= point[0] <= right and low <= point[1] <= high)

    def grid(self, columns: int, rows: int) -> Array:
        """Compute the loss on a regular grid over the box, first row at the top: (rows, columns)."""
        left, right, low, high = self.box
        x, y = np.meshgrid(np.linspace(left, right, columns), np.linspace(high, low, rows))
        return self.value(x, y)


def levels(grid: Array, count: int = 14) -> Array:
    """Choose contour levels, denser where the surface is low, by share of the picture: (count,)."""
    shares = ((np.arange(count) + 0.5) / count) ** 1.6
    return np.quantile(grid, shares)


def _beale(x: Array, y: Array) -> Array:
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def _beale_slope(x: Array, y: Array) -> tuple[Array, Array]:
    a, b, c = 1.5 - x + x * y, 2.25 - x + x * y**2, 2.625 - x + x * y**3
    dx = 2 * (a * (y - 1) + b * (y**2 - 1) + c * (y**3 - 1))
    return dx, 2 * x * (a + 2 * b * y + 3 * c * y**2)


def _waves(x: Array, y: Array) -> Array:
    return x**2 + y**2 + 2 - np.cos(2 * np.pi * x) - np.cos(2 * np.pi * y)


def _waves_slope(x: Array, y: Array) -> tuple[Array, Array]:
    return (
        2 * x + 2 * np.pi * np.sin(2 * np.pi * x),
        2 * y + 2 * np.pi * np.sin(2 * np.pi * y),
    )


_ALL = (
    Surface(
        "bowl", mark("Bowl"), "(x² + y²) / 2",
        mark("Equally steep on all sides: the slope points straight at the lowest point."),
        lambda x, y: (x**2 + y**2) / 2, lambda x, y: (x, y),
        (-2.4, 2.4, -1.8, 1.8), (-2.0, 1.2), ((0.0, 0.0),),
        {"sgd": 0.1, "momentum": 0.03, "adam": 0.1, "adamw": 0.1, "muon": 0.05},
    ),
    Surface(
        "ravine", mark("Ravine"), "(x² + 20 y²) / 2",
        mark("Twenty times steeper across than along: fast across, slow along."),
        lambda x, y: (x**2 + 20 * y**2) / 2, lambda x, y: (x, 20 * y),
        (-2.8, 2.8, -2.1, 2.1), (-2.4, 1.4), ((0.0, 0.0),),
        {"sgd": 0.09, "momentum": 0.02, "adam": 0.1, "adamw": 0.1, "muon": 0.1},
    ),
    Surface(
        "saddle", mark("Saddle"), "x² / 2 − y² / 2 + y⁴ / 4",
        mark("At the saddle the slope is nearly 0 although a way down is near."),
        lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4, lambda x, y: (x, y**3 - y),
        (-2.4, 2.4, -1.8, 1.8), (-2.0, 0.001), ((0.0, -1.0), (0.0, 1.0)),
        {"sgd": 0.1, "momentum": 0.05, "adam": 0.05, "adamw": 0.05, "muon": 0.05}, lowest=-0.25,
    ),
    Surface(  # Rosenbrock 1960, The Computer Journal 3(3)
        "rosenbrock", "Rosenbrock", "(1 − x)² + 100 (y − x²)²",
        mark("A bent valley, a hundred times steeper at its walls than along its floor."),
        lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        lambda x, y: (2 * (x - 1) - 400 * x * (y - x**2), 200 * (y - x**2)),
        (-2.2, 2.2, -0.9, 2.4), (-1.2, 1.0), ((1.0, 1.0),),
        {"sgd": 0.002, "momentum": 0.001, "adam": 0.3, "adamw": 0.3, "muon": 0.05},
    ),
    Surface(  # Beale 1958, On an iterative method for finding a local minimum
        "beale", "Beale", "(1.5 − x + xy)² + (2.25 − x + xy²)² + (2.625 − x + xy³)²",
        mark("Cliffs at the corners, a plain in the middle: slopes differ by thousands."),
        _beale, _beale_slope,
        (-0.6, 4.2, -1.4, 2.2), (0.6, 1.6), ((3.0, 0.5),),
        {"sgd": 0.02, "momentum": 0.005, "adam": 0.2, "adamw": 0.2, "muon": 0.1},
    ),
    Surface(  # Rastrigin's function (1974) with a tenth of its waves' height, so that some of them can be passed
        "waves", mark("Many minima"), "x² + y² + 2 − cos 2πx − cos 2πy",
        mark("Every hollow looks like the lowest point from inside: who stops where depends on start and rate."),
        _waves, _waves_slope,
        (-2.8, 2.8, -2.1, 2.1), (-2.4, 1.5), ((0.0, 0.0),),
        {"sgd": 0.01, "momentum": 0.01, "adam": 0.2, "adamw": 0.2, "muon": 0.1},
    ),
)  # fmt: skip
SURFACES: dict[str, Surface] = {surface.name: surface for surface in _ALL}
