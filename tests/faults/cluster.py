"""A cluster as one would run it on several machines: scheduler, nanny with its worker, server; each can be killed."""

from __future__ import annotations

from pathlib import Path

import psutil
import trustme

from tests.faults.runs import Process, worker_of
from tests.ports import free_port

ROLES = ("SCHEDULER", "WORKER", "CLIENT")


def certificates(folder: Path) -> dict[str, str]:
    """A new authority's certificates for all roles, as dask's configuration names them."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    issued = authority.issue_cert("127.0.0.1")
    issued.private_key_and_cert_chain_pem.write_to_path(folder / "cert.pem")
    files = {"CA_FILE": "ca.pem"} | {
        f"{role}__{kind}": "cert.pem" for role in ROLES for kind in ("KEY", "CERT")
    }
    return {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(folder / file) for name, file in files.items()}


class Cluster:
    """The processes of a small cluster that trains into the database `url`, with certificates of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self.address = f"tls://127.0.0.1:{free_port()}"
        self.folder = folder
        self.settings = {
            "GLASSBOX_SCHEDULER": self.address,
            "GLASSBOX_DB": url,
            "DASK_TEMPORARY_DIRECTORY": str(folder),
            **certificates(folder),
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
