"""Length extrapolation: one tiny model per kind of position, trained on short rows and tested on longer ones.

Which kinds go on beyond the lengths they were trained on is what is measured here; nothing is assumed (Press et al.
2022, "Train Short, Test Long"; Kazemnejad et al. 2023, "The Impact of Positional Encoding on Length Generalization").
All models begin with the same weights, see the same batches in the same order, and differ in nothing but `position`.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

import torch

from core.analysis.positions import order_tasks
from core.analysis.positions.order_tasks import SHORTEST, TASKS, Task
from core.config import ModelConfig, Position, preset
from core.model.initial import initialise
from core.model.transformer import Transformer, build
from core.training import objectives, schedule
from core.training.optimizers import Optimizer
from core.training.spec import TrainSpec

KINDS: tuple[Position, ...] = get_args(Position)
EVERY = 20  # steps between two reports
RECORDED = Path(__file__).resolve().parents[3] / "assets" / "extrapolation.json"
# Steps until most kinds answer rows of the trained lengths, and rows in a batch; measured by
# `scripts/record_extrapolation.py`.
STEPS: dict[Task, int] = {"copy": 400, "reverse": 600, "first": 400}
ROWS: dict[Task, int] = {"copy": 32, "reverse": 32, "first": 80}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """The task, training and tests of a length extrapolation experiment.

    Attributes:
        task: see `core.analysis.positions.order_tasks`.
        trained: the most letters of a row in training; the fewest are 2.
        tested: the numbers of letters to test, up to `letters`; None: 2 to 3 * trained in steps.
        letters: different letters there are. Every row draws from all of them, so no letter is new in a long row.
        steps, rows: of training, and in a batch; None: those of `STEPS` and `ROWS`.
        asked: rows for each tested length.
        changes: of the configuration, besides `position`: see `config`.

    Raises:
        ValueError: no such task, or lengths that the letters do not suffice for.
    """

    task: Task = "copy"
    trained: int = 10
    tested: tuple[int, ...] | None = None
    letters: int = 30
    steps: int | None = None
    rows: int | None = None
    asked: int = 200
    changes: tuple[tuple[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.task not in TASKS:
            raise ValueError(f"no task is called {self.task!r}: choose one of {', '.join(TASKS)}")
        if not SHORTEST <= self.trained <= self.letters <= len(order_tasks.LETTERS):
            raise ValueError(
                f"trained={self.trained} must lie between {SHORTEST} and letters={self.letters}, "
                f"and those be at most {len(order_tasks.LETTERS)}"
            )
        fill = {
            "tested": _between(self.trained, min(3 * self.trained, self.letters)),
            "steps": STEPS[self.task],
            "rows": ROWS[self.task],
        }
        for name, value in fill.items():
            if getattr(self, name) is None:
                object.__setattr__(self, name, value)
        wrong = [length for length in self.lengths if not SHORTEST <= length <= self.letters]
        if wrong or not self.lengths:
            raise ValueError(f"tested={self.tested}: give lengths of {SHORTEST} to {self.letters} letters")
        for name in ("steps", "rows", "asked"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)} must be at least 1")

    def chance(self, length: int) -> float:
        """Return the accuracy of guessing the order of known letters."""
        return 0.5 if self.task == "first" else 1 / math.factorial(length)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The tested lengths, ascending."""
        return tuple(sorted(set(self.tested or ())))

    def config(self, position: Position) -> ModelConfig:
        """Build the configuration: a GPT of two blocks, 64 wide, four heads (`gpt-nano`), with this position.

        Its context holds the longest tested row. So a learned table has rows that no training row reaches: they stay
        as they were drawn. T5's last bucket begins at the longest distance of a training row, as its 128 lies well
        within what T5 was trained on: every bucket is trained.
        """
        longest = max(self.trained, *self.lengths)
        return preset(
            "gpt-nano",
            **{
                "n_layers": 2, "d_model": 64, "n_heads": 4,
                "d_vocab": order_tasks.D_VOCAB,
                "n_ctx": order_tasks.size(self.task, longest),
                "relative_max_distance": max(17, order_tasks.size(self.task, self.trained) - 1),
                **dict(self.changes),
                "position": position,
            },
        )  # fmt: skip


