"""A gender direction, and its removal from vectors (Bolukbasi, Chang, Zou, Saligrama & Kalai 2016).

Pairs of words that differ mainly in gender define a direction g. Removing a vector's
component along g leaves v - (v . g) g, which is orthogonal to g. Whether gender information remains elsewhere is tested
in core/vectors/residual_bias.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from core.messages import later
from core.vectors.static import StaticVectors

Array = NDArray[np.float64]

# Bolukbasi et al. 2016, section 5.1: the ten pairs that define the direction, she before he.
PAIRS: tuple[tuple[str, str], ...] = (
    ("she", "he"), ("her", "his"), ("woman", "man"), ("Mary", "John"), ("herself", "himself"),
    ("daughter", "son"), ("mother", "father"), ("gal", "guy"), ("girl", "boy"), ("female", "male"),
)  # fmt: skip


@dataclass(frozen=True)
class Direction:
    """The direction along which pairs differ most.

    Attributes:
        vector: (D,) of length 1; it points to the second words of the pairs.
        pairs: those that the table has, in their order.
        shares: of the pairs' variance, what each principal component holds, the largest first; sums to 1.
    """

    vector: Array
    pairs: tuple[tuple[str, str], ...]
    shares: Array


def gender_direction(table: StaticVectors, pairs: Sequence[tuple[str, str]] = PAIRS) -> Direction:
    """Compute the first principal component of the pairs, each centred on its midpoint (section 5.1, words at length
    1).

    With a single pair it is the difference of the two.

    Raises:
        ValueError: the table has no pair whose words differ.
    """
    known = tuple(pair for pair in pairs if all(word in table for word in pair))
    rows = np.array([[table.row(word) for word in pair] for pair in known], dtype=np.int64).reshape(-1, 2)
    words = table.vectors[rows].astype(np.float64)  # (P, 2, D)
    lengths = np.linalg.norm(words, axis=2, keepdims=True)
    words = words / np.where(lengths > 0, lengths, 1.0)
    halves = (words[:, 1] - words[:, 0]) / 2  # (P, D): each word is its pair's midpoint, plus or minus this
    if not np.abs(halves).max(initial=0.0) > 1e-9:
        some = [later("“{one} and {other}”", one=one, other=other) for one, other in list(pairs)[:3]]
        named = reduce(lambda first, second: later("{first} or {second}", first=first, second=second), some)
        raise ValueError(
            later(
                "{table} has none of the pairs that define the direction, such as {pairs}",
                table=table.name,
                pairs=named,
            )
        )
    _, sizes, axes = np.linalg.svd(halves, full_matrices=False)
    vector = axes[0] if float((halves @ axes[0]).sum()) >= 0 else -axes[0]
    return Direction(vector, known, sizes**2 / (sizes**2).sum())


def remove(vectors: np.ndarray, direction: np.ndarray) -> Array:
    """Remove the vectors' component along a direction: v - (v . g) g.

    Bolukbasi et al. leave "he", "she" and their like as they are, and move the other words to the middle between them;
    here every vector loses the same, so that what is left is left by the projection and by nothing else.

    Args:
        vectors: (..., D).   direction: (D,) of any length but 0.

    Returns:
        (..., D) at right angles to the direction; removing it once more changes nothing.

    Raises:
        ValueError: the direction has no length, or a number that is not finite.
    """
    length = float(np.linalg.norm(direction))
    if not (np.isfinite(length) and length > 0):
        raise ValueError(f"a direction needs a length above 0 to be removed, not {length:g}")
    unit = np.asarray(direction, dtype=np.float64) / length
    wide = np.asarray(vectors, dtype=np.float64)
    found: Array = wide - (wide @ unit)[..., None] * unit
    return found


def lean(table: StaticVectors, direction: Direction) -> Array:
    """Compute the cosine of every word with the direction: (V,); above 0 it leans to the pairs' second words."""
    found: Array = (table.vectors @ direction.vector.astype(np.float32)) / table.lengths.astype(np.float64)
    return found


def direct_bias(table: StaticVectors, direction: Direction, rows: Sequence[int]) -> float:
    """Compute the direct bias of words that should be neutral: the mean of |cos(w, g)| (section 5.2, c = 1).

    Raises:
        ValueError: no words.
    """
    if not len(rows):
        raise ValueError("the direct bias is a mean over words, and there are none")
    return float(np.abs(lean(table, direction)[list(rows)]).mean())
