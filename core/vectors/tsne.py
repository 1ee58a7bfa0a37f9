"""t-SNE: a map that preserves neighbourhoods in high dimensions (van der Maaten & Hinton 2008).

Nearness of words becomes a probability, p; nearness on the map another, q, with heavier tails; the map is moved step by
step so that KL(P || Q) falls. As usual today: p over the nearest neighbours only (van der Maaten 2014), a start from
PCA, and a rate that grows with the number of words (Belkina et al. 2019; Kobak & Berens 2019). p is exaggerated as in
the first paper: by 12, as later ones do, words of every kind fall into one point first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.vectors import repulsion
from core.vectors.projection import Moment, pca

Array = NDArray[np.float32]
Rows = NDArray[np.int64]

STEPS = 500
FEWEST = 4  # minimum words: three neighbours for each
# steps of early exaggeration, by which factor p is multiplied, so that groups form
EARLY, EXAGGERATION = 100, 4.0
PERPLEXITY = 30.0  # default perplexity
EXACT = 3000  # words beyond which repulsion is computed on a grid
_START = 1e-4  # the spread of the initial map


@dataclass(frozen=True)
class Affinities:
    """p of pairs of neighbours, both ways, in the order of the first: E pairs.

    first, second: (E,) rows.   p: (E,) joint probabilities, which sum to 1.   begins: (N,) where each first row begins.
    """

    first: Rows
    second: Rows
    p: Array
    begins: Rows


def nearest(vectors: Array, count: int) -> tuple[Rows, Array]:
    """Find the nearest rows of each row, itself left out, and the squared distances: (N, count) both, nearest first."""
    # a copy: torch does not accept read-only arrays
    given = torch.tensor(np.asarray(vectors, dtype=np.float32))
    squares = (given * given).sum(dim=1)
    rows, distances = [], []
    for first in range(0, len(given), 512):
        part = given[first : first + 512]
        far = torch.addmm(squares, part, given.T, alpha=-2) + squares[first : first + 512, None]  # (512, N)
        far[torch.arange(len(part)), torch.arange(first, first + len(part))] = torch.inf
        found = far.topk(count, dim=1, largest=False)
        rows.append(found.indices)
        distances.append(found.values.clamp(min=0))
    return torch.cat(rows).numpy(), torch.cat(distances).numpy()


def conditional(distances: Array, perplexity: float) -> Array:
    """Compute p of each neighbour given a word: (N, n) -> (N, n), rows sum to 1 and have the entropy log(perplexity).

    A Gaussian around each word, its width found by bisection (van der Maaten & Hinton 2008, section 2).
    """
    far = distances.astype(np.float64)
    far -= far.min(axis=1, keepdims=True)
    scale = far.mean(axis=1, keepdims=True)
    far /= np.where(scale > 0, scale, 1)
    low, high = np.full((len(far), 1), -20.0), np.full((len(far), 1), 20.0)  # log of the precision
    for _ in range(50):
        middle = (low + high) / 2
        p = np.exp(-far * np.exp(middle))
        p /= p.sum(axis=1, keepdims=True)
        entropy = -(p * np.log(np.maximum(p, 1e-300))).sum(axis=1, keepdims=True)
        wide = entropy > np.log(perplexity)
        low, high = np.where(wide, middle, low), np.where(wide, high, middle)
    return p.astype(np.float32)


def affinities(vectors: Array, perplexity: float = PERPLEXITY) -> Affinities:
    """Compute p_ij = (p_j|i + p_i|j) / 2N over the 3 * perplexity nearest neighbours of each word.

    Args:
        perplexity: at most a third of the other words is taken.
    """
    many = len(vectors)
    perplexity = min(perplexity, (many - 1) / 3)
    rows, distances = nearest(vectors, min(many - 1, int(3 * perplexity + 1)))
    p = conditional(distances, perplexity)
    first = np.repeat(np.arange(many), rows.shape[1])
    second = rows.ravel()
    keys = np.concatenate([first * many + second, second * many + first])
    order = np.argsort(keys, kind="stable")
    keys, both = keys[order], np.tile(p.ravel(), 2)[order]
    new = np.flatnonzero(np.diff(keys, prepend=-1))
    joint = np.add.reduceat(both.astype(np.float64), new) / (2 * many)
    first, second = np.divmod(keys[new], many)
    return Affinities(first, second, joint.astype(np.float32), np.searchsorted(first, np.arange(many)))


def pull(points: Array, pairs: Affinities) -> tuple[Array, float]:
    """Compute the sums over j of p_ij w_ij (y_i - y_j), (N, k), and the sum of all p_ij log(p_ij / w_ij)."""
    gaps = [points[:, k][pairs.first] - points[:, k][pairs.second] for k in range(points.shape[1])]
    far = 1 + sum(gap * gap for gap in gaps)  # (E,): 1 / w
    force = pairs.p / far
    sums = [np.add.reduceat(force * gap, pairs.begins) for gap in gaps]
    positive = np.maximum(pairs.p, np.finfo(np.float32).tiny)
    return np.stack(sums, axis=1), float(np.dot(pairs.p, np.log(positive * far)))


def gradient(points: Array, pairs: Affinities, exaggeration: float = 1.0) -> tuple[Array, float]:
    """Compute the gradient of KL(P || Q) at each point, (N, k), p counted `exaggeration` times.

    And KL(P || Q) in nats.
    """
    grid = len(points) > EXACT and points.shape[1] == 2
    pushes, total = repulsion.by_grid(points) if grid else repulsion.exact(points)
    pulls, loss = pull(points, pairs)
    slope = 4 * (exaggeration * pulls - pushes / np.float32(total))
    return slope.astype(np.float32), loss + float(np.log(total))


def tsne(
    vectors: Array,
    *,
    count: int = 2,
    perplexity: float = PERPLEXITY,
    steps: int = STEPS,
    every: int = 10,
    last: Moment | None = None,
) -> Iterator[Moment]:
    """Compute the map of vectors (N, D), yielded every `every` steps, from PCA's at step 0 to the last; deterministic.

    Euclidean distances are kept: give vectors of length 1 for the order of cosines. Up to 3,000 words, and in 3-D, each
    step takes N^2 operations; beyond, and in 2-D, about N.

    Args:
        last: the moment to go on after (with its `state`), of the same vectors and settings.

    Raises:
        ValueError: fewer than 4 words, or fewer dimensions than the map's.
    """
    many = len(vectors)
    if many < FEWEST:
        raise ValueError(f"t-SNE needs at least {FEWEST} words, not {many}: it keeps who is near whom")
    pairs = affinities(vectors, perplexity)
    rate = max(many / 8, 50.0)
    if last is None:
        points = pca(vectors, count).place(vectors)
        spread = float(points[:, 0].std())
        points = points * np.float32(_START / spread if spread else 0)
        moved, gains = np.zeros_like(points), np.ones_like(points)
    else:
        points, moved, gains = (last.state[name] for name in ("points", "moved", "gains"))
    for step in range(0 if last is None else last.done, steps + 1):
        early = step < EARLY
        slope, loss = gradient(points, pairs, EXAGGERATION if early else 1.0)
        if (step % every == 0 or step == steps) and (last is None or step > last.done):
            state = {"points": points.copy(), "moved": moved.copy(), "gains": gains.copy()}
            yield Moment(step, steps, points.copy(), loss, state)
        turned = moved * slope > 0  # the last update went uphill by the present gradient
        gains = np.maximum(
            np.where(turned, gains * np.float32(0.8), gains + np.float32(0.2)), np.float32(0.01)
        )
        moved = np.float32(0.5 if early else 0.8) * moved - np.float32(rate) * gains * slope
        points = points + moved
