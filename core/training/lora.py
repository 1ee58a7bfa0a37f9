"""LoRA (Hu et al. 2021, section 4.1): a matrix W stays frozen, and a low-rank product beside it is learned.

    W' = W + (alpha / r) B A,   A (r, in),  B (out, r)

A model is never changed: `adapt` gives another that reads the same weights from the same memory, frozen, with A and B
beside them; the matrix is put together where the model reads it, so hooks, fused and explicit attention and the views
W_Q, W_K, W_V, W_O all see W'. `merge` gives a plain model with W' in place of W.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize

from core.config import ModelConfig
from core.messages import say
from core.model.attention import Attention
from core.model.feed_forward import FeedForward
from core.model.transformer import EncoderDecoder, Transformer, build
from core.training.adapters import TARGETS, Adapter, Lora, Target

__all__ = [
    "TARGETS", "Adapter", "Lora", "Place", "Target", "adapt", "adapter_of", "draw", "learning", "merge", "places",
    "sharing", "trained", "unmerge",
]  # fmt: skip

Model = Transformer | EncoderDecoder


class Place(NamedTuple):
    """The location of a target.

    Rows `first` to `last` of the stored matrix `weight` (out, in) of the module at `path`.
    """

    path: str
    weight: str
    target: Target
    first: int
    last: int
    width: int

    @property
    def name(self) -> str:
        """The name of the stored matrix, as in `named_parameters`."""
        return f"{self.path}.{self.weight}"

    @property
    def key(self) -> str:
        """The prefix of its A and B: "blocks.0.attn.weight_qkv.q"."""
        return f"{self.name}.{self.target}"

    def shapes(self, rank: int) -> dict[str, tuple[int, int]]:
        """Return the shapes of A and B."""
        return {"A": (rank, self.width), "B": (self.last - self.first, rank)}


def places(model: nn.Module, lora: Lora) -> list[Place]:
    """Locate every target of `lora` in a model, in the order of its blocks.

    Raises:
        ValueError: a target that the model lacks, or a rank above what a matrix can have; or other adapters are there.
    """
    if any(parametrize.is_parametrized(part) for part in model.modules()):
        raise ValueError("this model has LoRA matrices beside its own already: merge them first")
    found = [place for path, part in model.named_modules() for place in _of(path, part)]
    there = {place.target for place in found}
    if lacking := [each for each in lora.targets if each not in there]:
        known = ", ".join(each for each in TARGETS if each in there) or "none"
        raise ValueError(f"targets: this model has no matrix {lacking[0]!r}; it has {known}")
    found = [place for place in found if place.target in lora.targets]
    for place in found:
        most = min(place.last - place.first, place.width)
        if lora.rank > most:
            raise ValueError(
                say(
                    "{given} is more than the {most} that {matrix} ({size}) can have: choose {most} or less",
                    given=f"rank={lora.rank}",
                    most=most,
                    matrix=place.key,
                    size=f"{place.last - place.first} x {place.width}",
                )
            )
    return found


def trained(config: ModelConfig, lora: Lora) -> int:
    """Count the entries of A and B of all targets: r (in + out) per matrix. Raises as `places`."""
    with torch.device("meta"):
        model = build(config)
    return sum(a * b for place in places(model, lora) for a, b in place.shapes(lora.rank).values())


def draw(model: nn.Module, lora: Lora, seed: int = 0) -> Adapter:
    """Initialize A and B: A uniform within 1 / sqrt(in) (Kaiming with a = sqrt 5, as peft), B zero.

    They have the type and device of the matrices that they stand beside. Raises as `places`.
    """
    chance = torch.Generator().manual_seed(seed)
    weights = dict(model.named_parameters())
    tensors = {}
    for place in places(model, lora):
        for letter, shape in place.shapes(lora.rank).items():
            value = torch.zeros(shape)
            if letter == "A":
                nn.init.kaiming_uniform_(value, a=math.sqrt(5), generator=chance)
            tensors[f"{place.key}.{letter}"] = value.to(weights[place.name])
    return Adapter(lora, tensors)


def adapt(model: Model, adapter: Adapter | Lora, seed: int = 0) -> Model:
    """Build a model that computes with W' and trains only A and B; `model` is not changed, its weights are shared.

    Args:
        adapter: what was learned, or what is to be: then the first values are drawn by `seed`.

    Raises:
        ValueError: as `places`, or the adapter is of a model of another shape.
    """
    if isinstance(adapter, Lora):
        adapter = draw(model, adapter, seed)
    wanted = _fitting(model, adapter)
    adapted = sharing(model)
    by_weight: dict[str, list[Place]] = {}
    for place in wanted:
        by_weight.setdefault(place.name, []).append(place)
    for group in by_weight.values():
        part = adapted.get_submodule(group[0].path)
        beside = _Beside(group, adapter).to(getattr(part, group[0].weight))
        parametrize.register_parametrization(part, group[0].weight, beside)
    return adapted.eval()


def learning(model: nn.Module) -> Iterator[tuple[str, nn.Parameter]]:
    """Return A and B of a model from `adapt`, by the adapter's names."""
    for part in model.modules():
        if isinstance(part, _Beside):
            yield from ((f"{part.name}.{name}", value) for name, value in part.named())


