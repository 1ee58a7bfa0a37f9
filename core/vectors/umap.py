"""UMAP: a map on which neighbours attract and all others repel (McInnes, Healy & Melville 2018).

A batched implementation: in each step every edge of the neighbour graph attracts with a probability equal to its
weight, the same words are repelled from a few random ones, and the rate falls.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from core.vectors.projection import Moment, pca
from core.vectors.tsne import nearest

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

NEIGHBOURS = 15  # a word counts as its own first neighbour, as in the paper's program
NEGATIVES = 5  # negative samples per edge
MIN_DISTANCE = 0.1  # minimum distance on the map
FEWEST = 4
_CLIP = 4.0  # maximum length of one push or pull, before the rate
_SOFT = 0.001  # added to squared distances against large forces at short distance
_EXTENT = 10.0  # spread of the initial map


@dataclass(frozen=True)
class Graph:
    """Edges between words, each once: first < second, weight (E,) between 0 and 1, how surely they are neighbours."""

    first: Rows
    second: Rows
    weight: Array


def memberships(distances: Array) -> Array:
    """Compute membership strengths of neighbours, (N, n) in 0..1, the nearest 1; a row sums to log2(n + 1).

    exp(-(d - rho) / sigma): rho is the distance of the nearest, sigma is found by bisection (section 3.1 of the paper).
    Where all neighbours are equally far, all are full ones.

    Args:
        distances: (N, n) of the nearest words, nearest first.
    """
    beyond = np.maximum(distances - distances[:, :1], 0).astype(np.float64)
    wanted = np.log2(distances.shape[1] + 1)
    scale = np.maximum(beyond.mean(axis=1, keepdims=True), 1e-12)
    low, high = np.full_like(scale, -20.0), np.full_like(scale, 20.0)  # log of sigma, in units of the mean
    for _ in range(50):
        middle = (low + high) / 2
        many = np.exp(-beyond / (scale * np.exp(middle))).sum(axis=1, keepdims=True) > wanted
        low, high = np.where(many, low, middle), np.where(many, middle, high)
    sure: Array = np.exp(-beyond / (scale * np.exp((low + high) / 2))).astype(np.float32)
    return sure


def graph(vectors: Array, neighbours: int = NEIGHBOURS) -> Graph:
    """Build the neighbour graph: an edge exists if it does from either end, p + q - p q (a fuzzy union)."""
    many = len(vectors)
    rows, squares = nearest(vectors, min(neighbours, many) - 1)
    sure = memberships(np.sqrt(squares))
    one = np.repeat(np.arange(many), rows.shape[1])
    other = rows.ravel()
    keys = np.minimum(one, other) * many + np.maximum(one, other)
    order = np.argsort(keys, kind="stable")
    begins = np.flatnonzero(np.diff(keys[order], prepend=-1))
    missed = np.multiply.reduceat(1 - sure.ravel()[order].astype(np.float64), begins)
    first, second = np.divmod(keys[order][begins], many)
    return Graph(first, second, (1 - missed).astype(np.float32))


def curve(min_distance: float = MIN_DISTANCE, spread: float = 1.0) -> tuple[float, float]:
    """Fit a and b: 1 / (1 + a d^2b) nearest to 1 up to `min_distance`, to exp(-(d - min_distance) / spread) beyond.

    By Gauss-Newton on 300 distances from 0 to 3 times the spread, halving steps that do not improve.
    """
    d = np.linspace(0, 3 * spread, 300)[1:]  # at distance 0 every curve is 1
    wanted = np.where(d < min_distance, 1.0, np.exp(-(d - min_distance) / spread))
    logs = np.log(d)

    def at(logged: NDArray[np.float64]) -> NDArray[np.float64]:
        a, b = np.exp(logged)
        curve: NDArray[np.float64] = 1 / (1 + a * d ** (2 * b))
        return curve

    found = np.zeros(2)  # logs of a and b, which must be positive
    for _ in range(100):
        now = at(found)
        slope = now * (1 - now)  # derivative by log a, with negative sign
        columns = np.stack([-slope, -slope * 2 * np.exp(found[1]) * logs], axis=1)
        move, *_ = np.linalg.lstsq(columns, wanted - now, rcond=None)
        while (
            np.abs(move).max() > 1e-12
            and ((at(found + move) - wanted) ** 2).sum() > ((now - wanted) ** 2).sum()
        ):
            move = move / 2
        found = found + move
    a, b = np.exp(found)
    return float(a), float(b)


def umap(
    vectors: Array,
    *,
    count: int = 2,
    neighbours: int = NEIGHBOURS,
    steps: int | None = None,
    every: int = 5,
    seed: int = 0,
    last: Moment | None = None,
) -> Iterator[Moment]:
    """Compute the map of vectors (N, D), yielded every `every` steps, from PCA's at step 0 to the last.

    Args:
        steps: None: 500 up to 5,000 words, 200 beyond (the paper's program does the same from 10,000).
        seed: of the order of the edges and of the random words.
        last: the moment to go on after (with its `state`), of the same vectors and settings.

    Raises:
        ValueError: fewer than 4 words, or fewer dimensions than the map's.
    """
    many = len(vectors)
    if many < FEWEST:
        raise ValueError(f"UMAP needs at least {FEWEST} words, not {many}: it keeps who is near whom")
    steps = (500 if many <= 5000 else 200) if steps is None else steps
    edges = graph(vectors, neighbours)
    generator = torch.Generator().manual_seed(seed)
    a, b = curve()
    first, second, weight = (torch.from_numpy(part) for part in (edges.first, edges.second, edges.weight))
    weight = weight / weight.max()
    if last is None:
        start = pca(vectors, count).place(vectors)
        extent = float(np.abs(start).max())
        points = torch.from_numpy(start * np.float32(_EXTENT / extent if extent else 0))
        yield _moment(0, steps, points, float("nan"), generator)
    else:
        points = torch.from_numpy(last.state["points"].copy())
        generator.set_state(torch.from_numpy(last.state["generator"].copy()))
    for step in range(0 if last is None else last.done, steps):
        drawn = torch.rand(len(weight), generator=generator) < weight
        order = torch.nonzero(drawn)[:, 0]
        order = order[torch.randperm(len(order), generator=generator)]
        losses = [
            _move(points, first[part], second[part], 1 - step / steps, (a, b), generator)
            for part in order.split(max(many // 4, 64))
        ]
        if (step + 1) % every == 0 or step + 1 == steps:
            yield _moment(step + 1, steps, points, float(torch.cat(losses).mean()), generator)


def _moment(done: int, of: int, points: Tensor, loss: float, generator: torch.Generator) -> Moment:
    state = {"points": points.numpy().copy(), "generator": generator.get_state().numpy().copy()}
    return Moment(done, of, points.numpy().copy(), loss, state)


def _move(
    points: Tensor,
    one: Tensor,
    other: Tensor,
    rate: float,
    ab: tuple[float, float],
    generator: torch.Generator,
) -> Tensor:
    """Pull the ends of edges together and push both from random words, in place; return the loss of each edge, (E,)."""
    ends = torch.cat([one, other])  # (2E,): each end moves, with negative samples of its own
    random = torch.randint(len(points), (len(ends), NEGATIVES), generator=generator)
    pulls, near = attraction(points[one] - points[other], *ab)  # (E, k), (E,)
    pushes, far = repulsion(points[ends][:, None] - points[random], *ab)  # (2E, n, k), (2E, n)
    points.index_add_(0, ends, (torch.cat([pulls, -pulls]) + pushes.sum(dim=1)) * rate)
    far = far.where(random != ends[:, None], 0)  # no self-repulsion
    return near + far.sum(dim=1).view(2, -1).sum(dim=0)


def attraction(gap: Tensor, a: float, b: float) -> tuple[Tensor, Tensor]:
    """Compute the attraction of neighbours at y_i - y_j = gap (..., k) on i, and their loss -log q (...).

    q = 1 / (1 + a |gap|^2b).

    The pull is minus the slope of the loss, each component at most 4.
    """
    square = gap.square().sum(dim=-1).clamp(min=1e-12)
    power = a * square**b
    pull = -2 * b * power / square / (1 + power)
    return (pull[..., None] * gap).clamp(-_CLIP, _CLIP), torch.log1p(power)


def repulsion(gap: Tensor, a: float, b: float) -> tuple[Tensor, Tensor]:
    """Compute the repulsion of random words at y_i - y_j = gap (..., k) on i, and their loss -log(1 - q) (...).

    The push is minus the slope of the loss, softened by 0.001 where they meet, each component at most 4.
    """
    square = gap.square().sum(dim=-1)
    power = a * square**b
    push = 2 * b / ((_SOFT + square) * (1 + power))
    return (push[..., None] * gap).clamp(-_CLIP, _CLIP), torch.log1p(1 / power.clamp(min=1e-6))
