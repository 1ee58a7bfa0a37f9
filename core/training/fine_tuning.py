"""Fine-tuning: a pretrained encoder with a new head is trained on a task, in one of several ways (`FineTuneSpec.way`).

What was learned is small where the body stays: `FineTuner.learned` holds only the weights that moved. Forgetting is
measured on the old task: the body's masked-word loss on held-out tales, with the base's own unembedding put back.

All is float32: products in bfloat16 (torch.autocast) were timed where a processor is quick in them, and a step of these
models, of batches of 12 to 16 texts, took 0.93 to 1.12 of its time (AMD EPYC with AVX-512).
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.optim import AdamW

from core import zoo
from core.device import best_device
from core.diverged import Diverged
from core.language_model import LanguageModel
from core.model.transformer import Transformer
from core.training import labelled, lora, prompt_tuning
from core.training.eager import without_compiler
from core.training.fine_tune_spec import FineTuneSpec
from core.training.labelled import Batch, Example, right_of
from core.training.old_task import old_loss
from core.training.prompt_tuning import Prompted
from core.training.state import State
from core.training.tuned import HEAD, LORA, PROMPT, as_file, begin_with, check_base
from core.vectors.probe import Accuracy, wilson

CLIP = 1.0  # the maximum gradient norm (Devlin et al. 2019, released code)
_AT_ONCE = 64  # held-out rows per pass


@dataclass(frozen=True)
class TunePoint:
    """A step: the loss in nats per example, and, at steps that measure, the held-out accuracy."""

    step: int
    loss: float
    learning_rate: float
    gradient_norm: float
    update_norm: float
    tokens: int
    seconds: float
    accuracy: float | None = None


@dataclass(frozen=True)
class Result:
    """The result of a way.

    accuracy: of held-out examples, with its 95 % interval; loss: nats an example on them.
    trained: numbers that were learned, of all the model's; head: those of them that are the head's.
    bytes: of a file with just these.
    old: the body's masked-word loss on held-out tales, nats a word, now and before; None from scratch: it knew nothing.
    """

    accuracy: Accuracy
    loss: float
    trained: int
    head: int
    bytes: int
    old: tuple[float, float] | None


def fine_tune(
    spec: FineTuneSpec, base: LanguageModel | None = None, own: str | None = None
) -> Iterator[TunePoint]:
    """Fine-tune a model as `spec` says, and yield one point per step.

    Args:
        base: the pretrained encoder; None: the bundled one that `spec` names.

    Raises:
        As `FineTuner`; ValueError also: the spec names a run's checkpoint, and no base was given.
    """
    if base is None and spec.parent:
        id, _, step = spec.parent.partition("@")
        raise ValueError(
            f"this run adapts a checkpoint: give it as base=core.load('run:{id}', snapshot={step})"
        )
    return FineTuner(spec, base or zoo.load(spec.base, device="cpu"), own).run()


class FineTuner:
    """A run of `spec`, ready for the step after `done_steps`.

    Args:
        base: the pretrained encoder; it is not touched.
        own: the labelled lines of a spec that names them.

    Raises:
        ValueError: the base is none, or there is nothing to learn from; the message says what to do.

    Attributes:
        model: with the head; of "lora" with A and B beside the base's matrices. reader: that, or with vectors in front.
        weights: name -> what is learned, on `model` (or the prompt's vectors).
        ended: why the run is over, in words; "" while it goes on.
    """

    def __init__(self, spec: FineTuneSpec, base: LanguageModel, own: str | None = None) -> None:
        self.spec, self.base = spec, check_base(base)
        self.tokenizer = base.tokenizer if spec.labels else base.tokenizer.with_pairs()
        self.device = best_device()
        longest = base.config.n_ctx - (spec.vectors if spec.way == "prompt" else 0)
        cut = partial(labelled.rows_of, tokenizer=self.tokenizer, longest=longest)
        learned: Sequence[Example] = (
            labelled.told(spec.task, "train", spec.examples, spec.seed)
            if own is None
            else labelled.own_examples(own)
        )
        self.rows = cut(learned, strict=own is not None)
        measured = cut(labelled.measured(spec, learned))
        self.measured = sorted(measured, key=lambda row: len(row.ids))
        if len(self.rows) < 2 or not self.measured:
            raise ValueError(f"no examples fit into {longest} tokens: choose another model")
        self.weights: dict[str, nn.Parameter] = {}
        self.model = self._prepared()
        self.reader: nn.Module = self.model
        if spec.way == "prompt":
            self.weights[PROMPT] = prompt_tuning.draw(self.model, spec.vectors, spec.seed)
            self.reader = Prompted(self.model, self.weights[PROMPT])
        self.optimizer = self._optimizer()
        self.done_steps, self.tokens, self.seconds, self.ended = 0, 0, 0.0, ""
        self._found = -1, (wilson(0, len(self.measured)), 0.0)  # the last measurement, and its step
        moments = {round(spec.steps * n / (spec.checkpoints - 1)) for n in range(spec.checkpoints)}
        self.checkpoint_steps = tuple(sorted(moments))

    @property
    def done(self) -> bool:
        """Whether all steps are taken."""
        return bool(self.ended)

    def run(self) -> Iterator[TunePoint]:
        """Train to the end; yield one point per step."""
        while not self.done:
            yield self.step()

    def step(self) -> TunePoint:
        """Take the next step.

        Raises:
            Diverged: loss or gradient went out of bounds; nothing was changed.
            ValueError: the run is over.
        """
        if self.done:
            raise ValueError(f"this run is over: {self.ended}")
        began, number, spec = time.perf_counter(), self.done_steps + 1, self.spec
        given = self._batch(number).to(self.device)
        loss = self._loss(self._says(given), given)
        if not loss.item() <= 30:
            raise Diverged(number, loss.item())
        loss.backward()
        learned: list[Tensor] = list(self.weights.values())
        gradient = float(nn.utils.clip_grad_norm_(learned, CLIP))
        if not math.isfinite(gradient):
            self.optimizer.zero_grad()
            raise Diverged(number, gradient, "gradient")
        share = self._share(number)
        for group in self.optimizer.param_groups:
            group["lr"] = share * group["first"]
        with torch.no_grad():
            before = [weight.clone() for weight in learned]
            self.optimizer.step()
            torch._foreach_sub_(before, learned)
            moved = float(torch.linalg.vector_norm(torch.stack(list(torch._foreach_norm(before)))))
        self.optimizer.zero_grad()
        self.done_steps = number
        self.tokens += int(given.mask.sum())
        self.seconds += time.perf_counter() - began
        if number == spec.steps:
            self.ended = "all steps done"
        accuracy = None
        if number % spec.eval_every == 0 or self.done:
            self._found = number, self.measure()
            accuracy = self._found[1][0].share
        rate = share * (spec.head_rate if spec.way == "frozen" else spec.body_rate)
        return TunePoint(number, loss.item(), rate, gradient, moved, self.tokens, self.seconds, accuracy)

    @torch.inference_mode()
    def measure(self) -> tuple[Accuracy, float]:
        """Count the held-out examples that are right, and compute their mean loss in nats."""
        right, total = 0, 0.0
        for first in range(0, len(self.measured), _AT_ONCE):
            part = self.measured[first : first + _AT_ONCE]
            given = labelled.batch(part).to(self.device)
            said = self._says(given)
            total += self._loss(said, given).item() * len(part)
            right += right_of(said, given)
        return wilson(right, len(self.measured)), total / len(self.measured)

    def result(self) -> Result:
        """Return all compared figures at this step."""
        step, found = self._found
        accuracy, loss = found if step == self.done_steps else self.measure()
        learned = self.learned()
        return Result(
            accuracy=accuracy,
            loss=loss,
            trained=sum(value.numel() for value in learned.values()),
            head=sum(value.numel() for name, value in learned.items() if name.startswith(HEAD)),
            bytes=len(as_file(self.spec, learned)),
            old=self.forgetting(),
        )

    def forgetting(self) -> tuple[float, float] | None:
        """Compute the old task's loss with the present body, and with the base's; None from scratch."""
        if self.spec.way == "scratch":
            return None
        kept = self.spec.way in ("frozen", "prompt")  # the body is the base's own
        return (self._before if kept else old_loss(self.base, self._body())), self._before

    @cached_property
    def _before(self) -> float:
        return old_loss(self.base)

    def learned(self) -> dict[str, Tensor]:
        """Return the trained weights, by name, on the CPU: all that has to be stored."""
        return {name: weight.detach().cpu().clone() for name, weight in self.weights.items()}

    def state(self) -> State:
        """Return all state that the rest of the run depends on."""
        names = {id(weight): name for name, weight in self.weights.items()}
        memory = {
            f"{kind}.{names[id(weight)]}": value
            for weight, kept in self.optimizer.state.items()
            for kind, value in kept.items()
        }
        meta = {
            "step": self.done_steps,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "ended": self.ended,
            "spec": self.spec.to_dict(),
        }
        return State.of(self.learned(), memory, meta)

    @torch.no_grad()
    def restore(self, state: State) -> None:
        """Resume from `state`: on one thread the next losses are exactly those of the uninterrupted run.

        Raises:
            ValueError: it is of another run.
        """
        kept = state.weights()
        shapes = {name: weight.shape for name, weight in self.weights.items()}
        if {name: value.shape for name, value in kept.items()} != shapes:
            raise ValueError("this state belongs to a run that learns other weights")
        for name, weight in self.weights.items():
            weight.copy_(kept[name])
        self.optimizer.state.clear()
        for key, value in state.optimizer().items():
            kind, _, name = key.partition(".")
            weight = self.weights[name]
            self.optimizer.state[weight][kind] = value.clone().to(weight.device)
        meta = state.meta
        self.done_steps, self.tokens = int(meta["step"]), int(meta["tokens"])
        self.seconds, self.ended = float(meta["seconds"]), str(meta["ended"])

    def _prepared(self) -> Transformer:
        """Build the model; its trained weights are recorded in `weights`."""
        spec = self.spec
        model = begin_with(spec, self.base).to(self.device)
        if spec.way == "lora":
            model = cast(Transformer, lora.adapt(model, spec.lora, spec.seed))
            self.weights |= {f"{LORA}{name}": weight for name, weight in lora.learning(model)}
        everything = spec.way in ("scratch", "full")
        for name, weight in model.named_parameters():
            if everything or name.startswith(HEAD):
                weight.requires_grad_(True)
                self.weights[name] = weight
            elif not any(weight is one for one in self.weights.values()):
                weight.requires_grad_(False)
        return model

    def _optimizer(self) -> AdamW:
        """Build AdamW: matrices decay, gains and biases do not; the head has a separate rate."""
        without_compiler()
        groups: dict[tuple[bool, bool], list[nn.Parameter]] = {}
        for name, weight in self.weights.items():
            groups.setdefault((name.startswith(HEAD), weight.ndim > 1), []).append(weight)
        spec = self.spec
        return AdamW(
            [
                {
                    "params": weights,
                    "lr": 0.0,
                    "first": spec.head_rate if head else spec.body_rate,
                    "weight_decay": spec.decay if matrix else 0.0,
                }
                for (head, matrix), weights in groups.items()
            ],
            betas=(0.9, 0.99),
            fused=True,
        )

    def _share(self, step: int) -> float:
        """Return the factor of the rates: rising through the warm-up, then falling linearly to 0."""
        rising = round(self.spec.warmup * self.spec.steps)
        return step / rising if step <= rising else 1 - (step - 1 - rising) / (self.spec.steps - rising)

    def _batch(self, step: int) -> Batch:
        """Return the examples of a step, from shuffled epochs: a function of the step alone."""
        lengths = tuple(len(row.ids) for row in self.rows)
        size = min(self.spec.batch, len(lengths))
        lap, at = divmod(step - 1, len(lengths) // size)
        return labelled.batch(
            [self.rows[row] for row in labelled.round_of(lengths, size, self.spec.seed, lap)[at]]
        )

    def _says(self, given: Batch) -> Tensor:
        """Compute the head's scores: (B, C), or (B, T, 2) with -inf at padding."""
        said: Tensor = self.reader(given.ids, mask=given.mask)
        return said if said.ndim == 2 else said.masked_fill(~given.mask[..., None], -torch.inf)

    @staticmethod
    def _loss(said: Tensor, given: Batch) -> Tensor:
        """Compute the mean cross-entropy; of a span that of its start and that of its end."""
        if said.ndim == 2:
            return F.cross_entropy(said, given.targets)
        return F.cross_entropy(said.transpose(1, 2).flatten(0, 1), given.targets.flatten())

    def _body(self) -> Mapping[str, Tensor]:
        """Return the present weights of the body, under the base's names."""
        model = self.model
        if self.spec.way == "lora":
            plain = begin_with(self.spec, self.base).to(self.device)
            model = cast(Transformer, lora.merge(plain, lora.adapter_of(model)))
        return {name: value for name, value in model.state_dict().items() if not name.startswith(HEAD)}
