"""One query against every key, component by component.

Where a score comes from (the neuron view of Vig 2019, BertViz).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.analysis.heads.steps import AttentionSteps
from core.analysis.places import row_of

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class QueryKey:
    """One row of one head: products[s].sum() is scores[s]; the steps after it end in weights, which add up to 1."""

    row: int
    query: Array  # (K,) as it enters the product: normed and rotated where the model does that
    keys: Array  # (S, K) as they enter the product
    products: Array  # (S, K) query * key, component by component
    scores: Array  # (S,) their sums
    factor: float  # 1/sqrt(K), or 1 when the model does not scale
    scaled: Array  # (S,) scaled
    bias: Array | None  # (S,) the positional bias (ALiBi, relative); None: the model has none
    allowed: Array  # (S,) bool, False where the mask hides the key
    weights: Array  # (S,) the softmax


def query_key(steps: AttentionSteps, row: int = -1) -> QueryKey:
    """Decompose the scores of one row of `steps`.

    Args:
        steps: of `core.analysis.heads.steps.attention_steps`: any head of any shape of model.
        row: of the asking side, or from the end if negative.

    Raises:
        ValueError: no such row.
    """
    row = row_of(row, len(steps.ids))
    query, keys = steps.asked[row], steps.answered
    return QueryKey(
        row=row, query=query, keys=keys, products=query * keys, scores=steps.scores[row], factor=steps.factor,
        scaled=steps.scaled[row], bias=None if steps.bias is None else steps.bias[row],
        allowed=steps.allowed[row], weights=steps.pattern[row],
    )  # fmt: skip
