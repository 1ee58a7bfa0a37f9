"""Evaluation of the two models on held-out scenes, with confidence intervals.

Scenes share digits, so intervals draw digits, not scenes, with replacement: a scene counts as often as all of its
digits were drawn (a bootstrap over the digit images; Efron 1979).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.multimodal import captioner, captions
from core.multimodal.captioner import Captioner
from core.multimodal.scenes import Scenes
from core.multimodal.space import Retrieval, Space, gallery_of, retrieval

GUARD = 0.05  # of a dead band's width: a scene with a measurement nearer to an edge is not a clear case
_DRAWS = 1_000
_AT_ONCE = 250


@dataclass(frozen=True)
class Share:
    """A share of scenes, with its 95 % interval over digit images.

    Attributes:
        right, of: scenes.   low, high: the interval.   digits: how many digit images the scenes are made of.
    """

    right: int
    of: int
    low: float
    high: float
    digits: int

    @property
    def value(self) -> float:
        """right / of."""
        return self.right / self.of


@dataclass(frozen=True)
class Written:
    """Captions that were written for scenes.

    Attributes:
        numbers: (N,) of the captions written, -1 where the words were none.   right: (N,) bool, the whole caption.
        exact: of all scenes.   clear: of those with no measurement within `GUARD` of an edge.
        alone, pairs: of scenes with one digit, with two.
        digit, thickness, slant: how many names, thicknesses and slants of all scenes were told right: (right, of).
    """

    numbers: Tensor
    right: Tensor
    exact: Share
    clear: Share
    alone: Share
    pairs: Share
    digit: tuple[int, int]
    thickness: tuple[int, int]
    slant: tuple[int, int]


def written(model: Captioner, scenes: Scenes) -> Written:
    """Caption all scenes and compare each with the true caption, as a whole and part by part."""
    numbers = torch.cat([captioner.numbers(model.write(part)) for part in scenes.images.split(_AT_ONCE)])
    right = numbers == scenes.captions
    pair = (scenes.digits >= 0).all(-1)
    everything = torch.ones_like(pair)
    respects = _respects(numbers, scenes.captions)
    return Written(
        numbers,
        right,
        exact=share(right, scenes, everything),
        clear=share(right, scenes, scenes.margins >= GUARD),
        alone=share(right, scenes, ~pair),
        pairs=share(right, scenes, pair),
        digit=respects[0],
        thickness=respects[1],
        slant=respects[2],
    )


def _respects(numbers: Tensor, true: Tensor) -> list[tuple[int, int]]:
    """Count correct names, thicknesses and slants, and their totals.

    A caption of the wrong number of digits has none right.
    """
    right, names = [0, 0, 0], 0
    for said, wanted in zip(numbers.tolist(), true.tolist()):
        parts = captions.parts_of(wanted)
        names += len(parts)
        told = captions.parts_of(said) if said >= 0 else ()
        if len(told) != len(parts):
            continue
        right[0] += sum(one.digit == other.digit for one, other in zip(told, parts))
        right[1] += told[0].thickness == parts[0].thickness
        right[2] += told[0].slant == parts[0].slant
    return list(zip(right, (names, len(true), len(true))))


def share(right: Tensor, scenes: Scenes, among: Tensor, seed: int = 0) -> Share:
    """Compute the share of `right` (N,) among the scenes of `among` (N,) bool.

    Raises:
        ValueError: there is no such scene.
    """
    if not bool(among.any()):
        raise ValueError("there is no scene to measure a share on")
    hit, places = right[among], scenes.digits[among]  # (M,), (M, 2)
    names, which = places.unique(return_inverse=True)
    present = names >= 0
    draw = torch.Generator().manual_seed(seed)
    count = int(present.sum())
    first = len(names) - count  # 1 where some cells are empty: their number, -1, comes first
    drawn = torch.randint(count, (_DRAWS, count), generator=draw)
    times = torch.zeros(_DRAWS, count).scatter_add_(1, drawn, torch.ones(_DRAWS, count))
    times = torch.cat([torch.ones(_DRAWS, first), times], dim=1)  # an empty cell counts once
    weight = times[:, which[:, 0]] * times[:, which[:, 1]]  # (draws, M)
    shares = (weight * hit).sum(-1) / weight.sum(-1).clamp(min=1)
    low, high = shares.quantile(torch.tensor([0.025, 0.975])).tolist()
    return Share(int(hit.sum()), len(hit), low, high, count)


@dataclass(frozen=True)
class Found:
    """Retrieval in several galleries: the accuracy in both directions, in each.

    Images find their captions, and captions their images. Galleries share images, so their spread says how much one
    gallery differs from another, and is no interval of the mean.
    """

    images: tuple[float, ...]
    captions: tuple[float, ...]

    @staticmethod
    def spread(values: Sequence[float]) -> tuple[float, float, float]:
        """Return the mean, and the mean minus and plus 1.96 standard deviations of a single gallery (at most 1)."""
        all_of_them = torch.tensor(values, dtype=torch.float64)
        mean, deviation = float(all_of_them.mean()), float(all_of_them.std())
        return mean, mean - 1.96 * deviation, min(1.0, mean + 1.96 * deviation)


def found(space: Space, scenes: Scenes, galleries: int = 20, size: int = 100) -> Found:
    """Measure retrieval both ways in galleries number 0, 1, ... of `size` scenes with distinct captions."""
    results = [searched(space, scenes, number, size) for number in range(galleries)]
    return Found(tuple(one.images_right for one in results), tuple(one.captions_right for one in results))


def searched(space: Space, scenes: Scenes, number: int, size: int = 100) -> Retrieval:
    """Measure retrieval in one gallery."""
    chosen = gallery_of(scenes, number, size).scenes
    points = space.images(chosen.images), space.captions(chosen.captions)
    return retrieval(*points, chosen.captions, chosen.captions)
