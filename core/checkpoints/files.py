"""Checkpoint files, treated as untrusted: JSON, and safetensors in one file or in shards.

Only safetensors here (GGUF: `gguf_file`): it holds numbers and nothing else. `pytorch_model.bin` is a pickle, and
unpickling runs arbitrary code. Every size a file claims is compared with the file before
memory is asked for.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from core.checkpoints.compact import SCALE
from core.checkpoints.settings import CheckpointError
from core.memory import available

LARGEST_HEADER = 100_000_000  # bytes; the format's own limit
LARGEST_JSON = 50_000_000  # bytes
_BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2}
COLUMNS = ".columns"  # ends the name of a table that our own layout stores column by column
Progress = Callable[[int, int], None]  # numbers read, numbers in all
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_OTHERS = ("*.h5", "*.msgpack", "*.onnx")
_HOW_TO_CONVERT = (
    "convert it once, where you trust it: transformers.AutoModel...from_pretrained(FOLDER).save_pretrained(NEW_FOLDER) "
    "writes model.safetensors"
)


def own_file(path: Path) -> Path:
    """Check that a file of a model's folder may be read, and return `path`.

    An untrusted folder may hold links to anything that this process can read. Only what lies in the
    folder is read, and for the hub's cache what lies among the model's own blobs.

    Raises:
        CheckpointError: it is a link out of its folder, or no file (a pipe would never end); the message names it.
    """
    folder = path.parent
    try:
        real = path.resolve(strict=True)
        inside = [folder.resolve()]
    except FileNotFoundError:
        return path  # reading it will report the error
    except (OSError, RuntimeError) as error:  # circular links
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    home = inside[0].parent.parent
    if inside[0].parent.name == "snapshots" and home.name.startswith("models--"):
        inside.append(home / "blobs")
    if not any(real.is_relative_to(place) for place in inside):
        raise CheckpointError(
            f"{path} is a link to a file outside its folder, which is not read: copy the file there"
        )
    if not real.is_file():
        raise CheckpointError(f"{path} is not a file")
    return path


def snapshot_of(folder: Path) -> Path:
    """Return the snapshot that a model's folder of the hub's cache (models--owner--name) opens; else the folder itself.

    The snapshot is the one of the branch `main`, else the only one.
    """
    snapshots = folder / "snapshots"
    if not folder.name.startswith("models--") or not snapshots.is_dir():
        return folder
    main = folder / "refs" / "main"
    if main.is_file() and own_file(main).stat().st_size < 100:
        named = snapshots / Path(main.read_text(encoding="utf-8", errors="replace").strip()).name
        if named.is_dir() and named.resolve().parent == snapshots.resolve():
            return named
    found = [path for path in snapshots.iterdir() if path.is_dir() and not path.is_symlink()]
    return found[0] if len(found) == 1 else folder


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON file that holds a dictionary.

    Raises:
        CheckpointError: missing, too large, broken, or not a dictionary; the message names the file.
    """
    own_file(path)
    try:
        if path.stat().st_size > LARGEST_JSON:
            raise CheckpointError(
                f"{path} is {path.stat().st_size:,} bytes long: too large for a {path.name}"
            )
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path.parent} has no {path.name}") from None
    except CheckpointError:
        raise
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not readable JSON: {error}") from error
    if not isinstance(values, dict):
        raise CheckpointError(
            f"{path} holds a {type(values).__name__}, not the dictionary of settings it should be"
        )
    return values


def weight_files(folder: Path) -> list[Path]:
    """List the safetensors files of a folder: those its index names, or model.safetensors, or the only one there is.

    Raises:
        CheckpointError: there is none (and why another format is refused), a shard is missing, an index is broken.
    """
    index = folder / "model.safetensors.index.json"
    if index.is_file() and not (folder / "model.safetensors").is_file():
        return _shards(index)
    found = sorted(folder.glob("*.safetensors"))
    for path in found:
        if path.name == "model.safetensors":
            return [path]
    if len(found) == 1:
        return found
    if found:
        names = ", ".join(path.name for path in found[:3])
        raise CheckpointError(
            f"{folder} has {len(found)} safetensors files ({names}, ...), but no {index.name}"
        )
    if pickles := [path.name for pattern in _PICKLES for path in sorted(folder.glob(pattern))]:
        raise CheckpointError(
            f"{folder} has its weights only in {pickles[0]}, a pickle: reading one can run any program its author hid "
            f"in it, so Glassbox reads safetensors only; {_HOW_TO_CONVERT}"
        )
    other = [path.name for pattern in _OTHERS for path in sorted(folder.glob(pattern))]
    instead = f", only {other[0]}; {_HOW_TO_CONVERT}" if other else ""
    raise CheckpointError(f"{folder} has no model.safetensors{instead}")


