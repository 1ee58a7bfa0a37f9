"""An image as a row of square patches, each a small vector, as a transformer reads it (Dosovitskiy et al. 2021)."""

from __future__ import annotations

from torch import Tensor

SIDE = 3  # pixels


def cut(images: Tensor, side: int = SIDE) -> Tensor:
    """Cut images into patches in reading order, each with its pixels row by row.

    (..., height, width) -> (..., N, side * side).

    Raises:
        ValueError: the image does not divide into such patches.
    """
    height, width = images.shape[-2:]
    if side < 1 or height % side or width % side:
        raise ValueError(
            f"an image of {height} x {width} pixels does not divide into patches of {side} x {side}"
        )
    squares = images.unflatten(-1, (width // side, side)).unflatten(-3, (height // side, side))
    return squares.transpose(-3, -2).flatten(-2).flatten(-3, -2)  # (..., N, side * side)


def join(patches: Tensor, height: int, width: int) -> Tensor:
    """Join patches to images, the reverse of `cut`: (..., N, side * side) -> (..., height, width).

    Raises:
        ValueError: the patches do not make such an image.
    """
    count, pixels = patches.shape[-2:]
    side = round(pixels**0.5)
    if side * side != pixels or height % side or width % side or count != (height // side) * (width // side):
        raise ValueError(f"{count} patches of {pixels} pixels do not make an image of {height} x {width}")
    squares = patches.unflatten(-1, (side, side)).unflatten(-3, (height // side, width // side))
    return squares.transpose(-3, -2).flatten(-2).flatten(-3, -2)  # (..., height, width)
