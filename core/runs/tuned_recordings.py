"""Recorded fine-tuning runs with their models: the learned weights are bundled with the curve, in half precision."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from core.runs.recordings import FOLDER, recorded
from core.runs.records import RunError

if TYPE_CHECKING:
    from torch import Tensor

    from core.language_model import LanguageModel
    from core.runs.store import Store


def weights_file(name: str) -> Path:
    """Return the file of a recorded run's last weights."""
    return FOLDER / f"{name}.safetensors"


def record_weights(store: Store, id: str, name: str) -> Path:
    """Write the final learned weights of a run of a store, as float16."""
    from safetensors.torch import save

    from core.runs.fine_tuning import read_file
    from core.runs.loading import kept_step

    learned = read_file(store.weights(id, kept_step(store, id, None)))
    weights_file(name).write_bytes(save({key: value.half() for key, value in learned.items()}))
    tuned_recording.cache_clear()
    return weights_file(name)


@lru_cache(maxsize=8)  # all ways of both tasks; 4 MB each at most
def tuned_recording(name: str) -> LanguageModel:
    """Build the final model of a recorded fine-tuning run. Shared and read-only.

    Raises:
        RunError: no such run is recorded, or not with its weights.
    """
    from core.runs.fine_tuning import bundled_base
    from core.training.tuned import tuned

    spec = recorded(name).spec
    return tuned(spec, bundled_base(spec.base), learned(name), name)


def learned(name: str) -> dict[str, Tensor]:
    """Load the final learned weights of a recorded fine-tuning run, by name, as float16.

    Raises:
        RunError: no such run is recorded, or not with its weights.
    """
    from core.runs.fine_tuning import read_file

    if recorded(name).spec.kind != "fine_tune" or not weights_file(name).is_file():
        raise RunError(f"the recorded run {name} keeps no fine-tuned weights")
    return {key: value.float() for key, value in read_file(weights_file(name).read_bytes()).items()}
