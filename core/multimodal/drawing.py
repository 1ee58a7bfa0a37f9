"""Preprocessing of a drawing in the way the digits were made: crop, scale, count ink by blocks.

The digits of the set fill their 32 rows from top to bottom, keep their proportions, and stand in the middle of their
columns; then each block of 4 x 4 bitmap pixels is counted (see `core.data.digits`). A drawing goes the same way, so
that the captioner sees what it was trained on.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor

from core.data import digits
from core.data.digits import LEVELS
from core.messages import say
from core.multimodal.properties import Properties, measure
from core.multimodal.scenes import HEIGHT, ROOM, SIDEWAYS, place, sheet

BLOCK = 4  # bitmap pixels per pixel
ROWS = digits.SIDE * BLOCK  # 32: rows of the bitmap of one digit
WIDEST = 28  # columns that a digit may fill: those of the widest digits of the set
# of the sheet's height: a smaller mark in both dimensions is dust; one click of the pen is larger
SMALLEST = 0.25
TALL = 0.45  # of the sheet's height: ink over separate columns at least so high is a separate digit
SPARE = 0.75  # of the least ink of a training digit: a drawing with less is unlike all of them
_LARGEST = 2_000  # maximum side in pixels
_SAME = 0.5  # marks whose columns overlap by this share of the narrower belong to one digit
_OFFSET = (ROOM // 2, sum(SIDEWAYS) // 2)  # offset of a drawn digit in the centre of its half

Bitmap = npt.NDArray[np.bool_]


class DrawingError(ValueError):
    """Raised for a drawing that is no scene; the message says what to do."""


class BlankDrawing(DrawingError):
    """Raised for a blank sheet; the message says what to do."""


@dataclass(frozen=True)
class Drawn:
    """A preprocessed drawing.

    Attributes:
        image: (12, 24), as of a `Scene`.
        halves: which half each digit stands in, 0 left, 1 right: one or two, from left to right.
        properties: the measurements of each.
        bitmaps: (digits, 32, 32) bool, each digit at the size of the set's bitmaps.
        notes: sentences about what was left out or is unlike the digits of the set; often none.
    """

    image: Tensor
    halves: tuple[int, ...]
    properties: tuple[Properties, ...]
    bitmaps: Bitmap
    notes: tuple[str, ...]


def seen(drawing: npt.ArrayLike) -> Drawn:
    """Convert a drawing to the captioner's input.

    Args:
        drawing: (height, width), from 0 (paper) to 1 (ink), twice as wide as high, at any resolution: one digit in
            its left or its right half, or one in each. From 0.5 on, a pixel is ink.

    Raises:
        BlankDrawing: there is no ink, or only dust.
        DrawingError: two digits in one half.
        ValueError: no picture of numbers, or one that is too large.
    """
    values = np.asarray(drawing, dtype=np.float64)
    if values.ndim != 2 or min(values.shape) < 2 or max(values.shape) > _LARGEST:
        raise ValueError(
            f"a drawing is a grid of 2 to {_LARGEST:,} pixels on each side, not of the shape {values.shape}"
        )
    if not np.isfinite(values).all():
        raise ValueError("a drawing's pixels are numbers from 0 to 1; one of them is not finite")
    ink = values >= 0.5
    if not ink.any():
        raise BlankDrawing(
            say("the sheet is blank: draw a digit in its left or its right half, or one in each")
        )
    marks = marks_of(ink)
    kept = [mark for mark in marks if int(np.ptp(mark, axis=0).max()) + 1 >= SMALLEST * ink.shape[0]]
    if not kept:
        raise BlankDrawing(say("there are only dots on the sheet: draw a digit about as high as the sheet"))
    notes = []
    if dropped := len(marks) - len(kept):
        notes.append(
            say(
                "{count} specks of dust left out: a mark counts from a quarter of the sheet's height on",
                count=dropped,
            )
            if dropped > 1
            else say("1 speck of dust left out: a mark counts from a quarter of the sheet's height on")
        )
    grouped = _by_half(kept, ink.shape[1])
    bitmaps = {half: bitmap_of(np.concatenate(group)) for half, group in grouped.items()}
    cells = torch.zeros(2, HEIGHT, HEIGHT)
    for half, bitmap in bitmaps.items():
        cells[half] = place(counted(bitmap)[None], torch.tensor([_OFFSET]))[0]
        notes += _unlike(bitmap, half, len(bitmaps))
    sides = tuple(sorted(bitmaps))
    return Drawn(
        image=sheet(cells),
        halves=sides,
        properties=tuple(measure(cells[half]) for half in sides),
        bitmaps=np.stack([bitmaps[half] for half in sides]),
        notes=tuple(notes),
    )


def marks_of(ink: Bitmap) -> list[npt.NDArray[np.int64]]:
    """Find the connected components of a bitmap, each as its pixels (n, 2) of row and column; corners connect, too."""
    free = set(zip(*(axis.tolist() for axis in np.nonzero(ink))))
    around = [(down, right) for down in (-1, 0, 1) for right in (-1, 0, 1) if down or right]
    marks = []
    while free:
        first = free.pop()
        found, edge = [first], [first]
        while edge:
            row, column = edge.pop()
            for down, right in around:
                near = (row + down, column + right)
                if near in free:
                    free.remove(near)
                    found.append(near)
                    edge.append(near)
        marks.append(np.array(found, dtype=np.int64))
    return sorted(marks, key=lambda mark: tuple(mark.min(0)[::-1]))


def _by_half(marks: list[npt.NDArray[np.int64]], width: int) -> dict[int, list[npt.NDArray[np.int64]]]:
    """Group marks by half of the sheet.

    Strokes over the same columns are one digit, and a digit belongs where the middle of its ink is.
    """
    groups: list[list[npt.NDArray[np.int64]]] = []
    for mark in sorted(marks, key=len, reverse=True):
        home = next((group for group in groups if _same_columns(np.concatenate(group), mark)), None)
        if home is None:
            groups.append([mark])
        else:
            home.append(mark)
    halves: dict[int, list[npt.NDArray[np.int64]]] = {}
    for group in groups:
        middle = np.concatenate(group)[:, 1].mean() + 0.5
        halves.setdefault(int(middle >= width / 2), []).extend(group)
    for half, members in halves.items():
        if _tall_columns(members, TALL * width / 2) > 1:
            raise DrawingError(
                say("two digits stand in the right half: draw one in each half")
                if half
                else say("two digits stand in the left half: draw one in each half")
            )
    return halves


def _tall_columns(marks: list[npt.NDArray[np.int64]], height: float) -> int:
    """Count the runs of columns with ink, separated by paper, whose ink is at least so high."""
    pixels = np.concatenate(marks)
    columns = np.unique(pixels[:, 1])
    stretch = np.searchsorted(columns[1:][np.diff(columns) > 1], pixels[:, 1], side="right")
    rows = [pixels[stretch == at, 0] for at in range(int(stretch.max()) + 1)]
    return sum(int(np.ptp(one)) + 1 >= height for one in rows)


def _same_columns(one: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> bool:
    (left, right), (start, end) = (
        (int(mark[:, 1].min()), int(mark[:, 1].max()) + 1) for mark in (one, other)
    )
    shared = min(right, end) - max(left, start)
    return shared >= _SAME * min(right - left, end - start)


def bitmap_of(pixels: npt.NDArray[np.int64]) -> Bitmap:
    """Scale one digit, (n, 2) pixels of row and column, to 32 rows, centred in 32 columns: (32, 32).

    Proportions stay; what would be wider than 28 columns is made smaller until it is not.
    """
    low, high = pixels.min(0), pixels.max(0) + 1
    cut = torch.zeros(*(high - low).tolist())
    cut[pixels[:, 0] - low[0], pixels[:, 1] - low[1]] = 1.0
    height, width = cut.shape
    scale = min(ROWS / height, WIDEST / width)
    size = max(1, round(height * scale)), max(1, round(width * scale))
    # Upsample first, so that downsampling counts whole pixels and upscaling does not break lines.
    fine = F.interpolate(
        cut[None, None], size=(size[0] * BLOCK, size[1] * BLOCK), mode="bilinear", antialias=True
    )
    small = F.avg_pool2d(fine, BLOCK)[0, 0] >= 0.5
    bitmap = np.zeros((ROWS, ROWS), dtype=np.bool_)
    top, left = (ROWS - size[0]) // 2, (ROWS - size[1]) // 2
    bitmap[top : top + size[0], left : left + size[1]] = small.numpy()
    return bitmap


def counted(bitmap: Bitmap) -> Tensor:
    """Convert a bitmap (32, 32) to a digit of the set: the ink of each block of 4 x 4, as a share: (8, 8)."""
    blocks = torch.from_numpy(bitmap).float().unflatten(1, (-1, BLOCK)).unflatten(0, (-1, BLOCK))
    return (blocks.sum((1, 3))) / LEVELS


def _unlike(bitmap: Bitmap, half: int, count: int) -> list[str]:
    """Describe how a digit differs from all of the set, in sentences."""
    where = say("the drawing")
    if count > 1:
        where = say("the digit on the right") if half else say("the digit on the left")
    ink = float(bitmap.mean())
    rows, columns = bitmap.any(1), bitmap.any(0)
    least, most = _usual()
    if rows.sum() < columns.sum():
        if count > 1:
            return [
                say(
                    "{where} is wider than it is high, as no digit is: what the captioner says is a guess",
                    where=where,
                )
            ]
        return [
            say(
                "{where} is wider than it is high, as no digit is: what the captioner says is a guess; if these are "
                "two digits, leave a gap between them",
                where=where,
            )
        ]
    if ink > most:
        return [
            say(
                "{where} has more ink than any digit it learned from: what the captioner says is a guess; draw it "
                "larger, with fewer strokes",
                where=where,
            )
        ]
    if ink < SPARE * least:
        return [
            say(
                "{where} has less ink than any digit it learned from: what the captioner says is a guess; draw it "
                "smaller, so that its strokes are wider",
                where=where,
            )
        ]
    return []


@lru_cache(maxsize=1)
def _usual() -> tuple[float, float]:
    """Return the least and the most ink of a training digit, as a share of its square."""
    shares = digits.split("train").images.mean((1, 2))
    return float(shares.min()), float(shares.max())
