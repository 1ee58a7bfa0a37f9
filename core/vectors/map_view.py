"""A linear map of a table's words: the plane of largest variance of all of them, or of a subset."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.vectors.projection import Plane, pca
from core.vectors.static import StaticVectors

Array = NDArray[np.float32]
MOST = 20_000  # words of a map: the first ones of the table


@dataclass(frozen=True)
class MapView:
    """The positions of words on a map.

    points: (N, 2) of the table's first N words.   plane: the flat view that put them there.
    """

    points: Array
    plane: Plane

    @property
    def share(self) -> float:
        """The share of the variance, of the words the map was made for, that it shows, 0 to 1."""
        return float(self.plane.shares.sum())


def map_view(table: StaticVectors, through: Array | None = None, most: int = MOST) -> MapView:
    """Project the words of a table, each at length 1, on the plane of largest variance.

    Args:
        through: (N, D) vectors whose variance counts; None: those of all words on the map.
        most: words on the map.

    Raises:
        ValueError: fewer than two words or vectors, or fewer than two dimensions.
    """
    unit = table.unit(slice(0, most))  # (N, D)
    plane = pca(unit if through is None else through)
    return MapView(plane.place(unit), plane)
