"""Principal components, the state of a map in progress, and its neighbourhood preservation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
_ROWS = 4096  # vectors per batch, whose products are summed in float64


@dataclass(frozen=True)
class Plane:
    """A linear map of D-dimensional vectors.

    center: (D,) their mean.   axes: (k, D) directions of largest variance, orthonormal.
    variances: (k,) along them.   shares: (k,) of all variance, between 0 and 1.
    """

    center: Array
    axes: Array
    variances: Array
    shares: Array

    def place(self, vectors: Array) -> Array:
        """Project vectors on the map: (N, D) -> (N, k)."""
        return ((vectors - self.center) @ self.axes.T).astype(np.float32, copy=False)


@dataclass(frozen=True)
class Moment:
    """A map in progress.

    done, of: steps taken and planned.   points: (N, k).
    loss: what is made small: t-SNE's KL(P || Q), UMAP's cross-entropy of sampled pairs (NaN before the first step), in
        nats; PCA's share of the variance that the map does not show.
    state: what else the method needs to go on from here, as arrays by name; the points are among them.
    """

    done: int
    of: int
    points: Array
    loss: float
    state: Mapping[str, NDArray[Any]] = field(default_factory=dict, repr=False)


def pca(vectors: Array, count: int = 2) -> Plane:
    """Compute principal components (Hotelling 1933): the `count` directions of largest variance of vectors (N, D).

    An axis points the way in which its largest component is positive.

    Raises:
        ValueError: fewer than two vectors, or fewer dimensions than axes.
    """
    many, size = vectors.shape
    if many < 2:
        raise ValueError(f"a map needs at least 2 words, not {many}")
    if not 1 <= count <= size:
        raise ValueError(f"vectors of {size} dimensions have no {count} axes")
    center = vectors.mean(axis=0, dtype=np.float64)
    products = np.zeros((size, size))
    for first in range(0, many, _ROWS):
        part = vectors[first : first + _ROWS] - center
        products += part.T @ part
    variances, axes = np.linalg.eigh(products / (many - 1))  # eigenvalues ascending
    variances = np.maximum(variances, 0)
    found = axes.T[::-1][:count]
    largest = found[np.arange(count), np.abs(found).argmax(axis=1)]
    found = found * np.where(largest < 0, -1, 1)[:, None]
    kept, whole = variances[::-1][:count], variances.sum()
    shares = kept / whole if whole else np.zeros(count)
    return Plane(*(part.astype(np.float32) for part in (center, found, kept, shares)))


def neighbours_kept(vectors: Array, points: Array, count: int = 10, most: int = 200) -> float:
    """Measure the share of a word's `count` nearest (by Euclidean distance) that are among its nearest on the map, too.

    Averaged over all words, or over `most` of them, evenly spread.

    Args:
        vectors: (N, D).   points: (N, k), of the same words.
    """
    many = len(vectors)
    count = min(count, many - 1)
    rows = np.unique(np.linspace(0, many - 1, min(most, many)).astype(np.int64))
    far, near = _nearest(vectors, rows, count), _nearest(points, rows, count)
    return float(np.mean([len(np.intersect1d(*both)) / count for both in zip(far, near)]))


def _nearest(table: Array, rows: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    squares = np.einsum("nd,nd->n", table, table)
    found = []
    for first in range(0, len(rows), 64):
        part = rows[first : first + 64]
        far = squares - 2 * (table[part] @ table.T)
        far[np.arange(len(part)), part] = np.inf
        found.append(np.argpartition(far, count - 1, axis=1)[:, :count])
    return np.concatenate(found)
