"""Test cases that cover pairs of values instead of every combination."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")


def cover_pairs(first: Sequence[A], second: Sequence[B], third: Sequence[C]) -> list[tuple[A, B, C]]:
    """Combine each value of `first` with each of `second`, and both with the values of `third` in turn.

    The rows hold every pair of `second` and `third` where `first` is at least as long as `third`, and every pair of
    `first` and `third` where `second` is.
    """
    return [
        (one, other, third[(i + j) % len(third)])
        for i, one in enumerate(first)
        for j, other in enumerate(second)
    ]
