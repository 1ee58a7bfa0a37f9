"""Models by name: `load` opens a training run, or whatever the zoo has.

The run store is imported only for runs: opening a bundled model needs no database.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import torch

from core import zoo
from core.checkpoints import CheckpointError, load_folder
from core.checkpoints.files import Progress
from core.config import ModelConfig
from core.device import best_device
from core.language_model import LanguageModel

if TYPE_CHECKING:
    from core.runs import Store
    from core.runs.history import History

Found = TypeVar("Found")
RUN = "run:"  # prefix of the id of a training run
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def load(
    name: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    snapshot: int | None = None,
    progress: Progress | None = None,
) -> LanguageModel:
    """Load a model: a training run, or what `core.zoo.load` knows: bundled, published, a folder, `owner/name`.

    Args:
        name: a run is "run:ID", from the run store of this machine (GLASSBOX_DB, GLASSBOX_DATA); where that has none of
            this id, from the folder run-ID in the working folder, which a page's “The run’s weights” makes. A folder is
            a Path, or a string that begins with `/`, `./` or `../`, so that a folder in the working directory never
            shadows a bundled name.
        device: None takes the best there is: cuda, then mps, then cpu.
        snapshot: the training step to rewind a bundled model or a run to (see `snapshots`); None: the last one.
        progress: called with (numbers read, numbers in all) while the weights of a folder are read.

    Raises:
        CheckpointError: nothing has that name, or what has it cannot be read; the message says what to do.
    """
    if not (isinstance(name, str) and name.startswith(RUN)):
        return zoo.load(name, device=device, dtype=dtype, snapshot=snapshot, progress=progress)
    place = best_device() if device is None else torch.device(device)
    return _of_run(
        name,
        lambda store, id: _trained(store, id, snapshot, place, dtype),
        lambda folder: _exported(folder, name, snapshot, place, dtype),
    )


def snapshots(name: str) -> list[int]:
    """List the training steps whose weights a bundled model or a run keeps, from initialization to the end."""
    if name.startswith(RUN):
        return _of_run(name, lambda store, id: store.steps(id), _exported_steps)
    return zoo.snapshots(name)


def run_config(name: str) -> ModelConfig:
    """Return the configuration of a run's model, "run:ID", without its weights.

    Raises:
        CheckpointError: as `load`; ValueError: what is stored is no configuration.
    """
    return _of_run(
        name,
        lambda store, id: ModelConfig.from_dict(store.model(id)[0]),
        lambda folder: _survey(folder, name),
    )


def run_history(name: str) -> History:
    """Return how the model of a run, "run:ID", was trained: settings, curve, moments.

    Raises:
        CheckpointError: as `load`, and where an exported folder does not say it.
    """
    from core.runs import RunError, exported
    from core.runs.history import of_store

    try:
        return _of_run(name, of_store, exported.history)
    except RunError as why:
        raise CheckpointError(f"{name}: {why}") from why


def _survey(folder: Path, name: str) -> ModelConfig:
    from core.survey import survey

    found = survey(folder)
    if found.config is None:
        raise CheckpointError(f"{name}: {found.problem}")
    return found.config


def _of_run(name: str, ask: Callable[[Store, str], Found], instead: Callable[[Path], Found]) -> Found:
    """Query the run store about the run `name`, "run:ID"; if it has no such run, the run's exported folder."""
    from core.runs import NoSuchRun, RunError, exported
    from core.runs.location import default_url

    id = name.removeprefix(RUN)
    try:
        return ask(_store(default_url()), id)
    except NoSuchRun as why:
        folder = exported.folder(id) if _ID.fullmatch(id) else None
        if folder is None:
            raise CheckpointError(
                f"{name}: {why}. Elsewhere than on the server that trained it, put the weights that its page gives "
                f"away beside the notebook, unpacked: {exported.name(id[:24])}"
            ) from why
        return instead(folder)
    except RunError as why:
        raise CheckpointError(f"{name}: {why}") from why


def _trained(
    store: Store, id: str, step: int | None, device: torch.device, dtype: torch.dtype
) -> LanguageModel:
    from core.runs import load as load_run

    lm = load_run(store, id, step)
    lm.transformer.to(device=device, dtype=dtype)
    return lm


def _exported(
    folder: Path, name: str, step: int | None, device: torch.device, dtype: torch.dtype
) -> LanguageModel:
    from core.runs.exported import weights

    loaded = load_folder(folder, device=device, dtype=dtype, weights=weights(folder, step))
    return LanguageModel(loaded.model, loaded.tokenizer, name, loaded.card)


def _exported_steps(folder: Path) -> list[int]:
    """List the checkpoint steps in an exported run's folder."""
    from core.runs.exported import steps

    return steps(folder)


@lru_cache(maxsize=4)
def _store(url: str) -> Store:
    from core.runs import Store

    return Store(url)
