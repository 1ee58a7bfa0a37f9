"""Fine-tuning as a kind of run, and its checkpoints as models that classify or answer.

A checkpoint holds what was learned and nothing else: of a LoRA run that is the adapter and the head, some kilobytes
beside the base's megabytes, so opening one needs the base, too.
"""

from __future__ import annotations

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.messages import mark
from core.runs.kinds import Reached, Start
from core.runs.lease import Moment
from core.runs.records import RunError

if TYPE_CHECKING:
    from core.config import ModelConfig
    from core.language_model import LanguageModel
    from core.training.estimates import Estimate
    from core.training.fine_tune_spec import FineTuneSpec
    from core.training.fine_tuning import FineTuner

LIGHTER = (
    mark("choose a smaller batch, or fewer examples"),
    mark("choose fewer steps, a smaller batch, or fewer measurements"),
)
_LENGTH = {"sentiment": 42, "questions": 108}  # average tokens of an example with padding
_BEGIN = 3.0  # seconds before the first step: examples are generated and tokenized
# Passes over the body that a step takes: forward one, backward two; adapters and a prompt have products of their own.
_PASSES = {"scratch": 3.0, "full": 3.0, "lora": 3.1, "prompt": 2.7, "frozen": 1.0}
_SHOWN = 60  # characters of the sample


def begin(spec: FineTuneSpec, text: str | None, state: bytes | None, start: Start) -> Tuning:
    """Begin or resume the work: from its last state, or before the first step.

    Raises:
        ValueError: the base is no encoder, the own lines cannot be learned from, or the state is another run's.
    """
    from core.runs.bases import begun
    from core.training.fine_tuning import FineTuner
    from core.training.state import State

    base = begun(spec.parent, start) if spec.parent else bundled_base(spec.base)
    tuner = FineTuner(spec, base, text)
    if state is not None:
        tuner.restore(State.from_bytes(state))
    return Tuning(tuner)


@lru_cache(maxsize=2)
def bundled_base(name: str) -> LanguageModel:
    """Load a bundled encoder, cached and read-only. Raises ValueError: there is none of that name."""
    from core.runs.bases import bundled_model
    from core.training.tuned import check_base

    return check_base(bundled_model(name))


def estimate(spec: FineTuneSpec, text: str | None = None) -> Estimate:
    """Estimate learned parameters, memory and seconds; for a base that is a run, as if it were tales-bert.

    Raises:
        ValueError: the own lines cannot be learned from; the message says why.
    """
    from core.training.estimates import Estimate
    from core.training.labelled import own_examples
    from core.training.tuned import count, task_config

    if text is not None:
        own_examples(text)
    base = bundled_base(spec.base or "tales-bert")
    config = task_config(spec, base.config)
    learned = count(spec, base.config).learned
    kept = 4 * spec.batch * _LENGTH[spec.task] * config.n_layers * (config.d_model * 8 + 2 * config.mlp_size)
    learning, looking = _seconds(spec, config, learned, kept)
    return Estimate(
        learned, 4 * (2 * base.n_parameters + 4 * learned) + 3 * kept, learning + looking, learning
    )


def _seconds(spec: FineTuneSpec, config: ModelConfig, learned: int, kept: int) -> tuple[float, float]:
    """Estimate the seconds of the steps, and of the rest: measurements, forgetting, start-up.

    Args:
        learned: numbers; kept: bytes of activations of a step.
    """
    from core.costs import row_flops
    from core.training.estimates import measured_rate
    from core.training.old_task import ROWS

    rate, length = measured_rate("float32"), _LENGTH[spec.task]
    row = row_flops(config, length)
    work = _PASSES[spec.way] * spec.batch * row, kept + 16 * learned, config.n_layers + 2
    looks = spec.steps // spec.eval_every + spec.checkpoints
    measure = rate.seconds(spec.held_out * row, kept / 3 * spec.held_out / spec.batch, 0)
    forgotten = rate.seconds(ROWS * row_flops(config, config.n_ctx), 0, config.n_layers)
    return spec.steps * rate.seconds(*work), _BEGIN + looks * measure + spec.checkpoints * forgotten


class Tuning:
    """The work of fine-tuning a model."""

    def __init__(self, tuner: FineTuner) -> None:
        self.tuner = tuner

    @property
    def done_steps(self) -> int:
        return self.tuner.done_steps

    @property
    def done(self) -> bool:
        return self.tuner.done

    @property
    def ended(self) -> str:
        return self.tuner.ended

    @property
    def checkpoint_steps(self) -> Sequence[int]:
        return self.tuner.checkpoint_steps

    def step(self) -> Reached:
        """Take the next step of the optimizer."""
        at = self.tuner.step()
        return Reached(
            at.step, at.loss, at.learning_rate, at.gradient_norm, at.update_norm, at.tokens, at.seconds, at.accuracy
        )  # fmt: skip

    def moment(self, held_out: float | None = None) -> Moment:
        """Build the checkpoint: the learned weights and their accuracy."""
        return _moment(self.tuner)

    def glance(self) -> Callable[[], Moment]:
        """Copy the present model."""
        picture = copy.copy(self.tuner)
        parts = (picture.model, picture.reader, picture.weights)
        picture.model, picture.reader, picture.weights = copy.deepcopy(parts)
        return lambda: _moment(picture)

    def state(self) -> bytes:
        """Return the learned weights, the optimizer's state, the step."""
        return self.tuner.state().to_bytes()

    def about(self) -> tuple[Mapping[str, Any], str]:
        """Return the configuration with its head, and the tokenizer."""
        return self.tuner.model.config.to_dict(), self.tuner.tokenizer.raw.to_str()


def _moment(tuner: FineTuner) -> Moment:
    from core.training.tuned import as_file

    found = tuner.result()
    return Moment(
        step=tuner.done_steps,
        held_out=found.accuracy.share,
        sample=_sample(tuner),
        health=dataclasses.asdict(found) | {"seconds": tuner.seconds},
        weights=as_file(tuner.spec, tuner.learned()),
    )


def _sample(tuner: FineTuner) -> str:
    """Format a held-out example with the model's answer: '... a lovely day. → positive'."""
    import torch

    from core.decoding.labels import best_spans
    from core.training.labelled import batch

    row = tuner.measured[0]
    with torch.inference_mode():
        given = batch([row]).to(tuner.device)
        said = tuner.reader(given.ids, mask=given.mask)[0]
    text = tuner.tokenizer.decode(row.ids, skip_special_tokens=True)
    if said.ndim == 1:
        answer = tuner.spec.labels[int(said.argmax())]
    else:
        start, end = said.log_softmax(0).unbind(-1)  # (T,) twice
        first, last, _ = best_spans(start, end, given.inside[0])[0]
        answer = tuner.tokenizer.decode(row.ids[first : last + 1])
    return f"{'…' if len(text) > _SHOWN else ''}{text[-_SHOWN:]} → {answer}"


def read_file(weights: bytes) -> dict[str, Any]:
    """Parse the learned weights, by name, from a checkpoint's bytes. Raises RunError: they are invalid."""
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return dict(load(weights))
    except SafetensorError as error:
        raise RunError(f"this checkpoint holds no weights: {error}") from error
