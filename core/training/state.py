"""The resumable state of a run as one file: weights, optimizer state, a few numbers; nothing is unpickled."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import safetensors
import safetensors.torch
import tokenizers
from torch import Tensor

from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.transformer import build
from core.text.tokenizer import Tokenizer

VERSION = 1
_WEIGHTS, _OPTIMIZER = "weights.", "optimizer."


@dataclass(frozen=True)
class State:
    """The state of a run at one step.

    tensors: "weights.NAME" and "optimizer.NAME" (see `Optimizer.state`).
    meta: plain values: step, tokens, seconds, best, waited, config, tokenizer (its JSON) and the spec.
    """

    tensors: Mapping[str, Tensor]
    meta: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> int:
        """The number of steps taken."""
        return int(self.meta["step"])

    def weights(self) -> dict[str, Tensor]:
        """Return the model's weights by name."""
        return self._part(_WEIGHTS)

    def optimizer(self) -> dict[str, Tensor]:
        """Return the optimizer's state by name."""
        return self._part(_OPTIMIZER)

    def weights_only(self) -> State:
        """Return the state without the optimizer's: to inspect, not to resume from."""
        kept = {name: value for name, value in self.tensors.items() if name.startswith(_WEIGHTS)}
        return State(kept, self.meta)

    def tokenizer(self) -> Tokenizer:
        """Return the tokenizer of the run."""
        return Tokenizer(tokenizers.Tokenizer.from_str(self.meta["tokenizer"]))

    def language_model(self, name: str = "model") -> LanguageModel:
        """Build the model at this step."""
        model = build(ModelConfig.from_dict(self.meta["config"]))
        model.load_state_dict(self.weights())
        return LanguageModel(model.eval(), self.tokenizer(), name)

    def to_bytes(self) -> bytes:
        """Serialize to a safetensors file, the plain values as JSON in its metadata."""
        values = {"glassbox": json.dumps({"version": VERSION, **self.meta}, allow_nan=False)}
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.tensors.items()}
        return safetensors.torch.save(tensors, metadata=values)

    @classmethod
    def from_bytes(cls, data: bytes) -> State:
        """Parse the result of `to_bytes`.

        Raises:
            ValueError: the bytes are no such file, or of another version.
        """
        try:
            tensors = safetensors.torch.load(data)
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            meta = json.loads(header["__metadata__"]["glassbox"])
            version = meta.pop("version")
        except (safetensors.SafetensorError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"this is not the state of a training run: {error}") from error
        if version != VERSION:
            raise ValueError(f"this state has version {version!r}; this Glassbox reads version {VERSION}")
        return cls(tensors, meta)

    @classmethod
    def of(
        cls, weights: Mapping[str, Tensor], optimizer: Mapping[str, Tensor], meta: Mapping[str, Any]
    ) -> State:
        """Copy the state, so that the run may go on."""
        tensors = {f"{_WEIGHTS}{name}": value.detach().clone() for name, value in weights.items()}
        tensors |= {f"{_OPTIMIZER}{name}": value.detach().clone() for name, value in optimizer.items()}
        return cls(tensors, meta)

    def _part(self, prefix: str) -> dict[str, Tensor]:
        return {
            name.removeprefix(prefix): value
            for name, value in self.tensors.items()
            if name.startswith(prefix)
        }
