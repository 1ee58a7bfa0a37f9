"""One step of gradient descent on one text: the smallest possible training run."""

from __future__ import annotations

import torch

from core.language_model import LanguageModel
from core.training.text_loss import text_loss, trainable


def one_step(
    lm: LanguageModel, text: str, target: str | None = None, *, rate: float = 0.1
) -> tuple[float, float]:
    """Compute the loss of `text` before and after w <- w - rate * gradient, in nats per token; `lm` stays as it is.

    Args:
        target: of an encoder-decoder, what it should write (see `text_loss`).
        rate: the learning rate.
    """
    model = trainable(lm)
    measure = text_loss(lm, text, target)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    with torch.enable_grad():
        before = measure(model)
        gradients = torch.autograd.grad(before, weights, allow_unused=True)
    with torch.inference_mode():
        for weight, gradient in zip(weights, gradients):
            if gradient is not None:
                weight.sub_(gradient, alpha=rate)
        return float(before), float(measure(model))