@dataclass(frozen=True)
class Answer:
    """One row of a tested length: the prompt, the right answer, and the model's answer, letter by letter."""

    length: int
    given: str
    right: str
    said: str


@dataclass(frozen=True, kw_only=True)
class Trained:
    """The progress of one kind.

    Attributes:
        step, steps: of its training. done: the share of the whole work, all kinds, from 0 to 1.
        loss: of the step's batch, nats for each scored id.
        exact: by tested length, the share of rows answered without a mistake; {} until the training is over.
        margin: by tested length, half the width of a 95 % interval for that share (Wilson 1927), by counting `asked`
            rows alone: another seed of the weights may differ by more.
        answers: one row of each tested length; () until the training is over.
    """

    kind: Position
    seed: int
    step: int
    steps: int
    done: float
    loss: float
    exact: dict[int, float] = field(default_factory=dict)
    margin: dict[int, float] = field(default_factory=dict)
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class Recorded:
    """One kind's recorded results on one task, S seeds by n tested lengths.

    Attributes:
        lengths: (n,) numbers of letters. exact: (S, n) shares of rows without a mistake.
        answers: one row of each length, of the first seed.
    """

    kind: Position
    lengths: tuple[int, ...]
    exact: tuple[tuple[float, ...], ...]
    answers: tuple[Answer, ...]

    @property
    def mean(self) -> tuple[float, ...]:
        """(n,) over the seeds."""
        return tuple(sum(shares) / len(shares) for shares in zip(*self.exact))

    @property
    def span(self) -> tuple[tuple[float, float], ...]:
        """(n,) the lowest and the highest share of any seed."""
        return tuple((min(shares), max(shares)) for shares in zip(*self.exact))


def recorded(task: Task) -> tuple[Recorded, ...]:
    """Load the results recorded by `scripts/record_extrapolation.py` with the default plan, three seeds.

    Kinds in order.
    """
    found = json.loads(RECORDED.read_text(encoding="utf-8"))["tasks"][task]
    runs = list(found["seeds"].values())
    return tuple(
        Recorded(
            kind=kind,
            lengths=tuple(found["plan"]["tested"]),
            exact=tuple(tuple(run[kind]["exact"]) for run in runs),
            answers=tuple(Answer(*answer) for answer in runs[0][kind]["answers"]),
        )
        for kind in KINDS
    )


def extrapolation(
    kinds: Sequence[Position] = KINDS, task: Task = "copy", lengths: Sequence[int] | None = None, *,
    seed: int = 0, plan: Plan | None = None,
) -> Generator[Trained, None, None]:  # fmt: skip
    """Train and test each kind in turn: a report every 20 steps, and one at the end with the test results.

    Made for a worker: on one core, without random state of its own, no setting is held between two reports, and the
    reports are plain values. It ends when closed.

    Args:
        kinds: of `core.config.Position`.
        task, lengths: of a `Plan` with the rest as it is; lengths are the tested ones.
        seed: of the weights and of the training rows; the tested rows are the same for all.
        plan: all of it, instead of task and lengths.

    Raises:
        ValueError: no such kind, or a plan that cannot be.
    """
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        raise ValueError(f"no kind of position is called {unknown[0]!r}: choose among {', '.join(KINDS)}")
    if plan is None:
        plan = Plan(task=task, tested=None if lengths is None else tuple(lengths))
    return _each(tuple(kinds), plan, seed)


