"""Quantization: each weight becomes an integer code on a grid, which is stored beside the codes.

    code  = clamp(round(w / scale) + zero, low, high)          w' = scale (code - zero)

Around zero ("symmetric") the steps reach from -max |w| to max |w| and zero is 0; from smallest to largest every code is
used, and zero is the code that means 0 (Jacob et al. 2018, section 2.1). One grid serves a whole matrix, one of its
rows (what one output is made of: Krishnamoorthi 2018, section 3.1), or a group of neighbours in a row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import torch
from torch import Tensor

from core.messages import say

Granularity = Literal["tensor", "channel", "group"]
Method = Literal["nearest", "gptq"]
BITS = (1, 2, 4, 8, 16)  # divisors of a byte, and float16
GROUPS = (16, 32, 64, 128)  # usual group sizes
_SMALLEST = 2.0**-14  # below it float16 loses precision


class QuantizationError(ValueError):
    """Raised for a setting that the method does not support; the message says why."""


@dataclass(frozen=True)
class Quantization:
    """Quantization settings.

    Attributes:
        bits: of a code: 1, 2, 4 or 8; 16 keeps every weight as a float16 instead.
        granularity: what shares a grid: the whole matrix, a row, or `group` neighbours in a row.
        method: "nearest" rounds each weight alone; "gptq" lets the weights that follow make up for what it cost.
        symmetric: the grid is centred on 0; otherwise it reaches from the smallest weight to the largest.

    Raises:
        QuantizationError: there is no such grid.
    """

    bits: int = 8
    granularity: Granularity = "channel"
    group: int = 32
    method: Method = "nearest"
    symmetric: bool = True

    def __post_init__(self) -> None:
        if self.bits not in BITS:
            below = "nothing is left below 1 bit" if self.bits < 1 else "codes have to divide a byte"
            raise QuantizationError(f"{self.bits} bits: {below}; choose one of {', '.join(map(str, BITS))}")
        if self.granularity not in get_args(Granularity):
            raise QuantizationError(
                f"granularity {self.granularity!r} is not one of {', '.join(get_args(Granularity))}"
            )
        if self.method not in get_args(Method):
            raise QuantizationError(f"method {self.method!r} is not one of {', '.join(get_args(Method))}")
        if self.bits == 1 and self.symmetric:
            raise QuantizationError(
                say(
                    "1 bit around zero leaves only the value 0: choose at least 2 bits, or a grid from smallest "
                    "to largest"
                )
            )
        if self.granularity == "group" and self.group < 2:
            raise QuantizationError(f"a group of {self.group} weights saves nothing: choose at least 2")
        if self.bits == 16 and self.method == "gptq":
            raise QuantizationError(
                say("16 bits are float16 numbers, on no grid that GPTQ could use: choose 8 bits or fewer")
            )

    @property
    def low(self) -> int:
        """The smallest code."""
        return -self.high if self.symmetric else 0

    @property
    def high(self) -> int:
        """The largest code."""
        return 2 ** (self.bits - 1) - 1 if self.symmetric else 2**self.bits - 1


@dataclass(frozen=True)
class Grid:
    """scale (R, G), the step size, and zero (R, G), the code of 0: R is 1 or the rows, G the groups of a row."""

    scale: Tensor
    zero: Tensor


@dataclass(frozen=True)
class Quantized:
    """A matrix as codes (rows, columns), int16, on its grid."""

    codes: Tensor
    grid: Grid
    setting: Quantization

    def weight(self) -> Tensor:
        """Dequantize: float32 (rows, columns)."""
        return decode(self.codes, self.grid)


def check_width(columns: int, setting: Quantization, name: str = "") -> None:
    """Check that rows of so many weights divide into the setting's groups. Raises QuantizationError."""
    if setting.granularity == "group" and columns % setting.group:
        fitting = [str(group) for group in GROUPS if columns % group == 0]
        choose = (
            say("choose {groups}, or one scale a row", groups=say(" or ").join(fitting))
            if fitting
            else say("choose one scale a row")
        )
        raise QuantizationError(
            say(
                "rows of {columns} weights ({name}) do not divide into groups of {group}: {choose}",
                columns=columns,
                name=name or say("this matrix"),
                group=setting.group,
                choose=choose,
            )
        )


