"""Where the loop runs: in a worker of the engine, or right here."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.runs.kinds import Reached, Spec
from core.runs.lease import Lease
from core.runs.loop import Training
from core.runs.queue import Ticket, hold, requeue
from core.runs.records import LostLease, Run, RunError
from core.runs.store import Store
from core.runs.warm import warmed

log = logging.getLogger("glassbox.runs")
_GOING = (
    "closing",
    "closed",
    "closing_gracefully",
    "stopping",
    "failed",
)  # what dask calls a worker that leaves
LEASE = 10.0  # seconds that a run waits for a worker that says nothing


def lease_seconds() -> float:
    """GLASSBOX_LEASE: how long a run waits for a worker that says nothing (10 s)."""
    return float(os.environ.get("GLASSBOX_LEASE", "").strip() or LEASE)


def here(
    store: Store,
    spec: Spec,
    owner: str,
    text: str | None = None,
    name: str = "",
    group: str = "",
    watch: Callable[[Reached], None] = lambda point: None,
) -> Run:
    """Train a run to its end in this process, without a queue: the same loop, the same store.

    Raises:
        RunError: it cannot begin; see `Store.create`.
    """
    seconds = lease_seconds()
    with store.database.writing() as connection:  # no engine can be quicker
        run = store.add(connection, spec, owner, name, text, group)
        ticket = hold(connection, store.database, run.id, seconds)
    assert ticket is not None
    Training(store, Lease.take(store.database, ticket, seconds), watch=watch).run()
    return store.get(run.id)


def resume(store: Store, id: str) -> Ticket:
    """Take a run that waits out of the queue, for this process; a lost worker's lease is waited for.

    Raises:
        NoSuchRun: there is none. RunError: it trains elsewhere, is paused, or has ended.
    """
    seconds = lease_seconds()
    until = time.monotonic() + seconds + 1
    while True:
        requeue(store.database)
        with store.database.writing() as connection:
            ticket = hold(connection, store.database, id, seconds)
        if ticket is not None:
            return ticket
        state = store.get(id).state
        if state != "running" or time.monotonic() > until:
            words = "trains elsewhere" if state == "running" else f"is {state}"
            raise RunError(f"run {id} {words}: it does not wait for a worker")
        time.sleep(0.25)


@dataclass(frozen=True)
class Address:
    """A database's address on its way to a worker; its password stays out of logs."""

    url: str = field(repr=False)


def work(address: Address, ticket: Ticket) -> None:
    """Train the run of a ticket: what the engine sends to a worker of dask."""
    from distributed import get_worker

    warmed()
    worker = get_worker()
    train(address, ticket, lambda: worker.status.name in _GOING)


def train(address: Address, ticket: Ticket, leaving: Callable[[], bool]) -> None:
    """Train the run of a ticket to its end, or until this process has to go.

    Args:
        leaving: asked before every step: has this process to go?
    """
    import torch

    from core.memory import give_back

    torch.set_num_threads(1)  # two threads beside a busy neighbour are ten times slower than one
    store, seconds = Store(address.url), lease_seconds()
    try:
        lease = Lease.take(store.database, ticket, seconds)
        Training(store, lease, leaving=leaving).run()
    except LostLease:
        log.info("The ticket of run %s was used or has run out", ticket.id)
    finally:
        store.close()
        give_back()
