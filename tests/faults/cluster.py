"""A cluster as one would run it on several machines: scheduler, nanny with its worker, server; each can be killed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import psutil

from tests.faults.runs import Process, worker_of
from tests.ports import free_port


class Cluster:
    """The processes of a small cluster that trains into the database `url`.

    Args:
        certificates: environment variables that name dask's certificates; with them everything goes through TLS.
    """

    def __init__(self, folder: Path, url: str, certificates: Mapping[str, str] | None = None) -> None:
        scheme = "tls" if certificates else "tcp"
        self.address = f"{scheme}://127.0.0.1:{free_port()}"
        self.folder = folder
        self.settings = {
            "GLASSBOX_SCHEDULER": self.address,
            "GLASSBOX_DB": url,
            "DASK_TEMPORARY_DIRECTORY": str(folder),
            **(certificates or {}),
        }
        self.start_scheduler()
        self.start_nanny()
        self.start_server()

    def _protocol(self) -> tuple[str, str]:
        return "--protocol", self.address.partition(":")[0]

    def start_scheduler(self) -> None:
        """A scheduler at the address that the others know."""
        port = self.address.rpartition(":")[2]
        options = ("--host", "127.0.0.1", "--port", port, "--no-dashboard", "--no-jupyter", *self._protocol())
        self.scheduler = Process("-m", "distributed.cli.dask_scheduler", *options, **self.settings)

    def start_nanny(self) -> None:
        """A nanny with one worker of one thread."""
        options = (
            "--nworkers",
            "1",
            "--nthreads",
            "1",
            "--memory-limit",
            "0",
            "--no-dashboard",
            *self._protocol(),
        )
        self.nanny = Process(
            "-m",
            "distributed.cli.dask_worker",
            self.address,
            "--host",
            "127.0.0.1",
            *options,
            **self.settings,
        )

    def start_server(self) -> None:
        """A server that hands out the runs of the store."""
        self.server = Process("-m", "tests.faults.server", **self.settings)
        assert self.server.output.readline().strip() == "ready"

    def worker(self) -> psutil.Process:
        """The worker process."""
        return worker_of(self.nanny)

    def close(self) -> None:
        """End all of it."""
        for process in (self.server, self.nanny, self.scheduler):
            process.close()
