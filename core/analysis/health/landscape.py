"""Loss landscapes: a plane through a model's weights, and a forward pass at every point of a grid on it.

Two kinds of plane. Random directions, filter by filter as long as the weights (Li et al. 2018, section 4), show how
sharp the minimum is. The plane that holds most of a training path (section 7.2: its two principal directions) shows the
path; it has hardly any extent along random directions in a space of so many dimensions.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from core.language_model import LanguageModel
from core.training.text_loss import TextLoss, text_loss, trainable

Array = NDArray[np.float64]
Weights = list[Tensor]
Box = tuple[float, float, float, float]
MARGIN = 0.15  # margin around a path, as a share of its extent


@dataclass(frozen=True)
class Plane:
    """origin + a * first + b * second, for a and b inside `box` (a from, a to, b from, b to).

    Each is one tensor a parameter, in the order of `named_parameters()`.
    """

    origin: Weights
    first: Weights
    second: Weights
    box: Box

    def axes(self, columns: int, rows: int) -> tuple[Array, Array]:
        """Return the values of a, from left to right, and of b, from top to bottom."""
        left, right, low, high = self.box
        return np.linspace(left, right, columns), np.linspace(high, low, rows)


def random_plane(lm: LanguageModel, seed: int = 0, reach: float = 1.0) -> Plane:
    """Build a plane of two random, filter-normalised directions through the model's weights.

    Each row of a matrix is scaled to the norm of the weights' row; gains and biases stay (Li et al. 2018, section 4).
    At `reach` 1 a step to the edge is, row by row, as long as the weights themselves.
    """
    origin = weights_of(lm.transformer)
    draw = torch.Generator().manual_seed(seed)
    first, second = ([_filtered(weight, draw) for weight in origin] for _ in range(2))
    return Plane(origin, first, second, (-reach, reach, -reach, reach))


def _filtered(weight: Tensor, draw: torch.Generator) -> Tensor:
    noise = torch.randn(weight.shape, generator=draw, dtype=torch.float32).to(weight.device)
    if weight.ndim < 2:
        return torch.zeros_like(weight)
    norms = weight.flatten(1).norm(dim=1), noise.flatten(1).norm(dim=1)
    scale = norms[0] / norms[1].clamp(min=1e-12)
    return noise * scale.view(-1, *[1] * (weight.ndim - 1))


def weights_of(model: nn.Module) -> Weights:
    """Return a model's weights, detached, in float32, in the order of `named_parameters()`."""
    return [weight.detach().float() for weight in model.parameters()]


def path_plane(path: Sequence[LanguageModel]) -> Plane:
    """Build the plane through the last model of a training path along the path's two principal directions.

    The directions have length 1; `box` holds the whole path.

    Raises:
        ValueError: a path of fewer than three models lies on a line.
    """
    if len(path) < 3:
        raise ValueError(f"a path of {len(path)} models has no plane of its own: it takes three or more")
    origin = weights_of(path[-1].transformer)
    ways = [_away(weights_of(lm.transformer), origin) for lm in path[:-1]]
    # The principal directions lie in the span of the S differences: an S x S problem instead of one over all weights.
    gram = np.array([[_dot(one, other) for other in ways] for one in ways])
    sizes, mixes = np.linalg.eigh(gram)
    axes = []
    for size, mix in list(zip(sizes, mixes.T))[::-1][:2]:
        mix = mix / np.sqrt(max(size, 1e-30))
        # sign convention: the start of the path lies to the right and above
        mix = mix if gram[0] @ mix >= 0 else -mix
        axes.append(_sum(ways, mix))
    found = Plane(origin, axes[0], axes[1], (0.0, 1.0, 0.0, 1.0))
    places = np.array([project(found, way).place for way in [weights_of(lm.transformer) for lm in path]])
    return Plane(origin, axes[0], axes[1], _around(places))


