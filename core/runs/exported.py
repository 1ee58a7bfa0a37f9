"""Export of a training run: model and checkpoints in one folder, which `core.load("run:ID")` reads without a store.

A notebook of a run takes the folder along: `run-ID`, beside it, in our own layout, with `snapshots/STEP.safetensors`
for every moment and the run's name, spec and curve in `run.json`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from core.checkpoints.export import ours
from core.runs import kinds
from core.runs.history import History
from core.runs.loading import kept_step, load
from core.runs.records import RunError
from core.runs.serialized import curve, pack_curve

if TYPE_CHECKING:
    from core.runs.store import Store

MOST = 256 * 2**20  # maximum bytes of weights in one export
_WEIGHTS = "model.safetensors"
_RUN = "run.json"


def name(id: str) -> str:
    """Return the name of a run's folder."""
    return f"run-{id}"


def files(store: Store, id: str, step: int | None = None, most: int = MOST) -> dict[str, bytes]:
    """Collect the files of a run's folder, by name.

    The last model, the requested checkpoint, and others while they fit.

    Args:
        step: a moment that must be among them; None: only the last one must.
        most: bytes of all weights; the first and the last moments come before those between.

    Raises:
        NoSuchRun, RunError: as `core.runs.loading.load`; CheckpointError: weights that are no numbers.
    """
    last = kept_step(store, id, None)
    found = ours(load(store, id, last))
    room = most - len(found[_WEIGHTS])
    steps = store.steps(id)
    between = sorted(set(steps) - {last, step}, key=lambda one: (one != steps[0], -one))
    for one in [*([step] if step not in (None, last) else []), *between]:
        if one != step and len(found[_WEIGHTS]) > room:
            break
        weights = ours(load(store, id, one))[_WEIGHTS]
        found[f"snapshots/{one}.safetensors"] = weights
        room -= len(weights)
    found["moments"] = f"{last}\n".encode()  # the final model itself
    run = store.get(id)
    told = {"name": run.name, "spec": run.spec.to_dict(), "curve": pack_curve(store.points(id))}
    found[_RUN] = json.dumps(told, ensure_ascii=False).encode()
    return found


def history(found: Path) -> History:
    """Read how the model of a folder was trained.

    Raises RunError: the folder does not say it, or what it says is damaged.
    """
    try:
        told = json.loads((found / _RUN).read_text(encoding="utf-8"))
        points, _ = curve(told["curve"])
        return History(
            str(told["name"]), kinds.read_spec(json.dumps(told["spec"])), points, tuple(steps(found))
        )
    except (OSError, ValueError, KeyError, TypeError) as why:
        raise RunError(f"{found.name} does not say how it was trained: {why}") from why


def folder(id: str) -> Path | None:
    """Find the folder of an exported run in the working folder, or None."""
    found = Path.cwd() / name(id)
    return found if (found / "moments").is_file() else None


def steps(found: Path) -> list[int]:
    """List the checkpoint steps that a folder holds, in order."""
    last = int((found / "moments").read_text(encoding="utf-8"))
    return sorted([*(int(path.stem) for path in (found / "snapshots").glob("*.safetensors")), last])


def weights(found: Path, step: int | None) -> Path:
    """Return the file of a checkpoint's weights; None: of the last one.

    Raises RunError: the folder does not hold it.
    """
    kept = steps(found)
    if step is None or step == kept[-1]:
        return found / _WEIGHTS
    if step not in kept:
        held = ", ".join(map(str, kept))
        raise RunError(f"{found.name} was exported without step {step}; it holds {held}")
    return found / "snapshots" / f"{step}.safetensors"
