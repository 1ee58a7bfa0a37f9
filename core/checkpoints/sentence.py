"""Sentence embedding settings of a model's folder: modules.json and the files it names, in Sentence-BERT's format.

A chain of modules: the transformer, a pooling over its tokens, perhaps the division by the length (Reimers & Gurevych
2019, section 3).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.checkpoints.files import LARGEST_JSON, own_file, read_json
from core.checkpoints.settings import CheckpointError

CARD = "sentence_vectors"  # the card's key for them
# the file's own names, in the order of concatenation
POOLINGS = {
    "pooling_mode_cls_token": "first",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_tokens": "mean",
}


def sentence_settings(folder: Path) -> dict[str, Any]:
    """Read a folder's sentence embedding settings for a card; {} where it has none.

    pooling: of "first", "max" and "mean", side by side. normalised: divided by its length. longest: tokens, or None.
    lower: texts are put into lower case first. refused: what it asks for and we do not compute, "" where nothing.

    Raises:
        CheckpointError: a file is damaged.
    """
    path = folder / "modules.json"
    if not path.is_file():
        return {}
    read: dict[str, Any] = {
        "pooling": [], "normalised": False, "longest": None, "lower": False, "refused": "",
    }  # fmt: skip
    kinds = []
    for module in _modules(path):
        kind = str(module.get("type", "")).rpartition(".")[2]
        kinds.append(kind)
        if kind == "Transformer":
            read |= _reader(folder, str(module.get("path", "")))
        elif kind == "Pooling":
            read |= _pooling(folder, str(module.get("path", "")))
        elif kind == "Normalize":
            read["normalised"] = True
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        read["refused"] = f"modules.json asks for {', then '.join(kind[:40] for kind in kinds) or 'nothing'}"
    return read


def _modules(path: Path) -> list[dict[str, Any]]:
    own_file(path)
    if path.stat().st_size > LARGEST_JSON:
        raise CheckpointError(f"{path} is {path.stat().st_size:,} bytes long: too large for a {path.name}")
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not readable JSON: {error}") from error
    if not isinstance(found, list) or not all(isinstance(module, dict) for module in found):
        raise CheckpointError(f"{path} holds no list of modules")
    return sorted(found, key=lambda module: module["idx"] if isinstance(module.get("idx"), int) else 0)


def _reader(folder: Path, at: str) -> dict[str, Any]:
    path = _inside(folder, at) / "sentence_bert_config.json"
    values = read_json(path) if path.is_file() else {}
    longest, lower = values.get("max_seq_length"), values.get("do_lower_case") or False
    if longest is not None and (type(longest) is not int or longest < 1):
        raise CheckpointError(f"{path}: max_seq_length={longest!r} must be a whole number of at least 1")
    if not isinstance(lower, bool):
        raise CheckpointError(f"{path}: do_lower_case={lower!r} must be true or false")
    return {"longest": longest, "lower": lower}


def _pooling(folder: Path, at: str) -> dict[str, Any]:
    path = _inside(folder, at) / "config.json"
    if not path.is_file():
        raise CheckpointError(f"modules.json names {at}/config.json, which is not there")
    wished = [name for name, value in read_json(path).items() if name.startswith("pooling_mode") and value]
    unknown = [name for name in wished if name not in POOLINGS]
    refused = f"{at}/config.json asks for {unknown[0][:60]}" if unknown else ""
    if not wished:
        refused = f"{at}/config.json names no pooling"
    return {
        "pooling": [kind for name, kind in POOLINGS.items() if name in wished],
        "refused": refused,
    }


def _inside(folder: Path, at: str) -> Path:
    """Return a module's folder. Raises CheckpointError: it lies outside the model's."""
    path = folder / at
    if not path.resolve().is_relative_to(folder.resolve()):
        raise CheckpointError(f"modules.json names {at[:60]!r}, which lies outside the model's folder")
    return path
