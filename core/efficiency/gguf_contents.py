"""The numbers in a GGUF file: bits per weight by tensor kind, and one quantized block in detail.

A block is a run of neighbours in a row that share what stands beside their codes (ggml's ggml-common.h):

Q4_0    code 0 to 15        w = scale (code - 8)
Q4_1    code 0 to 15        w = scale code + minimum
Q8_0    code -128 to 127    w = scale code
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.checkpoints.gguf_file import GgufFile, Stored
from core.messages import mark_of

FLOAT = 4  # bytes of a weight in float32
HALF = 2  # bytes of a float16: of a scale, of a minimum
_BITS = {"Q4_0": 4, "Q4_1": 4, "Q8_0": 8}  # of a code, of the kinds that are taken apart here
PART = "stored part"  # the context of their names, for `say_of`
_ATTENTION, _MLPS = mark_of("stored part", "attention"), mark_of("stored part", "MLPs")
_PARTS = {
    "token_embd": mark_of("stored part", "token table"), "output": mark_of("stored part", "head"),
    "attn_q": _ATTENTION, "attn_k": _ATTENTION, "attn_v": _ATTENTION, "attn_output": _ATTENTION,
    "ffn_gate": _MLPS, "ffn_up": _MLPS, "ffn_down": _MLPS,
}  # fmt: skip
OTHERS = mark_of("stored part", "norms and biases")


@dataclass(frozen=True)
class Share:
    """The tensors of one part of a model that are stored in one kind.

    Attributes:
        kind: the format's name. bytes: of them all, scales counted. group: weights of a block; block: bytes of it.
    """

    part: str
    kind: str
    tensors: int
    weights: int
    bytes: int
    group: int
    block: int

    @property
    def bits(self) -> float:
        """Bits per weight, with scales and minimums."""
        return 8 * self.bytes / self.weights


@dataclass(frozen=True)
class Contents:
    """A file's contents. size: its bytes. tensors: those in block kinds that can be shown, by name."""

    path: Path
    size: int
    shares: tuple[Share, ...]
    tensors: Mapping[str, Stored]

    @property
    def weights(self) -> int:
        """All numbers of all tensors."""
        return sum(one.weights for one in self.shares)

    @property
    def bytes(self) -> int:
        """Of the tensors; the rest of the file holds tokenizer and settings."""
        return sum(one.bytes for one in self.shares)

    @property
    def bits(self) -> float:
        """Bits a weight on average."""
        return 8 * self.bytes / self.weights

    @property
    def fewest(self) -> Share:
        """The share with the fewest bits per weight."""
        return min(self.shares, key=lambda one: one.bits)


@dataclass(frozen=True)
class Block:
    """One block of a tensor: its codes and its grid.

    Attributes:
        number: of the tensor's blocks, row by row, from 0; of: how many there are. row, first: of its first weight.
        codes, values: of its weights. scale: between neighbours of the grid; minimum: the value of code 0.
        low, bits: the lowest code, and bits of one.
    """

    name: str
    kind: str
    number: int
    of: int
    row: int
    first: int
    codes: tuple[int, ...]
    values: tuple[float, ...]
    scale: float
    minimum: float
    low: int
    bits: int

    @property
    def grid(self) -> tuple[float, ...]:
        """Every value that a weight of this block can have, ascending by code."""
        return tuple(self.minimum + self.scale * code for code in range(self.low, self.low + 2**self.bits))


def contents(path: Path) -> Contents:
    """Read the tensor headers of a GGUF file, without any numbers.

    Raises:
        CheckpointError: no readable GGUF file.
    """
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

    file = GgufFile(path)
    groups: dict[tuple[str, str], list[Stored]] = {}
    for stored in file.tensors.values():
        groups.setdefault((_part(stored), stored.kind), []).append(stored)
    shares = []
    for (part, kind), all_ in groups.items():
        group, block = GGML_QUANT_SIZES[GGMLQuantizationType[kind]]
        weights = sum(math.prod(one.shape) for one in all_)
        shares.append(Share(part, kind, len(all_), weights, sum(one.length for one in all_), group, block))
    shares.sort(key=lambda one: -one.bytes)
    known = {name: one for name, one in file.tensors.items() if one.kind in _BITS}
    return Contents(path, path.stat().st_size, tuple(shares), known)


def _part(stored: Stored) -> str:
    """Return the part of a model that a tensor belongs to; one-dimensional tensors are gains or biases."""
    *_, what, _ = ("", *stored.name.split("."))
    return _PARTS.get(what, OTHERS) if len(stored.shape) > 1 else OTHERS


def block(held: Contents, name: str, number: int) -> Block:
    """Decode one block of a tensor.

    Raises:
        ValueError: no such tensor in blocks that are taken apart here, or no such block of it.
    """
    from gguf import GGML_QUANT_SIZES, GGMLQuantizationType, quants

    stored = held.tensors.get(name)
    if stored is None:
        raise ValueError(f"{held.path.name} has no tensor {name!r} in blocks of {', '.join(_BITS)}")
    kind = GGMLQuantizationType[stored.kind]
    group, size = GGML_QUANT_SIZES[kind]
    of = stored.length // size
    if not 0 <= number < of:
        raise ValueError(f"block {number} is not one of the {of:,} of {name}, counted from 0")
    with held.path.open("rb") as file:
        file.seek(stored.begin + number * size)
        raw = np.frombuffer(file.read(size), dtype=np.uint8)
    values = quants.dequantize(raw[None], kind)[0]
    beside = raw[: 2 * HALF if stored.kind == "Q4_1" else HALF].view("<f2").astype(np.float32)
    scale, low, minimum = float(beside[0]), 0, 0.0
    if stored.kind == "Q8_0":
        codes, low = raw[HALF:].view(np.int8).astype(int), -128
    else:
        packed = raw[len(beside) * HALF :]  # a byte holds a code of the first half and one of the second
        codes = np.concatenate([packed & 15, packed >> 4]).astype(int)
        minimum = float(beside[1]) if stored.kind == "Q4_1" else -8 * scale
    row, first = divmod(number * group, stored.shape[-1])
    return Block(
        name, stored.kind, number, of, row, first, tuple(codes.tolist()), tuple(float(v) for v in values),
        scale, minimum, low, _BITS[stored.kind],
    )  # fmt: skip
