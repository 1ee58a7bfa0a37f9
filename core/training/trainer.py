"""The training loop: rows, objective, loss, gradient, step; and the held-out loss at intervals."""

from __future__ import annotations

import math
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

import torch
from torch import Tensor, nn

from core.data.pool import Source
from core.data.shards import Shards
from core.device import best_device
from core.diverged import Diverged
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.precision import choose
from core.text.tokenizer import Tokenizer
from core.training import objectives, schedule
from core.training.loss import UNSCORED
from core.training.objectives import Example
from core.training.optimizers import Moved, Optimizer
from core.training.points import Point
from core.training.preparation import learned, special_ids, vocabulary_note
from core.training.reading import Reading, seed_of
from core.training.spec import TrainSpec
from core.training.state import State

_AT_ONCE = 16  # held-out rows per pass


def train(spec: TrainSpec, text: str | bytes | None = None) -> Iterator[Point]:
    """Train a small model from scratch, and yield one point per step. The last point's `model` is the trained model.

    The same spec on the same machine gives the same losses; the global random state is not touched. The points' losses
    are those of the spec's precision, of "auto" of what this machine is quick in.

    Args:
        text: the own text of a spec with corpus "own".

    Raises:
        ValueError: the text cannot be trained on.
        Diverged: see there.
    """
    return Trainer(spec, text).run()


