"""Distillation: a small model is trained on a large one's distribution of every next token, not only on the token.

Hinton, Vinyals and Dean 2015, "Distilling the Knowledge in a Neural Network", section 2: both models' logits are
divided by a temperature T, so that small probabilities count, too; the student's softened distribution is pulled to the
teacher's, and the plain cross-entropy is mixed in. T^2 keeps the two gradients comparable when T changes.
"""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd.function import once_differentiable

from core.language_model import LanguageModel
from core.model.transformer import Transformer
from core.training.loss import UNSCORED
from core.training.objectives import Example
from core.training.spec import TrainSpec
from core.training.trainer import Trainer

HOTTEST = 20.0  # the highest temperature of the paper's own experiments


class _Distilled(torch.autograd.Function):
    """h CE + (1 - h) T^2 KL and its gradient h (q - onehot) + (1 - h) T (q_T - p_T), over the scored places."""

    @staticmethod
    def forward(
        ctx: Any, student: Tensor, teacher: Tensor, targets: Tensor, temperature: float, hard: float
    ) -> tuple[Tensor, Tensor]:  # (N, V), (N, V), (N,) -> the loss, and its cross-entropy part
        wide = torch.float64 if student.dtype == torch.float64 else torch.float32
        scored = targets != UNSCORED
        count = scored.sum()
        place = targets.where(scored, 0)[:, None]  # (N, 1)
        q = torch.log_softmax(student, dim=-1, dtype=wide)  # (N, V)
        plain = (-q.gather(1, place)[:, 0]).where(scored, 0.0).sum() / count
        soft_q = torch.log_softmax(student.to(wide) / temperature, dim=-1)  # (N, V)
        soft_p = torch.log_softmax(teacher.to(wide) / temperature, dim=-1)  # (N, V)
        p = soft_p.exp()
        kl = (p * (soft_p - soft_q)).sum(-1).where(scored, 0.0).sum() / count
        if ctx.needs_input_grad[0]:
            gradient = soft_q.exp_().sub_(p).mul_((1 - hard) * temperature)
            q.exp_().scatter_add_(1, place, q.new_full((1, 1), -1.0).expand_as(place))
            gradient.add_(q, alpha=hard).mul_((scored.to(wide) / count)[:, None])
            ctx.save_for_backward(gradient.to(student.dtype))
        ctx.mark_non_differentiable(plain)
        return hard * plain + (1 - hard) * temperature**2 * kl, plain

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, outer: Tensor, _: Tensor) -> tuple[Tensor, None, None, None, None]:
        return ctx.saved_tensors[0] * outer.to(ctx.saved_tensors[0].dtype), None, None, None, None


def distillation_loss(
    student: Tensor, teacher: Tensor, targets: Tensor, temperature: float = 2.0, hard: float = 0.5
) -> tuple[Tensor, Tensor]:
    """Compute hard * CE(student, targets) + (1 - hard) * T^2 * KL(teacher_T || student_T).

    In nats, a mean over scored positions.

    Args:
        student, teacher: logits (..., V); no gradient goes to the teacher.
        targets: (...) ids, -100 where nothing is scored.
        temperature: T, by which both models' logits are divided in the second term.
        hard: the share of the first term; 1: no teacher at all, 0: nothing but the teacher.

    Returns:
        the loss, a scalar, and the student's cross-entropy alone (without gradient), which runs are compared by.

    Raises:
        ValueError: another vocabulary, a temperature that is not above 0, or a share outside 0..1.
    """
    check(temperature, hard)
    if student.shape != teacher.shape:
        raise ValueError(
            f"the student says {student.shape[-1]:,} numbers a place and the teacher {teacher.shape[-1]:,}: "
            "both need the same vocabulary and the same rows"
        )
    both: tuple[Tensor, Tensor] = _Distilled.apply(
        student.flatten(0, -2), teacher.detach().flatten(0, -2), targets.flatten(), temperature, hard
    )
    return both


def check(temperature: float, hard: float) -> None:
    """Check temperature and share of the plain loss. Raises ValueError: one is out of range."""
    if not 0 < temperature <= HOTTEST:
        raise ValueError(f"temperature={temperature:g} must be above 0 and at most {HOTTEST:g}")
    if not 0 <= hard <= 1:
        raise ValueError(f"hard={hard:g} is the share of the plain loss: give a number between 0 and 1")


class Distiller(Trainer):
    """A run of `spec` with a teacher: the same rows, first weights and steps as `Trainer(spec, tokenizer=...)` has.

    The loss of its points is the student's plain cross-entropy, so that curves with and without a teacher compare.

    Args:
        spec: the student's; next tokens of a decoder.
        teacher: a decoder; it is not touched. The student takes its tokenizer.
        temperature, hard: see `distillation_loss`.

    Raises:
        ValueError: the teacher is no decoder, or reads rows shorter than the student's; and as `Trainer`.
    """

    def __init__(
        self, spec: TrainSpec, teacher: LanguageModel, temperature: float = 2.0, hard: float = 0.5
    ) -> None:
        check(temperature, hard)
        if teacher.config.shape != "decoder":
            raise ValueError(f"a teacher of next tokens is a decoder, not a {teacher.config.shape}")
        super().__init__(spec, tokenizer=teacher.tokenizer)
        if self.context > teacher.config.n_ctx:
            raise ValueError(
                f"rows of {self.context} tokens are longer than the {teacher.config.n_ctx} that the teacher reads"
            )
        self.temperature, self.hard = temperature, hard
        self.teacher = _frozen(teacher.transformer, self._working).to(self.device)

    def backward(self, examples: list[Example], step: int) -> float:
        super().backward(examples, step)
        return self._plain.item()

    def _loss(self, example: Example) -> Tensor:
        with torch.no_grad():
            told = self.teacher(example.inputs)  # (B, T, V)
        said = self._working(example.inputs)  # (B, T, V)
        loss, self._plain = distillation_loss(said, told, example.targets, self.temperature, self.hard)
        return loss


def _frozen(teacher: nn.Module, student: nn.Module) -> Transformer:
    """Copy the teacher without gradients, in the precision that the student computes in."""
    model: Transformer = copy.deepcopy(teacher).eval()  # type: ignore[assignment]
    for weight in model.parameters():
        weight.requires_grad_(False)
    return model.to(next(student.parameters()).dtype)
