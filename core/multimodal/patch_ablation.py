"""Attention to patches compared with ablation: where a word looks, and the effect of blanking each patch.

Attention need not explain a word (Jain & Wallace 2019). Blanking a patch is an experiment: if the word becomes less
likely, the patch mattered.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from core.multimodal import patches
from core.multimodal.captioner import Captioned, Captioner
from core.multimodal.ranks import rank_correlation


def looked_at(captioned: Captioned, layer: int | None = None, head: int | None = None) -> Tensor:
    """Return the attention of each word to each patch, (W, N): of one head, or the mean over layers or heads not given.

    Raises:
        IndexError: there is no such layer or head.
    """
    chosen = captioned.pattern  # (L, H, W, N)
    layers, heads = chosen.shape[:2]
    for name, asked, count in (("layer", layer, layers), ("head", head, heads)):
        if asked is not None and not 0 <= asked < count:
            raise IndexError(f"{name} {asked}: this captioner has {name}s 0 to {count - 1}")
    chosen = chosen if layer is None else chosen[layer : layer + 1]
    chosen = chosen if head is None else chosen[:, head : head + 1]
    return chosen.mean((0, 1))


def blanked(image: Tensor) -> Tensor:
    """Blank each patch in turn: (12, 24) -> (N, 12, 24)."""
    cut = patches.cut(image)  # (N, pixels)
    without = cut.expand(len(cut), -1, -1).clone()
    each = torch.arange(len(cut))
    without[each, each] = 0.0
    return patches.join(without, *image.shape)


def ablated(captioner: Captioner, image: Tensor, captioned: Captioned) -> Tensor:
    """Measure the effect of blanking a patch on each word: the fall of its log-probability, in nats, (W, N).

    The words before it stay those of `captioned`. Negative: without the patch the word gets likelier. Exactly 0 where
    the patch was paper already.
    """
    there = inked(image) > 0  # (N,)
    images = torch.cat([image[None], blanked(image)[there]])  # (1 + M, 12, 24)
    chances = captioner.log_chances(images, captioned.ids)  # (1 + M, W)
    cost = chances.new_zeros(len(captioned.ids), len(there))
    cost[:, there] = (chances[0] - chances[1:]).T
    return cost


def left(captioned: Captioned, cost: Tensor) -> Tensor:
    """Compute the remaining probability of each word when its log-probability falls by `cost` (W, K), in nats.

    (W, K).
    """
    return captioned.chances[:, None] * torch.exp(-cost)


def covered(image: Tensor, pieces: Sequence[int]) -> Tensor:
    """Blank these patches of an image (12, 24), all at once.

    Raises:
        IndexError: there is no such patch.
    """
    cut = patches.cut(image).clone()  # (N, pixels)
    cut[list(pieces)] = 0.0
    return patches.join(cut, *image.shape)


def inked(image: Tensor) -> Tensor:
    """Sum the ink of each patch: (12, 24) -> (N,)."""
    return patches.cut(image).sum(-1)


@dataclass(frozen=True)
class Agreement:
    """The agreement of attention with ablation effects, over the patches with ink. W words.

    Attributes:
        order: (W,) the rank correlation of attention and cost; NaN where a row is the same everywhere.
        top: (W,) what it costs to blank the patch that is most looked at, in nats.
        chance: (W,) the same of a patch taken at random: the mean over the patches with ink.
        most: (W,) the same of the patch that costs most.
        patches: how many patches have ink.
        left_top: (W,) the probability of the word without the patch that is most looked at.
        left_chance: (W,) the same without a patch taken at random: the mean of the probabilities, over the patches
            with ink. (exp of minus `chance` would shrink the probability by a geometric mean.) Both are None where
            the words' probabilities were not given.
    """

    order: Tensor
    top: Tensor
    chance: Tensor
    most: Tensor
    patches: int
    left_top: Tensor | None = None
    left_chance: Tensor | None = None


def agreement(looked: Tensor, cost: Tensor, image: Tensor, chances: Tensor | None = None) -> Agreement:
    """Compare attention (..., W, N) with the cost of blanking (W, N), over the patches of the image that have ink.

    Patches of paper are left out: blanking them changes nothing, and where ink is, is no finding.

    Args:
        looked: (..., W, N), for instance of many heads; `order`, `top` and `left_top` then are (..., W).
        cost: (W, N).   image: (12, 24).   chances: (W,) each word's probability with nothing blanked, as
            `Captioned.chances`; None: `left_top` and `left_chance` stay None.

    Raises:
        ValueError: there is no ink.
    """
    there = inked(image) > 0  # (N,)
    if not bool(there.any()):
        raise ValueError("the sheet is blank: no patch has ink that could be taken away")
    seen, paid = looked[..., there], cost[:, there]  # (..., W, M), (W, M)
    first = seen.argmax(-1, keepdim=True)  # (..., W, 1)
    kept = None if chances is None else chances[:, None] * torch.exp(-paid)  # (W, M)
    return Agreement(
        order=rank_correlation(seen, paid),
        top=paid.expand_as(seen).gather(-1, first)[..., 0],
        chance=paid.mean(-1),
        most=paid.amax(-1),
        patches=int(there.sum()),
        left_top=None if kept is None else kept.expand_as(seen).gather(-1, first)[..., 0],
        left_chance=None if kept is None else kept.mean(-1),
    )
