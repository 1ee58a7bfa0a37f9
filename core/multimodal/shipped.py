"""The two models of this package that come with Glassbox, and their cards.

They lie in assets/models beside the language models, but with `shape.json` instead of `config.json`: they do not read
texts, so nothing that lists language models shall find them.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import nn

from core.checkpoints.files import Weights, read_json
from core.checkpoints.settings import CheckpointError
from core.config import ModelConfig
from core.multimodal.captioner import Captioner, Seeing
from core.multimodal.space import Space, Towers

MODELS = Path(__file__).parent.parent.parent / "assets" / "models"
CAPTIONER, SPACE = "digits-captioner", "digits-space"


def load_captioner(folder: Path | None = None) -> Captioner:
    """Load the captioner; folder None: the bundled one.

    Raises:
        CheckpointError: the folder is incomplete or broken; the message says so.
    """
    folder = MODELS / CAPTIONER if folder is None else folder
    shape = read_json(folder / "shape.json")
    model = Seeing(ModelConfig.from_dict(shape["config"]), shape["patch"])
    _fill(model, folder / "model.safetensors")
    return Captioner(model, CAPTIONER)


def load_space(folder: Path | None = None) -> Space:
    """Load the two towers; folder None: the bundled ones. Raises CheckpointError as `load_captioner`."""
    folder = MODELS / SPACE if folder is None else folder
    shape = read_json(folder / "shape.json")
    model = Towers(
        ModelConfig.from_dict(shape["image"]), ModelConfig.from_dict(shape["caption"]), shape["size"]
    )
    _fill(model, folder / "model.safetensors")
    return Space(model, SPACE)


def captioner_card() -> dict[str, Any]:
    """Load the captioner's card: its training and its figures on held-out scenes."""
    return read_json(MODELS / CAPTIONER / "card.json")


def space_card() -> dict[str, Any]:
    """Load the towers' card: their training and retrieval figures."""
    return read_json(MODELS / SPACE / "card.json")


def save(folder: Path, model: Seeing | Towers) -> None:
    """Write shape.json and model.safetensors (float16)."""
    folder.mkdir(parents=True, exist_ok=True)
    shape: dict[str, Any]
    if isinstance(model, Towers):
        shape = {
            "image": model.config.to_dict(),
            "caption": model.caption_config.to_dict(),
            "size": model.size,
        }
    else:
        shape = {"config": model.config.to_dict(), "patch": model.side}
    (folder / "shape.json").write_text(json.dumps(shape, indent=2) + "\n", encoding="utf-8")
    save_file(
        {name: weight.detach().half().contiguous() for name, weight in model.named_parameters()},
        folder / "model.safetensors",
    )


def save_card(folder: Path, card: dict[str, Any]) -> None:
    """Write card.json."""
    (folder / "card.json").write_text(json.dumps(card, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _fill(model: nn.Module, path: Path) -> None:
    """Load the weights of a file into a model of their shape."""
    stored = Weights([path], torch.device("cpu"), torch.float32, compacted=True)
    wanted = dict(model.named_parameters())
    if missing := sorted(set(wanted) ^ set(stored)):
        raise CheckpointError(f"{path} does not fit its shape.json: {missing[0]} is in only one of the two")
    for name, weight in wanted.items():
        if tuple(stored.shapes[name]) != tuple(weight.shape):
            raise CheckpointError(
                f"{path}: {name} has the shape {stored.shapes[name]}, not {tuple(weight.shape)}"
            )
        weight.data = stored[name]
