"""What the converters share: reading a Hugging Face configuration, and a table from its tensors to our weights.

A family is a file with two functions: which `ModelConfig` its configuration means, and, for each of our weights, which
tensors it is made of. What a configuration asks for and we cannot compute is an error, never a slightly wrong number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from core.config import Activation, ModelConfig


class CheckpointError(ValueError):
    """A checkpoint that cannot be read. The message says which file, what is wrong in it, and what to do."""


ACTIVATIONS: dict[str, Activation] = {
    "relu": "relu",
    "relu2": "relu_squared",
    "gelu": "gelu",
    "gelu_python": "gelu",
    "gelu_new": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "silu": "silu",
    "swish": "silu",
}
LARGEST_SIZE = 2**31  # no size in a configuration is larger than this


@dataclass(frozen=True)
class Settings:
    """A Hugging Face configuration, read value by value; a wrong type or an unsupported wish is an error naming it.

    Args:
        values: config.json.
        generation: generation_config.json, which has the last word on the special tokens.
    """

    values: Mapping[str, Any]
    generation: Mapping[str, Any] = field(default_factory=dict)

    def whole(self, key: str, default: int | None = None) -> int:
        """A size."""
        value = self.values.get(key)
        value = default if value is None else value
        if value is None:
            raise CheckpointError(f"config.json lacks {key}")
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= LARGEST_SIZE:
            raise CheckpointError(
                f"config.json: {key}={_short(value)} must be a whole number up to {LARGEST_SIZE:,}"
            )
        return value

    def real(self, key: str, default: float) -> float:
        """A number."""
        value = self.values.get(key)
        value = default if value is None else value
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise CheckpointError(f"config.json: {key}={_short(value)} must be a number")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """A yes or no."""
        value = self.values.get(key)
        value = default if value is None else value
        if not isinstance(value, bool):
            raise CheckpointError(f"config.json: {key}={_short(value)} must be true or false")
        return value

    def activation(self, key: str, default: str) -> Activation:
        """An activation function by its Hugging Face name."""
        value = self.values.get(key, default)
        if not isinstance(value, str) or value not in ACTIVATIONS:
            known = ", ".join(ACTIVATIONS)
            raise CheckpointError(f"config.json: {key}={_short(value)} is not supported: none of {known}")
        return ACTIVATIONS[value]

    def refuse(self, *keys: str, unless: Iterable[Any] = ()) -> None:
        """Raise if a key asks for something: a value that is neither absent, false, empty nor one of `unless`."""
        for key in keys:
            value = self.values.get(key)
            if value and value not in list(unless):
                raise CheckpointError(
                    f"config.json: {key}={_short(value)} is not supported: without it every number would be wrong"
                )

    def token(self, key: str, d_vocab: int) -> int | None:
        """A special token. An id outside the vocabulary can never occur, so it counts as none."""
        value = self.generation.get(key)
        value = self.values.get(key) if value is None else value
        value = value[0] if isinstance(value, list) and value else value
        return value if type(value) is int and 0 <= value < d_vocab else None

    def special(self, d_vocab: int) -> dict[str, Any]:
        """The special tokens, as fields of ModelConfig."""
        ends = self.generation.get("eos_token_id")
        ends = self.values.get("eos_token_id") if ends is None else ends
        ends = ends if isinstance(ends, list) else [ends]
        return {
            "bos_id": self.token("bos_token_id", d_vocab),
            "eos_ids": tuple(end for end in ends if type(end) is int and 0 <= end < d_vocab),
            "pad_id": self.token("pad_token_id", d_vocab),
            "mask_id": self.token("mask_token_id", d_vocab),
            "decoder_start_id": self.token("decoder_start_token_id", d_vocab),
        }

    def refuse_everywhere(self) -> None:
        """What no family supports."""
        self.refuse("quantization_config", "auto_map", "pruned_heads", "add_cross_attention")


@dataclass(frozen=True)
class Part:
    """One tensor that a weight is made of.

    names: where it may be found, the first one wins; the others may hold a copy of it (of tied weights).
    shape: as it is stored.   transposed: it is stored the other way round.
    same: the copies must be equal; False: they are left-overs that nothing reads.
    """

    names: tuple[str, ...]
    shape: tuple[int, ...]
    transposed: bool = False
    same: bool = True


Plan = dict[str, tuple[Part, ...]]  # our weight -> the parts that are stacked along its first axis


@dataclass(frozen=True)
class Family:
    """One way of writing a transformer down.

    model_types: the values of config.json's `model_type` that mean it.
    config: which ModelConfig its configuration means.
    plan: the tensors that each of our weights is made of.
    canonical: a tensor's name without prefixes and old spellings; None for a tensor that is not a weight of ours.
    embedding, head: the token table, and the unembedding's own table where the two are not tied.
    hints: for a missing tensor whose name begins so, what that means for a person.
    """

    model_types: tuple[str, ...]
    config: Callable[[Settings], ModelConfig]
    plan: Callable[[ModelConfig], Plan]
    canonical: Callable[[str], str | None]
    embedding: str
    head: str
    hints: Mapping[str, str] = field(default_factory=dict)


def one(name: str, *shape: int, transposed: bool = False) -> tuple[Part, ...]:
    """A weight that is one tensor."""
    return (Part((name,), shape, transposed),)


def table(config: ModelConfig, embedding: tuple[str, ...], head: str) -> Plan:
    """The token table, and the unembedding's own table unless they are one."""
    shape = (config.d_vocab, config.d_model)
    if config.tied_embeddings:
        return {"embed.W_E": (Part((*embedding, head), shape),)}
    return {"embed.W_E": (Part(embedding, shape),), "unembed.weight": one(head, *shape)}


