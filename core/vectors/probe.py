"""Linear probes (Alain & Bengio 2016): what a linear classifier can predict from vectors.

Logistic regression with an L2 penalty, fitted on some examples and judged on others that it never saw.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Probe:
    """A fitted logistic regression over C classes.

    classes: their names, sorted.   weights: (C, D), bias: (C,); with two classes the first row is 0, because only the
    difference of two counts.   center, scale: (D,) what is taken off and divided by first.
    """

    classes: tuple[str, ...]
    weights: Array
    bias: Array
    center: Array
    scale: Array

    def probabilities(self, vectors: np.ndarray) -> Array:
        """Compute class probabilities: (N, D) -> (N, C), rows sum to 1."""
        scores = ((vectors - self.center) / self.scale) @ self.weights.T + self.bias
        scores = np.exp(scores - scores.max(axis=1, keepdims=True))
        shares: Array = scores / scores.sum(axis=1, keepdims=True)
        return shares

    def predict(self, vectors: np.ndarray) -> list[str]:
        """Predict the most probable class of each vector."""
        return [self.classes[at] for at in self.probabilities(vectors).argmax(axis=1)]


@dataclass(frozen=True)
class Accuracy:
    """right of `of` examples, with the interval that holds the true share with the given confidence (Wilson 1927)."""

    right: int
    of: int
    low: float
    high: float

    @property
    def share(self) -> float:
        """right / of."""
        return self.right / self.of


def fit(
    vectors: np.ndarray, labels: Sequence[str], *, strength: float = 1.0, standardize: bool = True
) -> Probe:
    """Fit logistic regression by L-BFGS: minimize the sum of -log p(label) plus |weights|^2 / 2 / strength.

    The same problem as scikit-learn's LogisticRegression(C=strength): the bias is free, two classes have one row.

    Args:
        vectors: (N, D).   labels: N names.
        strength: how much the examples count against the penalty.
        standardize: bring each component to mean 0 and standard deviation 1 first (constant ones become 0).

    Raises:
        ValueError: other than one label a vector, fewer than two classes, a strength that is not positive, or a number
            that is not finite.
    """
    classes = tuple(sorted(set(labels)))
    if len(labels) != len(vectors) or len(classes) < 2:
        raise ValueError(
            f"a probe tells two or more classes apart, with a label for each vector; given were "
            f"{len(vectors)} vectors, {len(labels)} labels and {len(classes)} classes"
        )
    if not strength > 0 or not np.isfinite(vectors).all():
        raise ValueError(f"a probe needs finite vectors and a positive strength, not {strength:g}")
    x = np.asarray(vectors, dtype=np.float64)
    center = x.mean(axis=0) if standardize else np.zeros(x.shape[1])
    spread = x.std(axis=0) if standardize else np.ones(x.shape[1])
    scale = np.where(spread > 1e-9 * (1 + np.abs(center)), spread, 1.0)
    target = torch.tensor([classes.index(label) for label in labels])
    weights, bias = _minimum(torch.from_numpy((x - center) / scale), target, len(classes), strength)
    return Probe(classes, weights.numpy(), bias.numpy(), center, scale)


def _minimum(x: Tensor, target: Tensor, classes: int, strength: float) -> tuple[Tensor, Tensor]:
    """Minimize the penalised loss: weights (C, D) and bias (C,)."""
    rows = 1 if classes == 2 else classes
    free = torch.zeros(rows, x.shape[1] + 1, dtype=torch.float64, requires_grad=True)  # weights, bias
    nothing = torch.zeros(classes - rows, x.shape[1] + 1, dtype=torch.float64)
    optimizer = torch.optim.LBFGS(
        [free], max_iter=1000, tolerance_grad=1e-8, tolerance_change=1e-14, line_search_fn="strong_wolfe"
    )

    def loss() -> Tensor:
        optimizer.zero_grad()
        every = torch.cat([nothing, free])  # (C, D + 1)
        scores = x @ every[:, :-1].T + every[:, -1]  # (N, C)
        value = F.cross_entropy(scores, target, reduction="sum") + free[:, :-1].square().sum() / (
            2 * strength
        )
        value.backward()
        return value

    optimizer.step(loss)
    every = torch.cat([nothing, free]).detach()
    return every[:, :-1], every[:, -1]


def wilson(right: int, of: int, deviations: float = 1.959964) -> Accuracy:
    """Compute a share with its Wilson interval: 95 % of such intervals hold the true share.

    Args:
        deviations: of the normal distribution; 1.96 for 95 %.

    Raises:
        ValueError: nothing counted, or more right than counted.
    """
    if not 0 <= right <= of or of < 1:
        raise ValueError(f"{right} of {of} is no share")
    share, square = right / of, deviations**2
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = deviations * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Accuracy(right, of, min(low, share), max(high, share))


def held_out(
    labels: Sequence[str], groups: Sequence[str], share: float = 0.25, seed: int = 0
) -> tuple[list[int], list[int]]:
    """Split examples into training and test sets by whole groups, with balanced classes.

    In each part every class has equally many examples, drawn by `seed`: who only knows how frequent classes are is
    right in one of C cases.

    Args:
        labels: N class names.   groups: N names of what belongs together, such as the sentence.
        share: of each class's groups that is held out, at least one.

    Raises:
        ValueError: a class with fewer than two groups, or a share outside 0 to 1.
    """
    if not 0 < share < 1:
        raise ValueError(f"the share held out is {share:g}, not between 0 and 1")
    draw = Random(seed)
    out: set[str] = set()
    for label in sorted(set(labels)):
        own = sorted({group for group, of in zip(groups, labels) if of == label})
        if len(own) < 2:
            raise ValueError(f"all examples of {label!r} are alike: there is none to hold out")
        draw.shuffle(own)
        out.update(own[: min(len(own) - 1, max(1, round(share * len(own))))])
    parts: list[list[int]] = []
    for test in (False, True):
        rows = {
            label: [at for at, of in enumerate(labels) if of == label and (groups[at] in out) == test]
            for label in sorted(set(labels))
        }
        fewest = min(map(len, rows.values()))
        if not fewest:
            empty = next(label for label, found in rows.items() if not found)
            raise ValueError(
                f"no example of {empty!r} is left on one side: its groups are another class's, too"
            )
        parts.append(sorted(at for found in rows.values() for at in draw.sample(found, fewest)))
    return parts[0], parts[1]


def accuracy(
    vectors: np.ndarray,
    labels: Sequence[str],
    train: Sequence[int],
    test: Sequence[int],
    strength: float = 1.0,
) -> Accuracy:
    """Fit on some examples, test on others."""
    probe = fit(vectors[list(train)], [labels[at] for at in train], strength=strength)
    found = probe.predict(vectors[list(test)])
    return wilson(sum(one == labels[at] for one, at in zip(found, test)), len(test))
