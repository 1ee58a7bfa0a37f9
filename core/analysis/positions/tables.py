"""Position tables: vectors added to the embeddings, sinusoidal or learned.

Vaswani et al. 2017, section 3.5, and Radford et al. 2019. What turns queries and keys is in `rotation`, what adds to
the scores in `distance_bias`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from torch import Tensor

from core.analysis.stacks import Half, Stack
from core.messages import say
from core.model.position import sinusoidal_table

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]
Measure = Literal["cosine", "dot"]
BASE = 10_000.0  # base of the sinusoidal wavelengths


class NoTable(ValueError):
    """Raised for a model without a position table; the message says what it has instead."""


HOW = {
    "learned": "adds a learned vector to each token's embedding",
    "sinusoidal": "adds sines and cosines to each token's embedding",
    "rotary": "turns queries and keys",
    "alibi": "lowers each score by a slope times the distance",
    "relative": "adds a learned number to each score, by distance",
    "none": "is told nothing of positions",
}


def sinusoidal(positions: int, d_model: int) -> Array:
    """Compute the sinusoidal table (T, D) float64: PE(t, 2i) = sin(t w_i), PE(t, 2i + 1) = cos(t w_i).

    w_i = 10,000^(-2i / D) radians per position.

    Raises:
        ValueError: fewer than one position or column.
    """
    if positions < 1 or d_model < 1:
        raise ValueError(f"a table of {positions} positions and {d_model} columns is empty")
    return sinusoidal_table(positions, d_model).numpy()


def rates(d_model: int) -> Array:
    """Compute w_i, the radians per position of pair i, columns 2i and 2i + 1: (ceil(D / 2),)."""
    return BASE ** (-np.arange(0, d_model, 2) / d_model)


def wavelengths(d_model: int) -> Array:
    """Compute each pair's wavelength in positions, from 2 pi to nearly 10,000 * 2 pi: (ceil(D / 2),)."""
    return 2 * np.pi / rates(d_model)


def model_table(lm: LanguageModel, stack: Stack | None = None) -> Array:
    """Return the model's position table (n_ctx, D), learned or sinusoidal: row t is added at position t.

    Raises:
        NoTable: this model adds no vectors.
        ValueError: the model has no such stack.
    """
    part = Half.of(lm, stack).stack.pos_embed
    if part is None:
        raise NoTable(f"{lm.name} has no table of positions: it {HOW[lm.config.position]}")
    with torch.no_grad():
        table: Tensor = part(torch.arange(lm.config.n_ctx, device=lm.device))  # (n_ctx, D)
    return table.double().cpu().numpy()


def within(position: int, rows: int) -> tuple[int, str]:
    """Clamp `position` to a table's rows, and return a message where that changes it ("" where not).

    Raises:
        ValueError: a table without rows.
    """
    if rows < 1:
        raise ValueError("a table without rows holds no position")
    if 0 <= position < rows:
        return position, ""
    nearest = 0 if position < 0 else rows - 1
    return nearest, say(
        "The table ends: position {position} is not one of 0 to {last}, {nearest} is shown.",
        position=f"{position:,}", last=f"{rows - 1:,}", nearest=f"{nearest:,}",
    )  # fmt: skip


@dataclass(frozen=True)
class Waves:
    """The columns of a table as waves over the positions, the shortest first; a wave is one column, or a pair of two.

    Attributes:
        columns: of the table, of each wave.
        wavelengths: (W,) positions until it comes round again.
        strength: (W,) the share of the columns' variance that this one wave makes up: 1 for a pure sine.
        measured: found in the table, not known beforehand; then no wave is longer than the table.
    """

    columns: tuple[tuple[int, ...], ...]
    wavelengths: Array
    strength: Array
    measured: bool


def sinusoidal_waves(d_model: int) -> Waves:
    """Return the waves of a sinusoidal table: pair i is sine and cosine of one angle.

    An odd D leaves the last sine alone.
    """
    pairs = tuple(tuple(range(at, min(at + 2, d_model))) for at in range(0, d_model, 2))
    return Waves(pairs, wavelengths(d_model), np.ones(len(pairs)), measured=False)


def measured_waves(table: Array) -> Waves:
    """Find the strongest Fourier component of each column of any table (T, D), without the mean.

    A column that never changes has no wave: it stands last, its wavelength infinite, its strength 0.

    Raises:
        ValueError: fewer than four positions.
    """
    length, width = table.shape
    if length < 4:
        raise ValueError(f"{length} positions are too few to see a wave in: give at least 4")
    values = np.asarray(table, dtype=np.float64)
    power = np.abs(np.fft.rfft(values - values.mean(0), axis=0)[1:]) ** 2  # (T // 2, D)
    if length % 2 == 0:
        power[-1] /= 2  # every other component also stands for its negative frequency
    total = power.sum(0)  # (D,)
    flat = total <= 1e-24 * np.maximum(1.0, (values**2).sum(0))
    best = power.argmax(0)  # (D,)
    periods = np.where(flat, np.inf, length / (best + 1))
    strength = np.where(flat, 0.0, power[best, np.arange(width)] / np.where(flat, 1.0, total))
    order = np.lexsort((np.arange(width), -strength, periods))
    return Waves(tuple((int(at),) for at in order), periods[order], strength[order], measured=True)


