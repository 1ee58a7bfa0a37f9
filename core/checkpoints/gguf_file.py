"""The GGUF container: settings, and tensors in quantized blocks, in one file (ggml's docs/gguf.md).

Every count, size and offset that the file claims is compared with the file before anything is made of it. The blocks
are unpacked by the `gguf` package, which is the format's own.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from core.checkpoints.files import own_file
from core.checkpoints.settings import CheckpointError

if TYPE_CHECKING:
    from gguf import GGMLQuantizationType

ENDING = ".gguf"
MAGIC, VERSIONS = b"GGUF", (2, 3)
LARGEST_COUNT = 2**17  # of settings or tensors
LARGEST_LIST = 2**24  # entries of one setting
_NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _LIST = 8, 9
_LARGEST_DIMENSIONS = 4
# The block kinds that are dequantized; others of the format (IQ..., TQ..., MXFP4) have no reference implementation to
# test against.
KINDS = (
    "F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K",
)  # fmt: skip


@dataclass(frozen=True)
class Stored:
    """One tensor as the file holds it.

    shape: as PyTorch has it, the longest stride first.   kind: one of the format's names, "Q4_K" for example.
    begin, length: bytes, from the beginning of the file.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    begin: int
    length: int


class GgufFile:
    """A GGUF file: its settings by name, and its tensors, each unpacked when it is asked for.

    Attributes:
        values: whole numbers, numbers, flags, texts, and lists of one kind of these.
        tensors: by name, in the file's order.

    Raises:
        CheckpointError: no GGUF file, of another version, cut short, or claiming what cannot be; the message says what.
    """

    def __init__(self, path: Path) -> None:
        self.path = own_file(path)
        try:
            self._bytes = np.memmap(path, mode="r", dtype=np.uint8)
        except (OSError, ValueError) as error:
            raise CheckpointError(f"{path} is not a readable GGUF file: {error}") from error
        self._at, self._view = 0, memoryview(self._bytes)  # type: ignore[arg-type]  # an array is a buffer
        self.values: dict[str, Any] = {}
        self.tensors: dict[str, Stored] = {}
        try:
            self._read_header()
        except (struct.error, UnicodeDecodeError) as error:
            raise CheckpointError(f"{path} is not a readable GGUF file: {error}") from error

    def read(self, name: str) -> Tensor:
        """Dequantize a tensor: float32, in its shape.

        Raises:
            CheckpointError: its blocks are of a kind that is not unpacked here.
        """
        from gguf import quants

        stored = self.tensors[name]
        self.check_kind(name)
        rows = math.prod(stored.shape[:-1])
        data = self._bytes[stored.begin : stored.begin + stored.length].reshape(rows, -1)
        numbers = quants.dequantize(np.asarray(data), _kind(stored.kind))
        return torch.from_numpy(np.array(numbers, dtype=np.float32)).view(stored.shape)

    def check_kind(self, name: str) -> None:
        """Check that a tensor's block kind can be dequantized here. Raises CheckpointError."""
        kind = self.tensors[name].kind
        if kind not in KINDS:
            raise CheckpointError(
                f"{self.path}: {name} is stored as {kind}; Glassbox reads {', '.join(KINDS)}: "
                "take the model in one of these"
            )

    def _read_header(self) -> None:
        if bytes(self._view[:4]) != MAGIC:
            raise CheckpointError(f"{self.path} is not a GGUF file: it does not begin with GGUF")
        self._at = 4
        version = self._number("I")
        if version not in VERSIONS:
            swapped = " (its bytes stand in the order of another kind of machine)" if version > 2**16 else ""
            raise CheckpointError(
                f"{self.path} is GGUF of version {version}{swapped}; Glassbox reads 2 and 3"
            )
        tensors, settings = self._count("tensors"), self._count("settings")
        for _ in range(settings):
            name = self._string()
            if name in self.values:
                raise CheckpointError(f"{self.path} holds the setting {name} twice")
            self.values[name] = self._value(self._number("I"), name)
        claimed = [self._claim() for _ in range(tensors)]
        step = self.values.get("general.alignment", 32)
        if type(step) is not int or not 1 <= step <= 2**20:
            raise CheckpointError(f"{self.path}: general.alignment={step!r} must be a small whole number")
        start = -(-self._at // step) * step
        for name, shape, kind, offset in claimed:
            self.tensors[name] = self._placed(name, shape, kind, start + offset)
        if len(self.tensors) < len(claimed):
            raise CheckpointError(f"{self.path} holds two tensors of one name")

    def _placed(self, name: str, shape: tuple[int, ...], kind: int, begin: int) -> Stored:
        from gguf import GGML_QUANT_SIZES, GGMLQuantizationType

        try:
            known = GGMLQuantizationType(kind)
            in_block, of_block = GGML_QUANT_SIZES[known]
        except (ValueError, KeyError):
            raise CheckpointError(
                f"{self.path}: {name} is stored in a kind of block that nobody knows, {kind}"
            ) from None
        if shape[-1] % in_block:
            raise CheckpointError(
                f"{self.path}: {name} claims rows of {shape[-1]:,} numbers as {known.name}, which come in blocks of "
                f"{in_block}"
            )
        length = math.prod(shape) // in_block * of_block
        if begin + length > len(self._bytes):
            raise CheckpointError(
                f"{self.path}: {name} claims bytes up to {begin + length:,}, but the file has {len(self._bytes):,}: it "
                "is cut short; download it again"
            )
        return Stored(name, shape, known.name, begin, length)

    def _claim(self) -> tuple[str, tuple[int, ...], int, int]:
        """Parse one tensor's header entry: name, shape, kind of block, offset."""
        name, dimensions = self._string(), self._number("I")
        if not 1 <= dimensions <= _LARGEST_DIMENSIONS:
            raise CheckpointError(f"{self.path}: {name} claims {dimensions:,} dimensions")
        sizes = [self._number("Q") for _ in range(dimensions)]
        if 0 in sizes or math.prod(sizes) > 2**48:
            raise CheckpointError(f"{self.path}: {name} claims the shape {tuple(reversed(sizes))}")
        return name, tuple(reversed(sizes)), self._number("I"), self._number("Q")

    def _value(self, kind: int, name: str) -> Any:
        if kind == _STRING:
            return self._string()
        if kind != _LIST:
            return self._number(self._letter(kind, name))
        inner, count = self._number("I"), self._number("Q")
        smallest = 8 if inner == _STRING else struct.calcsize(self._letter(inner, name))
        if count > min(LARGEST_LIST, (len(self._bytes) - self._at) // smallest):
            raise CheckpointError(
                f"{self.path}: {name} claims {count:,} entries, more than the file has bytes for"
            )
        if inner == _STRING:
            return [self._string() for _ in range(count)]
        values = struct.unpack_from(f"<{count}{self._letter(inner, name)}", self._view, self._at)
        self._at += count * smallest
        return list(values)

    def _letter(self, kind: int, name: str) -> str:
        if kind not in _NUMBERS:
            raise CheckpointError(
                f"{self.path}: {name} is a setting of a kind that Glassbox does not read, {kind}"
            )
        return _NUMBERS[kind]

    def _number(self, letter: str) -> Any:
        (value,) = struct.unpack_from(f"<{letter}", self._view, self._at)
        self._at += struct.calcsize(letter)
        return value

    def _string(self) -> str:
        length = self._number("Q")
        if length > len(self._bytes) - self._at:
            raise CheckpointError(
                f"{self.path} claims a text of {length:,} bytes, more than it has: it is damaged"
            )
        self._at += length
        return str(self._view[self._at - length : self._at], "utf-8")

    def _count(self, what: str) -> int:
        count: int = self._number("Q")
        if count > LARGEST_COUNT:
            raise CheckpointError(f"{self.path} claims {count:,} {what}: it is damaged")
        return count


def _kind(name: str) -> GGMLQuantizationType:
    from gguf import GGMLQuantizationType

    return GGMLQuantizationType[name]