def _each(kinds: tuple[Position, ...], plan: Plan, seed: int) -> Generator[Trained, None, None]:
    for at, kind in enumerate(kinds):
        for report in _one(kind, plan, seed):
            share = (at + report.step / report.steps) / len(kinds)
            yield dataclasses.replace(report, done=share)


def _one(kind: Position, plan: Plan, seed: int) -> Iterator[Trained]:
    return train(first_model(plan, kind, seed), kind, plan, seed)


def train(model: Transformer, kind: Position, plan: Plan, seed: int) -> Iterator[Trained]:
    """Train `model` (of `first_model`) in place and test it: a report every 20 steps, the last one with the results."""
    assert plan.steps is not None
    assert plan.rows is not None
    # `gpt-nano`'s optimizer and rates: Muon, decaying to zero. In float32 on every machine, since positions are
    # compared.
    spec = TrainSpec(model="gpt-nano", steps=plan.steps, precision="float32")
    optimizer = Optimizer(model, spec)
    feed = order_tasks.batches(plan.task, plan.trained, letters=plan.letters, count=plan.rows, seed=seed)
    for step in range(1, plan.steps + 1):
        example = next(feed).example
        model.train()
        with torch.enable_grad():
            loss = objectives.loss(model, example)
            loss.backward()
        model.eval()
        optimizer.step(schedule.share(spec, step), watch=False)
        if step == plan.steps:
            exact, answers = _test(model, plan)
            margin = {length: _margin(share, plan.asked) for length, share in exact.items()}
            yield Trained(
                kind=kind, seed=seed, step=step, steps=plan.steps, done=1.0, loss=loss.item(),
                exact=exact, margin=margin, answers=answers,
            )  # fmt: skip
        elif step % EVERY == 0:
            yield Trained(kind=kind, seed=seed, step=step, steps=plan.steps, done=0.0, loss=loss.item())


def first_model(plan: Plan, kind: Position, seed: int) -> Transformer:
    """Build the untrained model of one kind: the weights of the one without positions, plus its own table, if any."""
    config, bare = plan.config(kind), plan.config("none")
    model, plain = build(config), build(bare)
    assert isinstance(model, Transformer)
    initialise(model, config, seed)
    initialise(plain, bare, seed)
    model.load_state_dict(plain.state_dict(), strict=False)
    return model


@torch.inference_mode()
def _test(model: Transformer, plan: Plan) -> tuple[dict[int, float], tuple[Answer, ...]]:
    exact, answers = {}, []
    for length in plan.lengths:
        draw = torch.Generator().manual_seed(10_000 + length)  # not used by any training seed
        batch = order_tasks.rows(plan.task, [length] * plan.asked, letters=plan.letters, generator=draw)
        right = order_tasks.exact(model(batch.example.inputs), batch)
        exact[length] = float(right.double().mean())
        answers.append(_answer(model, batch.ids[0].tolist(), batch.scored[0].tolist(), length))
    return exact, tuple(answers)


def _answer(model: Transformer, ids: list[int], scored: list[bool], length: int) -> Answer:
    """Generate the answer of one row."""
    begins, many = scored.index(True), sum(scored)
    said = ids[:begins]
    for _ in range(many):
        said.append(int(model(torch.tensor([said]))[0, -1].argmax()))
    return Answer(
        length,
        order_tasks.written(ids[:begins]),
        order_tasks.written(ids[begins : begins + many]),
        order_tasks.written(said[begins:]),
    )


def _between(trained: int, farthest: int) -> tuple[int, ...]:
    """Choose some lengths up to the trained one, then denser ones just beyond it."""
    short = range(SHORTEST, trained, max(1, trained // 4))
    return tuple(sorted({*short, trained, trained + 1, trained + 2, *range(trained, farthest + 1, 2)} & {
        *range(SHORTEST, farthest + 1)
    }))  # fmt: skip


def _margin(share: float, count: int) -> float:
    """Return half the width of Wilson's 95 % interval."""
    z = 1.96
    return z / (1 + z * z / count) * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count))
