"""LoRA adapters as values: rank, scale, targets and matrices, with serialization."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

import safetensors
import safetensors.torch
from torch import Tensor

Target = Literal["q", "k", "v", "o", "in", "gate", "out"]
TARGETS: tuple[Target, ...] = get_args(Target)
VERSION = 1


@dataclass(frozen=True)
class Lora:
    """LoRA settings.

    Attributes:
        rank: r, the rows of A and the columns of B.
        alpha: the product counts alpha / r times.
        targets: matrices of every block: queries, keys, values and output of attention ("q", "k", "v", "o"), the
            feed-forward layer's "in", "gate" (where it has one) and "out". Kept in this order.

    Raises:
        ValueError: no rank, no alpha, no target or an unknown one.
    """

    rank: int = 8
    alpha: float = 16.0
    targets: tuple[Target, ...] = ("q", "v")

    def __post_init__(self) -> None:
        if isinstance(self.rank, bool) or not isinstance(self.rank, int) or self.rank < 1:
            raise ValueError(f"rank={self.rank!r} must be a whole number of at least 1")
        if not (math.isfinite(self.alpha) and self.alpha > 0):
            raise ValueError(f"alpha={self.alpha} must be a number above 0")
        if unknown := sorted(set(self.targets) - set(TARGETS)):
            raise ValueError(f"targets: {unknown[0]!r} is not one of {', '.join(TARGETS)}")
        if not self.targets:
            raise ValueError(f"targets: choose at least one of {', '.join(TARGETS)}")
        object.__setattr__(self, "targets", tuple(each for each in TARGETS if each in self.targets))

    @property
    def scale(self) -> float:
        """alpha / r."""
        return self.alpha / self.rank


@dataclass(frozen=True)
class Adapter:
    """A trained LoRA adapter: A and B by name ("blocks.0.attn.weight_qkv.q.A"), with its settings."""

    lora: Lora
    tensors: Mapping[str, Tensor]

    @property
    def count(self) -> int:
        """The number of entries of all A and B."""
        return sum(value.numel() for value in self.tensors.values())

    def product(self, key: str) -> Tensor:
        """Compute (alpha / r) B A of one target, (out, in)."""
        return self.tensors[f"{key}.B"] @ self.tensors[f"{key}.A"] * self.lora.scale

    def to_bytes(self) -> bytes:
        """Serialize to a safetensors file; rank, alpha and targets as JSON in its metadata."""
        about = {
            "version": VERSION,
            "rank": self.lora.rank,
            "alpha": self.lora.alpha,
            "targets": list(self.lora.targets),
        }
        tensors = {name: value.detach().cpu().contiguous() for name, value in self.tensors.items()}
        return safetensors.torch.save(tensors, {"lora": json.dumps(about)})

    @classmethod
    def from_bytes(cls, data: bytes) -> Adapter:
        """Parse the result of `to_bytes`.

        Raises:
            ValueError: the bytes are no such file, or of another version.
        """
        try:
            tensors = safetensors.torch.load(data)
            header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
            about = json.loads(header["__metadata__"]["lora"])
            version = about["version"]
            lora = Lora(about["rank"], about["alpha"], tuple(about["targets"]))
        except (safetensors.SafetensorError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise ValueError(f"this is no LoRA adapter: {error}") from error
        if version != VERSION:
            raise ValueError(f"this adapter has version {version!r}; this Glassbox reads version {VERSION}")
        return cls(lora, tensors)
