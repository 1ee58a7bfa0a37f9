"""What two tiny models learned about positions: a table, and numbers by distance, each recorded once.

A learned table and T5's numbers have no formula. So that they can be looked at beside any open model, those of two
models of `extrapolation` are kept: trained to copy letters, in rows of up to `trained` of them. The rows
of the table that no training row reaches are still as they were drawn.
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
    """How many of the table's rows training has reached: the ids that the longest training row reads."""
    return size(PLAN.task, PLAN.trained) - 1


@lru_cache(maxsize=1)
def _read() -> tuple[Array, Array]:
    with safe_open(RECORDED, framework="numpy") as file:
        return file.get_tensor("W_pos"), file.get_tensor("W_bias")


def tiny_table() -> Array:
    """(62, 64) float64: the learned table; rows from `reached()` on were never trained."""
    return _read()[0].astype(np.float64)


def tiny_bias(length: int) -> DistanceBias:
    """What the four heads of the tiny T5 model add to their scores by distance, for a text of `length` tokens.

    It was trained with a causal mask: there is nothing for the future.

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
