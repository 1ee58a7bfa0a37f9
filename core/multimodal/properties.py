"""Measurements of a digit from its pixels, and the words they are translated to.

A word is used only where the number is clearly on one side: between `thin` and `thick`, and between `left` and
`right`, lies a dead band in which nothing is said. So a caption is a function of the pixels (and of which digit it is).
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

THIN, THICK = 1.25, 1.75  # pixels: up to THIN is "thin", from THICK on "thick"
# Pixels sideways for each pixel up: up to LEFT is "slanted left", from RIGHT on "slanted right".
LEFT, RIGHT = -0.18, 0.18
THICKNESSES = ("", "thin", "thick")  # the words by class
SLANTS = ("", "slanted left", "slanted right")
_LEAST = 1e-6  # ink below which there is nothing to measure


@dataclass(frozen=True)
class Properties:
    """The measurements of one digit: thickness in pixels, slant in pixels sideways for each pixel up.

    `margin` is how far the nearer of the two lies from the edge of its dead band, as a share of the band's width:
    0 on an edge.
    """

    thickness: float
    slant: float

    @property
    def thickness_word(self) -> str:
        """ "thin", "thick", or "" inside the dead band."""
        return THICKNESSES[int(thickness_class(torch.tensor(self.thickness)))]

    @property
    def slant_word(self) -> str:
        """ "slanted left", "slanted right", or "" inside the dead band."""
        return SLANTS[int(slant_class(torch.tensor(self.slant)))]

    @property
    def margin(self) -> float:
        """The distance from a dead band's edge, see the class."""
        return float(margin(torch.tensor(self.thickness), torch.tensor(self.slant)))


def thickness(cells: Tensor) -> Tensor:
    """Measure the stroke width: twice the ink over the length of its outline, in pixels; NaN without ink.

    A stroke of width w and length l has the ink w l and, both sides counted, an outline of about 2 l. For grey pixels
    the length of the outline is the total variation, sum sqrt(dx^2 + dy^2) over neighbouring pixels (Rudin, Osher &
    Fatemi 1992, section 2), with paper around the cell.

    Args:
        cells: (..., height, width) from 0 to 1, one digit in each.

    Returns:
        (...,)
    """
    padded = F.pad(cells, (1, 1, 1, 1))
    across = padded[..., 1:, 1:] - padded[..., 1:, :-1]
    down = padded[..., 1:, 1:] - padded[..., :-1, 1:]
    outline = (across.square() + down.square()).sqrt().sum((-2, -1))
    ink = cells.sum((-2, -1))
    return torch.where(ink > _LEAST, 2 * ink / outline.clamp(min=_LEAST), torch.nan)


def slant(cells: Tensor) -> Tensor:
    """Measure the slant of the ink to the right: sideways per pixel upward; negative leans left, NaN without ink.

    With x to the right and y upward from the centre of the ink, sum(ink x y) / sum(ink y^2): the slope of the line
    x = slant y that fits the ink best, which is how digits are straightened, too (LeCun et al. 1998, section III.A,
    "deslanted").

    Args:
        cells: (..., height, width) from 0 to 1, one digit in each.

    Returns:
        (...,)
    """
    height, width = cells.shape[-2:]
    ink = cells.sum((-2, -1)).clamp(min=_LEAST)
    x = torch.arange(width, dtype=cells.dtype, device=cells.device)
    y = torch.arange(height, dtype=cells.dtype, device=cells.device)
    rows, columns = cells.sum(-1), cells.sum(-2)  # (..., height), (..., width)
    mean_x, mean_y = columns @ x / ink, rows @ y / ink
    both = ((cells @ x) @ y) / ink - mean_x * mean_y
    vertical = rows @ y.square() / ink - mean_y.square()
    found = -both / vertical.clamp(min=_LEAST)  # rows count downward
    return torch.where(cells.sum((-2, -1)) > _LEAST, found, torch.nan)


def thickness_class(values: Tensor) -> Tensor:
    """Return each thickness's index in `THICKNESSES`: 0 inside the dead band."""
    return (values <= THIN).long() + 2 * (values >= THICK).long()


def slant_class(values: Tensor) -> Tensor:
    """Return each slant's index in `SLANTS`: 0 inside the dead band."""
    return (values <= LEFT).long() + 2 * (values >= RIGHT).long()


def margin(thicknesses: Tensor, slants: Tensor) -> Tensor:
    """Compute each digit's distance from the nearest edge of a dead band, in widths of that band: (...,)."""
    wide, leaning = THICK - THIN, RIGHT - LEFT
    by_thickness = torch.minimum((thicknesses - THIN).abs(), (thicknesses - THICK).abs()) / wide
    by_slant = torch.minimum((slants - LEFT).abs(), (slants - RIGHT).abs()) / leaning
    return torch.minimum(by_thickness, by_slant)


def measure(cell: Tensor) -> Properties:
    """Measure one digit, (height, width).

    Raises:
        ValueError: there is no ink.
    """
    if not float(cell.sum()) > _LEAST:
        raise ValueError("there is no ink to measure: draw something first")
    return Properties(float(thickness(cell)), float(slant(cell)))