def untie(family: Family, config: ModelConfig, tensors: Mapping[str, Tensor]) -> ModelConfig:
    """`config`, with the unembedding apart if the file holds a table for it that differs from the embedding's."""
    found = _canonical(family, tensors)
    if not config.tied_embeddings or family.head not in found or family.embedding not in found:
        return config
    head, embedding = found[family.head], found[family.embedding]
    if _shape(tensors, head) != _shape(tensors, embedding) or torch.equal(tensors[head], tensors[embedding]):
        return config
    return config.replace(tied_embeddings=False)


def check(family: Family, config: ModelConfig, tensors: Mapping[str, Tensor]) -> None:
    """Compare names and shapes with what `config` needs, before anything is read or allocated.

    Raises:
        CheckpointError: a missing, a left-over or a wrongly shaped tensor; the message names it, and both shapes.
    """
    found = _canonical(family, tensors)
    layers = config.n_layers + (config.n_decoder_layers or 0)
    if layers > len(found):
        raise CheckpointError(
            f"config.json asks for {layers:,} layers, but the file holds {len(found):,} tensors"
        )
    plan = family.plan(config)
    parts = [part for parts in plan.values() for part in parts]
    if missing := [part.names[0] for part in parts if not any(name in found for name in part.names)]:
        hint = next((text for start, text in family.hints.items() if missing[0].startswith(start)), "")
        raise CheckpointError(f"the weights lack {_listed(missing)}{hint and ': ' + hint}")
    for part in parts:
        for name in part.names:
            if name in found and _shape(tensors, found[name]) != part.shape:
                raise CheckpointError(
                    f"tensor {found[name]} has the shape {_shape(tensors, found[name])}, "
                    f"but config.json asks for {part.shape}; take both from the same model"
                )
    used = {name for part in parts for name in part.names}
    if unused := [full for name, full in found.items() if name not in used]:
        raise CheckpointError(
            f"the weights hold {_listed(unused)}, which a {family.model_types[0]} has no use for"
        )


def gather(family: Family, config: ModelConfig, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Our weights, by the names of `named_parameters`, from a family's tensors (or from their gradients).

    Raises:
        CheckpointError: as `check`; or two copies of one tied tensor differ.
    """
    check(family, config, tensors)
    found = _canonical(family, tensors)
    weights = {}
    for name, parts in family.plan(config).items():
        read = [_read(part, found, tensors) for part in parts]
        weights[name] = read[0] if len(read) == 1 else torch.cat(read)
    return weights


def _read(part: Part, found: Mapping[str, str], tensors: Mapping[str, Tensor]) -> Tensor:
    first, *copies = [found[name] for name in part.names if name in found]
    tensor = tensors[first]
    for copy in copies if part.same else ():
        if not torch.equal(tensor, tensors[copy]):
            raise CheckpointError(
                f"tensors {first} and {copy} should be copies of one another, but they differ"
            )
    return tensor.T.contiguous() if part.transposed else tensor


def _canonical(family: Family, tensors: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for full in tensors:
        name = family.canonical(full)
        if name is None:
            continue
        if name in found:
            raise CheckpointError(
                f"the weights hold both {found[name]} and {full}, two spellings of one tensor"
            )
        found[name] = full
    return found


def _shape(tensors: Mapping[str, Tensor], name: str) -> tuple[int, ...]:
    shapes = getattr(tensors, "shapes", None)  # a file knows them without reading
    return tuple(tensors[name].shape) if shapes is None else shapes[name]


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + rest


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."
