"""Several server processes behind Caddy, started as `glassbox run` starts them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil

from scripts import caddy
from tests.browser import driver
from tests.ports import free_port
from tests.waiting import until


@dataclass
class Crew(driver.Server):
    """An address with server processes behind it."""

    @property
    def front(self) -> int:
        """The port that visitors reach."""
        return int(self.url.rpartition(":")[2])

    @property
    def marks(self) -> list[tuple[int, str]]:
        """Of each server process its port and the value of its visitors' cookies."""
        told = (self.data / "proxy" / f"{self.front}.Caddyfile").read_text(encoding="utf-8")
        return [(int(port), mark) for port, mark in re.findall(r"127\.0\.0\.1:(\d+) ([0-9a-f]{64})\n", told)]

    @property
    def cookie(self) -> str:
        """The name of that cookie."""
        return f"glassbox_server_{self.front}"

    def family(self) -> list[psutil.Process]:
        """The supervisor and all that it started."""
        me = psutil.Process(self.process.pid)
        return [me, *me.children(recursive=True)]

    def servers(self) -> list[psutil.Process]:
        """All server processes."""
        started = psutil.Process(self.process.pid).children()  # not what these have forked
        return [each for each in started if each.status() != "zombie" and "--server.port" in each.cmdline()]

    def server(self, number: int) -> psutil.Process:
        """A server process, from 0."""
        port = str(self.marks[number][0])
        (found,) = [each for each in self.servers() if port in each.cmdline()]
        return found

    def sockets(self, number: int) -> int:
        """How many connections a server process has."""
        port = self.marks[number][0]
        open_now = self.server(number).net_connections("tcp")
        return sum(each.status == "ESTABLISHED" and each.laddr.port == port for each in open_now)

    def visitor(self, number: int | None = None) -> httpx.Client:
        """A browser without cookies, or one that is known at a server process."""
        found = httpx.Client(base_url=self.url, trust_env=False, timeout=30)
        if number is not None:
            found.cookies.set(self.cookie, self.marks[number][1], domain="127.0.0.1", path="/")
        return found


@contextmanager
def several_processes(
    folder: Path, count: int, workers: int = 0, env: dict[str, str] | None = None
) -> Iterator[Crew]:
    """Start the app in so many server processes, wait until all answer, and end them at the end.

    Args:
        folder: where the log and the data folder lie. workers: processes that may train runs.
        env: further environment variables.
    """
    assert caddy.find() is not None, caddy.MISSING
    port = free_port()
    own = {
        "GLASSBOX_SERVERS": str(count), "GLASSBOX_WORKERS": str(workers), "GLASSBOX_REAL": "none", "GLASSBOX_DB": "",
        "GLASSBOX_DATA": str(folder / "data"), "GLASSBOX_LONG": "100000", "PYTHONUNBUFFERED": "1",
        "OMP_NUM_THREADS": "1", "PATH": caddy.path_with(dict(os.environ)),
    }  # fmt: skip
    command = [sys.executable, "-m", "app.command", "run", "--port", str(port)]
    log = folder / "run.log"
    with log.open("wb") as output:
        variables = {**os.environ, **own, **(env or {})}
        process = subprocess.Popen(
            command, cwd=driver.ROOT, env=variables, stdout=output, stderr=subprocess.STDOUT
        )
        found = Crew(f"http://127.0.0.1:{port}", log, process, folder / "data")
        try:
            until(lambda: "is running" in found.output() or process.poll() is not None, "the servers", 180)
            assert process.poll() is None, found.output()
            yield found
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(20)