@dataclass(frozen=True)
class ByDistance:
    """The similarity of two positions as a function of their distance, over all pairs of that distance.

    Attributes:
        distances: (n,) 0, 1, 2, ...
        mean, spread, least, most: (n,) of the measure; spread is the standard deviation: 0 where only distance counts.
        pairs: (n,) how many there are.
    """

    distances: Array
    mean: Array
    spread: Array
    least: Array
    most: Array
    pairs: Array


def similarity(table: Array, measure: Measure = "cosine") -> Array:
    """Compute the cosine or dot product of every two rows of a table (T, D), in float64: (T, T).

    A zero row has cosine 0.

    Raises:
        ValueError: no such measure.
    """
    if measure not in ("cosine", "dot"):
        raise ValueError(f"measure={measure!r} is neither 'cosine' nor 'dot'")
    rows = np.asarray(table, dtype=np.float64)
    if measure == "cosine":
        length = np.linalg.norm(rows, axis=1, keepdims=True)  # (T, 1)
        rows = rows / np.where(length == 0, 1.0, length)
    alike: Array = rows @ rows.T
    return alike


def similarity_by_distance(
    table: Array, measure: Measure = "cosine", longest: int | None = None
) -> ByDistance:
    """Compute the similarity of rows t and t + k of a table (T, D) for k = 0 to `longest` (None: T - 1), over all t.

    Of a sinusoidal table the dot product is sum_i cos(k w_i) for every t: the spread is 0 up to rounding.

    Raises:
        ValueError: no such measure, or a distance that no two rows have.
    """
    alike = similarity(table, measure)
    last = len(alike) - 1 if longest is None else longest
    if not 0 <= last < len(alike):
        raise ValueError(f"no two of {len(alike)} positions are {last} apart")
    by = [np.diagonal(alike, offset=k) for k in range(last + 1)]
    columns = [
        np.array([summary(values) for values in by]) for summary in (np.mean, np.std, np.min, np.max, len)
    ]
    return ByDistance(np.arange(last + 1), *columns)


@dataclass(frozen=True)
class Shift:
    """M_k of the identity PE(t + k) = M_k PE(t), and how closely a table satisfies it.

    Attributes:
        by: k, positions; below 0 it leads back.
        angles: (D / 2,) radians by which M_k turns each pair.
        matrix: (D, D).
        error: the largest |PE(t + k) - M_k PE(t)| of any number at any t; worst: that t.
        rows: how many t were compared.
    """

    by: int
    angles: Array
    matrix: Array
    error: float
    worst: int
    rows: int

    def moved(self, rows: Array) -> Array:
        """Apply M_k to rows (..., D) of a table, which predicts PE(t + k)."""
        there: Array = np.asarray(rows, dtype=np.float64) @ self.matrix.T
        return there


def shift_matrix(by: int, d_model: int) -> Array:
    """Build M_k (D, D), the same for every t: pair (sin, cos) is rotated by k w_i (Vaswani et al. 2017, section 3.5).

        sin((t + k) w) =  cos(k w) sin(t w) + sin(k w) cos(t w)
        cos((t + k) w) = -sin(k w) sin(t w) + cos(k w) cos(t w)

    Raises:
        ValueError: an odd width: its last sine has no cosine beside it, and cannot be shifted alone.
    """
    if d_model % 2:
        raise ValueError(f"d_model={d_model} is odd: its last sine has no cosine, so no matrix shifts it")
    matrix = np.zeros((d_model, d_model))
    sines = np.arange(0, d_model, 2)
    cos, sin = np.cos(by * rates(d_model)), np.sin(by * rates(d_model))
    matrix[sines, sines] = matrix[sines + 1, sines + 1] = cos
    matrix[sines, sines + 1], matrix[sines + 1, sines] = sin, -sin
    return matrix


def shift(table: Array, by: int) -> Shift:
    """Test a table (T, D) against the identity: exact, up to rounding, for a sinusoidal one, and for no other.

    Raises:
        ValueError: an odd width, or a shift as long as the table.
    """
    length, width = table.shape
    if abs(by) >= length:
        raise ValueError(f"a shift by {by} leads out of a table of {length} positions")
    matrix = shift_matrix(by, width)
    rows = np.asarray(table, dtype=np.float64)
    before, after = (rows[: length - by], rows[by:]) if by >= 0 else (rows[-by:], rows[:by])
    apart = np.abs(after - before @ matrix.T).max(1)  # (T - |k|,)
    worst = int(apart.argmax())
    return Shift(by, by * rates(width), matrix, float(apart[worst]), worst + max(0, -by), len(apart))
