"""Training of the captioner and the two towers: fresh scenes every step, Muon for the matrices, rates decaying to zero.

Step n draws its scenes by the recipe's seed and n alone, so a training that was stopped goes on as if it had not been.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor

from core.data import digits
from core.multimodal import captioner, space
from core.multimodal.augmentation import training_scenes
from core.multimodal.captioner import Seeing
from core.multimodal.scenes import Scenes
from core.multimodal.space import Towers
from core.precision import Precision, choose
from core.training.optimizers import Optimizer
from core.training.spec import TrainSpec
from core.training.state import State

Kind = Literal["captioner", "space"]
_APART = 1_000_003  # seed stride between two trainings: more than any has steps


@dataclass(frozen=True)
class Recipe:
    """The training settings of one of the two models.

    Attributes:
        kind: which.   steps, scenes: optimizer steps, and fresh scenes in each.   seed: of weights and scenes.
        rate: Muon's, of the matrices; small_rate: Adam's, of the rest.   precision: of matrix products, as of a
        `TrainSpec`; a state and a card name what was chosen.
    """

    kind: Kind
    steps: int
    scenes: int = 128
    seed: int = 1
    rate: float = 0.02
    small_rate: float = 0.003
    precision: Precision = "auto"

    def share(self, step: int) -> float:
        """Return the factor of every rate at step 1, 2, ...: linear decay to zero."""
        return 1.0 - (step - 1) / self.steps

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, as JSON holds them."""
        return asdict(self)

    @property
    def spec(self) -> TrainSpec:
        """The part of the recipe that the optimizer reads."""
        return TrainSpec(
            steps=self.steps,
            seed=self.seed,
            learning_rate=self.rate,
            embed_rate=self.small_rate,
            head_rate=self.small_rate,
            polar="jordan",
            precision=self.precision,
            device="cpu",
        )


@dataclass(frozen=True)
class Step:
    """The record of one step.

    Its number from 1, its scenes' loss before it, in nats, and seconds since the beginning.
    """

    step: int
    loss: float
    seconds: float


class Training:
    """A training of `recipe`, ready for the step after `done`.

    Args:
        eyes: of the towers: the captioner that the image tower begins with; None: drawn like the rest.

    Attributes:
        model: the weights, float32.   done: the steps taken.   seconds: how long they took.
    """

    def __init__(self, recipe: Recipe, eyes: Seeing | None = None) -> None:
        self.recipe = recipe = replace(recipe, precision=choose(recipe.precision, "cpu"))
        self.model = first_model(recipe, eyes)
        self.optimizer = Optimizer(self.model, recipe.spec)
        self.optimizer.working.train()
        self.done, self.seconds = 0, 0.0

    def run(self) -> Iterator[Step]:
        """Train to the end, one step at a time."""
        while self.done < self.recipe.steps:
            yield self.step()

    def step(self) -> Step:
        """Take the next step."""
        began, number = time.perf_counter(), self.done + 1
        drawn = scenes_of_step(self.recipe, number)
        loss = loss_of(self.optimizer.working, drawn)
        loss.backward()
        self.optimizer.step(self.recipe.share(number), watch=False)
        self.done = number
        self.seconds += time.perf_counter() - began
        return Step(number, loss.item(), self.seconds)

    def state(self) -> State:
        """Return all state that the rest of the training depends on."""
        meta = {"step": self.done, "seconds": self.seconds, "recipe": self.recipe.to_dict()}
        return State.of(dict(self.model.named_parameters()), self.optimizer.state(), meta)

    def restore(self, state: State) -> None:
        """Resume from `state`.

        Raises:
            ValueError: it is of another recipe.
        """
        if state.meta["recipe"] != self.recipe.to_dict():
            raise ValueError(
                "this state belongs to another recipe: begin anew, or train by the recipe it came from"
            )
        kept = state.weights()
        with torch.no_grad():
            for name, weight in self.model.named_parameters():
                weight.copy_(kept[name])
        self.optimizer.restore(state.optimizer())
        self.done, self.seconds = state.step, float(state.meta["seconds"])


def first_model(recipe: Recipe, eyes: Seeing | None = None) -> Seeing | Towers:
    """Build the model before its first step; `eyes` as in `Training`."""
    if recipe.kind == "space":
        return space.first_towers(recipe.seed, eyes)
    return captioner.first_seeing(recipe.seed)


def scenes_of_step(recipe: Recipe, step: int) -> Scenes:
    """Generate the scenes of a step from training digits only."""
    draw = torch.Generator().manual_seed(recipe.seed * _APART + step)
    return training_scenes(digits.split("train"), recipe.scenes, draw)


def loss_of(model: torch.nn.Module, drawn: Scenes) -> Tensor:
    """Compute the training loss: the words' mean cross-entropy, or the contrastive loss of the batch."""
    if isinstance(model, Towers):
        points = model.see(drawn.images), model.read(drawn.captions)
        return space.contrastive_loss(*points, model.steepness, drawn.captions)
    assert isinstance(model, Seeing)
    return captioner.loss(model, drawn.images, drawn.captions)
