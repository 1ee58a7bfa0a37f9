"""Who trains: worker processes that stand warm, and a thread that hands them the runs that wait.

By default the workers are dask's, on this machine, children of this process: killed with it, they leave leases that
run out, and the next server hands their runs out again. GLASSBOX_SCHEDULER names a cluster of its own instead, whose
workers go on without us.
"""

from __future__ import annotations

import ipaddress
import logging
import os
import threading
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.runs.limits import Limits
from core.runs.queue import Ticket, claim, drop, requeue, training
from core.runs.records import Run, RunError, StoreAway
from core.runs.retention import make_way
from core.runs.store import Store
from core.runs.warm import warm, warmed
from core.runs.worker import Address, lease_seconds, work

if TYPE_CHECKING:
    from distributed import Client, Future, LocalCluster

    from core.costs import Estimate
    from core.runs.kinds import Spec

log = logging.getLogger("glassbox.runs")
_LOOK = 0.25  # seconds between two looks at the queue, when nobody calls
_REACH = 10.0  # seconds to reach a scheduler
_NOWHERE = "127.0.0.1:0"  # dask's own pages cannot be turned off, only kept from others
_CLOSING = 5.0  # seconds that runs have to store their state when the server stops


class Engine:
    """Trains the runs of a store.

    Args:
        store: shared with the workers, by its address.
        workers: processes on this machine, one run and one thread each (None: GLASSBOX_WORKERS, or 2). 0: none; runs
            wait for another server of the same store.
        scheduler: the address of a dask scheduler; None: GLASSBOX_SCHEDULER, "" for workers of our own.
        limits: None: from the environment.

    Raises:
        RunError: the scheduler's address is not one to be trusted, or its workers could not reach the store.
    """

    def __init__(
        self,
        store: Store,
        workers: int | None = None,
        scheduler: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        self.store = store
        self.workers = (
            int(os.environ.get("GLASSBOX_WORKERS", "").strip() or 2) if workers is None else workers
        )
        self.scheduler = os.environ.get("GLASSBOX_SCHEDULER", "").strip() if scheduler is None else scheduler
        if self.scheduler:
            check_address(self.scheduler, store)
        self.limits = limits or Limits.from_environment()
        self._lease = lease_seconds()
        self._call, self._stop, self._ready = threading.Event(), threading.Event(), threading.Event()
        self._client: Client | None = None
        self._local: LocalCluster | None = None
        self._sent: dict[Ticket, Future] = {}
        self._careful_until = 0.0
        self._thread: threading.Thread | None = None

    @property
    def ready(self) -> bool:
        """Whether the workers stand warm."""
        return self._ready.is_set()

    @property
    def starting(self) -> bool:
        """Whether workers are on their way: what waits begins as soon as they stand warm."""
        return self._thread is not None and not self._stop.is_set() and not self._ready.is_set()

    def start(self, wait: bool = True, timeout: float = 60.0) -> None:
        """Start the workers and the thread that hands runs out.

        Args:
            wait: until they are warm, `timeout` seconds at most; otherwise that goes on in the background.

        Raises:
            RunError: they are not warm by then.
        """
        if not self.workers and not self.scheduler:
            return
        self._thread = threading.Thread(target=self._work, name="runs", daemon=True)
        self._thread.start()
        if wait and not self._ready.wait(timeout):
            raise RunError("the workers did not start; the log says why")

    def estimate(self, spec: Spec, text: str | None = None) -> Estimate:
        """What a run would take. Raises LimitExceeded: more than this server allows."""
        return self.limits.check_spec(spec, text)

    def submit(self, spec: Spec, owner: str, text: str | None = None, name: str = "", group: str = "") -> Run:
        """Put a run into the queue; it begins as soon as a worker is free, now or after the next start of the server.

        Raises:
            LimitExceeded: it is too large for this server, or its owner has too many; the message has the estimate.
            RunError: see `Store.create`.
        """
        self.limits.check_spec(spec, text)
        self.limits.check_counts(*self.store.counts(owner))
        make_way(self.store.database, owner, self.limits.kept - 1)
        run = self.store.create(spec, owner, name, text, group)
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
            self._thread.join()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                self._client = self._connect()
                self._ready.set()
                while not self._stop.is_set() and self._stands():
                    self._turn()
                    self._call.wait(_LOOK)
                    self._call.clear()
            except Exception:  # whatever dask may raise: runs wait until it is back
                log.exception("The scheduler does not answer; trying again")
                self._stop.wait(1.0)
            finally:
                self._disconnect()

    def _stands(self) -> bool:
        """Whether the scheduler answers and, of our own workers, each has a nanny that starts it again."""
        if self._client is None or self._client.status != "running":
            return False
        if self._local is None:
            return True
        nannies = list(self._local.workers.values())
        return len(nannies) == self.workers and all(n.status.name in ("init", "running") for n in nannies)

    def _turn(self) -> None:
        """Hand out what waits; take back what was lost."""
        assert self._client is not None
        try:
            self._reap()
            if time.monotonic() >= self._careful_until:
                requeue(self.store.database)
            for _ in range(self._free()):
                ticket = claim(self.store.database, self._lease)
                if ticket is None:
                    return
                address = Address(self.store.url)
                self._sent[ticket] = self._client.submit(work, address, ticket, key=f"run-{ticket.lease}")
        except StoreAway as why:
            # When the database comes back, its workers come back, too: no lease has run out by our doing nothing.
            self._careful_until = time.monotonic() + self._lease
            log.warning("Runs wait: %s", why)

    def _reap(self) -> None:
        """A future that is done says nothing new; one that failed has lost its worker."""
        for ticket, future in list(self._sent.items()):
            if future.done():
                if future.status != "finished":
                    drop(self.store.database, ticket)
                del self._sent[ticket]

    def _free(self) -> int:
        assert self._client is not None
        if not self.scheduler:
            return self.workers - len(self._sent)
        slots = sum(self._client.nthreads().values())
        return slots - max(len(self._sent), training(self.store.database))

    def _connect(self) -> Client:
        import dask
        from distributed import Client
        from distributed.security import Security

        from core.costs import measured_rate

        dask.config.set(
            {
                "distributed.comm.timeouts.connect": _REACH,
                "distributed.scheduler.allowed-failures": 0,  # a task whose worker is lost is ours to hand out again
                # Dask would close a nanny whose new worker is not up after 15 s, and put no other in its place.
                "distributed.deploy.lost-worker-timeout": "1 day",
            }
        )
        if self.scheduler:
            secure = self.scheduler.startswith("tls://")
            client = Client(
                self.scheduler,
                timeout=_REACH,
                security=Security(require_encryption=True) if secure else None,
                set_as_default=False,
            )
        else:
            self._local = self._cluster()
            client = Client(self._local, timeout=_REACH, set_as_default=False)
        client.register_worker_callbacks(warm)  # later ones, too
        waits = [client.submit(warmed, workers=[each], key=f"warm-{each}") for each in client.nthreads()]
        client.gather(waits)
        measured_rate.cache_clear()  # a page may have measured beside the workers that were starting
        measured_rate()  # for the estimates: half a second
        return client

    def _cluster(self) -> LocalCluster:
        from distributed import LocalCluster

        return LocalCluster(
            n_workers=self.workers,
            threads_per_worker=1,
            processes=True,
            host="127.0.0.1",
            dashboard_address=_NOWHERE,
            worker_dashboard_address=_NOWHERE,
            memory_limit=0,  # a spec's size is looked at before it starts
            silence_logs=logging.ERROR,
            env={"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"},
        )

    def _disconnect(self) -> None:
        parts = [part for part in (self._client, self._local) if part is not None]
        self._client = self._local = None
        self._ready.clear()
        self._sent.clear()
        for part in parts:
            try:
                part.close(timeout=_CLOSING)
            except (OSError, RuntimeError, TimeoutError):
                log.warning("The workers did not stop in time", exc_info=True)


def check_address(scheduler: str, store: Store) -> None:
    """Dask runs what its peers send: beyond this machine it must be encrypted, and the store must be reachable.

    Raises:
        RunError: plain tcp to another machine, or a SQLite file for workers of another machine.
    """
    parts = urlsplit(scheduler)
    near = _is_loopback(parts.hostname or "")
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
        raise RunError(f"GLASSBOX_SCHEDULER={scheduler} must be tls://HOST:PORT")
    if parts.scheme != "tls" and not near:
        raise RunError(
            f"GLASSBOX_SCHEDULER={scheduler}: whoever reaches a dask scheduler can run any program on its workers, so "
            "beyond this machine only tls:// is used; set DASK_DISTRIBUTED__COMM__TLS__CA_FILE and its certificates"
        )
    if not near and store.database.engine.dialect.name == "sqlite":
        raise RunError(
            "the workers of another machine cannot write into a SQLite file on this one: give all of them the same "
            "GLASSBOX_DB=postgresql+psycopg://..."
        )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
