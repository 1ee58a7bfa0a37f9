"""Optimizers of a training run: the assignment of weights, precision, steps, and resumable state."""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.optim import SGD, Adam, AdamW
from torch.optim import Optimizer as TorchOptimizer

from core.config import ModelConfig
from core.costs.weights import matrix_weights, parameters
from core.precision import choose
from core.training import fast_cpu
from core.training.eager import without_compiler
from core.training.muon import Muon
from core.training.spec import OptimizerKind, TrainSpec


@dataclass(frozen=True)
class Moved:
    """One step: the Euclidean length of the gradient, before clipping, and of the update."""

    gradient: float
    update: float


@dataclass(frozen=True)
class Groups:
    """The weights of a model by what they are, each under its name.

    matrices: inside the blocks, and the dense layer before BERT's unembedding or classes.   tables: token, position and
    sentence vectors, relative biases.   head: an unembedding of its own, or classes.   vectors: gains and biases.
    """

    matrices: dict[str, nn.Parameter]
    tables: dict[str, nn.Parameter]
    head: dict[str, nn.Parameter]
    vectors: dict[str, nn.Parameter]

    @classmethod
    def of(cls, model: nn.Module) -> Groups:
        """Sort the weights of `model`; one that is shared is counted once."""
        groups = cls({}, {}, {}, {})
        for name, weight in model.named_parameters():
            if weight.ndim < 2:
                groups.vectors[name] = weight
            elif "blocks." in name or "mlm_head" in name or name.endswith("label_head.weight_pool"):
                groups.matrices[name] = weight
            elif name.endswith(("unembed.weight", "label_head.weight")):
                groups.head[name] = weight
            else:
                groups.tables[name] = weight
        return groups


def numbers_kept(config: ModelConfig, kind: OptimizerKind) -> float:
    """Count the numbers that an optimizer keeps of a weight from step to step, on average over a model's weights.

    None in plain gradient descent; the velocity with momentum; both moments in Adam and AdamW; Muon keeps the velocity
    of the matrices and is Adam for everything else (`Groups`).
    """
    if kind != "muon":
        return {"sgd": 0.0, "momentum": 1.0, "adam": 2.0, "adamw": 2.0}[kind]
    # Outside the blocks Muon moves these (d, d) matrices.
    squares = config.mlm_head + (config.head == "sequence")
    matrices = matrix_weights(config) + squares * config.d_model**2
    rest = parameters(config) - matrices
    return (matrices + 2 * rest) / (matrices + rest)


class Optimizer:
    """The optimizer of `model` by a spec. The model keeps float32 weights, which are shown, measured and saved.

    `working` is what to run forward and backward: the model itself, or, in bfloat16, a copy of it that is renewed after
    each step, so that each weight is rounded once a step and everything between is half as wide.

    Args:
        model: float32, on its device, its first values set.
    """

    def __init__(self, model: nn.Module, spec: TrainSpec) -> None:
        self.model, self.spec = model, spec
        half = choose(spec.precision, next(model.parameters()).device) == "bfloat16"
        self.working = copy.deepcopy(model).to(torch.bfloat16) if half else model
        fast_cpu.put_in(self.working)
        self.groups = Groups.of(model)
        products = torch.bfloat16 if half else torch.float32
        self.torch = _build(self.groups, model.config, spec, products)  # type: ignore[arg-type]
        self._names: dict[Tensor, str] = {weight: name for name, weight in model.named_parameters()}
        self._rates = [group["lr"] for optimizer in self.torch for group in optimizer.param_groups]

    def step(self, share: float = 1.0, *, watch: bool = True) -> Moved:
        """Update every weight by the gradients in `working`, and clear those. Non-finite gradients change nothing.

        Args:
            share: of every learning rate's first value, what a schedule says of this step.
            watch: measure the length of the move, too; otherwise it is NaN.
        """
        self._gather()
        gradients = [weight.grad for weight in self._names if weight.grad is not None]
        gradient = _length(gradients)
        if not math.isfinite(gradient):
            self._drop()
            return Moved(gradient, 0.0)
        if self.spec.clip and gradient > self.spec.clip:
            torch._foreach_mul_(gradients, self.spec.clip / gradient)
        rates = iter(self._rates)
        squares = 0.0
        for optimizer in self.torch:
            for group in optimizer.param_groups:
                group["lr"] = share * next(rates)
            squares += self._move(optimizer, watch) ** 2
        self._drop()
        self._renew()
        return Moved(gradient, math.sqrt(squares) if watch else math.nan)

    def _drop(self) -> None:
        for weight in self._names:
            weight.grad = None

    def state(self) -> dict[str, Tensor]:
        """Return all state that the next step depends on besides weights, gradients and `share`: names -> copies."""
        return {
            f"{kind}.{self._names[weight]}": value.detach().clone()
            for optimizer in self.torch
            for weight, kept in optimizer.state.items()
            for kind, value in kept.items()
            if isinstance(value, Tensor)
        }

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Resume from the result of `state`. The model's weights must be those of that moment already.

        Raises:
            ValueError: the tensors belong to another model or another optimizer; the message names one.
        """
        weights = {name: weight for weight, name in self._names.items()}
        homes = {
            name: optimizer
            for optimizer in self.torch
            for group in optimizer.param_groups
            for name in (self._names[weight] for weight in group["params"])
        }
        for optimizer in self.torch:
            optimizer.state.clear()
        for key, value in tensors.items():
            kind, _, name = key.partition(".")
            if name not in homes:
                raise ValueError(f"this optimizer's state holds {key}, but the model has no weight {name!r}")
            weight = weights[name]
            if value.ndim and value.shape != weight.shape:
                raise ValueError(
                    f"{key} has the shape {tuple(value.shape)}, its weight {tuple(weight.shape)}"
                )
            homes[name].state[weight][kind] = value.detach().clone().to(weight.device)
        self._renew()

    def _gather(self) -> None:
        """Copy the gradients of the working copy, in float32, to the model's own weights."""
        if self.working is self.model:
            return
        for mine, worked in zip(self.model.parameters(), self.working.parameters(), strict=True):
            mine.grad = None if worked.grad is None else worked.grad.float()
            worked.grad = None

    @torch.no_grad()
    def _renew(self) -> None:
        if self.working is not self.model:
            torch._foreach_copy_(list(self.working.parameters()), list(self.model.parameters()))

    def _move(self, optimizer: TorchOptimizer, watch: bool) -> float:
        if isinstance(optimizer, Muon):
            return optimizer.step()
        if not watch:
            optimizer.step()
            return 0.0
        weights = [weight for group in optimizer.param_groups for weight in group["params"]]
        with torch.no_grad():
            before = [weight.clone() for weight in weights]
            optimizer.step()
            torch._foreach_sub_(before, weights)
        return _length(before)


