"""Data augmentation for digits: redrawn with another position, rotation, slant, aspect and stroke width.

A digit of 8 x 8 counts is interpolated to a smooth surface; where it exceeds a threshold there is ink. An affine map of
the plane and the threshold give the same digit another slant and stroke width, at four times the resolution; blocks of
4 x 4 are counted again, as when the digits were made. The caption is measured on what comes out.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from core.data import digits
from core.data.digits import LEVELS, Digits
from core.multimodal.scenes import CELL, HEIGHT, Scenes, layout, place, sheet, told

FINE = 4  # bitmap pixels per pixel, as in the data
AS_WRITTEN = 0.1  # the share of scenes with original digits: with more, they are memorized
NEAR = 0.5  # the share of scenes chosen, from twice as many, for a measurement near an edge
_SHARP = 10.0  # steepness of the ink's edge
_PULLS, _PULL = (
    (4, 4),
    0.3,
)  # points of a cell with elastic displacement, and its size in pixels (Simard et al. 2003)


def redrawn(images: Tensor, offsets: Tensor, draw: torch.Generator) -> Tensor:
    """Redraw digits (N, 8, 8) at about `offsets` (N, 2): cells (N, 12, 12), each pixel a multiple of 1/16."""
    count = len(images)

    def between(low: float, high: float) -> Tensor:
        return torch.rand(count, generator=draw) * (high - low) + low

    turn, lean = between(-0.16, 0.16), between(-0.24, 0.24)
    tall, wide = between(0.86, 1.12), between(0.8, 1.15)
    level = between(0.34, 0.72)
    middle = (offsets + digits.SIDE / 2).float()
    down = middle[:, 0] - HEIGHT / 2 + between(-0.5, 0.5)
    right = middle[:, 1] - CELL / 2 + between(-0.5, 0.5)
    # Map a point of the new cell (pixels from its centre) to the old digit, both in half-widths of the digit, as in
    # grid_sample: first undo the shift, then the rotation, then slant and stretch.
    cos, sin = turn.cos(), turn.sin()
    xx, xy = cos / wide + lean * sin, -sin / wide + lean * cos
    yx, yy = sin / tall, cos / tall
    scale = CELL / digits.SIDE
    rows = torch.stack([xx * scale, xy * scale, -(xx * right + xy * down) * 2 / digits.SIDE], dim=-1)
    more = torch.stack([yx * scale, yy * scale, -(yx * right + yy * down) * 2 / digits.SIDE], dim=-1)
    size = [count, 1, HEIGHT * FINE, CELL * FINE]
    grid = F.affine_grid(torch.stack([rows, more], dim=1), size, align_corners=False)
    pulls = torch.randn(count, 2, *_PULLS, generator=draw) * (_PULL * 2 / digits.SIDE)
    grid = grid + F.interpolate(pulls, size[2:], mode="bilinear", align_corners=True).permute(0, 2, 3, 1)
    seen = F.grid_sample(images[:, None], grid, mode="bilinear", padding_mode="zeros", align_corners=False)
    ink = ((seen - level[:, None, None, None]) * _SHARP).sigmoid()
    ink = ink * (seen > 0.02)
    blocks = F.avg_pool2d(ink, FINE)[:, 0]  # (N, 12, 12)
    return (blocks * LEVELS).round() / LEVELS


def training_scenes(source: Digits, count: int, draw: torch.Generator) -> Scenes:
    """Generate training scenes, half of them chosen for hard cases.

    Half are random; the others are those of as many scenes again that have a measurement nearest to the edge of a dead
    band, where a word is learned to the digit.
    """
    near = round(count * NEAR)
    everything = any_scenes(source, count + near, draw)
    first = torch.arange(count - near)
    closest = everything.margins[count - near :].argsort()[:near] + (count - near)
    return everything.rows(torch.cat([first, closest]))


def any_scenes(source: Digits, count: int, draw: torch.Generator) -> Scenes:
    """Generate random scenes: some of original digits, the others of redrawn ones."""
    chosen, offsets = layout(count, len(source), draw)
    there = chosen >= 0
    images = source.images[chosen.clamp(min=0).flatten()]
    flat = offsets.flatten(0, 1)
    as_written = torch.rand(count, generator=draw) < AS_WRITTEN
    cells = torch.where(
        as_written.repeat_interleave(2)[:, None, None], place(images, flat), redrawn(images, flat, draw)
    ).unflatten(0, (count, 2))
    cells = cells * there[:, :, None, None]
    there &= cells.sum((-2, -1)) > 1.0
    labels = torch.where(there, source.labels[chosen.clamp(min=0)], -1)
    numbers, margins = told(cells, labels)
    written = torch.where(there, source.numbers[chosen.clamp(min=0)], -1)
    return Scenes(sheet(cells), numbers, margins, written, offsets)
