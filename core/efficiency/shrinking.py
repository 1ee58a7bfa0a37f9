"""Set-up of a compression run: the student with or without its teacher, or the pruned model with its masks."""

from __future__ import annotations

from core.efficiency.pruning import Masks
from core.efficiency.removal import removed
from core.efficiency.shrink_spec import STUDENTS, ShrinkSpec, check_decoder, student_of
from core.language_model import LanguageModel
from core.training.distillation import Distiller
from core.training.retraining import Retrainer
from core.training.trainer import Trainer


def trainer_of(spec: ShrinkSpec, base: LanguageModel) -> Trainer:
    """Build the trainer of `spec`, before its first step.

    Args:
        base: the model that is made smaller; it is not touched.

    Raises:
        ValueError: the base is no decoder, or too small; a sparsity that leaves nothing; and as `Trainer`.
    """
    check_decoder(base.config)
    if spec.way in STUDENTS:
        training = spec.training(student_of(base.config))
        if spec.way == "alone":
            return Trainer(training, tokenizer=base.tokenizer)
        return Distiller(training, base, spec.temperature, spec.hard)
    small, masks = cut_back(spec, base)
    return Retrainer(spec.training(small.config), small, masks)


def cut_back(spec: ShrinkSpec, base: LanguageModel) -> tuple[LanguageModel, Masks]:
    """Prune the base as `spec` says, before any retraining, and return the masks that hold it so (see `removed`).

    Raises:
        ValueError: the spec is a student's, a sparsity that leaves nothing, or heads that cannot be removed.
    """
    if spec.way not in ("magnitude", "structured"):
        raise ValueError(f"way={spec.way!r} trains a student: nothing is removed")
    return removed(base, spec.way, spec.sparsity, spec.scope)


def masks_of(spec: ShrinkSpec, base: LanguageModel) -> Masks:
    """Return the masks of a run's model; {}: none. Raises as `cut_back`, but for a student's spec."""
    return {} if spec.way in STUDENTS else cut_back(spec, base)[1]
