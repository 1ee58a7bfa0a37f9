"""Compression as a kind of run: a student with or without teacher, or a pruned model that is retrained."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from core.messages import mark
from core.runs.kinds import Start
from core.runs.training import Trained

if TYPE_CHECKING:
    from core.config import ModelConfig
    from core.efficiency.shrink_spec import ShrinkSpec
    from core.language_model import LanguageModel
    from core.training.estimates import Estimate

LIGHTER = (mark("choose a smaller batch, or shorter rows"), mark("choose fewer steps, or a smaller batch"))
_TEACHER = 1 / 3  # of a training step of the teacher's size: its forward pass


def begin(spec: ShrinkSpec, text: str | None, state: bytes | None, start: Start) -> Trained:
    """Begin or resume the work: from its last state, or before the first step.

    Raises:
        ValueError: the base is no decoder or too small, nothing would be left of it, or the state is another run's.
    """
    from core.efficiency.shrinking import trainer_of
    from core.runs.bases import begun
    from core.training.state import State

    trainer = trainer_of(spec, begun(spec.parent, start) if spec.parent else bundled_base(spec.base))
    if state is not None:
        trainer.restore(State.from_bytes(state))
    return Trained(trainer)


@lru_cache(maxsize=2)
def bundled_base(name: str) -> LanguageModel:
    """Load a bundled decoder, cached and read-only. Raises ValueError: there is none of that name."""
    from core.efficiency.shrink_spec import check_decoder
    from core.runs.bases import bundled_model

    lm = bundled_model(name)
    check_decoder(lm.config)
    return lm


def estimate(spec: ShrinkSpec, text: str | None = None) -> Estimate:
    """Estimate parameters, memory and seconds; for a base that is a run, as if it were tales-gpt.

    Raises:
        ValueError: the base is no decoder, or too small for a student.
    """
    from core.efficiency.shrink_spec import STUDENTS, student_of
    from core.training.estimates import Estimate, estimate, measured_rate

    base = bundled_base(spec.base or "tales-gpt")
    small = student_of(base.config) if spec.way in STUDENTS else _left(spec, base.config)
    cost = estimate(spec.training(small))
    if spec.way != "distilled":
        return cost
    teacher = estimate(spec.training(base.config))
    # softened distributions of both models, in float32
    logits = 4 * 6 * spec.batch_tokens * base.config.d_vocab
    told = _TEACHER * teacher.learning + spec.steps * logits / measured_rate().bytes
    return Estimate(
        cost.parameters,
        cost.bytes + 4 * base.n_parameters + logits,
        cost.seconds + told,
        cost.learning + told,
    )


def _left(spec: ShrinkSpec, config: ModelConfig) -> ModelConfig:
    """Estimate the configuration after pruning: only "structured" removes heads and neurons."""
    if spec.way != "structured":
        return config
    keys = max(1, round(config.kv_heads * (1 - spec.sparsity)))
    return config.replace(
        n_kv_heads=keys, n_heads=keys * (config.n_heads // config.kv_heads), d_head=config.head_size,
        d_mlp=max(1, round(config.mlp_size * (1 - spec.sparsity))),
    )  # fmt: skip
