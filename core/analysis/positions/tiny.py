"""Recorded position parameters of two tiny trained models: a learned table, and T5's distance biases.

A learned table and T5's biases have no formula. To show them beside any open model, those of two models of
`extrapolation` are stored: trained to copy letters, in rows of up to `trained` of them. The rows of the table that no
training row reaches are still as they were drawn.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import safe_open

from core.analysis.positions.distance_bias import DistanceBias, bias_of
from core.analysis.positions.extrapolation import Plan
from core.analysis.positions.order_tasks import size
from core.model.position import RelativeBias

Array = np.ndarray[Any, Any]
RECORDED = Path(__file__).resolve().parents[3] / "assets" / "positions.safetensors"
PLAN = Plan(task="copy")
SEED = 0


def reached() -> int:
    """Return how many rows of the table were trained: the ids of the longest training row."""
    return size(PLAN.task, PLAN.trained) - 1


@lru_cache(maxsize=1)
def _read() -> tuple[Array, Array]:
    with safe_open(RECORDED, framework="numpy") as file:
        return file.get_tensor("W_pos"), file.get_tensor("W_bias")


def tiny_table() -> Array:
    """Load the learned table, (62, 64) float64; rows from `reached()` on were never trained."""
    return _read()[0].astype(np.float64)


def tiny_bias(length: int) -> DistanceBias:
    """Compute the biases of the tiny T5 model's four heads for a text of `length` tokens.

    It was trained with a causal mask: there is no bias for later tokens.

    Raises:
        ValueError: no tokens.
    """
    config = PLAN.config("relative")
    part = RelativeBias(
        config.n_heads, config.relative_buckets, config.relative_max_distance, two_sided=False
    )
    with torch.no_grad():
        part.W_bias.copy_(torch.from_numpy(_read()[1]))  # (buckets, H)
    return bias_of(part, length, causal=True)
