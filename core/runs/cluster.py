"""Workers of a dask cluster, which its operator starts and stops; we only submit runs."""

from __future__ import annotations

import ipaddress
import logging
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from core.runs.queue import Ticket, training
from core.runs.records import RunError
from core.runs.store import Store
from core.runs.warm import warm, warmed
from core.runs.worker import Address, work

if TYPE_CHECKING:
    from distributed import Future

log = logging.getLogger("glassbox.runs")
_REACH = 10.0  # seconds to reach a scheduler


class Cluster:
    """A dask scheduler and its workers, warmed up.

    Raises:
        OSError, TimeoutError: the scheduler does not answer.
    """

    def __init__(self, scheduler: str, store: Store) -> None:
        import dask
        from distributed import Client
        from distributed.security import Security

        dask.config.set(
            {
                "distributed.comm.timeouts.connect": _REACH,
                "distributed.scheduler.allowed-failures": 0,  # no retries by dask: we requeue lost runs ourselves
            }
        )
        self._store = store
        self._sent: dict[Ticket, Future] = {}
        self._client = Client(
            scheduler,
            timeout=_REACH,
            security=Security(require_encryption=True),
            set_as_default=False,
        )
        self._client.register_worker_callbacks(warm)  # also on workers that join later
        nthreads = self._client.nthreads()
        waits = [self._client.submit(warmed, workers=[each], key=f"warm-{each}") for each in nthreads]
        self._client.gather(waits)

    @property
    def busy(self) -> bool:
        """Whether a run of ours is on the cluster."""
        return bool(self._sent)

    def stands(self) -> bool:
        """Return whether the scheduler responds."""
        return bool(self._client.status == "running")

    def free(self) -> int:
        """Return how many runs can be submitted now: other servers of the same store submit theirs, too."""
        slots = sum(self._client.nthreads().values())
        return int(slots - max(len(self._sent), training(self._store.database)))

    def send(self, ticket: Ticket) -> None:
        """Submit a run."""
        address = Address(self._store.url)
        self._sent[ticket] = self._client.submit(work, address, ticket, key=f"run-{ticket.lease}")

    def lost(self) -> list[Ticket]:
        """Return the tickets of runs whose worker was lost: those of failed futures."""
        tickets = []
        for ticket, future in list(self._sent.items()):
            if future.done():
                if future.status != "finished":
                    tickets.append(ticket)
                del self._sent[ticket]
        return tickets

    def close(self, patience: float) -> None:
        """Disconnect from the scheduler."""
        self._sent.clear()
        try:
            self._client.close(timeout=patience)
        except (OSError, RuntimeError, TimeoutError):
            log.warning("The scheduler was not left in time", exc_info=True)


def check_address(scheduler: str, store: Store) -> None:
    """Check that the connection is authenticated (dask executes what its peers send), and that workers can reach the
    store.

    That holds on this machine, too: every user of this machine can reach a port of 127.0.0.1.

    Raises:
        RunError: plain tcp, or a SQLite file for workers of another machine.
    """
    parts = urlsplit(scheduler)
    near = _is_loopback(parts.hostname or "")
    if parts.scheme not in ("tcp", "tls") or not parts.hostname or not parts.port:
        raise RunError(f"GLASSBOX_SCHEDULER={scheduler} must be tls://HOST:PORT")
    if parts.scheme != "tls":
        raise RunError(
            f"GLASSBOX_SCHEDULER={scheduler}: whoever reaches a dask scheduler can run any program on its workers, and "
            "every user of a machine reaches its ports, so only tls:// is used; set "
            "DASK_DISTRIBUTED__COMM__TLS__CA_FILE and its certificates (docs/cluster.md says how)"
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
