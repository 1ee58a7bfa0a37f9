"""What a checkpoint of a training run holds beside the weights, so that a fork goes on exactly as its parent would."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor

    from core.training.trainer import Trainer

LARGEST = 8 * 10**6  # bytes of an optimizer's state that a checkpoint holds: of a million weights in Adam
_OPTIMIZER = "optimizer."  # begins the names of its tensors
_KEY = "continuation"  # of the file's metadata


def pack_checkpoint(
    trainer: Trainer, weights: Mapping[str, Tensor], optimizer: Mapping[str, Tensor] | None
) -> bytes:
    """Serialize weights to safetensors, with the state of the optimizer where it is small.

    Args:
        optimizer: `Optimizer.state` of that moment; None: weights alone.
    """
    from safetensors.torch import save

    if optimizer is None or sum(value.nbytes for value in optimizer.values()) > LARGEST:
        return save(dict(weights))
    tensors = {f"{_OPTIMIZER}{name}": value.cpu() for name, value in optimizer.items()}
    found = {"optimizer": trainer.spec.optimizer, "best": trainer.best, "waited": trainer.waited}
    return save({**weights, **tensors}, metadata={_KEY: json.dumps(found)})


def model_weights(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return the tensors of a checkpoint that are the model's, without the optimizer's."""
    return {name: value for name, value in tensors.items() if not name.startswith(_OPTIMIZER)}


def remembered_optimizer(checkpoint: bytes) -> str:
    """Return the kind of the optimizer whose state a checkpoint holds, "" where it holds none."""
    return str(_found(checkpoint).get("optimizer", ""))


def continue_exactly(trainer: Trainer, checkpoint: bytes) -> None:
    """Give a fork its parent's optimizer state and patience, where the checkpoint holds them for its optimizer."""
    from safetensors.torch import load

    found = _found(checkpoint)
    if not trainer.spec.first_step or found.get("optimizer") != trainer.spec.optimizer:
        return
    state = {
        name.removeprefix(_OPTIMIZER): value
        for name, value in load(checkpoint).items()
        if name.startswith(_OPTIMIZER)
    }
    trainer.continue_from(state, found["best"], found["waited"])


def _found(checkpoint: bytes) -> dict[str, Any]:
    try:
        header = json.loads(checkpoint[8 : 8 + int.from_bytes(checkpoint[:8], "little")])
        found = json.loads(header["__metadata__"][_KEY])
    except (ValueError, KeyError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}
