"""Distance biases of attention scores: ALiBi's slopes and T5's buckets.

Press et al. 2022, "Train Short, Test Long", section 3; Raffel et al. 2020, section 2.1. Both come from the very modules
that the models run.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.analysis.positions.tables import HOW
from core.analysis.stacks import Half, Stack
from core.model.position import AlibiBias, RelativeBias, relative_bucket

if TYPE_CHECKING:
    from core.language_model import LanguageModel

Array = np.ndarray[Any, Any]


class NoBias(ValueError):
    """Raised for a model without distance bias; the message says what it has instead."""


@dataclass(frozen=True)
class DistanceBias:
    """What is added to a score, by distance = key position - query position: below 0 for what came before.

    Attributes:
        distances: (n,) in rising order.
        values: (H, n), in the units of the scores that the softmax gets.
        slopes: (H,) of ALiBi: values = -slope |distance|; None: not ALiBi.
        buckets: (n,) of T5, the row of its table that each distance reads; None: not T5.
    """

    distances: Array
    values: Array
    slopes: Array | None = None
    buckets: Array | None = None

    def matrix(self, length: int) -> Array:
        """Return what is added to every score of a text of `length` tokens, the query's row first: (H, T, T).

        A distance that was not asked for (the future, of a stack that never looks there) is nan.
        """
        query, key = np.mgrid[:length, :length]
        at = key - query - self.distances[0]  # (T, T)
        known = (at >= 0) & (at < len(self.distances))
        return np.where(known, self.values[:, np.where(known, at, 0)], np.nan)

    @property
    def bucket_spans(self) -> list[tuple[int, int, int]]:
        """(bucket, nearest to the left, to the right): the range of distances of each bucket, in order."""
        if self.buckets is None:
            return []
        cuts = np.flatnonzero(np.diff(self.buckets)) + 1
        runs = np.split(np.arange(len(self.buckets)), cuts)
        return [
            (int(self.buckets[run[0]]), int(self.distances[run[0]]), int(self.distances[run[-1]]))
            for run in runs
        ]


def distance_bias(lm: LanguageModel, length: int, stack: Stack | None = None) -> DistanceBias:
    """Compute the biases of a model (ALiBi, relative) for texts of up to `length` tokens, by its own module.

    A causal stack is asked for distances 0 and below only. A distance beyond the context is no mistake: both formulas
    go on.

    Raises:
        NoBias: this model adds none.
        ValueError: no tokens, or no such stack.
    """
    half = Half.of(lm, stack)
    part = getattr(half.stack, "relative", None) or getattr(half.stack, "alibi", None)
    if part is None:
        raise NoBias(f"{lm.name} adds nothing to its scores: it {HOW[lm.config.position]}")
    return bias_of(part, length, causal=half.stack.causal)


def alibi_bias(n_heads: int, length: int, *, causal: bool = True) -> DistanceBias:
    """Compute ALiBi's biases, which depend on the number of heads only (Press et al. 2022, section 3).

    Slopes are the powers of 2^(-8 / H), also where H is no power of two: there the released code of BLOOM and MPT takes
    other ones, from the powers for the next two powers of two.

    Raises:
        ValueError: no head, or no tokens.
    """
    if n_heads < 1:
        raise ValueError(f"n_heads={n_heads} must be at least 1")
    return bias_of(AlibiBias(n_heads), length, causal=causal)


def t5_buckets(
    length: int, *, buckets: int = 32, max_distance: int = 128, causal: bool = True
) -> tuple[Array, Array]:
    """Return the distances of a text of `length` tokens, ascending, and T5's bucket of each: (n,) and (n,)."""
    distances = _distances(length, causal)
    found = relative_bucket(distances, buckets=buckets, max_distance=max_distance, two_sided=not causal)
    return distances.numpy(), found.numpy()


def bias_of(part: AlibiBias | RelativeBias, length: int, *, causal: bool) -> DistanceBias:
    """Compute what a bias module adds to the scores of a text of up to `length` tokens.

    Raises:
        ValueError: no tokens.
    """
    device = next((value.device for value in (*part.parameters(), *part.buffers())), torch.device("cpu"))
    distances = _distances(length, causal).to(device)
    with torch.no_grad():
        values = part(torch.zeros(1, dtype=torch.long, device=device), distances)[0, :, 0]  # (H, n)
    slopes = buckets = None
    if isinstance(part, AlibiBias):
        slopes = part.slopes.double().cpu().numpy()
    else:
        buckets = relative_bucket(
            distances, buckets=len(part.W_bias), max_distance=part.max_distance, two_sided=part.two_sided
        ).cpu().numpy()  # fmt: skip
    return DistanceBias(distances.cpu().numpy(), values.double().cpu().numpy(), slopes, buckets)


def _distances(length: int, causal: bool) -> Tensor:
    if length < 1:
        raise ValueError(f"a text of {length} tokens has no distances")
    return torch.arange(1 - length, 1 if causal else length)
