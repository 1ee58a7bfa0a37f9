"""Power laws of scale, L(x) = E + A / x^alpha, fitted to a few runs, with uncertainty and forecasts.

x is the number of parameters, of tokens, or the compute; E is what no size takes away. The surface over parameters and
tokens at once is in core/scaling/surface.py. Nothing here knows where the points come from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from core.messages import later

Array = npt.NDArray[np.float64]

FEWEST = 3  # sizes: as many as a law with an offset has unknowns
EXPONENTS = (0.01, 4.0)  # search range of alpha
DRAWS = 200
_GRID, _FINER = 25, 9  # values of alpha on the first grid, and on each refined one
_ROUNDS, _ROUGH = 15, 9  # grids of a fit, to a precision of alpha of 1e-8; of a bootstrap fit, 1e-5


@dataclass(frozen=True)
class Law:
    """L(x) = floor + amount / x ** exponent, in nats: E, A and alpha of the papers."""

    floor: float
    amount: float
    exponent: float

    def __call__(self, x: npt.ArrayLike) -> Array:
        """Compute the loss at each x."""
        return self.floor + self.amount * np.asarray(x, dtype=np.float64) ** -self.exponent

    def share_left(self, factor: float) -> float:
        """Compute the remaining share of the loss above the floor when x grows by `factor`: factor ** -exponent."""
        return float(factor**-self.exponent)


@dataclass(frozen=True)
class Band:
    """Bootstrap samples of a law, and the residuals of single runs.

    Attributes:
        floors, amounts, exponents: of each drawn law, (R,). scatter: residuals of the fit, made as wide as those of new
            runs (divided by sqrt(1 - unknowns / runs)).
        level: the share of the draws that lies inside.
    """

    floors: Array
    amounts: Array
    exponents: Array
    scatter: Array
    level: float = 0.95

    def laws(self, x: npt.ArrayLike) -> Array:
        """Compute the loss of each sampled law at each x: (R, X)."""
        sizes = np.atleast_1d(np.asarray(x, dtype=np.float64))
        return self.floors[:, None] + self.amounts[:, None] * sizes ** -self.exponents[:, None]

    def at(self, x: npt.ArrayLike) -> tuple[Array, Array]:
        """Compute the confidence interval of the law at each x: the lower and the upper bound, (X,) each."""
        return self._between(self.laws(x))

    def run(self, x: npt.ArrayLike) -> tuple[Array, Array]:
        """Compute the prediction interval of one more run at each x: every sampled law with every residual."""
        laws = self.laws(x)  # (R, X)
        runs = laws[:, None] + self.scatter[:, None]  # (R, points, X)
        return self._between(runs.reshape(-1, laws.shape[1]))

    def exponent(self) -> tuple[float, float]:
        """Compute the confidence interval of alpha."""
        low, high = self._between(self.exponents[:, None])
        return float(low[0]), float(high[0])

    def floor(self) -> tuple[float, float]:
        """Compute the confidence interval of E; from 0 on where the runs cannot distinguish it from 0."""
        low, high = self._between(self.floors[:, None])
        return float(low[0]), float(high[0])

    def _between(self, draws: Array) -> tuple[Array, Array]:
        tail = 50 * (1 - self.level)
        low, high = np.percentile(draws, [tail, 100 - tail], axis=0)
        return low, high


def fit(x: Sequence[float], losses: Sequence[float]) -> Law:
    """Fit the law by least squares of the loss; E and A are not negative.

    For any alpha the best E and A are a linear problem with an exact answer, so that only alpha is searched for
    (variable projection: Golub and Pereyra 1973): on a grid, then on ever finer ones around the best.

    Args:
        x, losses: of each run; several runs may have the same x.

    Raises:
        ValueError: fewer than three different x, or a value that no law can have; the message says what to do.
    """
    sizes, values = checked(x, losses)
    floor, amount, exponent = _fits(sizes, values[None])
    return Law(float(floor[0]), float(amount[0]), float(exponent[0]))


def bootstrap(
    x: Sequence[float], losses: Sequence[float], draws: int = DRAWS, seed: int = 0, level: float = 0.95
) -> Band:
    """Bootstrap the law of `fit`: resample its residuals over the runs, and refit each sample.

    The sizes were chosen, so they stay, and residuals are drawn with replacement (Efron and Tibshirani 1993, "An
    Introduction to the Bootstrap", section 9.4). They hold what differs between seeds, and what the law misses.

    Raises:
        ValueError: as `fit`; or there are only as many runs as unknowns, through which a law passes exactly.
    """
    sizes, values = checked(x, losses)
    count = len(sizes)
    if count <= FEWEST:
        raise ValueError(
            f"a law passes exactly through {count} runs, so they leave no band: add a run or a seed"
        )
    law = fit(x, losses)
    scatter = (values - law(sizes)) / np.sqrt(1 - FEWEST / count)
    dealt = np.random.default_rng(seed).integers(0, count, (draws, count))
    floors, amounts, exponents = _fits(sizes, law(sizes) + scatter[dealt], _ROUGH)
    return Band(floors, amounts, exponents, scatter, level)


def envelope(x: Sequence[float], losses: Sequence[float]) -> list[int]:
    """Find the runs on the lower envelope: by rising x, those whose loss is below every cheaper one's.

    Returns their places in the sequences. Raises ValueError: as `fit`, but for the number of runs.
    """
    sizes, values = checked(x, losses, fewest=1)
    best, found = np.inf, []
    for place in np.lexsort((values, sizes)):
        if values[place] < best:
            best = values[place]
            found.append(int(place))
    return found


def checked(x: Sequence[float], losses: Sequence[float], fewest: int = FEWEST) -> tuple[Array, Array]:
    """Check the data and return both as arrays. Raises ValueError: they cannot be fitted; the message says why."""
    sizes, values = np.asarray(x, dtype=np.float64), np.asarray(losses, dtype=np.float64)
    if sizes.shape != values.shape or sizes.ndim != 1:
        raise ValueError(f"{sizes.size} sizes and {values.size} losses: give one loss for each size")
    if not np.isfinite(values).all() or (values < 0).any():
        wrong = values[~(np.isfinite(values) & (values >= 0))][0]
        raise ValueError(f"a loss of {wrong} is no point of a law: leave that run out")
    if not np.isfinite(sizes).all() or (sizes <= 0).any():
        wrong = sizes[~(np.isfinite(sizes) & (sizes > 0))][0]
        raise ValueError(f"a size of {wrong:g} has no logarithm: leave that run out")
    if (different := len(np.unique(sizes))) < fewest:
        raise ValueError(
            later(
                "a law with an offset has three unknowns, and the runs have 1 different size: give at least {fewest}, "
                "or leave out fewer",
                fewest=fewest,
            )
            if different == 1
            else later(
                "a law with an offset has three unknowns, and the runs have {sizes} different sizes: give at least "
                "{fewest}, or leave out fewer",
                sizes=different,
                fewest=fewest,
            )
        )
    return sizes, values


def _fits(sizes: Array, losses: Array, rounds: int = _ROUNDS) -> tuple[Array, Array, Array]:
    """Fit floor, amount and exponent for each row of losses, (R, points) -> (R,) each."""
    middle = float(np.log(sizes).mean())
    logs = np.log(sizes) - middle  # scaled so that the columns stay near 1
    rows = np.arange(len(losses))
    grid = np.broadcast_to(np.geomspace(*EXPONENTS, _GRID), (len(losses), _GRID))
    for _ in range(rounds):
        columns = np.exp(-grid[:, :, None] * logs)  # (R, G, points)
        misfit = solved(columns[..., None], losses[:, None])[1]
        best = misfit.argmin(axis=1)
        low = grid[rows, np.maximum(best - 1, 0)]
        high = grid[rows, np.minimum(best + 1, grid.shape[1] - 1)]
        grid = low[:, None] + (high - low)[:, None] * np.linspace(0, 1, _FINER)
    exponent = grid[rows, _FINER // 2]
    columns = np.exp(-exponent[:, None] * logs)
    found = solved(columns[..., None], losses)[0]
    return found[:, 0], found[:, 1] * np.exp(exponent * middle), exponent


def solved(columns: Array, losses: Array) -> tuple[Array, Array]:
    """Solve for the best non-negative floor and amounts, for given columns x^-alpha.

    Args:
        columns: (..., points, P). losses: (..., points).

    Returns:
        coefficients (..., 1 + P), the floor first; the sum of squared differences (...).
    """
    full = np.concatenate([np.ones((*columns.shape[:-1], 1)), columns], axis=-1)  # (..., points, 1 + P)
    unknowns = full.shape[-1]
    best = np.zeros((*full.shape[:-2], unknowns))
    lowest = np.full(full.shape[:-2], np.inf)
    # At a bound, coefficients are exactly 0: every subset of zeros is tried, as there are few.
    for chosen in range(1, 2**unknowns):
        kept = [place for place in range(unknowns) if chosen >> place & 1]
        part = full[..., kept]
        turned = np.swapaxes(part, -1, -2)  # (..., kept, points)
        gram = turned @ part + 1e-15 * np.eye(len(kept))
        found = np.linalg.solve(gram, turned @ losses[..., None])[..., 0]
        misfit = ((losses - (part @ found[..., None])[..., 0]) ** 2).sum(axis=-1)
        better = (found >= 0).all(axis=-1) & (misfit < lowest)
        lowest = np.where(better, misfit, lowest)
        whole = np.zeros_like(best)
        whole[..., kept] = found
        best = np.where(better[..., None], whole, best)
    return best, lowest
