"""Integers that are collected one by one and stored densely: a Python list of small tuples takes ten times as much."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Whole = NDArray[np.signedinteger[Any]]


class Column:
    """A sequence of integers that grows at its end until it is packed.

    `values` (n,): the integers so far; read-only, and to be looked at before more are added.
    """

    def __init__(self) -> None:
        self._growing: array[int] | None = array("q")
        self._packed: Whole = np.empty(0, np.int64)

    @classmethod
    def of(cls, values: Whole) -> Column:
        """Return a packed column of these integers."""
        made = cls()
        made._growing, made._packed = None, values
        return made

    @property
    def values(self) -> Whole:
        """The integers as an array, (n,)."""
        return self._packed if self._growing is None else np.frombuffer(self._growing, np.int64)

    def __len__(self) -> int:
        return len(self._packed if self._growing is None else self._growing)

    def __getitem__(self, at: int) -> int:
        return int((self._packed if self._growing is None else self._growing)[at])

    def extend(self, values: Iterable[int]) -> None:
        """Add integers at the end. Raises ValueError: the column is packed."""
        if self._growing is None:
            raise ValueError("nothing can be added to a packed column")
        if isinstance(values, np.ndarray):
            self._growing.frombytes(values.astype(np.int64, copy=False).tobytes())
        else:
            self._growing.extend(values)

    def pack(self) -> None:
        """Store the integers in as few bytes each as the largest needs; nothing can be added from then on."""
        self._packed, self._growing = narrow(self.values), None


def narrow(values: Whole) -> Whole:
    """Copy integers into the smallest signed type that holds all of them."""
    lowest, highest = (int(values.min()), int(values.max())) if len(values) else (0, 0)
    for kind in (np.int8, np.int16, np.int32):
        if np.iinfo(kind).min <= lowest and highest <= np.iinfo(kind).max:
            return values.astype(kind)
    return values.astype(np.int64)
