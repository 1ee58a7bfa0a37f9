"""Runs for tests: a spec of a millisecond a step, a worker in a thread, and rows of a curve that was never trained."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from core.runs import Store
from core.runs.lease import Lease, Row
from core.runs.loop import Training
from core.runs.queue import claim
from core.training.spec import TrainSpec

OWNER, OTHER = "a" * 32, "b" * 32


def tiny(steps: int = 60, **changes: Any) -> TrainSpec:
    """A run of one thin block, on characters."""
    shape = {"n_layers": 1, "d_model": 16, "n_heads": 1, "d_head": 16, "d_mlp": 32}
    values = {
        "changes": shape,
        "batch_tokens": 64,
        "context": 16,
        "tokenizer": "characters",
        "checkpoints": 3,
    }
    return TrainSpec(**{"steps": steps, **values, "prompt": "A", **changes})


def row(step: int) -> Row:
    """The point of a step of a curve that is known in advance."""
    return step, 1 / step, 0.01, 0.5 + step, 0.25, 64 * step, step / 8, None if step % 5 else 2 / step


def rows(first: int, last: int) -> list[Row]:
    """The points of some steps, both ends included."""
    return [row(step) for step in range(first, last + 1)]


def taken(store: Store, seconds: float = 60.0) -> Lease:
    """The next run of the queue, in our hands."""
    ticket = claim(store.database, seconds)
    assert ticket is not None
    return Lease.take(store.database, ticket, seconds)


@contextmanager
def trained(store: Store, seconds: float = 60.0, **options: Any) -> Iterator[threading.Thread]:
    """A thread that trains the next run of the queue as a worker would; it has ended when this ends."""
    lease = taken(store, seconds)
    thread = threading.Thread(target=Training(store, lease, **options).run)
    thread.start()
    try:
        yield thread
    finally:
        thread.join(300)
        assert not thread.is_alive()
