"""Draws by chance as a picture's file makes them (pages/multi_head/carried/draws.js), behind numpy's names."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
WHOLE = 2**32


class BrowserDraws:
    """Stand in for numpy's generator where core measures chance, so that both draw the same."""

    def __init__(self, seed: int = 0) -> None:
        self.state = seed

    def next(self) -> float:
        self.state = (self.state + 0x6D2B79F5) % WHOLE
        mixed = (self.state ^ (self.state >> 15)) * (self.state | 1) % WHOLE
        mixed ^= (mixed + (mixed ^ (mixed >> 7)) * (mixed | 61)) % WHOLE
        return ((mixed ^ (mixed >> 14)) % WHOLE) / WHOLE

    def random(self, shape: tuple[int, int, int], dtype: type = np.float64) -> Array:
        """Draw for the places that a causal row may see, (N, T, S); the browser draws for no others."""
        draws = np.zeros(shape)
        seen = np.tri(*shape[1:], dtype=bool)
        draws[:, seen] = [[self.next() for _ in range(int(seen.sum()))] for _ in range(shape[0])]
        return draws

    def choice(self, values: Any, count: int, replace: bool = True) -> Array:
        assert not replace
        left = list(values)
        for i in range(count):
            j = i + int(self.next() * (len(left) - i))
            left[i], left[j] = left[j], left[i]
        return np.array(left[:count], dtype=int)

    def permutation(self, values: Any) -> Array:
        values = range(values) if isinstance(values, int) else values
        return self.choice(values, len(values), replace=False)
