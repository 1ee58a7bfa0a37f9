"""The loss as a function of parameters and tokens, L(N, D) = E + A / N^alpha + B / D^beta, and the optimal split.

Hoffmann et al. 2022, "Training Compute-Optimal Large Language Models", section 3.3 (approach 3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.scaling.law import FEWEST, Array, checked, solved

FLOPS_EACH = (
    6  # operations of training for each parameter and token: 2 forward, 4 backward (Kaplan et al. 2020, 2.1)
)
_EXPONENTS = (0.02, 3.0)
_GRID, _FINER, _ROUNDS = 25, 9, 16
_AROUND = 41  # exponents on each side of a drawn surface's grid
UNKNOWNS = 5


def compute(parameters: npt.ArrayLike, tokens: npt.ArrayLike) -> Array:
    """Compute C = 6 N D, the convention of both papers: training operations without attention scores."""
    return FLOPS_EACH * np.asarray(parameters, dtype=np.float64) * np.asarray(tokens, dtype=np.float64)


@dataclass(frozen=True)
class Surface:
    """L(N, D) = floor + amount_n / N ** exponent_n + amount_d / D ** exponent_d, in nats."""

    floor: float
    amount_n: float
    exponent_n: float
    amount_d: float
    exponent_d: float

    def __call__(self, parameters: npt.ArrayLike, tokens: npt.ArrayLike) -> Array:
        """Compute the loss at each pair."""
        n, d = np.asarray(parameters, dtype=np.float64), np.asarray(tokens, dtype=np.float64)
        return self.floor + self.amount_n * n**-self.exponent_n + self.amount_d * d**-self.exponent_d

    @property
    def share(self) -> float:
        """a of N_opt ~ C^a: the exponent with which optimal parameters grow with compute (Hoffmann et al. 2022, eq.
        4)."""
        return self.exponent_d / (self.exponent_n + self.exponent_d)

    def best(self, flops: npt.ArrayLike) -> tuple[Array, Array]:
        """Compute the parameters and tokens of the lowest loss at 6 N D = flops (Hoffmann et al. 2022, equation 4).

        Raises:
            ValueError: one of the two makes no difference on this surface, so that there is no best split.
        """
        if min(self.amount_n, self.amount_d) <= 0:
            raise ValueError(
                "on this surface only one of parameters and tokens lowers the loss: no best split"
            )
        budget = np.asarray(flops, dtype=np.float64) / FLOPS_EACH
        return self._ratio * budget**self.share, budget ** (1 - self.share) / self._ratio

    def budget(self, tokens: float) -> float:
        """Compute the operations from which on `best` needs more than so many tokens. Raises ValueError: as `best`."""
        self.best(1.0)
        return float(FLOPS_EACH * (tokens * self._ratio) ** (1 / (1 - self.share)))

    @property
    def _ratio(self) -> float:
        """G of equation 4."""
        both = self.exponent_n + self.exponent_d
        return float((self.exponent_n * self.amount_n / (self.exponent_d * self.amount_d)) ** (1 / both))


def fit_surface(parameters: Sequence[float], tokens: Sequence[float], losses: Sequence[float]) -> Surface:
    """Fit the surface by least squares; floor and amounts are not negative.

    The two exponents are searched for on ever finer grids, the rest is linear (as `core.scaling.fit`).

    Raises:
        ValueError: fewer than three different numbers of parameters or of tokens, or fewer than five pairs.
    """
    n, values = checked(parameters, losses)
    d, _ = checked(tokens, losses)
    if (pairs := len(np.unique(np.stack([n, d]), axis=1).T)) < FEWEST + 2:
        raise ValueError(
            f"a surface has five unknowns, and the runs are of {pairs} kinds: give at least five"
        )
    middles = np.log(n).mean(), np.log(d).mean()
    logs = np.log(n) - middles[0], np.log(d) - middles[1]
    first = np.geomspace(*_EXPONENTS, _GRID)
    grids = [first, first]
    for _ in range(_ROUNDS):
        one, other = np.meshgrid(*grids, indexing="ij")  # (G, G)
        columns = _columns(one, other, logs)  # (G, G, points, 2)
        misfit = solved(columns, values)[1]
        at = [int(place) for place in np.unravel_index(misfit.argmin(), misfit.shape)]
        grids = [
            np.linspace(grid[max(place - 1, 0)], grid[min(place + 1, len(grid) - 1)], _FINER)
            for grid, place in zip(grids, at, strict=True)
        ]
    alpha, beta = (float(grid[_FINER // 2]) for grid in grids)
    found = solved(_columns(np.array(alpha), np.array(beta), logs), values)[0]
    return Surface(
        float(found[0]), float(found[1] * np.exp(alpha * middles[0])), alpha,
        float(found[2] * np.exp(beta * middles[1])), beta,
    )  # fmt: skip


def misfit(surface: Surface, parameters: Array, tokens: Array, losses: Array) -> float:
    """Compute the distance of the runs from the surface: root mean square, in nats."""
    return float(np.sqrt(np.mean((losses - surface(parameters, tokens)) ** 2)))


def share_between(
    surface: Surface,
    parameters: Sequence[float],
    tokens: Sequence[float],
    losses: Sequence[float],
    draws: int = 200,
    level: float = 0.95,
) -> tuple[float, float]:
    """Compute the confidence interval of `share` by a bootstrap of residuals, as `core.scaling.bootstrap` for a law.

    Every deal is fitted on one grid of both exponents, from half to twice those of the surface; there the linear part
    of all deals is solved at once.

    Args:
        surface: of `fit_surface` over the same runs.

    Raises:
        ValueError: no more than five runs, through which a surface passes exactly.
    """
    n, values = checked(parameters, losses)
    d, _ = checked(tokens, losses)
    if (count := len(n)) <= UNKNOWNS:
        raise ValueError(f"a surface passes through {count} runs, so they leave no interval: add runs")
    scatter = (values - surface(n, d)) / np.sqrt(1 - UNKNOWNS / count)
    dealt = np.random.default_rng(0).integers(0, count, (draws, count))
    drawn = surface(n, d) + scatter[dealt]  # (R, points)
    around = np.geomspace(0.5, 2, _AROUND)
    one, other = np.meshgrid(surface.exponent_n * around, surface.exponent_d * around, indexing="ij")
    logs = np.log(n) - np.log(n).mean(), np.log(d) - np.log(d).mean()
    columns = _columns(one.ravel(), other.ravel(), logs)  # (G, points, 2)
    best = _nearest(columns, drawn)
    alpha, beta = one.ravel()[best], other.ravel()[best]
    low, high = np.percentile(beta / (alpha + beta), [50 * (1 - level), 50 * (1 + level)])
    return float(low), float(high)


def _nearest(columns: Array, drawn: Array) -> npt.NDArray[np.intp]:
    """Find for each row of losses (R, points) the index on the grid (G, points, P) of the least squares, (R,)."""
    full = np.concatenate([np.ones((*columns.shape[:-1], 1)), columns], axis=-1)
    lowest = np.full((len(full), len(drawn)), np.inf)
    for chosen in range(1, 2 ** full.shape[-1]):  # subsets of non-zero coefficients, as in `solved`
        part = full[..., [place for place in range(full.shape[-1]) if chosen >> place & 1]]
        turned = np.swapaxes(part, -1, -2)
        met = turned @ drawn.T  # (G, kept, R)
        found = np.linalg.solve(turned @ part + 1e-15 * np.eye(part.shape[-1]), met)
        left = (drawn**2).sum(axis=1) - (found * met).sum(axis=1)
        lowest = np.where((found >= 0).all(axis=1), np.minimum(left, lowest), lowest)
    return lowest.argmin(axis=0)


def _columns(one: Array, other: Array, logs: tuple[Array, Array]) -> Array:
    return np.stack([np.exp(-one[..., None] * logs[0]), np.exp(-other[..., None] * logs[1])], axis=-1)
