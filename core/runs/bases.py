"""The base model of a run: a bundled one, or a checkpoint of an earlier run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from core.messages import later

if TYPE_CHECKING:
    from core.language_model import LanguageModel
    from core.runs.kinds import Start


def bundled_model(name: str) -> LanguageModel:
    """Load a bundled model on the CPU. Raises ValueError: there is none of that name."""
    from core.zoo import bundled, load

    if name not in bundled():
        raise ValueError(f"no bundled model is called {name!r}; there is {', '.join(bundled())}")
    return load(name, device="cpu")


def begun(parent: str, start: Start) -> LanguageModel:
    """Load the checkpoint `parent`, "RUN@STEP", through `start`. Raises ValueError: it is not stored."""
    stored = start()
    if stored is None:
        raise ValueError(later("the model that this run begins with is not stored: start it anew"))
    return assembled(*stored, name=parent)


def assembled(weights: bytes, words: str, config: str, name: str) -> LanguageModel:
    """Build the model of a training run from its checkpoint; config and words (a tokenizer) are JSON."""
    import tokenizers
    import torch
    from safetensors.torch import load

    from core.checkpoints.folder import assemble
    from core.config import ModelConfig
    from core.language_model import LanguageModel
    from core.runs.continuation import model_weights
    from core.text.tokenizer import Tokenizer

    shape = ModelConfig.from_dict(json.loads(config))
    model = assemble(shape, model_weights(load(weights)), torch.device("cpu"), torch.float32)
    return LanguageModel(model, Tokenizer(tokenizers.Tokenizer.from_str(words)), name)