def _shards(index: Path) -> list[Path]:
    table = read_json(index).get("weight_map")
    if not isinstance(table, dict) or not table or not all(isinstance(name, str) for name in table.values()):
        raise CheckpointError(f"{index} has no weight_map from tensors to files")
    names = sorted(set(table.values()))
    for name in names:
        if Path(name).name != name or "\\" in name or not name.endswith(".safetensors"):
            raise CheckpointError(
                f"{index} points to {name!r}, which is no safetensors file of its own folder"
            )
    if missing := [name for name in names if not (index.parent / name).is_file()]:
        have = len(names) - len(missing)
        raise CheckpointError(
            f"{index.parent} has {have} of its {len(names)} weight files: {missing[0]} is missing; copy or download it"
        )
    files = [index.parent / name for name in names]
    held = {tensor: path.name for path in files for tensor in header(path)}
    for tensor, name in table.items():
        if held.get(tensor) != name:
            raise CheckpointError(f"{index.name} says that {tensor} is in {name}, but it is not there")
    return files


def header(path: Path) -> dict[str, tuple[str, tuple[int, ...]]]:
    """Read a safetensors file's header: name -> (dtype, shape), checked against the file's real length.

    Raises:
        CheckpointError: the file is cut short, claims more than it holds, or is no safetensors file.
    """
    own_file(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > min(LARGEST_HEADER, size - 8):
                raise CheckpointError(
                    f"{path} claims a header of {length:,} bytes, but the file has {size:,}: it is cut short or not "
                    "a safetensors file; download it again"
                )
            entries = json.loads(file.read(length))
    except CheckpointError:
        raise
    except (OSError, struct.error, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not a readable safetensors file: {error}") from error
    if not isinstance(entries, dict):
        raise CheckpointError(f"{path} is not a readable safetensors file: its header is no dictionary")
    entries.pop("__metadata__", None)
    return {name: _entry(path, name, entry, size - 8 - length) for name, entry in entries.items()}


def _entry(path: Path, name: str, entry: Any, room: int) -> tuple[str, tuple[int, ...]]:
    try:
        kind, shape, (begin, end) = entry["dtype"], tuple(entry["shape"]), entry["data_offsets"]
        whole = all(type(number) is int and number >= 0 for number in (*shape, begin, end))
    except (TypeError, KeyError, ValueError):
        whole = False
    if not whole:
        raise CheckpointError(f"{path}: the header's entry for {name} is broken")
    if kind in _BYTES and end - begin != math.prod(shape) * _BYTES[kind]:
        raise CheckpointError(f"{path}: {name} claims the shape {shape} but has {end - begin:,} bytes")
    if end > room:
        raise CheckpointError(
            f"{path}: {name} claims bytes up to {end:,} of the data, but the file holds {room:,}: it is cut short; "
            "download it again"
        )
    return kind, shape


class FileTensors(Mapping[str, Tensor]):
    """The tensors of a checkpoint's files by name, each read and checked when it is asked for.

    Args:
        progress: called with (numbers read, numbers in all) after each tensor that is read for the first time.

    Attributes:
        shapes: name -> shape, known without reading.
    """

    def __init__(self, device: torch.device, dtype: torch.dtype, progress: Progress | None) -> None:
        self.device, self.dtype, self._progress = device, dtype, progress
        self._read: dict[str, int] = {}  # number of elements, by tensor that was read
        self.shapes: dict[str, tuple[int, ...]] = {}

    def _checked(self, name: str, tensor: Tensor, place: str, stored: Tensor) -> Tensor:
        """Check that every number of a tensor is finite, and report progress.

        Args:
            place: the file, and the tensor's name in it, for the message.   stored: its numbers as the file has them.

        Raises:
            CheckpointError: it holds NaN or an infinity, or a number too large for the type.
        """
        # One NaN or infinity makes the sum one; a sum may also just overflow, so the second check decides.
        if not torch.isfinite(tensor.sum()) and not torch.isfinite(tensor).all():
            raise CheckpointError(_not_finite(place, stored, self.dtype))
        if self._progress is not None and name not in self._read:
            self._read[name] = tensor.numel()
            self._progress(sum(self._read.values()), sum(math.prod(shape) for shape in self.shapes.values()))
        return tensor

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)

    def __len__(self) -> int:
        return len(self.shapes)


class Weights(FileTensors):
    """The tensors of safetensors files, each read, checked and converted when it is asked for.

    Args:
        compacted: the files are of our own layout: int8 matrices with a scale a row (see `compact`) count as weights,
            and so do tables stored column by column, under NAME.columns, which are read as they lie.
        mapped: leave numbers that need no conversion in the file, which processes then share in memory. For files that
            are not truncated while they are open: reading a page that is gone ends the process.
        progress: called with (numbers read, numbers in all) after each tensor that is read for the first time.

    Attributes:
        shapes: name -> shape, known without reading.
    """

    def __init__(
        self,
        files: list[Path],
        device: torch.device,
        dtype: torch.dtype,
        *,
        compacted: bool = False,
        mapped: bool = False,
        progress: Progress | None = None,
    ) -> None:
        super().__init__(device, dtype, progress)
        self._mapped = mapped
        self._kind: dict[str, str] = {}
        self._file: dict[str, Path] = {}
        self._scaled: set[str] = set()
        self._open: dict[Path, Any] = {}  # each file is opened once
        for path in files:
            for name, (kind, shape) in header(path).items():
                if name in self._file:
                    raise CheckpointError(f"{path.name} and {self._file[name].name} both hold {name}")
                self.shapes[name], self._kind[name], self._file[name] = shape, kind, path
        self._turned: set[str] = set()
        if compacted:
            self._turn()
            self._scaled = {
                name for name, kind in self._kind.items() if kind == "I8" and name + SCALE in self._kind
            }
            for name in self._scaled:
                if self.shapes.pop(name + SCALE) != (*self.shapes[name][:-1], 1):
                    raise CheckpointError(
                        f"{self._file[name]}: {name + SCALE} is not one number for each row of {name}"
                    )

    def _turn(self) -> None:
        """Name the tables that are stored column by column as if they were not."""
        for stored in [name for name in self.shapes if name.endswith(COLUMNS)]:
            name, shape, path = stored.removesuffix(COLUMNS), self.shapes.pop(stored), self._file[stored]
            if name in self._file or len(shape) != 2:
                raise CheckpointError(f"{path}: {stored} is no table that stands for {name} alone")
            self.shapes[name], self._kind[name], self._file[name] = shape[::-1], self._kind[stored], path
            self._turned.add(name)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The dtypes that the files store, without scales, e.g. ("F32",)."""
        return tuple(sorted({self._kind[name] for name in self.shapes}))

    def check_kind(self, name: str) -> None:
        """Check a tensor's dtype from the header: a kind that weights are read in.

        Raises:
            CheckpointError: they are whole numbers (quantized) or of a kind that is not known.
        """
        path, kind = self._file[name], self._kind[name]
        if kind not in _BYTES and name not in self._scaled:
            raise CheckpointError(
                f"{path}: {name} is stored as {kind}; Glassbox reads weights as {', '.join(_BYTES)} only"
            )

    def __getitem__(self, name: str) -> Tensor:
        """Read one tensor to the requested device and dtype.

        Raises:
            CheckpointError: it holds NaN or an infinity, a number too large for the type, or whole numbers (quantized).
        """
        self.check_kind(name)
        path = self._file[name]
        try:
            if path not in self._open:
                self._open[path] = safe_open(path, framework="pt")
            file = self._open[path]
            stored = file.get_tensor(name + COLUMNS).T if name in self._turned else file.get_tensor(name)
            scaled = name in self._scaled
            if scaled:
                stored = stored.float().mul_(file.get_tensor(name + SCALE))
            # A view of the mapped file is copy-on-write, but lives only as long as the file is mapped.
            tensor = stored.to(self.device, self.dtype, copy=not (scaled or self._mapped))
        except (SafetensorError, OSError, ValueError) as error:
            raise CheckpointError(f"{path} is not a readable safetensors file: {error}") from error
        return self._checked(name, tensor, f"{path}: {name}", stored)


def _not_finite(name: str, stored: Tensor, dtype: torch.dtype) -> str:
    bad = int((~torch.isfinite(stored)).sum())
    if bad:
        return (
            f"{name} holds NaN or an infinity ({bad:,} of {stored.numel():,} numbers): "
            "the training that wrote it had diverged, or the file is damaged; train or download it again"
        )
    return f"{name} holds {float(stored.abs().max()):.3g}, too large for {dtype}; load it as float32"


def memory_left(device: torch.device) -> int | None:
    """Return the bytes that can still be allocated on a device, or None where the system does not say."""
    if device.type == "cuda":
        return int(torch.cuda.mem_get_info(device)[0])
    return available()
