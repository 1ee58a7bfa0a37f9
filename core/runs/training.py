"""Training of a language model as a kind of run: `core.training.trainer` with its checkpoints."""

from __future__ import annotations

import copy
import dataclasses
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from core.messages import mark
from core.runs.continuation import continue_exactly, model_weights, pack_checkpoint
from core.runs.kinds import Reached, Start
from core.runs.lease import Moment

if TYPE_CHECKING:
    from torch import Tensor

    from core.training.estimates import Estimate
    from core.training.spec import TrainSpec
    from core.training.trainer import Trainer

T = TypeVar("T")
log = logging.getLogger("glassbox.runs")
LIGHTER = (
    mark("choose fewer blocks, a smaller width, vocabulary, context or batch"),
    mark("choose fewer steps, a smaller batch or a smaller model"),
)


def begin(spec: TrainSpec, text: str | None, state: bytes | None, start: Start) -> Trained:
    """Begin or resume the trainer: from the run's last state, from its parent's weights, or from scratch."""
    from core.training.state import State
    from core.training.trainer import Trainer

    if state is not None:
        trainer = Trainer.resume(spec, State.from_bytes(state), text)
    elif (parent := start()) is not None:
        trainer = _fork(spec, text, *parent[:2])
    else:
        trainer = Trainer(spec, text=text)
    return Trained(trainer, forks=True)


def estimate(spec: TrainSpec, text: str | None = None) -> Estimate:
    """Estimate the cost of training: `core.training.estimates.estimate`."""
    from core.training.estimates import estimate

    return estimate(spec, characters=None if text is None else len(text))


class Trained:
    """The work of a trainer.

    Args:
        forks: its checkpoints hold the optimizer's state, so that a fork goes on exactly.
    """

    def __init__(self, trainer: Trainer, forks: bool = False) -> None:
        self.trainer, self.forks = trainer, forks

    @property
    def done_steps(self) -> int:
        return self.trainer.done_steps

    @property
    def done(self) -> bool:
        return self.trainer.done

    @property
    def ended(self) -> str:
        return self.trainer.ended

    @property
    def checkpoint_steps(self) -> Sequence[int]:
        return tuple(self.trainer.checkpoint_steps)

    def step(self) -> Reached:
        """Take the next step of the optimizer."""
        point = self.trainer.step()
        return Reached(
            point.step, point.loss, point.learning_rate, point.gradient_norm, point.update_norm, point.tokens,
            point.seconds, point.held_out,
        )  # fmt: skip

    def moment(self, held_out: float | None = None) -> Moment:
        """Build the checkpoint of the present model."""
        return moment(self.trainer, held_out, self._optimizer())

    def glance(self) -> Callable[[], Moment]:
        """Copy the present model."""
        picture, optimizer = still(self.trainer), self._optimizer()
        return lambda: moment(picture, optimizer=optimizer)

    def _optimizer(self) -> dict[str, Tensor] | None:
        return self.trainer.optimizer.state() if self.forks else None

    def state(self) -> bytes:
        """Return weights, the optimizer's state, the step."""
        return self.trainer.state().to_bytes()

    def about(self) -> tuple[Mapping[str, Any], str]:
        """Return the model's configuration and the tokenizer."""
        return self.trainer.config.to_dict(), self.trainer.tokenizer.raw.to_str()


def _fork(spec: TrainSpec, text: str | None, weights: bytes, tokenizer: str) -> Trainer:
    import tokenizers
    from safetensors.torch import load

    from core.text.tokenizer import Tokenizer
    from core.training.trainer import Trainer

    words = Tokenizer(tokenizers.Tokenizer.from_str(tokenizer))
    trainer = Trainer(spec, text=text, tokenizer=words, weights=model_weights(load(weights)))
    continue_exactly(trainer, weights)
    return trainer


def still(trainer: Trainer) -> Trainer:
    """Copy a trainer with its present weights, to be measured while the real one goes on."""
    picture = copy.copy(trainer)
    picture.model = copy.deepcopy(trainer.model)
    picture.language_model = dataclasses.replace(trainer.language_model, transformer=picture.model)
    return picture


def moment(
    trainer: Trainer, held_out: float | None = None, optimizer: Mapping[str, Tensor] | None = None
) -> Moment:
    """Build the checkpoint of the present model: weights, held-out loss (if it is not known), sample, maps, health.

    Args:
        optimizer: its state, stored with the weights of a small model, so that a fork goes on exactly.

    Under a dial the health has "pronouns": the gap by profession, see `core.analysis.tasks.pronoun_gap.by_profession`.
    """
    from core.analysis.health.training_health import measure
    from core.runs import samples

    pronouns = _unless_broken(lambda: _pronouns(trainer)) if trainer.spec.dial else None
    weights = {
        name: weight.detach().to("cpu").contiguous() for name, weight in trainer.model.named_parameters()
    }
    return Moment(
        step=trainer.done_steps,
        held_out=_unless_broken(trainer.held_out_loss) if held_out is None else held_out,
        sample=_unless_broken(lambda: samples.sample(trainer)) or "",
        health=(_unless_broken(lambda: measure(trainer)) or {})
        | ({"pronouns": pronouns} if pronouns else {}),
        weights=pack_checkpoint(trainer, weights, optimizer),
        maps=_unless_broken(lambda: samples.maps(trainer)),
    )


def _pronouns(trainer: Trainer) -> dict[str, Any]:
    from core.analysis.tasks.pronoun_gap import by_profession

    return by_profession(trainer.language_model, [job for job, _ in trainer.spec.dial])


def _unless_broken(look: Callable[[], T]) -> T | None:
    """Return a measurement; None where the weights are too large for it to be computed."""
    try:
        return look()
    except (ArithmeticError, RuntimeError, ValueError):
        log.warning("A checkpoint lacks a part", exc_info=True)
        return None
