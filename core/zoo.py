"""The zoo: bundled models, published ones, folders, and hub checkpoints, loaded by name."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from core import real
from core.checkpoints import CheckpointError, load_folder
from core.checkpoints.files import Progress
from core.checkpoints.folder import load_weights
from core.checkpoints.hub import download
from core.device import best_device
from core.language_model import LanguageModel

BUNDLED = Path(__file__).parent.parent / "assets" / "models"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def bundled() -> list[str]:
    """List the models that come with Glassbox."""
    return list(_bundled(BUNDLED, BUNDLED.stat().st_mtime_ns)) if BUNDLED.is_dir() else []


@lru_cache(maxsize=4)
def _bundled(folder: Path, changed: int) -> tuple[str, ...]:
    del changed  # a folder that has changed is listed again
    return tuple(sorted(path.parent.name for path in folder.glob("*/config.json")))


def snapshots(name: str) -> list[int]:
    """List the training steps whose weights a bundled model keeps, from initialization to the end."""
    early = [int(path.stem) for path in (_bundled_folder(name) / "snapshots").glob("*.safetensors")]
    return sorted([*early, int(card(name)["steps"])])


def card(name: str) -> dict[str, Any]:
    """Load a bundled model's card: data, seed, curve, held-out loss beside the baseline's, samples."""
    return dict(json.loads((_bundled_folder(name) / "card.json").read_text(encoding="utf-8")))


def texts(name: str) -> tuple[str, ...]:
    """Return a bundled model's example texts where it needs special ones: with a task's prefix, or code. Often none."""
    return tuple(card(name).get("texts", ()))


def load(
    name: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    snapshot: int | None = None,
    progress: Progress | None = None,
) -> LanguageModel:
    """Load a model: a bundled name, then a published one of `core.real`, a folder, `owner/name`.

    Args:
        name: a folder is a Path, or a string that begins with `/`, `./` or `../`, so that a folder in the working
            directory never shadows a bundled name.
        device: None takes the best there is: cuda, then mps, then cpu.
        snapshot: the training step to rewind a bundled model to (see `snapshots`); None: the last one.
        progress: called with (numbers read, numbers in all) while the weights of a folder are read.

    Raises:
        CheckpointError: nothing has that name, or what has it cannot be read; the message says what to do.
    """
    device = best_device() if device is None else torch.device(device)
    if isinstance(name, str) and name in bundled():
        folder = _bundled_folder(name)
        weights = None if snapshot is None else _snapshot_file(name, snapshot)
        loaded = load_folder(folder, device=device, dtype=dtype, weights=weights)
        return LanguageModel(loaded.model, loaded.tokenizer, name, loaded.card)
    if isinstance(name, str) and name in real.BY_NAME:
        return _real(name, snapshot, device, dtype, progress)
    if snapshot is not None:
        raise CheckpointError(
            f"{name} keeps no snapshots: only training runs and bundled models ({', '.join(bundled())}) do"
        )
    if isinstance(name, Path) or name.startswith(("/", "./", "../")):
        folder = Path(name)
    elif "/" in name:
        folder = download(name)
    else:
        raise CheckpointError(
            f"no bundled model is called {name!r} (there is {', '.join(bundled()) or 'none'}), and none of the "
            f"published ones ({', '.join(real.BY_NAME)}); "
            f"write ./{name} for a folder, owner/name for a model on the hub"
        )
    loaded = load_folder(folder, device=device, dtype=dtype, progress=progress)
    return LanguageModel(loaded.model, loaded.tokenizer, str(name), loaded.card)


def _real(
    name: str, snapshot: int | None, device: torch.device, dtype: torch.dtype, progress: Progress | None
) -> LanguageModel:
    """Load a published model that was fetched with Glassbox, preparing it first if necessary."""
    if snapshot is not None:
        raise CheckpointError(f"{name} was trained elsewhere and keeps no snapshots")
    try:
        folder = real.prepare(name, progress)
    except (real.NotHere, OSError) as why:
        raise CheckpointError(str(why)) from why
    loaded = load_folder(folder, device=device, dtype=dtype, mapped=True, progress=progress)
    return LanguageModel(loaded.model, loaded.tokenizer, name, {**loaded.card, **real.card(name)})


def rewind(lm: LanguageModel, snapshot: int) -> LanguageModel:
    """Rewind a loaded bundled model to another step of its training: `load(lm.name, snapshot=...)`, but faster.

    Raises:
        CheckpointError: it keeps no snapshot of that step.
    """
    first = next(lm.transformer.parameters())
    weights = _snapshot_file(lm.name, snapshot)
    model = load_weights(lm.config, weights, device=lm.device, dtype=first.dtype)
    return LanguageModel(model, lm.tokenizer, lm.name, lm.card)


def _bundled_folder(name: str) -> Path:
    if not _NAME.fullmatch(name) or not (BUNDLED / name / "config.json").is_file():
        raise CheckpointError(
            f"no bundled model is called {name!r}; there is {', '.join(bundled()) or 'none'}"
        )
    return BUNDLED / name


def _snapshot_file(name: str, step: int) -> Path:
    kept = snapshots(name)
    if step not in kept:
        raise CheckpointError(
            f"{name} keeps no snapshot of step {step}; it keeps {', '.join(map(str, kept)) or 'none'}"
        )
    last = step == kept[-1]  # the final model itself
    return _bundled_folder(name) / ("model.safetensors" if last else f"snapshots/{step}.safetensors")
