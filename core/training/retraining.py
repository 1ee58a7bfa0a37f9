"""Retraining of a pruned model, with the removed weights held at zero.

Han et al. 2015, "Learning both Weights and Connections", section 3.2: the weights that stay begin from their values,
not from new ones. Masks hold them: before each step the gradients of removed weights are dropped, and after it those
weights are zero again, whatever the optimizer remembered. Where heads
and neurons were taken out, there is nothing to hold.
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from core.language_model import LanguageModel
from core.training.optimizers import Optimizer
from core.training.spec import TrainSpec
from core.training.trainer import Trainer


class MaskedOptimizer(Optimizer):
    """An optimizer under which masked weights stay zero.

    Args:
        masks: name -> bool of the weight's shape, False where it is removed.

    Raises:
        ValueError: a mask for no weight, or of another shape.
    """

    def __init__(self, model: nn.Module, spec: TrainSpec, masks: Mapping[str, Tensor]) -> None:
        weights = dict(model.named_parameters())
        self._held = []
        for name, mask in masks.items():
            if name not in weights or weights[name].shape != mask.shape:
                raise ValueError(f"the mask of {name} fits no weight of this model")
            self._held.append((weights[name], mask.to(weights[name].device)))
        super().__init__(model, spec)
        self._renew()

    def _gather(self) -> None:
        super()._gather()
        for weight, mask in self._held:
            if weight.grad is not None:
                weight.grad.mul_(mask)

    @torch.no_grad()
    def _renew(self) -> None:
        for weight, mask in self._held:
            weight.mul_(mask)
        super()._renew()


class Retrainer(Trainer):
    """A run of `spec` that begins with a pruned model.

    Args:
        spec: of the model's own shape (see `core.efficiency.shrink_spec`).
        pruned: the model as it was pruned; it is not touched.
        masks: of its matrices; {}: none is held.

    Raises:
        ValueError: the spec is of another shape, or a mask fits no weight; and as `Trainer`.
    """

    def __init__(self, spec: TrainSpec, pruned: LanguageModel, masks: Mapping[str, Tensor]) -> None:
        weights = {name: value.detach().float() for name, value in pruned.transformer.state_dict().items()}
        super().__init__(spec, tokenizer=pruned.tokenizer, weights=weights)
        self.optimizer = MaskedOptimizer(self.model, spec, masks)
        self._working = self.optimizer.working
        self._parts = list(self.optimizer.working.modules())
