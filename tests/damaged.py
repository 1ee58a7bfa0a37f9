"""Folders with models that nobody should be able to open, each damaged in one way, and what the message must say."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path

import tokenizers
import torch
from safetensors.torch import load_file, save_file

from tests.pages.conftest import random_model

# Folder -> what its message says: what is wrong, and what to do.
BROKEN = {
    "missing-shard": ("1 of its 2 weight files", "copy or download it"),
    "wrong-shape": ("has the shape (3, 3), but config.json asks for", "take both from the same model"),
    "nan": ("holds NaN or an infinity", "train or download it again"),
    "truncated": ("cut short", "download it again"),
    "no-tokenizer": ("has no tokenizer.json", "writes one"),
    "no-weights": ("has no model.safetensors", "the list of models has others"),
    "ten-gigabytes": ("claims bytes up to 10,400,000,000", "download it again"),
    "ten-gigabytes-asked": ("but config.json asks for (400000000, 24)", "take both from the same model"),
    "no-json": ("is not readable JSON", "the list of models has others"),
    "larger-tokenizer": ("ids up to 402, but the model's vocabulary ends at 399", "do not belong together"),
    "quantized": ("is stored as I8", "reads weights as F64, F32, F16, BF16 only"),
    "broken-card": ("card.json is not readable JSON", "the list of models has others"),
}

# Text that Markdown, HTML or LaTeX would turn into something else, each as one token of a vocabulary.
MARKUP_TOKENS = (
    "<img src=x onerror=alert(1)>", "<script>alert(2)</script>", "<b>b</b>", "&lt;i&gt;", "**bold**", "_em_", "`code`",
    "[link](//192.0.2.1)", "$\\frac{1}{2}$", ":smile:", ":red[x]", "-->", "# head", "| a | b |",
)  # fmt: skip


def damage(root: Path, names: Collection[str] = tuple(BROKEN)) -> None:
    """Write the folders of BROKEN, or those named, into `root`."""
    for name in names:
        folder = random_model(root / name, seed=5, n_layers=1)
        _DAMAGES[name](folder)


def _weights(folder: Path) -> dict[str, torch.Tensor]:
    weights: dict[str, torch.Tensor] = load_file(folder / "model.safetensors")
    return weights


def _replace(folder: Path, value: torch.Tensor | float) -> None:
    """Another tensor, or one number throughout, in place of the first tensor of the file."""
    weights = _weights(folder)
    first = min(weights)
    new = value if isinstance(value, torch.Tensor) else torch.full_like(weights[first], value)
    save_file(weights | {first: new}, folder / "model.safetensors")


def _lose_a_shard(folder: Path) -> None:
    one, two = (f"model-0000{n}-of-00002.safetensors" for n in (1, 2))
    table = dict.fromkeys(_weights(folder), one) | {"more": two}
    (folder / "model.safetensors").rename(folder / one)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": table}), encoding="utf-8")


def _cut(folder: Path) -> None:
    data = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(data[: len(data) // 2])


def _claim(folder: Path) -> None:
    entry = {"dtype": "F32", "shape": [100_000, 26_000], "data_offsets": [0, 10_400_000_000]}
    header = json.dumps({min(_weights(folder)): entry}).encode()
    (folder / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)


def _ask(folder: Path) -> None:
    config = json.loads((folder / "config.json").read_text(encoding="utf-8")) | {"d_vocab": 400_000_000}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def _quantize(folder: Path) -> None:
    weights = _weights(folder)
    first = min(weights)
    save_file(weights | {first: weights[first].to(torch.int8)}, folder / "model.safetensors")


def _add_tokens(folder: Path) -> None:
    tokenizer = tokenizers.Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.add_tokens(["<one>", "<two>", "<three>"])
    tokenizer.save(str(folder / "tokenizer.json"))


_DAMAGES = {
    "missing-shard": _lose_a_shard,
    "wrong-shape": lambda folder: _replace(folder, torch.ones(3, 3)),
    "nan": lambda folder: _replace(folder, float("nan")),
    "truncated": _cut,
    "no-tokenizer": lambda folder: (folder / "tokenizer.json").unlink(),
    "no-weights": lambda folder: (folder / "model.safetensors").unlink(),
    "ten-gigabytes": _claim,
    "ten-gigabytes-asked": _ask,
    "no-json": lambda folder: (folder / "config.json").write_text("{", encoding="utf-8"),
    "larger-tokenizer": _add_tokens,
    "quantized": _quantize,
    "broken-card": lambda folder: (folder / "card.json").write_text("{", encoding="utf-8"),
}
