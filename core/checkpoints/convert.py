"""Shared code of the converters: a mapping from a model family's tensors to our weights.

A family is a file with two functions: which `ModelConfig` its configuration means (see `settings`), and, for each of
our weights, which tensors it is made of.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

from core.checkpoints.settings import CheckpointError, Settings
from core.config import ModelConfig


@dataclass(frozen=True)
class Part:
    """One tensor that a weight is assembled from.

    names: where it may be found, the first one wins; the others may hold a copy of it (of tied weights).
    shape: as it is stored.   transposed: it is stored the other way round.   flat: it is read as a vector.
    same: the copies must be equal; False: they are left-overs that nothing reads.
    optional: where it is missing, it is 0.
    """

    names: tuple[str, ...]
    shape: tuple[int, ...]
    transposed: bool = False
    same: bool = True
    flat: bool = False
    optional: bool = False


Plan = dict[str, tuple[Part, ...]]  # our weight -> the parts that are stacked along its first axis


@dataclass(frozen=True)
class Family:
    """One model family's checkpoint format.

    model_types: the values of config.json's `model_type` that mean it.
    config: which ModelConfig its configuration means.
    plan: the tensors that each of our weights is made of.
    canonical: a tensor's name without prefixes and old spellings.
    embedding, head: the token table, and the unembedding's own table where the two are not tied.
    spare: tensors that files hold and nothing here reads. hints: by prefix of a missing tensor's name, an explanation
    for a person. saying: the tensors of the vocabulary head, in families whose encoders also come bare, without any of
    them.
    """

    model_types: tuple[str, ...]
    config: Callable[[Settings], ModelConfig]
    plan: Callable[[ModelConfig], Plan]
    canonical: Callable[[str], str]
    embedding: str
    head: str
    spare: re.Pattern[str] = re.compile(r"(?!)")
    hints: Mapping[str, str] = field(default_factory=dict)
    saying: re.Pattern[str] | None = None


def one(name: str, *shape: int, transposed: bool = False) -> tuple[Part, ...]:
    """Plan a weight that is one tensor."""
    return (Part((name,), shape, transposed),)


def table(config: ModelConfig, embedding: tuple[str, ...], head: str) -> Plan:
    """Plan the token table, and the unembedding's own table unless they are tied."""
    shape = (config.d_vocab, config.d_model)
    if config.tied_embeddings:
        return {"embed.W_E": (Part((*embedding, head), shape),)}
    return {"embed.W_E": (Part(embedding, shape),), "unembed.weight": one(head, *shape)}


def shared_table(config: ModelConfig) -> Plan:
    """Plan the one token table of an encoder-decoder, and the unembedding's own unless it is tied."""
    shape = (config.d_vocab, config.d_model)
    names: tuple[str, ...] = ("shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight")
    if config.tied_embeddings:
        return {"encoder.embed.W_E": (Part((*names, "lm_head.weight"), shape),)}
    return {
        "encoder.embed.W_E": (Part(names, shape),),
        "decoder.unembed.weight": one("lm_head.weight", *shape),
    }


def norm(ours: str, theirs: str, d: int) -> Plan:
    """Plan a layer norm's gain and bias."""
    return {f"{ours}.w": one(f"{theirs}.weight", d), f"{ours}.b": one(f"{theirs}.bias", d)}


def dense(theirs: str, rows: int, columns: int, weight: str, bias: str) -> Plan:
    """Plan a linear layer."""
    return {weight: one(f"{theirs}.weight", rows, columns), bias: one(f"{theirs}.bias", rows)}


def fused(ours: str, theirs: Iterable[str], rows: int, columns: int) -> Plan:
    """Plan queries, keys and values: three of their layers fused into one of ours."""
    names = tuple(theirs)
    return {
        f"{ours}.weight_qkv": tuple(Part((f"{name}.weight",), (rows, columns)) for name in names),
        f"{ours}.bias_qkv": tuple(Part((f"{name}.bias",), (rows,)) for name in names),
    }


def labelled(config: ModelConfig, classes: str, pool: str) -> Plan:
    """Plan a classification head: the last layer, and before it the pooling layer over position 0.

    None for a bare encoder.
    """
    if config.head == "none":
        return {}
    d = config.d_model
    plan = dense(classes, config.n_outputs, d, "label_head.weight", "label_head.b")
    if config.head == "sequence":
        plan |= dense(pool, d, d, "label_head.weight_pool", "label_head.b_pool")
    return plan


