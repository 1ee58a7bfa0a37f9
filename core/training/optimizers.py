"""Which optimizer moves which weight: Muon the matrices inside the blocks, Adam the rest."""

from __future__ import annotations

from torch import nn
from torch.optim import Adam, Muon, Optimizer

from core.training.spec import TrainSpec


def build_optimizers(model: nn.Module, spec: TrainSpec) -> list[Optimizer]:
    """Muon (Jordan et al. 2024) on every matrix of a block, Adam (Kingma & Ba 2015) on tables, head, gains and biases.

    The rates of both are those at the first step; `set_rate` lowers them together.
    """
    matrices: list[nn.Parameter] = []
    tables: list[nn.Parameter] = []
    head: list[nn.Parameter] = []
    vectors: list[nn.Parameter] = []
    for name, weight in model.named_parameters():
        if weight.ndim < 2:
            vectors.append(weight)
        elif "blocks." in name or name.startswith("mlm_head"):
            matrices.append(weight)
        else:
            (head if name.endswith("unembed.weight") else tables).append(weight)
    groups = [(tables, spec.embed_rate), (head, spec.head_rate), (vectors, spec.embed_rate)]
    adam = Adam(
        [{"params": weights, "lr": rate} for weights, rate in groups if weights], betas=(0.9, 0.98), eps=1e-10
    )
    muon = Muon(matrices, lr=spec.learning_rate, momentum=0.95, nesterov=True, weight_decay=0.0)
    for optimizer in (muon, adam):
        for group in optimizer.param_groups:
            group["initial_lr"] = group["lr"]
    return [muon, adam]


def set_rate(optimizers: list[Optimizer], share: float) -> None:
    """Set every learning rate to `share` of its first value."""
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["lr"] = share * group["initial_lr"]
