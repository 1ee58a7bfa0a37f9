"""The records of a run, and its errors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

State = Literal["queued", "running", "paused", "done", "stopped", "diverged", "failed"]
Word = Literal["run", "pause", "step", "stop"]
ACTIVE: tuple[State, ...] = ("queued", "running", "paused")
ENDED: tuple[State, ...] = ("done", "stopped", "diverged", "failed")
WORDS: tuple[Word, ...] = ("run", "pause", "step", "stop")


class RunError(ValueError):
    """An error about a run that its reader can act on."""


class NoSuchRun(RunError):
    """No run has this id: it never existed, or it was deleted."""


class NotYours(RunError):
    """Only the owner of a run may pause, stop, rename or delete it."""


class LimitExceeded(RunError):
    """Raised for a run that exceeds this server's limits; the message has its estimate and the limit."""


class SchemaError(RunError):
    """Raised when another version of Glassbox wrote the database, or has changed its tables since it was opened."""


class StoreInUse(SchemaError):
    """Raised when an earlier version of Glassbox has the database open: its tables stay until that one has ended."""


class StoreDamaged(RunError):
    """Raised when the database's file is unreadable, or not ours; the message says which file and what to do."""


class StoreAway(RunError):
    """Raised when the database does not answer; the request had no effect and may be retried."""


class StoreFull(RunError):
    """Raised when the database's disk, or its size limit, is full."""


class LostLease(RunError):
    """Raised when another process has taken the run over, or it was deleted: the worker has to stop."""


@dataclass(frozen=True)
class Run:
    """A run as the store has it now.

    Attributes:
        id: unguessable; knowing it grants reading.
        owner: the random id of a browser; having it grants control. Never sent to another browser.
        spec: what was asked for, of the class of its kind (core.runs.kinds): a TrainSpec where `kind` is "train".
        group: runs that were started together (the pairs of a page), "" for none.
        control: the word its worker obeys: run, pause, step, stop.
        step: the last step whose point is stored; steps: how many the spec asks for.
        created, started, finished: seconds since 1970; None: not yet.
        ended: in words, why it ended ("" while it has not).
        parent: "RUN@STEP" of a fork, else "".
        revision: the code that trained it.
        place: 0 when it has a worker or needs none, else its place in the queue, from 1.
        seconds: of training so far; tokens: read so far.
        note: what its owner wrote about it, "" for nothing.
    """

    id: str
    owner: str = field(repr=False)
    name: str
    spec: Any
    group: str
    state: State
    control: Word
    step: int
    steps: int
    created: float
    started: float | None
    finished: float | None
    ended: str
    parent: str
    revision: str
    seed: int
    place: int = 0
    seconds: float = 0.0
    tokens: int = 0
    note: str = ""

    @property
    def kind(self) -> str:
        """Its kind: "train", "fine_tune", "shrink", "word2vec" or "map"."""
        return str(self.spec.kind)

    @property
    def over(self) -> bool:
        """Whether its curve is final."""
        return self.state in ENDED


COLUMNS = (
    "step", "loss", "learning_rate", "gradient_norm", "update_norm", "tokens", "seconds", "held_out",
)  # fmt: skip


@dataclass(frozen=True)
class Points:
    """A curve, or the part of it after some step: one numpy array a column, all (N,), in the order of the steps.

    Losses are nats per token; `seconds` count training only; `held_out` is NaN where it was not measured. What the
    columns of other kinds hold, `core.runs.kinds.Reached` says.
    """

    step: NDArray[np.int64]
    loss: NDArray[np.float64]
    learning_rate: NDArray[np.float64]
    gradient_norm: NDArray[np.float64]
    update_norm: NDArray[np.float64]
    tokens: NDArray[np.int64]
    seconds: NDArray[np.float64]
    held_out: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.step)

    def columns(self) -> dict[str, NDArray[Any]]:
        """Return name -> column."""
        return {name: getattr(self, name) for name in COLUMNS}

    @classmethod
    def of(cls, rows: list[tuple[Any, ...]]) -> Points:
        """Build the points from rows in the order of COLUMNS; None is NaN."""
        table = np.array(rows, dtype=np.float64).reshape(-1, len(COLUMNS))
        columns: dict[str, Any] = dict(zip(COLUMNS, np.ascontiguousarray(table.T)))
        for name in ("step", "tokens"):
            columns[name] = columns[name].astype(np.int64)
        return cls(**columns)


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint of a run that can be opened, shown and forked.

    Attributes:
        held_out: nats per token then; None: not measured.
        sample: how the model then continued the spec's prompt.
        health: what `core.analysis.health.training_health.measure` found then (plain JSON).
        kept: whether its weights are still stored (the oldest give way when the store is full).
    """

    step: int
    held_out: float | None
    sample: str
    health: Mapping[str, Any]
    kept: bool = True


@dataclass(frozen=True)
class Maps:
    """The attention patterns of the spec's prompt at a checkpoint.

    Attributes:
        tokens: as displayed, (T,).
        patterns: hook name -> (H, T, S), float16 precision.
    """

    tokens: tuple[str, ...]
    patterns: Mapping[str, NDArray[np.float32]]


@dataclass(frozen=True)
class Places:
    """The positions of words on a map at a checkpoint: points (N, 2) float32, of the first N words of the run."""

    points: NDArray[np.float32]