def _length(parts: list[Tensor]) -> float:
    """Compute the Euclidean length of several tensors as one vector."""
    if not parts:
        return 0.0
    return float(torch.linalg.vector_norm(torch.stack(list(torch._foreach_norm(parts)))))


def _build(
    groups: Groups, config: ModelConfig, spec: TrainSpec, products: torch.dtype
) -> list[TorchOptimizer]:
    """Build the optimizers of `spec.optimizer`: torch's own, except for Muon, whose other weights Adam updates.

    products: the type that Muon multiplies in.
    """
    without_compiler()
    tables, head, vectors = (list(part.values()) for part in (groups.tables, groups.head, groups.vectors))
    matrices = list(groups.matrices.values())
    betas = (spec.beta1, spec.beta2)
    if spec.optimizer == "muon":
        rates = ((tables, spec.embed_rate), (head, spec.head_rate), (vectors, spec.embed_rate))
        rest = [{"params": weights, "lr": rate} for weights, rate in rates if weights]
        adam = [Adam(rest, betas=betas, eps=1e-10, fused=True)] if rest else []
        if not matrices:
            return list(adam)
        muon = Muon(
            matrices,
            lr=spec.learning_rate,
            momentum=spec.momentum,
            weight_decay=spec.weight_decay,
            polar=spec.polar,
            pieces=_pieces(groups.matrices, config),
            products=products,
        )
        return [muon, *adam]
    # Gains and biases are few and set scales: weight decay is not meant for them (Brown et al. 2020).
    decayed = [
        {"params": weights, "weight_decay": decay}
        for weights, decay in (([*matrices, *tables, *head], spec.weight_decay), (vectors, 0.0))
        if weights
    ]
    rate = spec.learning_rate
    if spec.optimizer == "adamw":
        return [AdamW(decayed, lr=rate, betas=betas, fused=True)]
    if spec.optimizer == "adam":
        return [Adam(decayed, lr=rate, betas=betas, fused=True)]
    return [
        SGD(decayed, lr=rate, momentum=spec.momentum if spec.optimizer == "momentum" else 0.0, fused=True)
    ]


def _pieces(matrices: Mapping[str, nn.Parameter], config: ModelConfig) -> dict[nn.Parameter, tuple[int, ...]]:
    """Split fused matrices into their parts by rows: queries, keys, values; gate and inward."""
    queries, keys = config.n_heads * config.head_size, config.kv_heads * config.head_size
    rows: dict[str, tuple[int, ...]] = {"weight_qkv": (queries, keys, keys)}
    if config.gated:
        rows["weight_in"] = (config.mlp_size, config.mlp_size)
    named = {name: rows.get(name.rsplit(".", 1)[-1]) for name in matrices}
    return {matrices[name]: parts for name, parts in named.items() if parts is not None}