def _around(places: Array) -> Box:
    low, high = places.min(axis=0), places.max(axis=0)
    pad = np.maximum((high - low) * MARGIN, 1e-6)
    return float(low[0] - pad[0]), float(high[0] + pad[0]), float(low[1] - pad[1]), float(high[1] + pad[1])


@dataclass(frozen=True)
class Projection:
    """The projection of weights on a plane.

    (a, b), and the share of their squared distance from the origin that it keeps.
    """

    place: tuple[float, float]
    share: float


def project(plane: Plane, weights: Weights) -> Projection:
    """Project `weights` on the plane (least squares: the directions need not be orthogonal)."""
    way = _away(weights, plane.origin)
    pair = (plane.first, plane.second)
    gram = np.array([[_dot(one, other) for other in pair] for one in pair])
    along = np.array([_dot(way, one) for one in pair])
    place = np.linalg.lstsq(gram, along, rcond=None)[0]
    whole = _dot(way, way)
    share = float(place @ along / whole) if whole > 0 else 1.0
    return Projection((float(place[0]), float(place[1])), share)


def measure(
    lm: LanguageModel,
    plane: Plane,
    text: str,
    target: str | None = None,
    *,
    columns: int = 21,
    rows: int = 21,
) -> Iterator[Array]:
    """Compute the loss of `text` on a grid over the plane, row by row from the top: each (columns,), in nats.

    Every point is a forward pass of a copy with the weights of that point; a NaN loss becomes inf.
    """
    loss_of, model = text_loss(lm, text, target), trainable(lm, lambda name: False)
    across, down = plane.axes(columns, rows)
    for b in down:
        row = [origin + float(b) * second for origin, second in zip(plane.origin, plane.second)]
        yield np.array([_loss_at(model, loss_of, row, plane.first, float(a)) for a in across])


def _loss_at(model: nn.Module, loss_of: TextLoss, row: Weights, first: Weights, a: float) -> float:
    with torch.no_grad():
        for weight, base, way in zip(model.parameters(), row, first):
            torch.add(base, way, alpha=a, out=weight)
        loss = float(loss_of(model))
    return loss if np.isfinite(loss) else float("inf")


@dataclass(frozen=True)
class Path:
    """A training path on a plane.

    Attributes:
        places: (S, 2) coordinates of each model's nearest point. losses: (S,) of the models themselves, on the text.
        shares: (S,) of their squared distance from the plane's origin that the plane keeps.
    """

    places: Array
    losses: Array
    shares: Array


def walk(plane: Plane, path: Sequence[LanguageModel], text: str, target: str | None = None) -> Path:
    """Project the models of a training path on the plane, and compute their losses on the text."""
    found = [project(plane, weights_of(lm.transformer)) for lm in path]
    loss_of = text_loss(path[-1], text, target)
    with torch.no_grad():
        losses = [float(loss_of(lm.transformer)) for lm in path]
    return Path(np.array([p.place for p in found]), np.array(losses), np.array([p.share for p in found]))


def _away(weights: Weights, origin: Weights) -> Weights:
    return [weight - at for weight, at in zip(weights, origin, strict=True)]


def _dot(one: Weights, other: Weights) -> float:
    return sum(
        float(torch.dot(a.flatten().double(), b.flatten().double())) for a, b in zip(one, other, strict=True)
    )


def _sum(ways: Sequence[Weights], mix: Array) -> Weights:
    return [sum((float(m) * way[at] for m, way in zip(mix, ways)), torch.zeros_like(ways[0][at]))
            for at in range(len(ways[0]))]  # fmt: skip


def load_path(
    load: Callable[[int], LanguageModel], steps: Sequence[int], most: int = 12
) -> list[LanguageModel]:
    """Load the models of a training path, at most `most` of its steps, evenly spaced, with the first and the last."""
    places = sorted({round(at) for at in np.linspace(0, len(steps) - 1, min(most, len(steps)))})
    return [load(steps[at]) for at in places]
