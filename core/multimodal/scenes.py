"""Scenes: one digit, or two side by side, on a sheet of 12 x 24 pixels, with a caption computed from their pixels.

Each half of the sheet is a cell of 12 x 12 pixels for one digit; a single digit stands in either. A scene of held-out
digits is their very pixels, moved by whole pixels. To train on, digits are also drawn anew: see
`core.multimodal.augmentation`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

from core.data import digits
from core.data.digits import Digits, Split
from core.multimodal import captions
from core.multimodal.captions import Part, Parts
from core.multimodal.properties import (
    Properties,
    margin,
    measure,
    slant,
    slant_class,
    thickness,
    thickness_class,
)

HEIGHT, CELL = 12, 12  # pixels
WIDTH = 2 * CELL
ROOM = HEIGHT - digits.SIDE  # maximum vertical offset in pixels
SIDEWAYS = (1, 3)  # possible first columns in its cell: the outer column stays paper
ALONE = 0.3  # the share of scenes with one digit


@dataclass(frozen=True)
class Scene:
    """One sheet.

    Attributes:
        image: (12, 24) float32 from 0 (paper) to 1 (ink).
        parts: what its caption says, from left to right.
        properties: the measurements of both digits, in the same order; a caption tells of the first's.
        numbers: which of the 1,797 digits stand there; () for a drawing.
    """

    image: Tensor
    parts: Parts
    properties: tuple[Properties, ...]
    numbers: tuple[int, ...] = ()

    @property
    def caption(self) -> str:
        """The true caption."""
        return captions.text_of(self.parts)

    @property
    def words(self) -> tuple[str, ...]:
        """The words of the true caption."""
        return captions.words_of(self.parts)


@dataclass(frozen=True)
class Scenes:
    """Many sheets as tensors.

    images (N, 12, 24); captions (N,), their numbers; margins (N,), see `Properties`; digits (N, 2), each one's place
    among the 1,797, or -1 for an empty cell; offsets (N, 2, 2), how far down and to the right each begins in its cell.
    """

    images: Tensor
    captions: Tensor
    margins: Tensor
    digits: Tensor
    offsets: Tensor

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, row: int) -> Scene:
        places = self.digits[row].tolist()
        cells = halves(self.images[row])
        measured = tuple(measure(cell) for cell, place in zip(cells, places) if place >= 0)
        parts = captions.parts_of(int(self.captions[row]))
        return Scene(self.images[row], parts, measured, tuple(place for place in places if place >= 0))

    def rows(self, chosen: Tensor) -> Scenes:
        """Select some of them, in that order."""
        return Scenes(
            self.images[chosen],
            self.captions[chosen],
            self.margins[chosen],
            self.digits[chosen],
            self.offsets[chosen],
        )


def halves(images: Tensor) -> Tensor:
    """Split sheets into two cells: (..., 12, 24) -> (..., 2, 12, 12)."""
    return images.unflatten(-1, (2, CELL)).movedim(-2, -3)


def sheet(cells: Tensor) -> Tensor:
    """Join two cells to a sheet: the reverse of `halves`."""
    return cells.movedim(-3, -2).flatten(-2)


def place(images: Tensor, offsets: Tensor) -> Tensor:
    """Put digits (N, 8, 8) into cells of their own, offsets (N, 2) rows down and columns to the right: (N, 12, 12)."""
    cells = images.new_zeros(len(images), HEIGHT, CELL)
    steps = torch.arange(digits.SIDE)
    rows = offsets[:, 0, None] + steps  # (N, 8)
    columns = offsets[:, 1, None] + steps
    each = torch.arange(len(images))[:, None, None]
    cells[each, rows[:, :, None], columns[:, None, :]] = images
    return cells


def told(cells: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
    """Compute the captions of sheets from their pixels and digits.

    Args:
        cells: (N, 2, 12, 12).   labels: (N, 2), 0 to 9, or -1 for an empty cell (one of a row at the most).

    Returns:
        The captions' numbers (N,), and the margin of the digit that each describes (N,).
    """
    widths, leanings = thickness(cells), slant(cells)  # (N, 2)
    kind = (labels * 3 + thickness_class(widths)) * 3 + slant_class(leanings)
    left, margins = labels[:, 0] >= 0, margin(widths, leanings)
    one = torch.where(left, kind[:, 0], kind[:, 1])
    both = captions.KINDS + len(digits.NAMES) * kind[:, 0] + labels[:, 1]
    return torch.where((labels >= 0).all(-1), both, one), torch.where(left, margins[:, 0], margins[:, 1])


def layout(count: int, available: int, draw: torch.Generator) -> tuple[Tensor, Tensor]:
    """Draw which digits stand where: rows of the digits (N, 2), -1 for an empty cell, and offsets (N, 2, 2)."""
    chosen = torch.randint(available, (count, 2), generator=draw)
    empty = torch.where(
        torch.rand(count, generator=draw) < ALONE, torch.randint(2, (count,), generator=draw), -1
    )
    chosen[empty[:, None] == torch.arange(2)] = -1
    down = torch.randint(ROOM + 1, (count, 2), generator=draw)
    right = torch.randint(SIDEWAYS[0], SIDEWAYS[1] + 1, (count, 2), generator=draw)
    return chosen, torch.stack([down, right], dim=-1)


def compose(source: Digits, count: int, draw: torch.Generator) -> Scenes:
    """Compose scenes of original digits, shifted by whole pixels."""
    chosen, offsets = layout(count, len(source), draw)
    there = chosen >= 0
    cells = place(source.images[chosen.clamp(min=0).flatten()], offsets.flatten(0, 1)).unflatten(
        0, (count, 2)
    )
    cells = cells * there[:, :, None, None]
    labels = torch.where(there, source.labels[chosen.clamp(min=0)], -1)
    numbers, margins = told(cells, labels)
    written = torch.where(there, source.numbers[chosen.clamp(min=0)], -1)
    return Scenes(sheet(cells), numbers, margins, written, offsets)


SCENES = 2_000  # scenes per part of the split
SEEDS: dict[Split, int] = {"train": 11, "development": 12, "held_out": 13}


@lru_cache(maxsize=3)
def scenes(name: Split = "held_out") -> Scenes:
    """Return the 2,000 scenes of one part of the split, always the same: row n is held-out scene number n. Read only.

    Raises:
        ValueError: there is no such part.
    """
    source = digits.split(name)
    return compose(source, SCENES, torch.Generator().manual_seed(SEEDS[name]))


__all__ = [
    "CELL",
    "HEIGHT",
    "WIDTH",
    "Part",
    "Scene",
    "Scenes",
    "compose",
    "halves",
    "place",
    "scenes",
    "sheet",
    "told",
]
