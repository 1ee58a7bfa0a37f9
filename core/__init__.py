"""Glassbox's core: language models that can be opened, touched, broken and trained. The names a notebook needs.

    lm = core.load("tales-gpt")
    trace = lm.trace("Once upon a time")
    trace["blocks.0.attn.hook_pattern"]  # (H, T, S)

Names are imported lazily, so that code without a model (Toyland, a configuration) does not import torch, and the
commands of `scripts` import what is of the standard library alone.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.analysis.neurons.knockouts import ablate_neurons as ablate_neurons
    from core.catalogue import load as load
    from core.catalogue import snapshots as snapshots
    from core.checkpoints import CheckpointError as CheckpointError
    from core.checkpoints.wrapping import wrap as wrap
    from core.config import ModelConfig as ModelConfig
    from core.data.corpora import fingerprint as fingerprint
    from core.decoding.generate import Generation as Generation
    from core.hooks import HookError as HookError
    from core.hooks import Intervention as Intervention
    from core.hooks import ablate_head as ablate_head
    from core.hooks import intervene as intervene
    from core.hooks import recording as recording
    from core.language_model import LanguageModel as LanguageModel
    from core.model.transformer import ContextTooLong as ContextTooLong
    from core.trace import Trace as Trace
    from core.training import Diverged as Diverged
    from core.training import Trainer as Trainer
    from core.training import TrainSpec as TrainSpec
    from core.training import train as train
    from core.zoo import bundled as bundled

_HOME = {
    "CheckpointError": "core.checkpoints",
    "ContextTooLong": "core.model.transformer",
    "Diverged": "core.training",
    "Generation": "core.decoding.generate",
    "HookError": "core.hooks",
    "Intervention": "core.hooks",
    "LanguageModel": "core.language_model",
    "ModelConfig": "core.config",
    "Trace": "core.trace",
    "TrainSpec": "core.training",
    "Trainer": "core.training",
    "ablate_head": "core.hooks",
    "ablate_neurons": "core.analysis.neurons.knockouts",
    "bundled": "core.zoo",
    "fingerprint": "core.data.corpora",
    "intervene": "core.hooks",
    "load": "core.catalogue",
    "recording": "core.hooks",
    "snapshots": "core.catalogue",
    "train": "core.training",
    "wrap": "core.checkpoints.wrapping",
}
__all__ = list(_HOME)


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'core' has no attribute {name!r}; it has {', '.join(_HOME)}")
    value = getattr(import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME})
