"""The loss of training: cross-entropy of the tokens that came, in one pass over the logits."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

UNSCORED = -100  # a target that is not scored, as in torch.nn.functional.cross_entropy


class _CrossEntropy(torch.autograd.Function):
    """Mean of -log p(target), with its gradient p - onehot kept instead of the logits: one buffer, no second softmax.

    torch's own pair of kernels reads and writes (N, V) some eight times, in float32; this one three times.
    """

    @staticmethod
    def forward(ctx: Any, logits: Tensor, targets: Tensor, smoothing: float) -> Tensor:  # (N, V), (N,)
        log_p = torch.log_softmax(logits, dim=-1, dtype=torch.float32)  # (N, V)
        scored = targets != UNSCORED
        count = scored.sum()
        place = targets.where(scored, 0)[:, None]  # (N, 1)
        loss = -log_p.gather(1, place)[:, 0]  # (N,)
        if smoothing:
            loss = (1 - smoothing) * loss - smoothing * log_p.mean(dim=-1)
        if ctx.needs_input_grad[0]:
            gradient = log_p.exp_()
            if smoothing:
                gradient.sub_(smoothing / logits.shape[1])
            gradient.scatter_add_(1, place, gradient.new_full((1, 1), smoothing - 1.0).expand_as(place))
            gradient.mul_((scored / count)[:, None])
            ctx.save_for_backward(gradient.to(logits.dtype))
        return loss.where(scored, 0.0).sum() / count

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor) -> tuple[Tensor, None, None]:
        return ctx.saved_tensors[0] * outer.to(ctx.saved_tensors[0].dtype), None, None


def cross_entropy(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Tensor:
    """Compute the mean cross-entropy in nats: logits (..., V) of any float, targets (...) with -100 where not scored.

    With label smoothing s the wanted distribution is (1 - s) on the target and s / V on every token (Szegedy et al.
    2016, section 7). Computed in float32. NaN where nothing at all is scored, as in torch.
    """
    return _CrossEntropy.apply(logits.flatten(0, -2), targets.flatten(), smoothing)


def next_token_loss(model: nn.Module, rows: Tensor, smoothing: float = 0.0) -> Tensor:
    """Compute the mean cross-entropy of each next token, in nats.

    Rows (B, T + 1) -> scalar (Radford et al. 2018, section 3.1).
    """
    return cross_entropy(model(rows[:, :-1]), rows[:, 1:], smoothing)