def bare(
    family: Family, config: ModelConfig, settings: Settings, tensors: Mapping[str, Tensor]
) -> ModelConfig:
    """Remove the head from `config` if the file holds no tensor of a vocabulary head.

    A file that holds some of them is damaged, and so is one that was saved with a head, as its names' prefix and
    config.json's `architectures` say together: there the head stays, and `check` names what is missing. The class alone
    says nothing: sentence encoders keep that of the model that they were trained from.
    """
    if config.head != "lm" or family.saying is None:
        return config
    if any(map(family.saying.match, _canonical(family, tensors))):
        return config
    names = settings.values.get("architectures")
    headed = isinstance(names, list) and names and not str(names[0]).endswith("Model")
    if headed and any(name.startswith(f"{family.model_types[0]}.") for name in tensors):
        return config
    return config.with_head("none")


def untie(family: Family, config: ModelConfig, tensors: Mapping[str, Tensor]) -> ModelConfig:
    """Untie the unembedding in `config` if the file holds a table for it that differs from the embedding's."""
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
    absent = [part for part in parts if not any(name in found for name in part.names)]
    if missing := [part.names[0] for part in absent if not part.optional]:
        hint = next((text for start, text in family.hints.items() if missing[0].startswith(start)), "")
        raise CheckpointError(f"the weights lack {_listed(missing)}{hint and ': ' + hint}")
    _check_labels(family, config, tensors, found)
    for part in parts:
        for name in part.names:
            if name in found and _shape(tensors, found[name]) != part.shape:
                raise CheckpointError(
                    f"tensor {found[name]} has the shape {_shape(tensors, found[name])}, "
                    f"but config.json asks for {part.shape}; take both from the same model"
                )
    used = {name for part in parts for name in part.names}
    if unused := [
        full for name, full in found.items() if name not in used and not family.spare.fullmatch(name)
    ]:
        raise CheckpointError(
            f"the weights hold {_listed(unused)}, which a {family.model_types[0]} has no use for"
        )


def names_read(family: Family, config: ModelConfig, tensors: Iterable[str]) -> list[str]:
    """Return which of a file's tensors become weights; others, such as masks, are never read."""
    used = {name for parts in family.plan(config).values() for part in parts for name in part.names}
    return [full for name, full in _canonical(family, tensors).items() if name in used]


def _check_labels(
    family: Family, config: ModelConfig, tensors: Mapping[str, Tensor], found: Mapping[str, str]
) -> None:
    """Check the classifier's rows against the names of the classes."""
    if config.head in ("lm", "none"):
        return
    full = found[family.plan(config)["label_head.weight"][0].names[0]]
    rows = _shape(tensors, full)[0]
    if rows != config.n_outputs:
        named = f"id2label names {config.n_outputs}: {', '.join(config.labels)}"
        raise CheckpointError(
            f"the classifier {full} has {rows} rows, but "
            + ("a span has 2: a start and an end" if config.head == "span" else f"config.json's {named}")
        )


def gather(family: Family, config: ModelConfig, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Convert a family's tensors (or their gradients) to our weights, by the names of `named_parameters`.

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
    if part.optional and not any(name in found for name in part.names):
        other = tensors[next(iter(found.values()))]  # for its dtype and device
        return other.new_zeros(math.prod(part.shape) if part.flat else part.shape)
    first, *copies = [found[name] for name in part.names if name in found]
    tensor = tensors[first]
    for copy in copies if part.same else ():
        if not torch.equal(tensor, tensors[copy]):
            raise CheckpointError(
                f"tensors {first} and {copy} should be copies of one another, but they differ"
            )
    tensor = tensor.flatten() if part.flat else tensor
    # A view: a transposed copy would be no faster to use, and copying takes half of the loading time.
    return tensor.T if part.transposed else tensor


def _canonical(family: Family, tensors: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for full in tensors:
        name = family.canonical(full)
        if name in found:
            raise CheckpointError(
                f"the weights hold both {found[name]} and {full}, two spellings of one tensor"
            )
        found[name] = full
    return found


def _shape(tensors: Mapping[str, Tensor], name: str) -> tuple[int, ...]:
    shapes = getattr(tensors, "shapes", None)  # known for a file without reading it
    return tuple(tensors[name].shape) if shapes is None else shapes[name]


def _listed(names: list[str]) -> str:
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + rest
