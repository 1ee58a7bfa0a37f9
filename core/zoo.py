"""The zoo: `load` a bundled or published model, a training run, a folder, or a hub checkpoint, by one name."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import torch

from core import real
from core.checkpoints import CheckpointError, load_folder
from core.checkpoints.files import Progress
from core.checkpoints.folder import load_weights
from core.checkpoints.hub import download
from core.device import best_device
from core.language_model import LanguageModel

if TYPE_CHECKING:
    from core.runs import Store

Found = TypeVar("Found")
BUNDLED = Path(__file__).parent.parent / "assets" / "models"
RUN = "run:"  # before the id of a training run
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def bundled() -> list[str]:
    """The names of the models that come with Glassbox."""
    return sorted(path.parent.name for path in BUNDLED.glob("*/config.json"))


def snapshots(name: str) -> list[int]:
    """The training steps of which a bundled model or a run keeps its weights, from the untrained start to the end."""
    if name.startswith(RUN):
        return _of_run(lambda store, id: store.steps(id), name, _exported_steps)
    early = [int(path.stem) for path in (_bundled_folder(name) / "snapshots").glob("*.safetensors")]
    return sorted([*early, int(card(name)["steps"])])


def card(name: str) -> dict[str, Any]:
    """How a bundled model was trained: data, seed, curve, held-out loss beside the baseline's, samples."""
    return dict(json.loads((_bundled_folder(name) / "card.json").read_text(encoding="utf-8")))


def texts(name: str) -> tuple[str, ...]:
    """Texts to show a bundled model with, where others would not do: with a task's prefix, or code. Often none."""
    return tuple(card(name).get("texts", ()))


def load(
    name: str | Path,
    *,
    device: str | torch.device | None = None,
    dtype: torch.dtype = torch.float32,
    snapshot: int | None = None,
    progress: Progress | None = None,
) -> LanguageModel:
    """Load a model: a bundled name, then a published one of `core.real`, a training run, a folder, `owner/name`.

    Args:
        name: a folder is a Path, or a string that begins with `/`, `./` or `../`, so that a folder in the working
            directory never shadows a bundled name. A run is "run:ID", from the run store of this machine
            (GLASSBOX_DB, GLASSBOX_DATA); where that has none of this id, from the folder run-ID in the working folder,
            which a page's “The run’s weights” makes.
        device: None takes the best there is: cuda, then mps, then cpu.
        snapshot: the training step to rewind a bundled model or a run to (see `snapshots`); None: the last one.
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
    if isinstance(name, str) and name.startswith(RUN):
        return _of_run(
            lambda store, id: _trained(store, id, snapshot, device, dtype),
            name,
            lambda folder: _exported(folder, name, snapshot, device, dtype),
        )
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
    """A published model that was fetched with Glassbox; it is made ready first where nobody has."""
    if snapshot is not None:
        raise CheckpointError(f"{name} was trained elsewhere and keeps no snapshots")
    try:
        folder = real.prepare(name, progress)
    except (real.NotHere, OSError) as why:
        raise CheckpointError(str(why)) from why
    loaded = load_folder(folder, device=device, dtype=dtype, mapped=True, progress=progress)
    return LanguageModel(loaded.model, loaded.tokenizer, name, {**loaded.card, **real.card(name)})


def rewind(lm: LanguageModel, snapshot: int) -> LanguageModel:
    """A bundled model that is at hand, at another step of its training: `load(lm.name, snapshot=...)`, but quicker.

    Raises:
        CheckpointError: it keeps no snapshot of that step.
    """
    first = next(lm.transformer.parameters())
    weights = _snapshot_file(lm.name, snapshot)
    model = load_weights(lm.config, weights, device=lm.device, dtype=first.dtype)
    return LanguageModel(model, lm.tokenizer, lm.name, lm.card)


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
    """The moments of an exported run's folder."""
    from core.runs.exported import steps

    return steps(folder)


def _of_run(ask: Callable[[Store, str], Found], name: str, instead: Callable[[Path], Found]) -> Found:
    """What the run store says about the run `name`, "run:ID"; where it knows none, what its exported folder says."""
    from core.runs import NoSuchRun, RunError, exported
    from core.runs.schema import default_url

    id = name.removeprefix(RUN)
    try:
        return ask(_store(default_url()), id)
    except NoSuchRun as why:
        folder = exported.folder(id) if _NAME.fullmatch(id) else None
        if folder is None:
            raise CheckpointError(
                f"{name}: {why}. Elsewhere than on the server that trained it, put the weights that its page gives "
                f"away beside the notebook, unpacked: {exported.name(id[:24])}"
            ) from why
        return instead(folder)
    except RunError as why:
        raise CheckpointError(f"{name}: {why}") from why


@lru_cache(maxsize=4)
def _store(url: str) -> Store:
    from core.runs import Store

    return Store(url)


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
    last = step == kept[-1]  # the model itself
    return _bundled_folder(name) / ("model.safetensors" if last else f"snapshots/{step}.safetensors")
