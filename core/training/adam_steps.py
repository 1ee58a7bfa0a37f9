"""Adam on one weight of an open model: real training steps on one text, with the optimizer's state of that weight.

`train` runs torch.optim.Adam over the whole model and keeps the gradients of one matrix; `follow` writes the steps of
one of its weights out (core/training/rules.py), which gives the very weights that torch's optimizer left behind.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from core.language_model import LanguageModel
from core.training.eager import without_compiler
from core.training.rules import Memory, Rule, Step, step
from core.training.text_loss import text_loss, trainable

Array = NDArray[np.float64]
Floats = NDArray[np.float32]

MATRICES = ("Q", "K", "V", "O", "in", "out")
STEPS = 16
KEPT = 4_000_000  # limit of stored gradient numbers: a larger matrix is trained for fewer steps
WHOLE = 30_000_000  # weights; of a larger model only the chosen matrix is trained


@dataclass(frozen=True)
class Place:
    """A matrix of a block: the parameter that holds it, and which of its rows."""

    parameter: str
    rows: tuple[int, int]
    columns: int

    @property
    def shape(self) -> tuple[int, int]:
        """(outputs, inputs)."""
        return self.rows[1] - self.rows[0], self.columns

    @property
    def steps(self) -> int:
        """The steps of a run of `train`: fewer for large matrices."""
        rows, columns = self.shape
        return max(1, min(STEPS, KEPT // max(1, rows * columns)))


def place(lm: LanguageModel, block: int, matrix: str, stack: str = "encoder") -> Place:
    """Locate a matrix of one block; its rows are outputs, its columns inputs.

    Args:
        matrix: one of `MATRICES`. stack: of an encoder-decoder, "encoder" or "decoder".

    Raises:
        ValueError: no such matrix or block; the message names what there is.
    """
    if matrix not in MATRICES:
        raise ValueError(f"no matrix is called {matrix!r}; there are {', '.join(MATRICES)}")
    config = lm.config
    path = f"{stack}." if config.shape == "encoder-decoder" else ""
    part = "mlp" if matrix in ("in", "out") else "attn"
    stored = "weight_qkv" if matrix in ("Q", "K", "V") else f"weight_{matrix.lower()}"
    name = f"{path}blocks.{block}.{part}.{stored}"
    found = dict(lm.transformer.named_parameters()).get(name)
    if found is None:
        raise ValueError(f"block {block} has no {name}: this model has blocks 0 to {config.n_layers - 1}")
    first, last = 0, len(found)
    if stored == "weight_qkv":
        queries, keys = config.n_heads * config.head_size, config.kv_heads * config.head_size
        edges = {"Q": (0, queries), "K": (queries, queries + keys), "V": (queries + keys, queries + 2 * keys)}
        first, last = edges[matrix]
    return Place(name, (first, last), found.shape[1])


@dataclass(frozen=True)
class Trained:
    """Real training steps of a copy of the model on one text, recorded for one matrix of R rows and C columns.

    Attributes:
        gradients: (n, R, C), before each step. start, end: (R, C) weights before the first and after the last step.
        losses: (n + 1,) nats, before each step and after the last.
        wanted: the ids that were asked for, -100 where nothing was; before, after: (T',) their losses at the start and
            at the end, nan where nothing was asked.
        asked: what the loss asks for, in words. alone: only this matrix was trained.
    """

    place: Place
    rule: Rule
    gradients: Floats
    start: Floats
    end: Floats
    losses: Array
    wanted: tuple[int, ...]
    before: Array
    after: Array
    asked: str
    alone: bool

    @property
    def steps(self) -> int:
        """How many steps were taken."""
        return len(self.gradients)

    @property
    def steepest(self) -> tuple[int, int]:
        """Row and column of the weight with the largest first gradient."""
        row, col = np.unravel_index(int(np.abs(self.gradients[0]).argmax()), self.start.shape)
        return int(row), int(col)

    @property
    def middling(self) -> tuple[int, int]:
        """Row and column of a weight whose first gradient is the median of those that are not 0."""
        sizes = np.abs(self.gradients[0]).ravel()
        order = np.argsort(sizes, kind="stable")
        felt = order[sizes[order] > 0]
        row, col = np.unravel_index(int((felt if len(felt) else order)[len(felt) // 2]), self.start.shape)
        return int(row), int(col)


def train(
    lm: LanguageModel, text: str, where: Place, rule: Rule, target: str | None = None, steps: int = STEPS
) -> Trained:
    """Train a copy of the model on `text` with torch.optim.Adam and record one matrix.

    Args:
        rule: an "adam" or "adamw" rule: its rate, betas, eps and decay are those of the run.
        target: as for `text_loss`.

    Raises:
        ValueError: another kind of rule.
    """
    if rule.kind not in ("adam", "adamw"):
        raise ValueError(f"the moments are Adam's: not those of {rule.kind}")
    loss_of = text_loss(lm, text, target)
    alone = lm.n_parameters > WHOLE
    model = trainable(lm, (lambda name: name == where.parameter) if alone else None)
    weight = dict(model.named_parameters())[where.parameter]
    first, last = where.rows
    steps = min(steps, where.steps)
    without_compiler()
    make = torch.optim.Adam if rule.kind == "adam" else torch.optim.AdamW
    given = [p for p in model.parameters() if p.requires_grad]
    optimizer = make(
        given, lr=rule.rate, betas=(rule.beta1, rule.beta2), eps=rule.eps, weight_decay=rule.weight_decay,
        fused=True,
    )  # fmt: skip

    def seen() -> Floats:
        return weight.detach()[first:last].cpu().numpy().copy()  # (R, C)

    start, gradients, losses, before = seen(), [], [], loss_of.each(model)
    for _ in range(steps):
        optimizer.zero_grad()
        loss = loss_of(model)
        loss.backward()
        gradients.append(torch.zeros_like(weight) if weight.grad is None else weight.grad)
        gradients[-1] = gradients[-1][first:last].cpu().clone()
        losses.append(loss.item())
        optimizer.step()
    with torch.no_grad():
        losses.append(loss_of(model).item())
    return Trained(
        place=where,
        rule=rule,
        gradients=torch.stack(gradients).numpy(),
        start=start,
        end=seen(),
        losses=np.array(losses),
        wanted=tuple(loss_of.targets[0].tolist()),
        before=before.double().cpu().numpy(),
        after=loss_of.each(model).double().cpu().numpy(),
        asked=loss_of.about,
        alone=alone,
    )


def follow(trained: Trained, row: int, col: int) -> tuple[Step, ...]:
    """Recompute one weight's steps: from its gradients to its moments, and from those to the weight.

    Raises:
        IndexError: the matrix has no such row or column.
    """
    weight = np.array(trained.start[row, col], dtype=np.float64)
    memory, taken = Memory(), []
    for gradient in trained.gradients[:, row, col]:
        taken.append(step(trained.rule, weight, np.array(gradient, dtype=np.float64), memory))
        weight, memory = taken[-1].after, taken[-1].memory
    return tuple(taken)


@dataclass(frozen=True)
class Distance:
    """The total changes of two weights in the whole run: `steep` the steepest, `other` one to compare it with.

    gradients: the size of the first's summed gradients over the other's, which is what gradient descent's steps at
    these very gradients would have as their ratio. adam: the ratio of what Adam did. None where the other is 0.
    """

    steep: tuple[int, int]
    other: tuple[int, int]
    gradients: float | None
    adam: float | None


def compare(trained: Trained, other: tuple[int, int]) -> Distance:
    """Compare the steepest weight with `other` (or with a middling one, where `other` is the steepest itself)."""
    steep = trained.steepest
    other = trained.middling if other == steep else other

    def ratio(of: Array) -> float | None:
        above, below = abs(float(of[steep])), abs(float(of[other]))
        return above / below if below > 0 else None

    return Distance(
        steep,
        other,
        ratio(trained.gradients.sum(axis=0, dtype=np.float64)),
        ratio(trained.end.astype(np.float64) - trained.start),
    )
