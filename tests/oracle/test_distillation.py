"""The loss of distillation against torch's own divergence and cross-entropy, in value and in gradient."""

from __future__ import annotations

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from core.training.distillation import distillation_loss
from core.training.loss import UNSCORED

B, T, V = 3, 5, 17


def drawn() -> tuple[Tensor, Tensor, Tensor]:
    draw = torch.Generator().manual_seed(4)
    student = (3 * torch.randn(B, T, V, generator=draw, dtype=torch.float64)).requires_grad_(True)
    teacher = 4 * torch.randn(B, T, V, generator=draw, dtype=torch.float64)
    targets = torch.randint(V, (B, T), generator=draw)
    targets[1, 2:] = UNSCORED
    return student, teacher, targets


def theirs(student: Tensor, teacher: Tensor, targets: Tensor, temperature: float, hard: float) -> Tensor:
    """Hinton et al. 2015, section 2, written with torch's functions."""
    said, told, wanted = student.flatten(0, 1), teacher.flatten(0, 1), targets.flatten()
    kept = wanted != UNSCORED
    soft = F.kl_div(
        F.log_softmax(said[kept] / temperature, dim=-1),
        F.softmax(told[kept] / temperature, dim=-1),
        reduction="batchmean",
    )
    return hard * F.cross_entropy(said, wanted, ignore_index=UNSCORED) + (1 - hard) * temperature**2 * soft


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0, 7.0])
@pytest.mark.parametrize("hard", [0.0, 0.3, 1.0])
def test_value_and_gradient(temperature: float, hard: float) -> None:
    student, teacher, targets = drawn()
    loss, plain = distillation_loss(student, teacher, targets, temperature, hard)
    (2.5 * loss).backward()
    found = student.grad.clone()  # type: ignore[union-attr]
    student.grad = None
    wanted = theirs(student, teacher, targets, temperature, hard)
    (2.5 * wanted).backward()
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-12)
    torch.testing.assert_close(found, student.grad, rtol=1e-10, atol=1e-14)
    alone = F.cross_entropy(student.flatten(0, 1), targets.flatten(), ignore_index=UNSCORED)
    assert plain.item() == pytest.approx(alone.item(), rel=1e-12) and not plain.requires_grad


def test_the_comparison_tells_a_forgotten_square_and_swapped_models() -> None:
    student, teacher, targets = drawn()
    loss, _ = distillation_loss(student, teacher, targets, 2.0, 0.3)
    right = theirs(student, teacher, targets, 2.0, 0.3)
    swapped = theirs(teacher, student, targets, 2.0, 0.3)
    hot = theirs(student, teacher, targets, 1.0, 0.3)
    assert abs(loss - right) < 1e-12 < 1e-3 < min(abs(loss - swapped), abs(loss - hot))


def test_gradients_by_differences() -> None:
    student, teacher, targets = drawn()
    assert torch.autograd.gradcheck(lambda x: distillation_loss(x, teacher, targets, 3.0, 0.4)[0], (student,))


def test_half_precision_is_near() -> None:
    student, teacher, targets = drawn()
    loss, _ = distillation_loss(student.bfloat16(), teacher.bfloat16(), targets, 2.0, 0.5)
    assert loss.item() == pytest.approx(theirs(student, teacher, targets, 2.0, 0.5).item(), rel=0.02)


def test_the_teacher_gets_no_gradient() -> None:
    student, teacher, targets = drawn()
    teacher.requires_grad_(True)
    distillation_loss(student, teacher, targets)[0].backward()
    assert teacher.grad is None