def adapter_of(model: nn.Module) -> Adapter:
    """Copy the present A and B of a model from `adapt`.

    Raises:
        ValueError: it has none.
    """
    lora = next((part.lora for part in model.modules() if isinstance(part, _Beside)), None)
    if lora is None:
        raise ValueError("this model has no LoRA matrices beside its own")
    return Adapter(lora, {name: value.detach().clone() for name, value in learning(model)})


def merge(model: Model, adapter: Adapter) -> Model:
    """Build a plain model with W' = W + (alpha / r) B A in place of W; `model` keeps its own W.

    Raises:
        ValueError: the adapter is of a model of another shape.
    """
    return _added(model, adapter, 1.0)


def unmerge(model: Model, adapter: Adapter) -> Model:
    """Reverse `merge` up to rounding: a model with W' - (alpha / r) B A. Raises as `merge`."""
    return _added(model, adapter, -1.0)


def sharing(model: Model) -> Model:
    """Copy a model with shared, frozen weights, each under a parameter of its own."""
    known: dict[int, Any] = {
        id(weight): nn.Parameter(weight.detach(), requires_grad=False) for weight in model.parameters()
    }
    known |= {id(buffer): buffer for buffer in model.buffers()}
    return copy.deepcopy(model, known)


class _Beside(nn.Module):
    """The parametrization of one stored matrix by A and B of its targets: maps W to W'."""

    def __init__(self, group: Iterable[Place], adapter: Adapter) -> None:
        super().__init__()
        self.places, self.lora = tuple(group), adapter.lora
        self.name = self.places[0].name
        for place in self.places:
            for letter in "AB":
                value = adapter.tensors[f"{place.key}.{letter}"].detach().clone()
                setattr(self, f"{letter}_{place.target}", nn.Parameter(value))

    def named(self) -> Iterator[tuple[str, nn.Parameter]]:
        """Yield ("q.A", (r, in)), ("q.B", (out, r)), ..."""
        for place in self.places:
            for letter in "AB":
                yield f"{place.target}.{letter}", getattr(self, f"{letter}_{place.target}")

    def forward(self, weight: Tensor) -> Tensor:  # (out, in) -> (out, in)
        parts, done = [], 0
        for place in self.places:
            a, b = getattr(self, f"A_{place.target}"), getattr(self, f"B_{place.target}")
            if done < place.first:
                parts.append(weight[done : place.first])
            product = cast(Tensor, b @ a)
            parts.append(torch.add(weight[place.first : place.last], product, alpha=self.lora.scale))
            done = place.last
        if done < len(weight):
            parts.append(weight[done:])
        return parts[0] if len(parts) == 1 else torch.cat(parts)


def _of(path: str, part: nn.Module) -> Iterator[Place]:
    """Return the targets in one module, in the order of their rows."""
    if isinstance(part, Attention):
        d = part.weight_qkv.shape[1]
        queries, keys = part.n_heads * part.d_head, part.n_kv_heads * part.d_head
        yield Place(path, "weight_qkv", "q", 0, queries, d)
        yield Place(path, "weight_qkv", "k", queries, queries + keys, d)
        yield Place(path, "weight_qkv", "v", queries + keys, queries + 2 * keys, d)
        yield Place(path, "weight_o", "o", 0, *part.weight_o.shape)
    elif isinstance(part, FeedForward):
        rows, d = part.weight_in.shape
        if part.gated:
            yield Place(path, "weight_in", "gate", 0, part.d_mlp, d)
        yield Place(path, "weight_in", "in", rows - part.d_mlp, rows, d)
        yield Place(path, "weight_out", "out", 0, *part.weight_out.shape)


def _fitting(model: nn.Module, adapter: Adapter) -> list[Place]:
    found = places(model, adapter.lora)
    wanted = {
        f"{place.key}.{letter}": shape
        for place in found
        for letter, shape in place.shapes(adapter.lora.rank).items()
    }
    given = {name: tuple(value.shape) for name, value in adapter.tensors.items()}
    for name in sorted({*wanted, *given}):
        if wanted.get(name) != given.get(name):
            raise ValueError(
                f"this adapter is of another model: {name} has the shape {given.get(name, 'none')}, "
                f"here {wanted.get(name, 'none')} is wanted"
            )
    return found


@torch.no_grad()
def _added(model: Model, adapter: Adapter, sign: float) -> Model:
    wanted = _fitting(model, adapter)
    plain = sharing(model)
    fresh: dict[str, nn.Parameter] = {}
    for place in wanted:
        part = plain.get_submodule(place.path)
        if place.name not in fresh:
            own = getattr(part, place.weight).detach().clone()
            fresh[place.name] = nn.Parameter(own, requires_grad=False)
            setattr(part, place.weight, fresh[place.name])
        rows = fresh[place.name][place.first : place.last]
        rows.add_(adapter.product(place.key).to(rows), alpha=sign)
    return plain.eval()
