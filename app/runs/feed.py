"""The state of one run while it is watched: read from the store by one poller, shared by all watchers."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from starlette.concurrency import run_in_threadpool

from core.messages import mark

if TYPE_CHECKING:
    from core.runs import Checkpoint, Points, Run, Store

log = logging.getLogger("glassbox")

FIRST = 0.1  # seconds between two polls before the first point
EVERY = 0.25  # during training
RESTING = 0.5  # while it is paused, waits, or the store is unavailable
CHECKPOINTS = 3  # every this many polls of a training run its checkpoints are read, too

Columns = dict[str, np.ndarray[Any, Any]]
Trouble = tuple[str, str]  # ("gone" | "away", why, which each watcher reads in a language of its own)


@dataclass(frozen=True)
class Look:
    """The result of one poll of the store; None: not read."""

    run: Run | None = None
    points: Points | None = None
    checkpoints: list[Checkpoint] | None = None
    trouble: Trouble | None = None
    starting: bool = False


def _never() -> bool:
    return False


@dataclass
class Feed:
    """A watched run: its state, its whole curve, its checkpoints, or why they are unavailable.

    Attributes:
        workers_start: returns whether this server's workers are still starting; starting: its last result.
        beside: how many times as long as its steps alone the run takes (`core.runs.corrections.beside`).
        foretold: estimated seconds of the whole run; 0: not known (`core.runs.corrections.whole`).
    """

    id: str
    store: Callable[[], Store]
    workers_start: Callable[[], bool] = _never
    starting: bool = False
    beside: float = 1.0
    foretold: float = 0.0
    watchers: int = 0
    run: Run | None = None
    columns: Columns = field(default_factory=dict)
    checkpoints: list[dict[str, Any]] = field(default_factory=list)
    trouble: Trouble | None = None
    news: asyncio.Event = field(default_factory=asyncio.Event)
    _task: asyncio.Task[None] | None = None
    _looks: int = 0
    _packed: tuple[tuple[int, int], bytes] = ((-1, -1), b"")

    def begin(self) -> None:
        """Start the poller, unless it runs already or the run has ended."""
        if self._task is None:
            self._task = asyncio.create_task(self._poll())

    def end(self) -> None:
        """Stop the poller."""
        if self._task is not None:
            self._task.cancel()

    @property
    def last(self) -> int:
        """The last step known, -1 before the first."""
        steps = self.columns.get("step")
        return int(steps[-1]) if steps is not None and len(steps) else -1

    def span(self, after: int, most: int) -> tuple[int, int] | None:
        """Return the range of points (first, after the last) that a watcher at step `after` gets next."""
        steps = self.columns.get("step")
        if steps is None:
            return None
        first = int(np.searchsorted(steps, after, side="right"))
        return None if first == len(steps) else (first, min(len(steps), first + most))

    def cut(self, first: int, end: int) -> Columns:
        """Return these points."""
        return {name: column[first:end] for name, column in self.columns.items()}

    def packed(self, span: tuple[int, int], make: Callable[[], bytes]) -> bytes:
        """Return the encoded event of these points, cached, as most watchers are at the same position."""
        if self._packed[0] != span:
            self._packed = (span, make())
        return self._packed[1]

    async def _poll(self) -> None:
        """Poll the store and wake the watchers on changes, until the run ends."""
        while True:
            try:
                found = await run_in_threadpool(self.look)
            except Exception:
                log.exception("A look at run %s failed", self.id)
                found = Look(
                    trouble=("away", mark("This run could not be read just now; it is tried again."))
                )
            if self.take(found):
                self.news.set()
                self.news = asyncio.Event()
            if self.trouble is not None and self.trouble[0] == "gone":
                return
            run = self.run
            if run is not None and run.over and self.trouble is None:
                return
            await asyncio.sleep(self._pause())

    def _pause(self) -> float:
        run = self.run
        if run is None or self.trouble is not None or run.state == "paused":
            return RESTING
        if run.state == "queued":
            return FIRST if run.place <= 1 else RESTING
        return FIRST if run.step == 0 else EVERY

    def look(self) -> Look:
        """Read the store once; runs in a thread, one call at a time."""
        from core.runs import RunError, StoreAway
        from core.runs.corrections import beside, whole

        try:
            store, before = self.store(), self.run
            run = store.get(self.id)
            if before is None and not run.over:
                self.beside, self.foretold = beside(run.spec), whole(store, run.spec)
            turned = before is None or run.state != before.state or self.trouble is not None
            moved = turned or run.step != getattr(before, "step", -1)
            self._looks += 1
            # Checkpoints of a word map are its picture: all of them are delivered.
            due = turned or (moved and (run.kind != "train" or self._looks % CHECKPOINTS == 0))
            return Look(
                run,
                store.points(self.id, self.last) if moved else None,
                store.checkpoints(self.id) if due else None,
                starting=run.state == "queued" and self.workers_start(),
            )
        except StoreAway:  # its message names the database's host
            return Look(trouble=("away", mark("the server's database does not answer")))
        except RunError as why:  # the run does not exist, or it or its store cannot be read
            return Look(trouble=("gone", str(why)))

    def take(self, found: Look) -> bool:
        """Update from a poll; return whether anything changed."""
        fresh = found.trouble != self.trouble
        self.trouble = found.trouble
        if found.run is not None:
            fresh |= found.run != self.run or found.starting != self.starting
            self.run, self.starting = found.run, found.starting
        if found.points is not None and len(found.points):
            fresh = True
            for name, column in found.points.columns().items():
                known = self.columns.get(name)
                self.columns[name] = column if known is None else np.concatenate([known, column])
        if found.checkpoints is not None and len(found.checkpoints) > len(self.checkpoints):
            fresh = True
            self.checkpoints = [
                {"step": made.step, "held_out": _number(made.held_out), "sample": made.sample}
                for made in found.checkpoints
            ]
        return fresh


def _number(value: float | None) -> float | None:
    """Convert NaN and infinity, which JSON lacks, to None."""
    return None if value is None or not np.isfinite(value) else float(value)