class Trainer:
    """A run of `spec`: its tokenizer, model, optimizer and data, ready for the step after `done_steps`.

    Args:
        text: the own text of a spec with corpus "own".
        tokenizer: None learns the one that the spec asks for.
        weights: of the model that a forked run begins from; None: drawn by the seed. How it goes on exactly: see
            `continue_from`.
        source: ids to learn from instead of the spec's corpus.

    Raises:
        ValueError: the text cannot be trained on, or the weights are of another shape.

    Attributes:
        spec: as given, with its precision chosen.
        model: the float32 weights; language_model: the same with its tokenizer; config: its configuration.
        guessing: the loss of an even guess, ln V in nats.
        notes: sentences about what the text was too small for.
        moved: the last step's lengths, or None; best: the lowest held-out loss so far, or None.
        ended: why the run is over, in words; "" while it goes on.
    """

    def __init__(
        self,
        spec: TrainSpec,
        text: str | bytes | None = None,
        tokenizer: Tokenizer | None = None,
        weights: Mapping[str, Tensor] | None = None,
        source: Source | None = None,
    ) -> None:
        self.device = torch.device(spec.device) if spec.device else best_device()
        self.spec = spec = spec.replace(precision=choose(spec.precision, self.device))
        shards = Shards(spec, text) if source is None or tokenizer is None else None
        if tokenizer is None and shards is not None:
            tokenizer = learned(spec, shards)
        assert tokenizer is not None
        self.tokenizer = tokenizer
        self.reading = Reading(spec, tokenizer, shards, source)
        self.specials = self.reading.specials
        self.pool = self.reading.pool
        self.notes = (*vocabulary_note(spec, tokenizer), *self.pool.notes)
        self.context = self.pool.context
        self.config = spec.config(len(tokenizer), **special_ids(spec, self.specials))
        model = build(self.config)
        initialise(model, self.config, spec.seed, kind=spec.init)
        if weights is not None:
            _load(model, weights)
        self.model = model.to(self.device).eval()
        self.language_model = LanguageModel(self.model, tokenizer, f"{spec.model}, {spec.corpus}")
        self.optimizer = Optimizer(self.model, spec)
        self.guessing = math.log(len(tokenizer))
        self.checkpoint_steps = schedule.checkpoint_steps(spec)
        self.moved: Moved | None = None
        self.best: float | None = None
        self.ended = ""
        self.done_steps, self.tokens, self.seconds, self.waited = 0, 0, 0.0, 0
        self._working: nn.Module = self.optimizer.working
        if spec.compile:
            self._working = cast(nn.Module, torch.compile(self._working))
        self._parts = list(self.optimizer.working.modules())
        self._held_out: Example | None = None

    @classmethod
    def resume(cls, spec: TrainSpec, state: State, text: str | bytes | None = None) -> Trainer:
        """Restore the run of `spec` at `state`; the tokenizer is the state's. Raises as the class and `restore`."""
        if spec.precision == "auto":  # the run's original precision, on any machine
            spec = spec.replace(precision=TrainSpec.from_dict(state.meta["spec"]).precision)
        trainer = cls(spec, text, tokenizer=state.tokenizer())
        trainer.restore(state)
        return trainer

    @property
    def done(self) -> bool:
        """Whether all steps are taken, or early stopping ended the run."""
        return bool(self.ended)

    def run(self) -> Iterator[Point]:
        """Train to the end; yield one point per step."""
        while not self.done:
            yield self.step()

    def step(self) -> Point:
        """Take the next step.

        Raises:
            Diverged: the loss or the gradient went out of bounds.
            ValueError: the run is over.
        """
        if self.done:
            raise ValueError(f"this run is over: {self.ended}")
        began = time.perf_counter()
        spec, number = self.spec, self.done_steps + 1
        place = spec.first_step + number
        examples, tokens = self.reading.of_step(place)
        share = schedule.share(spec, place)
        loss, moved = self.learn([example.to(self.device) for example in examples], number, share)
        self.done_steps = number
        self.tokens += tokens
        self.seconds += time.perf_counter() - began
        held_out = self._measure() if self._measures(number) else None
        if number == spec.steps:
            self.ended = self.ended or "all steps done"
        return Point(
            step=number,
            loss=loss,
            learning_rate=share * spec.learning_rate,
            gradient_norm=moved.gradient,
            update_norm=moved.update,
            tokens=self.tokens,
            seconds=self.seconds,
            model=self.language_model,
            held_out=held_out,
        )

    def learn(self, examples: list[Example], number: int, share: float) -> tuple[float, Moved]:
        """Train on a batch: its loss, the loss's gradient, and a move of every weight against it.

        Args:
            number: of the step.   share: of every learning rate's first value, what the schedule says of this step.
        """
        loss = self.backward(examples, number)
        if not loss <= 10 * self.guessing + 10:
            self._forget()
            raise Diverged(number, loss)
        self.moved = moved = self.optimizer.step(share)
        if not math.isfinite(moved.gradient):
            raise Diverged(number, moved.gradient, "gradient")
        return loss, moved

    def held_out_loss(self) -> float:
        """Compute nats per scored token over the held-out rows, without dropout and label smoothing."""
        example = self.held_out_example()
        total, count = 0.0, 0
        with torch.inference_mode():
            for first in range(0, len(example.inputs), _AT_ONCE):
                part = example.rows(first, first + _AT_ONCE).to(self.device)
                scored = int((part.targets != UNSCORED).sum())
                if scored:
                    total += objectives.loss(self.model, part).item() * scored
                count += scored
        return total / count

    def held_out_example(self, rows: int | None = None) -> Example:
        """Build examples of the first held-out rows (None: all that are measured), the same ones at every call."""
        if self._held_out is None:
            self._held_out = self.reading.held_out()
        return self._held_out if rows is None else self._held_out.rows(0, rows)

    def held_out_rows(self) -> Tensor:
        """Return the rows of the held-out loss, (N, T + 1). Raises ValueError where pairs are read."""
        return self.reading.held_out_rows()

    def state(self) -> State:
        """Return all state that the rest of the run depends on."""
        meta = {
            "step": self.done_steps,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "best": self.best,
            "waited": self.waited,
            "ended": self.ended,
            "spec": self.spec.to_dict(),
            "config": self.config.to_dict(),
            "tokenizer": self.tokenizer.raw.to_str(),
        }
        return State.of(self.model.state_dict(), self.optimizer.state(), meta)

    def restore(self, state: State) -> None:
        """Resume from `state`: on one thread the next losses are exactly those of the uninterrupted run.

        Raises:
            ValueError: the state is of another run, or holds weights alone.
        """
        if state.tokenizer().raw.get_vocab() != self.tokenizer.raw.get_vocab():
            raise ValueError("this state belongs to a run with another tokenizer")
        remembered = state.optimizer()
        if state.step and not remembered and self.spec.optimizer != "sgd":
            raise ValueError("this state holds weights alone: it can be looked at, but not gone on from")
        _load(self.model, state.weights())
        self.optimizer.restore(remembered)
        meta = state.meta
        self.done_steps, self.tokens = int(meta["step"]), int(meta["tokens"])
        self.seconds, self.best, self.waited = float(meta["seconds"]), meta["best"], int(meta["waited"])
        self.ended = str(meta["ended"])

    def continue_from(self, optimizer: Mapping[str, Tensor], best: float | None, waited: int) -> None:
        """Go on as the parent whose weights these are would have: with its optimizer's state and its patience.

        Args:
            optimizer: the parent's `Optimizer.state`; best, waited: its lowest held-out loss, and how many came since.

        Raises:
            ValueError: the state is of another optimizer, or of another model.
        """
        self.optimizer.restore(optimizer)
        self.best, self.waited = best, waited

    def backward(self, examples: list[Example], step: int) -> float:
        """Compute the loss of a batch, the mean over all scored tokens; the gradient is left in the working copy."""
        place = self.spec.first_step + step
        seed = seed_of(self.spec.seed, "dropout", place) if self.config.dropout else None
        scored = [int((example.targets != UNSCORED).sum()) for example in examples]
        total = 0.0
        with _training(self._parts), _drawing(seed, self.device):
            for example, count in zip(examples, scored, strict=True):
                loss = self._loss(example)
                if len(examples) > 1:
                    loss = loss * (count / sum(scored))
                loss.backward()
                total += loss.item()
        return total

    def _loss(self, example: Example) -> Tensor:
        """Compute the training loss of an example: a scalar."""
        return objectives.loss(self._working, example, self.spec.label_smoothing)

    def _forget(self) -> None:
        self.optimizer.working.zero_grad(set_to_none=True)

    def _measures(self, step: int) -> bool:
        every, place = self.spec.eval_every, self.spec.first_step + step
        return step == self.spec.steps or bool(every and place % every == 0)

    def _measure(self) -> float:
        """Compute the held-out loss, and whether patience has run out."""
        loss = self.held_out_loss()
        if self.best is None or loss < self.best:
            self.best, self.waited = loss, 0
        else:
            self.waited += 1
            if self.spec.patience and self.waited >= self.spec.patience:
                self.ended = (
                    f"stopped early: {self.waited} held-out losses in a row not below {self.best:.3f}"
                )
        return loss


def _load(model: nn.Module, weights: Mapping[str, Tensor]) -> None:
    try:
        model.load_state_dict(dict(weights))
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[-1].strip()
        raise ValueError(f"these weights are of a model of another shape: {reason}") from error


@contextmanager
def _training(parts: list[nn.Module]) -> Iterator[None]:
    """Set training mode and back, faster than `module.train()`, which visits every attribute of every module."""
    for part in parts:
        vars(part)["training"] = True
    try:
        yield
    finally:
        for part in parts:
            vars(part)["training"] = False


@contextmanager
def _drawing(seed: int | None, device: torch.device) -> Iterator[None]:
    """Seed torch's global generators for dropout inside the `with` block, and restore them."""
    if seed is None:
        yield
        return
    with torch.random.fork_rng([device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        yield
