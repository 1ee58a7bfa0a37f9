"""Dropout (Srivastava et al. 2014), illustrated: masks, rescaling, and the mean over many masks.

In training each number is kept with probability 1 - p and then divided by 1 - p, so that its mean stays; when the model
is used, nothing is dropped and nothing is scaled (the "inverted" form, which torch.nn.functional.dropout computes).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from core.hooks import Intervention, intervene
from core.language_model import LanguageModel


def dropout_mask(shape: Sequence[int], rate: float, seed: int) -> Tensor:
    """Draw a dropout mask: 0 with probability `rate`, else 1 / (1 - rate). The same seed gives the same mask.

    Raises:
        ValueError: a rate outside [0, 1).
    """
    if not 0.0 <= rate < 1.0:
        raise ValueError(
            f"a dropout rate lies between 0 and 1 (1 itself would drop everything), not at {rate}"
        )
    draw = torch.Generator().manual_seed(seed)
    return torch.empty(tuple(shape)).bernoulli_(1.0 - rate, generator=draw) / (1.0 - rate)


def dropped(x: Tensor, rate: float, seed: int) -> Tensor:
    """Apply one dropout mask to `x`, as in training."""
    return x * dropout_mask(x.shape, rate, seed).to(x)


@dataclass(frozen=True)
class Mean:
    """The mean of an activation over many masks.

    Attributes:
        counts: 1, 2, 4, ... masks; errors: rms of (mean over that many - clean) over the rms of clean.
        law: what the errors are expected to be: sqrt(p / (1 - p) / n).
        mean: the mean over all of them, as `x`.
    """

    counts: tuple[int, ...]
    errors: tuple[float, ...]
    law: tuple[float, ...]
    mean: np.ndarray[Any, Any]


def mean_over_masks(x: Tensor, rate: float, masks: int, seed: int) -> Mean:
    """Average `x` over the masks of `seed`, `seed` + 1, ...: the mean converges to the clean value.

    Args:
        masks: a power of two is reached from below, at least 1.
    """
    total, counts, errors = torch.zeros_like(x), [], []
    size = float(x.square().mean().sqrt()) or 1.0
    upto = 1 << max(0, masks.bit_length() - 1)
    for n in range(1, upto + 1):
        total += dropped(x, rate, seed + n - 1)
        if n & (n - 1) == 0:
            counts.append(n)
            errors.append(float((total / n - x).square().mean().sqrt()) / size)
    law = tuple(math.sqrt(rate / (1.0 - rate) / n) for n in counts)
    return Mean(tuple(counts), tuple(errors), law, (total / upto).numpy())


def under_masks(
    lm: LanguageModel, text: str, place: str, rate: float, seeds: Sequence[int], target: str | None = None
) -> np.ndarray[Any, Any]:
    """Compute the model's probabilities with dropout at hook `place`, one mask per seed, in one pass: (N, T, V).

    Raises:
        HookError: the model has no such place.
    """
    batch = tuple(ids.repeat(len(seeds), 1) for ids in lm.batch(text, target))

    def edit(x: Tensor) -> Tensor:  # (N, T, D)
        return torch.stack([dropped(row, rate, seed) for row, seed in zip(x, seeds, strict=True)])

    change = Intervention((place,), edit, f"dropout {rate} at {place}")
    with torch.no_grad(), intervene(change):
        logits: Tensor = lm.transformer(*batch)
    return logits.float().softmax(-1).cpu().numpy()
