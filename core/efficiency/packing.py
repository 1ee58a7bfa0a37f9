"""Packing of 1-, 2-, 4- or 8-bit codes into bytes, and a quantized matrix's tensors in a file.

The first code of a byte has its lowest bits. A row is filled up with zeros to whole bytes, so that rows stay apart.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from core.efficiency.quantization import Grid, Quantization, QuantizationError, Quantized

CODES, SCALE, ZERO = ".codes", ".scale", ".zero"


def pack(codes: Tensor, bits: int) -> Tensor:
    """Pack codes (rows, columns) from 0 to 2^bits - 1 into bytes: uint8 (rows, ceil(columns bits / 8)).

    Raises:
        QuantizationError: bits that do not divide a byte, or a code that needs more of them.
    """
    each = _each(bits)
    if codes.numel() and not 0 <= int(codes.min()) <= int(codes.max()) < 2**bits:
        raise QuantizationError(
            f"codes from {int(codes.min())} to {int(codes.max())} do not fit {bits} bits (0 to {2**bits - 1})"
        )
    short = -codes.shape[1] % each
    filled = torch.nn.functional.pad(codes.to(torch.uint8), (0, short)).unflatten(
        1, (-1, each)
    )  # (rows, bytes, each)
    packed = torch.zeros_like(filled[..., 0])
    for place in range(each):
        packed |= filled[..., place] << (place * bits)
    return packed.contiguous()


def unpack(packed: Tensor, bits: int, columns: int) -> Tensor:
    """Unpack the result of `pack`: int16 (rows, columns).

    Raises:
        QuantizationError: bits that do not divide a byte, or rows of another length.
    """
    each = _each(bits)
    if packed.shape[1] != -(-columns // each):
        raise QuantizationError(f"rows of {packed.shape[1]} bytes do not hold {columns} codes of {bits} bits")
    parts = torch.stack([(packed >> (place * bits)) & (2**bits - 1) for place in range(each)], dim=-1)
    return parts.flatten(1)[:, :columns].to(torch.int16)


def to_file(name: str, matrix: Quantized) -> dict[str, Tensor]:
    """Convert a matrix to a file's tensors: packed codes, scales (float16 if they fit), zeros if it has any."""
    scale = matrix.grid.scale
    half = scale.half()
    tensors = {
        name + CODES: pack(matrix.codes - matrix.setting.low, matrix.setting.bits),
        name + SCALE: half if torch.equal(half.float(), scale) else scale,
    }
    if not matrix.setting.symmetric:
        tensors[name + ZERO] = matrix.grid.zero.to(torch.uint8)
    return tensors


def from_file(name: str, tensors: Mapping[str, Tensor], columns: int, setting: Quantization) -> Quantized:
    """Restore a matrix from a file's tensors: the reverse of `to_file`.

    Raises:
        QuantizationError: as `unpack`.
        KeyError: a tensor is missing.
    """
    codes = unpack(tensors[name + CODES], setting.bits, columns) + setting.low
    scale = tensors[name + SCALE].float()
    zero = torch.zeros_like(scale) if setting.symmetric else tensors[name + ZERO].float()
    return Quantized(codes, Grid(scale, zero), setting)


def _each(bits: int) -> int:
    """Return the codes per byte."""
    if bits not in (1, 2, 4, 8):
        raise QuantizationError(f"{bits} bits do not divide a byte: choose 1, 2, 4 or 8")
    return 8 // bits
