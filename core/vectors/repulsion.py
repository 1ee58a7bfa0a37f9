"""Repulsive forces of t-SNE between all points of a map: exact, or by interpolation on a grid.

Both give, for each point i, the sum over all j of w_ij^2 (y_i - y_j), and the sum of all w_ij with i != j, where
w_ij = 1 / (1 + |y_i - y_j|^2) is Student's t of one degree of freedom.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray

Array = NDArray[np.float32]
_PAIRS = 400_000  # values per batch: they fit into a core's cache
_LEAST = 1e-30  # minimum of the sum of all w, which may round to 0 for distant points
_NODES = 3  # maximum width of an interval of the grid, on each axis
_INTERVALS = 50  # minimum number of intervals, on each axis


def exact(points: Array) -> tuple[Array, float]:
    """Compute every pair: (N, k) -> forces (N, k) and the sum of all w; N^2 operations."""
    many = len(points)
    squares = np.einsum("nk,nk->n", points, points)[:, None]
    ones = np.ones_like(squares)
    # 1 + |a - b|^2 as one product of rows, (1 + |a|^2, 1, -2 a) and (1, |b|^2, b): one pass over the pairs less.
    left = np.concatenate([1 + squares, ones, -2 * points], axis=1)
    right = np.concatenate([ones, squares, points], axis=1).T.copy()
    sources = np.concatenate([ones, points], axis=1)  # (N, 1 + k)
    forces, total = np.empty_like(points), 0.0
    rows = max(1, _PAIRS // many)
    for first in range(0, many, rows):
        weights = left[first : first + rows] @ right  # (rows, N)
        np.maximum(weights, 1, out=weights)  # negative only by rounding
        np.reciprocal(weights, out=weights)
        own = np.arange(len(weights))
        weights[own, first + own] = 0  # no self-interaction
        total += float(weights.sum(dtype=np.float64))
        np.multiply(weights, weights, out=weights)
        sums = weights @ sources  # (rows, 1 + k)
        forces[first : first + rows] = points[first : first + rows] * sums[:, :1] - sums[:, 1:]
    return forces, max(total, _LEAST)


def by_grid(points: Array) -> tuple[Array, float]:
    """Approximate the forces on a plane map, in N operations and a few FFTs (Linderman et al. 2019, FIt-SNE).

    Each point is spread over the 3 x 3 nodes of its interval of a regular grid, the nodes push each other by one
    convolution, and the push is read off the nodes again. Intervals are at most 1 wide, where w still is smooth.
    """
    low = points.min(axis=0)
    span = float((points.max(axis=0) - low).max()) or 1.0
    intervals = _smooth(max(_INTERVALS, int(np.ceil(span))))
    step = span / intervals / _NODES * (1 + 1e-6)  # node spacing; the last point stays inside
    nodes = intervals * _NODES
    where, weights = _spread(points, low, step, intervals)  # (N, 9) both
    charges = np.stack([np.ones(len(points), np.float32), points[:, 0], points[:, 1]])  # (3, N)
    on_grid = np.stack(
        [np.bincount(where.ravel(), (weights * charge[:, None]).ravel(), nodes * nodes) for charge in charges]
    )
    pushes = _convolve(on_grid.reshape(3, nodes, nodes).astype(np.float32), step)  # (4, nodes^2)
    near, one, x, y = (np.einsum("nk,nk->n", push[where], weights) for push in pushes)
    forces = points * one[:, None] - np.stack([x, y], axis=1)
    # subtract each point's own w, 1
    return forces, max(float(near.sum(dtype=np.float64)) - len(points), _LEAST)


def _smooth(number: int) -> int:
    """Return the next number without prime factors above 5, for a fast FFT."""
    while True:
        rest = number
        for prime in (2, 3, 5):
            while rest % prime == 0:
                rest //= prime
        if rest == 1:
            return number
        number += 1


def _spread(points: Array, low: Array, step: float, intervals: int) -> tuple[NDArray[np.int64], Array]:
    """Compute the nodes around each point (N, 9) and their quadratic interpolation weights, which sum to 1."""
    at = (points - low) / (step * _NODES)  # in intervals
    interval = np.minimum(at.astype(np.int64), intervals - 1)
    inside = ((at - interval) * _NODES - 0.5).astype(np.float32)  # in steps from the interval's first node
    share = np.stack(
        [(inside - 1) * (inside - 2) / 2, inside * (2 - inside), inside * (inside - 1) / 2], axis=-1
    )  # (N, 2, 3)
    node = interval[..., None] * _NODES + np.arange(_NODES)  # (N, 2, 3)
    where = node[:, 0, :, None] * (intervals * _NODES) + node[:, 1, None, :]  # (N, 3, 3)
    weights = share[:, 0, :, None] * share[:, 1, None, :]
    return where.reshape(len(points), -1), weights.reshape(len(points), -1)


def _convolve(charges: Array, step: float) -> Array:
    """Convolve nodes (3, n, n) with w (the first) and with w^2 (all three): (4, n * n)."""
    nodes = charges.shape[-1]
    size = 2 * nodes  # zero padding against wrap-around
    far = torch.arange(size)
    squares = (torch.minimum(far, size - far) * step).float() ** 2
    w = 1 / (1 + squares[:, None] + squares)  # (2n, 2n)
    kernels = torch.fft.rfft2(torch.stack([w, w * w]))
    spread = torch.fft.rfft2(torch.from_numpy(charges), s=(size, size))
    product = torch.cat([kernels[:1] * spread[:1], kernels[1:] * spread])
    pushes: Array = torch.fft.irfft2(product, s=(size, size))[:, :nodes, :nodes].reshape(4, -1).numpy()
    return pushes
