"""Entry points of the work loop: in a worker of the engine, or in the calling process."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from core.runs.kinds import Reached, Spec
from core.runs.lease import Lease
from core.runs.limits import Limits
from core.runs.loop import Training
from core.runs.queue import Ticket, Watch, hold
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
)  # dask's exception when a worker stops
OVERRUN = 2.0  # times the minutes that a run may be estimated to take: a busy machine is slower than it was measured
SLICE = 15.0  # seconds that a run trains before it lets a shorter run of another owner go first
LEASE = 10.0  # seconds until a silent worker's lease expires


def lease_seconds() -> float:
    """Read GLASSBOX_LEASE: the seconds until a silent worker's lease expires (10 s)."""
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
    with store.database.writing() as connection:  # so that no engine can claim it
        run = store.add(connection, spec, owner, name, text, group)
        ticket = hold(connection, store.database, run.id, seconds)
    assert ticket is not None
    Training(store, Lease.take(store.database, ticket, seconds), watch=watch).run()
    return store.get(run.id)


def resume(store: Store, id: str) -> Ticket:
    """Claim a waiting run for this process; a lost worker's lease is waited for.

    Raises:
        NoSuchRun: there is none. RunError: it trains elsewhere, is paused, or has ended.
    """
    seconds = lease_seconds()
    until, watch = time.monotonic() + 1.5 * seconds + 1, Watch(store.database, seconds)
    while True:
        watch.requeue()
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
    """A database's address to be sent to a worker; its password stays out of logs."""

    url: str = field(repr=False)


def work(address: Address, ticket: Ticket) -> None:
    """Train the run of a ticket: the function that the engine submits to dask."""
    from distributed import get_worker

    warmed()
    worker = get_worker()
    train(address, ticket, lambda: worker.status.name in _GOING)


def train(address: Address, ticket: Ticket, leaving: Callable[[], bool]) -> None:
    """Train the run of a ticket to its end, or until this process must stop.

    Args:
        leaving: called before every step: must this process stop?
    """
    import torch

    from core.memory import give_back

    torch.set_num_threads(1)  # two threads beside a busy process are ten times slower than one
    store, seconds = Store(address.url), lease_seconds()
    try:
        lease = Lease.take(store.database, ticket, seconds)
        longest = 60.0 * OVERRUN * Limits.from_environment().minutes
        Training(store, lease, leaving=leaving, longest=longest, slice=SLICE).run()
    except LostLease:
        log.info("The ticket of run %s was used or has run out", ticket.id)
    finally:
        store.close()
        give_back()
