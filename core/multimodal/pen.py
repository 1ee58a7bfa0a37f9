"""Rasterization of drawn strokes, for `core.multimodal.drawing`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

WIDTH = 0.17  # stroke width as a share of the sheet: drawn digits are as thick as those of the set
ROWS = 64  # rows of pixels of the sheet

Stroke = Sequence[tuple[float, float]]


def ink(strokes: Sequence[Stroke], rows: int = ROWS) -> npt.NDArray[np.float64]:
    """Rasterize strokes on a sheet: (rows, 2 rows), 1 where there is ink.

    A pixel is ink when its middle lies within half of the pen's width of a stroke. A stroke of one point is a dot.

    Args:
        strokes: each its points (x, y), x from 0 to 2 and y from 0 to 1: the sheet is twice as wide as high.

    Raises:
        ValueError: a stroke that is no list of points, or a point that is no pair of finite numbers.
    """
    sheet = np.zeros((rows, 2 * rows))
    y, x = (np.mgrid[0:rows, 0 : 2 * rows] + 0.5) / rows
    for stroke in strokes:
        points = np.asarray(stroke, dtype=np.float64)
        if points.ndim != 2 or points.shape[1] != 2 or not np.isfinite(points).all():
            raise ValueError("a stroke is a list of points (x, y) of finite numbers")
        for start, end in zip(points, points[1:] if len(points) > 1 else points):
            sheet[_distance(x, y, start, end) <= WIDTH / 2] = 1.0
    return sheet


def _distance(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    start: npt.NDArray[np.float64],
    end: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Compute the distance of each pixel from the line segment between two points."""
    along = end - start
    share = ((x - start[0]) * along[0] + (y - start[1]) * along[1]) / max(float(along @ along), 1e-12)
    share = share.clip(0.0, 1.0)
    distance: npt.NDArray[np.float64] = np.hypot(
        x - start[0] - share * along[0], y - start[1] - share * along[1]
    )
    return distance
