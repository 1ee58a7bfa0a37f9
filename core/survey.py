"""A survey of a model's folder without loading: settings, tokenizer, weight headers, and the memory it would need.

No weight is read. A problem with opening it (an architecture that is not supported, a missing shard, shapes
that do not fit, a tokenizer of another model) is reported and not raised, so that a list of models can show it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import prod
from pathlib import Path
from typing import Any

import torch

from core.checkpoints import CheckpointError
from core.checkpoints.convert import bare, check, names_read
from core.checkpoints.files import Weights, own_file, read_json, weight_files
from core.checkpoints.folder import (
    FAMILIES,
    FORMAT,
    check_context,
    check_own,
    open_gguf,
    own_config,
    settings_of,
    with_mask,
)
from core.checkpoints.gguf import card_of, gguf_of
from core.checkpoints.tokenizers import check_size, tokenizer_of
from core.config import ModelConfig
from core.parts import shapes

LARGEST_README = 500_000  # bytes
_ENTRY = 300  # bytes that the `tokenizers` library takes for each entry of a vocabulary, as measured here
_FRONT = re.compile(r"\A---[ \t\r]*+\n(.*?)\n---[ \t\r]*+(?:\n|\Z)", re.DOTALL)
_LICENCE = re.compile(r"^license:[ \t]*(?:\[[ \t]*)?[\"']?([\w.+-]+)", re.MULTILINE)


@dataclass(frozen=True)
class Survey:
    """The survey of a model's folder.

    Attributes:
        kind: its architecture as config.json names it ("gpt2"; "glassbox" for our own layout).
        config: the model it describes; None where that cannot be told.
        stored: bytes of its weight files. numbers: how many numbers they hold.
        types: the kinds of numbers stored, e.g. ("F32",).
        licence: as its card or README names it; "" where neither does.
        problem: why it does not open, and what to do; "" where no problem was found.
        says: what a GGUF file says of itself, where other models have a card.json.
    """

    kind: str = ""
    config: ModelConfig | None = None
    stored: int = 0
    numbers: int = 0
    types: tuple[str, ...] = ()
    licence: str = ""
    problem: str = ""
    says: dict[str, Any] = field(default_factory=dict)

    @property
    def memory(self) -> int:
        """Bytes in memory once it is open (see `memory_needed`); 0 where its shape is not known."""
        return 0 if self.config is None else memory_needed(self.config)


def memory_needed(config: ModelConfig, dtype: torch.dtype = torch.float32) -> int:
    """Estimate the bytes of an open model: its weights as `dtype`, and its tokenizer's vocabulary.

    Within 15 % of what a process was measured to grow by (bundled models, and GPT-2's shape): what a text needs on its
    way through comes on top, and is little beside the weights.
    """
    return sum(map(prod, shapes(config).values())) * dtype.itemsize + _ENTRY * config.d_vocab


def supported() -> tuple[str, ...]:
    """List the architectures that open, as config.json names them."""
    return tuple(FAMILIES)


def survey(folder: Path) -> Survey:
    """Survey a folder, or a GGUF file; any problem is in `problem`."""
    try:
        file = gguf_of(folder)
    except CheckpointError as why:
        return Survey(problem=str(why))
    return _of_folder(folder) if file is None else _of_gguf(file)


def _of_gguf(path: Path) -> Survey:
    stored = path.stat().st_size
    try:
        opened = open_gguf(path, torch.device("cpu"))
    except (CheckpointError, ValueError, OSError) as why:
        return Survey("gguf", stored=stored, problem=str(why))
    tensors, says = opened.tensors, card_of(opened.tensors.file)
    return Survey(
        kind=str(tensors.file.values["general.architecture"]),
        config=opened.config,
        stored=stored,
        numbers=sum(map(prod, tensors.shapes.values())),
        types=tensors.kinds,
        licence=str(says.get("licence", ""))[:80],
        says=says,
    )


def _of_folder(folder: Path) -> Survey:
    kind, licence, config = "", _licence(folder), None
    stored, numbers, types = 0, 0, tuple[str, ...]()
    try:
        values = read_json(folder / "config.json")
        kind = FORMAT if values.get("format") == FORMAT else str(values.get("model_type") or "")[:40]
        family = FAMILIES.get(kind)
        if kind != FORMAT and family is None:
            raise CheckpointError(
                f"its architecture is {kind or 'not named'}: Glassbox opens {', '.join(supported())}, "
                "and models of its own"
            )
        if family is None:
            config = own_config(folder, values)
        else:
            settings = settings_of(folder, values)
            config = family.config(settings)
            check_context(folder, config)
        files = weight_files(folder)
        stored = sum(path.stat().st_size for path in files)
        tensors = Weights(files, torch.device("cpu"), torch.float32, compacted=family is None)
        numbers, types = sum(map(prod, tensors.shapes.values())), tensors.kinds
        if family is None:
            check_own(folder, config, tensors)
        else:
            config = bare(family, config, settings, tensors)
            check(family, config, tensors)
        for name in tensors if family is None else names_read(family, config, tensors):
            tensors.check_kind(name)
        tokenizer = tokenizer_of(folder)
        check_size(folder, tokenizer, config)
        config = config if family is None else with_mask(config, tokenizer)
        if (folder / "card.json").is_file():
            read_json(folder / "card.json")
    except (CheckpointError, ValueError, OSError) as why:
        return Survey(kind, config, stored, numbers, types, licence, str(why))
    return Survey(kind, config, stored, numbers, types, licence)


def card_text(folder: Path) -> str:
    """Read README.md of a folder, to be shown as text; "" without one.

    Raises:
        CheckpointError: it cannot be read, or is a link out of the folder.
    """
    path = folder / "README.md"
    if not path.is_file():
        return ""
    own_file(path)
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_README).decode("utf-8", "replace")
    except OSError as why:
        raise CheckpointError(f"README.md cannot be read: {why}") from why


def _licence(folder: Path) -> str:
    """Return the licence that card.json names, or the front matter of README.md."""
    try:
        if (folder / "card.json").is_file():
            named = read_json(folder / "card.json").get("licence", "")
            if isinstance(named, str) and named:
                return named[:80]
        front = _FRONT.match(card_text(folder))
    except CheckpointError:
        return ""
    found = _LICENCE.search(front[1]) if front else None
    return found[1][:80] if found else ""
