"""Who trains: worker processes that stand warm while somebody may want them, and a thread that hands out what waits.

By default the workers are processes of this machine, which this server starts, ends, and takes along: what a killed
server or worker leaves is a lease that runs out, and the run is handed out again. They come when a run waits or
somebody is about to start one (`expect`), and leave after a while without either. GLASSBOX_SCHEDULER names a cluster
of dask's instead, whose workers neither come nor go with us.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from typing import TYPE_CHECKING

from core.precision import choose
from core.runs.cluster import Cluster, check_address
from core.runs.corrections import corrected
from core.runs.limits import Limits, Starts
from core.runs.processes import Processes
from core.runs.queue import claim, drop, requeue, waiting
from core.runs.records import Run, RunError, StoreAway
from core.runs.retention import clear, reserved
from core.runs.store import Store
from core.runs.worker import lease_seconds

if TYPE_CHECKING:
    from core.runs.kinds import Spec
    from core.training.estimates import Estimate

log = logging.getLogger("glassbox.runs")
_LOOK = 0.25  # seconds between two looks at the queue, when nobody calls
_ASKING = 1.0  # seconds that a question to the store may take when the server stops
_CLOSING = 5.0  # seconds that runs have to store their state when the server stops
IDLE = 600.0  # seconds
WORKERS = 2


def idle_seconds() -> float:
    """GLASSBOX_IDLE: how long workers of this machine stay when nobody trains or looks as if they would (600 s)."""
    return float(os.environ.get("GLASSBOX_IDLE", "").strip() or IDLE)


def own_workers() -> int:
    """GLASSBOX_WORKERS (2): the most processes that train on this machine; 0 where GLASSBOX_SCHEDULER names others."""
    if os.environ.get("GLASSBOX_SCHEDULER", "").strip():
        return 0
    return int(os.environ.get("GLASSBOX_WORKERS", "").strip() or WORKERS)


class Engine:
    """Trains the runs of a store.

    Args:
        store: shared with the workers, by its address.
        workers: processes on this machine at most, one run and one thread each (None: GLASSBOX_WORKERS, or 2). 0:
            none; runs wait for another server of the same store.
        scheduler: the address of a dask scheduler; None: GLASSBOX_SCHEDULER, "" for workers of our own.
        limits: None: from the environment.
        idle: seconds after which workers of our own leave when nobody wants them; None: GLASSBOX_IDLE, or 600.

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
        self.scheduler = os.environ.get("GLASSBOX_SCHEDULER", "").strip() if scheduler is None else scheduler
        if self.scheduler:
            check_address(self.scheduler, store)
        self.limits = limits or Limits.from_environment()
        self._starts = Starts(self.limits.starts)
        self.idle = idle_seconds() if idle is None else idle
        self._lease = lease_seconds()
        self._call, self._stop, self._ready = threading.Event(), threading.Event(), threading.Event()
        self._crew: Processes | Cluster | None = None
        self._wanted_until = 0.0
        self._careful_until = 0.0
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether workers stand warm."""
        return self._ready.is_set()

    @property
    def starting(self) -> bool:
        """Whether workers are on their way: what waits begins as soon as they stand warm."""
        coming = bool(self.scheduler) or time.monotonic() < self._wanted_until
        return self._thread is not None and coming and not self._stop.is_set() and not self._ready.is_set()

    @property
    def busy(self) -> bool:
        """Whether a worker has a run of this engine."""
        crew = self._crew
        return crew is not None and crew.busy

    def start(self, wait: bool = True, timeout: float = 60.0) -> None:
        """Start the thread that hands runs out.

        Args:
            wait: let workers come, and wait until they are warm, `timeout` seconds at most; otherwise they come when
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
        """Somebody may start a run soon: let workers come, or stay."""
        self._wanted_until = time.monotonic() + self.idle
        if not self._ready.is_set():
            self._call.set()

    def estimate(self, spec: Spec, text: str | None = None) -> Estimate:
        """What a run would take here, by formula and by what such runs took. Raises LimitExceeded: too much."""
        return self.limits.check_spec(spec, text, lambda cost: self._corrected(spec, cost))

    def _corrected(self, spec: Spec, cost: Estimate) -> Estimate:
        try:
            return corrected(self.store, spec, cost)
        except StoreAway:  # what runs took is not to be had just now
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
        """Put a run into the queue; it begins as soon as a worker is free, now or after the next start of the server.

        What gives way to it does so only if it is put into the queue: all of it is one transaction.

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
            # The new run is one of those kept: it waits, so it is not among what gives way.
            clear(connection, owner, self.limits.kept, room, self.limits.room)
            self._starts.count(address)
        self.expect()
        self._call.set()
        return run

    def wake(self) -> None:
        """Look at the queue now: somebody has told a paused run to go on."""
        self._call.set()

    def close(self) -> None:
        """Let the workers store where they are, and stop them. What is not done goes on after the next start."""
        self._stop.set()
        self._call.set()
        if self._thread is not None:
            self._thread.join(_ASKING)
            # It waits for a database that does not answer; the workers need not. Or it lets them go by itself.
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
            except Exception:  # whatever dask or the system may raise: runs wait until it is back
                log.exception("The workers do not answer; trying again")
                self._stop.wait(1.0)
            finally:
                self._disconnect()

    def _rest(self) -> None:
        self._call.wait(_LOOK)
        self._call.clear()

    def _wanted(self) -> bool:
        """Whether workers should stand: somebody expects them, or a run trains, waits, or was lost."""
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
        """Hand out what waits; take back what was lost."""
        assert self._crew is not None
        try:
            for lost in self._crew.lost():
                drop(self.store.database, lost)
            self._take_back()
            if isinstance(self._crew, Processes):  # one that trains for each run; no more than are allowed
                self._crew.grow(max(1, self._crew.trains + waiting(self.store.database)))
            for _ in range(self._crew.free()):
                ticket = claim(self.store.database, self._lease)
                if ticket is None:
                    return
                self._crew.send(ticket)
        except StoreAway as why:
            self._be_careful(why)

    def _take_back(self) -> None:
        """Put runs whose worker was lost back into the queue."""
        if time.monotonic() >= self._careful_until:
            requeue(self.store.database)

    def _be_careful(self, why: StoreAway) -> None:
        """When the database comes back, its workers come back, too: no lease has run out by our doing nothing."""
        self._careful_until = time.monotonic() + self._lease
        log.warning("Runs wait: %s", why)

    def _connect(self) -> Processes | Cluster:
        from core.training.estimates import measured_rate

        crew = Cluster(self.scheduler, self.store) if self.scheduler else self._first_process()
        if not self._stop.is_set():
            measured_rate(choose("auto"))  # for the estimates: a second, once a machine
            self._ready.set()
        return crew

    def _first_process(self) -> Processes:
        """One worker of this machine, warm; the others come with the runs that want them."""
        crew = self._crew = Processes(self.store.url, self.workers, self._call.set)
        while not crew.warm and not self._stop.is_set():
            crew.lost()
            crew.grow(1)
            self._rest()
        return crew

    def _disconnect(self) -> bool:
        """Let the workers go; whether there were any to let go."""
        crew, self._crew = self._crew, None
        self._ready.clear()
        if crew is not None:
            crew.close(_CLOSING)
        return crew is not None