def grid_of(weight: Tensor, setting: Quantization) -> Grid:
    """Build the grid that spans exactly the range of the weights (rows, columns) and 0.

    Scales are kept as float16, as they are stored, or as float32 where float16 would lose digits.

    Raises:
        QuantizationError: groups that do not divide a row, or 16 bits, which have no grid.
    """
    if setting.bits == 16:
        raise QuantizationError("16 bits are float16 numbers: there is no grid")
    check_width(weight.shape[1], setting)
    parts = grouped(weight.float(), setting)  # (R, G, weights that share)
    if setting.symmetric:
        reach = parts.abs().amax(-1)  # (R, G)
        scale = stored(reach / setting.high)
        return Grid(scale, torch.zeros_like(scale))
    bottom, top = parts.amin(-1).clamp(max=0), parts.amax(-1).clamp(min=0)  # (R, G) twice
    scale = stored((top - bottom) / setting.high)
    return Grid(scale, (-bottom / scale).round().clamp(0, setting.high))


def grouped(weight: Tensor, setting: Quantization) -> Tensor:
    """Reshape the weights (rows, columns) by shared grid: (1, 1, all), (rows, 1, columns) or (rows, G, group)."""
    if setting.granularity == "tensor":
        return weight.reshape(1, 1, -1)
    return weight.unflatten(1, (-1, weight.shape[1] if setting.granularity == "channel" else setting.group))


def stored(scale: Tensor) -> Tensor:
    """Round scales as a file stores them, returned as float32; 1 where all is 0.

    Where float16 keeps their digits they are rounded up to it, never down: with a smaller step the codes would not
    reach the largest weight. What lies above a float16 by float32's own error only goes back to that float16.
    """
    scale = torch.where(scale > 0, scale, torch.ones_like(scale))
    fits = bool((scale >= _SMALLEST).all()) and bool((scale <= torch.finfo(torch.float16).max).all())
    if not fits:
        return scale.clamp(min=torch.finfo(torch.float32).tiny)
    half = scale.half()
    above = (half.view(torch.int16) + 1).view(torch.float16)  # the next float16
    return torch.where(half.float() * (1 + 2**-21) < scale, above, half).float()


def spread(values: Tensor, columns: int) -> Tensor:
    """Expand one number per group (R, G) to one per weight, (R, columns)."""
    each = columns // values.shape[1]
    return values.expand(-1, columns) if each == columns else values.repeat_interleave(each, dim=1)


def encode(weight: Tensor, grid: Grid, setting: Quantization) -> Tensor:
    """Return the nearest code of each weight: int16 (rows, columns)."""
    columns = weight.shape[1]
    scale, zero = spread(grid.scale, columns), spread(grid.zero, columns)
    return (weight.float() / scale).round_().add_(zero).clamp_(setting.low, setting.high).to(torch.int16)


def decode(codes: Tensor, grid: Grid) -> Tensor:
    """Dequantize codes: float32 (rows, columns)."""
    columns = codes.shape[1]
    return codes.float().sub_(spread(grid.zero, columns)).mul_(spread(grid.scale, columns))


def nearest(weight: Tensor, setting: Quantization) -> Quantized:
    """Round each weight (rows, columns) to the nearest value of its grid, at most half a step away.

    Raises:
        QuantizationError: as `grid_of`.
    """
    grid = grid_of(weight, setting)
    return Quantized(encode(weight, grid, setting), grid, setting)


def values(setting: Quantization, scale: float, zero: float) -> list[float]:
    """List every value of one grid, ascending: 2^bits of them, or one less if symmetric."""
    return [(code - zero) * scale for code in range(setting.low, setting.high + 1)]
