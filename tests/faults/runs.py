"""What the fault tests share: a small run, its uninterrupted curve, processes to kill, and what must hold then."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import psutil
import sqlalchemy as sa

from core.runs import Run, Store
from core.runs.schema import states
from core.runs.serving import NAME
from core.training.spec import TrainSpec
from core.training.trainer import Trainer
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).resolve().parent.parent.parent
OWNER = "test"
EXACT = ("step", "loss", "learning_rate", "gradient_norm", "update_norm", "tokens")  # the rest is time

# What every process of a fault test has in its environment: quick to lose patience, quick to save.
SETTINGS = {
    "GLASSBOX_LEASE": "3",
    "GLASSBOX_SAVE": "0.1",
    "GLASSBOX_WORKERS": "1",
    "OMP_NUM_THREADS": "1",
    "PYTHONPATH": str(ROOT),
}


def small(steps: int = 400, **changes: Any) -> TrainSpec:
    """A run of about 2 ms a step."""
    shape = {"n_layers": 1, "d_model": 16, "n_heads": 1, "d_head": 16, "d_mlp": 32}
    values = {"batch_tokens": 64, "context": 16, "vocab_size": 300, "checkpoints": 3, "prompt": "A"}
    return TrainSpec(**{"steps": steps, "changes": shape, **values, **changes})


@lru_cache(maxsize=8)
def uninterrupted(spec: TrainSpec) -> dict[str, Any]:
    """The columns of the curve that nobody disturbed, trained here on one thread."""
    rows = [[getattr(point, name) for name in EXACT] for point in Trainer(spec).run()]
    return dict(zip(EXACT, np.array(rows).T))


def in_the_middle(store: Store, id: str, after: int = 0) -> int:
    """Wait until a run has stored a state past a step, and trains on; the step of that state."""

    def saved() -> int:
        with store.database.reading() as connection:
            step = connection.execute(sa.select(states.c.step).where(states.c.run == id)).scalar()
        return step if step is not None and step > after else 0

    step = until(saved, "a state", moves=lambda: store.get(id).step)
    until(lambda: store.get(id).step > step, "more steps than are saved")
    run = store.get(id)
    assert run.step < run.steps * 0.9, "too late to disturb it"
    return int(step)


def finished(store: Store, id: str) -> Run:
    """Wait until the run is over, for as long as it goes on."""
    until(lambda: store.get(id).over, "the end of the run", moves=lambda: store.get(id).step)
    return store.get(id)


def same_curve(store: Store, id: str) -> None:
    """No gap, no duplicate, and every number as if nothing had happened, to the last bit."""
    run = store.get(id)
    assert (run.state, run.ended) == ("done", "All steps done."), run
    columns, expected = store.points(id).columns(), uninterrupted(run.spec)
    assert columns["step"].tolist() == list(range(1, run.steps + 1))
    for name in EXACT:
        differ = np.flatnonzero(columns[name] != expected[name])
        assert not len(differ), f"{name} differs from step {differ[0] + 1} on, {len(differ)} times"
    assert np.all(np.diff(columns["seconds"]) > 0)
    steps = [checkpoint.step for checkpoint in store.checkpoints(id)]
    assert steps[0] == 0
    assert steps[-1] == run.steps


def with_parent() -> None:
    """In a child: die when the process that started us dies, however it dies (Linux: PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


class Process:
    """A program of this test, in a process that does not outlive it."""

    def __init__(self, *arguments: str, **settings: str) -> None:
        self.child: subprocess.Popen[str] = subprocess.Popen(
            [sys.executable, *arguments],
            env=os.environ | SETTINGS | settings,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )

    @property
    def output(self) -> IO[str]:
        """What it prints."""
        assert self.child.stdout is not None
        return self.child.stdout

    def say(self, line: str) -> str:
        """Give it a line, get its next line."""
        assert self.child.stdin is not None
        self.child.stdin.write(line + "\n")
        self.child.stdin.flush()
        return self.output.readline().strip()

    def family(self) -> list[psutil.Process]:
        """Itself and all that it started."""
        me = psutil.Process(self.child.pid)
        return [me, *me.children(recursive=True)]

    def kill(self) -> None:
        """SIGKILL it alone; what it started has to notice by itself."""
        family = self.family()
        self.child.kill()
        self.child.wait()
        gone(family)

    def close(self) -> None:
        """End it in the ordinary way, or else by force; nothing of it may be left."""
        if self.child.poll() is None:
            family = self.family()
            assert self.child.stdin is not None
            self.child.stdin.close()
            self.child.terminate()
            gone(family)
            self.child.wait()
        self.output.close()


def gone(family: list[psutil.Process], patience: float = PATIENCE) -> None:
    """Nobody of a family is left, though nobody else was asked to go; who is left is killed and named."""
    _, alive = psutil.wait_procs(family, timeout=patience)
    left = [named for process in alive if (named := _running(process))]
    assert not left, f"outlived its parent: {left}"


def _running(process: psutil.Process) -> str:
    """Kill a process that still runs, and name it; one that has ended (and that nobody has waited for) is ""."""
    try:
        named = f"{process.pid} {' '.join(process.cmdline()[-4:])}"
        process.kill()
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return ""
    return named


@contextmanager
def server(**settings: str) -> Iterator[Process]:
    """A server process whose workers stand."""
    process = Process("-m", "tests.faults.server", **settings)
    try:
        assert process.output.readline().strip() == "ready"
        yield process
    finally:
        process.close()


def worker_of(process: Process) -> psutil.Process:
    """The one worker process of a server, or of dask's nanny."""
    found = [p for p in process.family()[1:] if is_worker(p)]
    assert len(found) == 1, found
    return found[0]


def is_worker(process: psutil.Process) -> bool:
    """Whether a process trains: ours have a name, dask's are spawned."""
    return process.name() == NAME or "spawn_main" in " ".join(process.cmdline())
