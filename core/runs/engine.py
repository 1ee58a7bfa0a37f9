"""The engine: warm worker processes, and a thread that dispatches waiting runs to them.

By default the workers are processes of this machine, which this server starts and stops, and which end with it: if a
server or worker is killed, its lease expires and the run is dispatched again. They start when a run waits or a start is
likely (`expect`), and stop after an idle time. GLASSBOX_SCHEDULER names a cluster of dask's instead, whose workers this
server neither starts nor stops.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from core import server_process
from core.precision import choose
from core.runs.cluster import Cluster, check_address
from core.runs.corrections import corrected
from core.runs.limits import Limits, Starts
from core.runs.processes import Processes
from core.runs.queue import Watch, claim, drop, waiting
from core.runs.records import Run, RunError, SchemaError, StoreAway
from core.runs.retention import clear, reserved
from core.runs.store import Store
from core.runs.worker import lease_seconds

if TYPE_CHECKING:
    from core.runs.kinds import Spec
    from core.training.estimates import Estimate

log = logging.getLogger("glassbox.runs")
_LOOK = 0.25  # seconds between two polls of the queue without a wake-up
_ASKING = 1.0  # seconds that a query to the store may take at shutdown
_CLOSING = 5.0  # seconds for runs to store their state at shutdown
IDLE = 600.0  # seconds between two attempts to connect
WORKERS = 2


def idle_seconds() -> float:
    """Read GLASSBOX_IDLE: the seconds that idle workers of this machine stay (600 s)."""
    return float(os.environ.get("GLASSBOX_IDLE", "").strip() or IDLE)


def own_workers() -> int:
    """Return the maximum of worker processes of this server process: of several, the first one alone has any."""
    return machine_workers() if server_process.trains() else 0


def machine_workers() -> int:
    """Read GLASSBOX_WORKERS (2): the maximum of worker processes here; 0 where GLASSBOX_SCHEDULER names others."""
    if os.environ.get("GLASSBOX_SCHEDULER", "").strip():
        return 0
    return int(os.environ.get("GLASSBOX_WORKERS", "").strip() or WORKERS)


def own_scheduler() -> str:
    """Read GLASSBOX_SCHEDULER: of several server processes, the first one alone hands runs to it."""
    return os.environ.get("GLASSBOX_SCHEDULER", "").strip() if server_process.trains() else ""


class Engine:
    """Trains the runs of a store.

    Args:
        store: shared with the workers, by its address.
        workers: processes on this machine at most, one run and one thread each (None: GLASSBOX_WORKERS, or 2). 0:
            none; runs wait for another server (process) of the same store.
        scheduler: the address of a dask scheduler; None: GLASSBOX_SCHEDULER, "" for workers of our own.
        limits: None: from the environment.
        idle: seconds after which idle workers of our own stop; None: GLASSBOX_IDLE, or 600.

    Raises:
        RunError: the scheduler's address is not one to be trusted, or its workers could not reach the store.
    """

    def __init__(
        self,
        store: Store,
        workers: int | None = None,
        scheduler: str | None = None,
        limits: Limits | None = None,
        idle: float | None = None,
    ) -> None:
        self.store = store
        self.workers = own_workers() if workers is None else workers
        # Runs that train at once, here or by another server process of this address.
        self.side_by_side = machine_workers() if workers is None else workers
        self.scheduler = own_scheduler() if scheduler is None else scheduler
        if self.scheduler:
            check_address(self.scheduler, store)
        self.limits = limits or Limits.from_environment()
        self._starts = Starts(self.limits.starts)
        self.idle = idle_seconds() if idle is None else idle
        self._lease = lease_seconds()
        self._watch = Watch(store.database, self._lease)
        self._call, self._stop, self._ready = threading.Event(), threading.Event(), threading.Event()
        self._crew: Processes | Cluster | None = None
        self._wanted_until = 0.0
        self._careful_until = 0.0
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether warm workers are available."""
        return self._ready.is_set()

    @property
    def starting(self) -> bool:
        """Whether workers are starting: waiting runs begin as soon as they are warm."""
        coming = bool(self.scheduler) or time.monotonic() < self._wanted_until
        return self._thread is not None and coming and not self._stop.is_set() and not self._ready.is_set()

    @property
    def busy(self) -> bool:
        """Whether a worker is executing a run of this engine."""
        crew = self._crew
        return crew is not None and crew.busy

    def start(self, wait: bool = True, timeout: float = 60.0) -> None:
        """Start the dispatching thread.

        Args:
            wait: let workers come, and wait until they are warm, `timeout` seconds at most; otherwise they start when
                somebody wants them.

        Raises:
            RunError: they are not warm by then.
        """
        if not self.workers and not self.scheduler:
            return
        if wait:
            self.expect()
        self._thread = threading.Thread(target=self._work, name="runs", daemon=True)
        self._thread.start()
        if wait and not self._ready.wait(timeout):
            raise RunError("the workers did not start; the log says why")

    def expect(self) -> None:
        """Start or keep workers, because a run may be started soon."""
        self._wanted_until = time.monotonic() + self.idle
        if not self._ready.is_set():
            self._call.set()

    def estimate(self, spec: Spec, text: str | None = None) -> Estimate:
        """Estimate the cost of a run here, by formula and by recent runs. Raises LimitExceeded: too much."""
        return self.limits.check_spec(spec, text, lambda cost: self._corrected(spec, cost))

    def _corrected(self, spec: Spec, cost: Estimate) -> Estimate:
        try:
            return corrected(self.store, spec, cost)
        except StoreAway:  # recent runs cannot be read now
            return cost

    def submit(
        self,
        spec: Spec,
        owner: str,
        text: str | None = None,
        name: str = "",
        group: str = "",
        address: str = "",
    ) -> Run:
        """Queue a run; it begins as soon as a worker is free, now or after the next start of the server.

        Other runs are evicted for it only if it is queued: all of it is one transaction.

        Args:
            address: the network address that it is asked for from, or a name of it; "" where none is known.

        Raises:
            LimitExceeded: it is too large for this server, or its owner or address has too many; the message has the
                estimate.
            RunError: see `Store.create`.
        """
        cost = self.estimate(spec, text)
        with self.store.database.writing() as connection:
            self.limits.check_counts(*self.store.count(connection, owner, address))
            room = self.limits.check_room(spec, cost, reserved(connection, owner))
            run = self.store.add(connection, spec, owner, name, text, group, address, room)
            # The new run is protected from eviction because it is waiting.
            clear(connection, owner, self.limits.kept, room, self.limits.room)
            self._starts.count(address)
        self.expect()
        self._call.set()
        return run

    def wake(self) -> None:
        """Poll the queue now, because a paused run was resumed."""
        self._call.set()

    def close(self) -> None:
        """Stop the workers after they store their state. Unfinished runs continue after the next start."""
        self._stop.set()
        self._call.set()
        if self._thread is not None:
            self._thread.join(_ASKING)
            # The thread waits for a database that does not answer; the workers need not. Or it stops them by itself.
            if self._thread.is_alive() and not self._disconnect():
                self._thread.join(_CLOSING + 1)

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                if self._wanted():
                    self._crew = self._connect()
                    while not self._stop.is_set() and self._stands() and self._wanted():
                        self._turn()
                        self._rest()
                else:
                    self._rest()
            except SchemaError as why:  # for good: this process does not know the tables
                log.error("Nothing is trained here any more: %s", why)
                self._stop.set()
            except Exception:  # catch all errors of dask or the system: runs wait until it is back
                log.exception("The workers do not answer; trying again")
                self._stop.wait(1.0)
            finally:
                self._disconnect()

    def _rest(self) -> None:
        self._call.wait(_LOOK)
        self._call.clear()

    def _wanted(self) -> bool:
        """Return whether workers should run: one is expected, or a run trains, waits, or was lost."""
        if self.scheduler:
            return True
        if self.busy:
            self._wanted_until = time.monotonic() + self.idle
        if time.monotonic() < self._wanted_until:
            return True
        try:
            self._take_back()
            if waiting(self.store.database):
                self._wanted_until = time.monotonic() + max(self.idle, 1.0)
                return True
        except StoreAway as why:
            self._be_careful(why)
        return False

    def _stands(self) -> bool:
        return not isinstance(self._crew, Cluster) or self._crew.stands()

    def _turn(self) -> None:
        """Dispatch waiting runs and requeue lost ones."""
        assert self._crew is not None
        try:
            for lost in self._crew.lost():
                drop(self.store.database, lost)
            self._take_back()
            if isinstance(self._crew, Processes):  # one worker per run, within the limit
                self._crew.grow(max(1, self._crew.trains + waiting(self.store.database)))
            for _ in range(self._crew.free()):
                ticket = claim(self.store.database, self._lease)
                if ticket is None:
                    return
                self._crew.send(ticket)
        except StoreAway as why:
            self._be_careful(why)

    def _take_back(self) -> None:
        """Requeue runs whose worker was lost."""
        if time.monotonic() >= self._careful_until:
            self._watch.requeue()

    def _be_careful(self, why: StoreAway) -> None:
        """Hold back while the database is unavailable.

        When it returns, leases must not expire because of our inactivity.
        """
        self._careful_until = time.monotonic() + self._lease
        log.warning("Runs wait: %s", why)

    def _connect(self) -> Processes | Cluster:
        from core.training.estimates import measured_rate

        crew = Cluster(self.scheduler, self.store) if self.scheduler else self._first_process()
        if not self._stop.is_set():
            measured_rate(choose("auto"))  # the machine's rate for estimates: a second, once per machine
            self._ready.set()
        return crew

    def _first_process(self) -> Processes:
        """Start one worker of this machine; the others start with the runs that need them."""
        crew = self._crew = Processes(self.store.url, self.workers, self._call.set)
        while not crew.warm and not self._stop.is_set():
            crew.lost()
            crew.grow(1)
            self._rest()
        return crew

    def _disconnect(self) -> bool:
        """Disconnect from the workers; return whether there were any."""
        crew, self._crew = self._crew, None
        self._ready.clear()
        if crew is not None:
            crew.close(_CLOSING)
        return crew is not None
