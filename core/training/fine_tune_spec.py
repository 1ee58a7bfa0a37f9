"""FineTuneSpec: a pretrained encoder adapted to a task, described. Frozen, flat, plain values."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from core.plain import Ranged
from core.training.adapters import Lora, Target

VERSION = 1

Task = Literal["sentiment", "questions"]
Way = Literal["scratch", "frozen", "full", "lora", "prompt"]
LABELS = ("negative", "positive")  # of sentiment
RATES: Mapping[Way, float] = {"scratch": 3e-3, "frozen": 0.0, "full": 3e-3, "lora": 9e-3, "prompt": 3e-2}


@dataclass(frozen=True, kw_only=True)
class FineTuneSpec(Ranged):
    """A fine-tuning run, described.

    Attributes:
        base: the pretrained encoder: a bundled model's name, or "" with a `parent`.
        parent: "RUN@STEP" of the checkpoint of a training run that is adapted instead.
        task: "sentiment": is a review positive or negative (one label a text); "questions": where in a text is the
            answer (a span). What the two are trained and measured on is Toyland's.
        text: the fingerprint of own labelled lines (see `core.training.labelled.own_examples`) that are learned from
            instead of Toyland's reviews, or "". Measured are Toyland's held-out reviews all the same.
        way: what is learned besides the new head. "scratch": everything, from random values; "frozen": nothing;
            "full": everything, from the base's; "lora": see `core.training.lora`; "prompt": vectors in front.
        rank, alpha, targets: of "lora". vectors: of "prompt".
        examples: different ones to learn from; steps of the optimizer; batch: examples a step.
        rate: AdamW's, of all that is not the head (None: the way's usual one, `RATES`); head_rate: of the head.
        decay: AdamW's weight decay of matrices. warmup: share of the steps in which the rates rise; they then fall to
            0 in a line.
        held_out: examples that are measured; eval_every: steps between two measurements.
        checkpoints: moments that are kept, the first and the last among them.

    Raises:
        ValueError: a value that cannot be, or two that do not fit each other.
    """

    base: str = "tales-bert"
    parent: str = ""
    task: Task = "sentiment"
    text: str = ""
    way: Way = "lora"
    rank: int = 4
    alpha: float = 16.0
    targets: tuple[Target, ...] = ("q", "v", "in", "out")
    vectors: int = 8
    examples: int = 1000
    steps: int = 200
    batch: int = 16
    rate: float | None = None
    head_rate: float = 3e-3
    decay: float = 0.01
    warmup: float = 0.1
    held_out: int = 300
    eval_every: int = 20
    checkpoints: int = 6
    seed: int = 0

    called: ClassVar[str] = "fine-tuning spec"
    marks: ClassVar[Mapping[str, Any]] = {"kind": "fine_tune", "version": VERSION}
    kind = "fine_tune"
    _apart: ClassVar[tuple[str, ...]] = ("targets", "rate")
    _ranges: ClassVar[Mapping[str, tuple[float, float]]] = {
        "rank": (1, 256), "alpha": (0.01, 1024), "vectors": (1, 64), "examples": (2, 20_000), "steps": (1, 5000),
        "batch": (1, 256), "head_rate": (0, 1), "decay": (0, 10), "warmup": (0, 0.9), "held_out": (10, 2000),
        "eval_every": (1, 5000), "checkpoints": (2, 30), "seed": (0, 2**31 - 1),
    }  # fmt: skip

    def __post_init__(self) -> None:
        self._check()
        object.__setattr__(self, "targets", Lora(self.rank, self.alpha, tuple(self.targets)).targets)
        rate = self.rate
        if rate is not None:
            number = isinstance(rate, (int, float)) and not isinstance(rate, bool) and math.isfinite(rate)
            if not number or not 0 <= rate <= 1:
                raise ValueError(f"rate={rate!r} must be a number between 0 and 1, or nothing")
            object.__setattr__(self, "rate", float(rate))
        if bool(self.base) == bool(self.parent):
            raise ValueError(f"base={self.base!r} and parent={self.parent!r}: name one of the two")
        if self.text and not re.fullmatch(r"[0-9a-f]{64}", self.text):
            raise ValueError(
                "text must be fingerprint(the labelled lines), 64 hexadecimal digits, or nothing"
            )
        if self.text and self.task != "sentiment":
            raise ValueError(f"own labelled lines are for the task 'sentiment', not {self.task!r}")

    @property
    def lora(self) -> Lora:
        """The adapter that is asked for."""
        return Lora(self.rank, self.alpha, self.targets)

    @property
    def body_rate(self) -> float:
        """The learning rate of all that is not the head."""
        return RATES[self.way] if self.rate is None else self.rate

    @property
    def labels(self) -> tuple[str, ...]:
        """The task's classes; none where it asks for a span."""
        return LABELS if self.task == "sentiment" else ()

    @staticmethod
    def _written(name: str, value: Any) -> Any:
        return list(value) if name == "targets" else value


PRESETS: Mapping[Task, Mapping[str, Any]] = {
    "sentiment": {"examples": 8000, "steps": 400, "batch": 32, "eval_every": 40, "checkpoints": 4},
    "questions": {
        "examples": 3000,
        "steps": 450,
        "batch": 16,
        "held_out": 200,
        "eval_every": 50,
        "checkpoints": 4,
    },
}
# Found by a few tries each: what changes all words at once wants smaller steps where answers are already in the text.
_RATES: Mapping[Task, Mapping[Way, float]] = {
    "sentiment": {},
    "questions": {"scratch": 2e-3, "full": 2e-3, "lora": 1e-2},
}


def compared(task: Task, way: Way, **changes: Any) -> FineTuneSpec:
    """One of the ways that are held against each other: the same examples in the same order for all."""
    preset = {**PRESETS[task], "task": task, "way": way, "rate": _RATES[task].get(way)}
    return FineTuneSpec(**{**preset, **changes})
