"""The Glassbox that is checked: one that runs already, or one that is started for the check and stopped after it."""

from __future__ import annotations

import ipaddress
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from app.server import launch
from scripts.class_check.browsers import Browser, Reply, Unreachable
from scripts.class_check.findings import Fails

STARTS = 90.0  # seconds until a server that was started here should answer
LINES = 4  # of what a server said last, where it did not start


@dataclass(frozen=True)
class Running:
    """A server that answers.

    Attributes:
        base: its address for a browser of this machine.   process: its id, where it was started here.
        said: how it came to answer.
    """

    base: str
    said: str
    process: int | None = None


def taken(address: str) -> Running:
    """Take a server that runs already, by its address.

    Raises:
        Fails: it is no address, nobody answers, or it is no Glassbox.
    """
    base = address.rstrip("/") if "://" in address else f"http://{address.rstrip('/')}"
    try:
        parts = urlsplit(base)
        if parts.scheme not in ("http", "https") or not parts.hostname or (parts.port or 1) < 1:
            raise ValueError
    except ValueError:
        raise Fails(
            f"{address} is no address.", "Give it as the browser shows it: http://192.168.1.20:8501"
        ) from None
    began = time.perf_counter()
    try:
        reply = Browser(base).get("/_stcore/health")
        page = Browser(base).get("/join", "text/html")
    except Unreachable as why:
        raise Fails(
            f"Nobody answers at {base}: {why}.", "Start Glassbox there first, or leave --address out."
        ) from why
    if not _is_ours(reply, page):
        raise Fails(f"What answers at {base} is not Glassbox.", "Is the port the one that Glassbox printed?")
    return Running(base, f"Glassbox answers at {base}, in {1000 * (time.perf_counter() - began) / 2:.0f} ms.")


@contextmanager
def started(host: str, port: int | None) -> Iterator[Running]:
    """Start a server as `make run` does, but for processes that train, and stop it at the end.

    Args:
        host: the address to listen on.   port: None: the first free one from 8501.

    Raises:
        Fails: the port is in use, or it does not start.
    """
    try:
        chosen = launch.choose_port(port, "make check-class PORT={}")
    except launch.NoPort as why:
        raise Fails(str(why), "If it is Glassbox that runs there: make check-class ARGS=\"--address "
                    f"http://localhost:{port}\"") from None  # fmt: skip
    began = time.perf_counter()
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(
            _command(host, chosen), cwd=launch.MAIN.parents[1], env={**os.environ, "GLASSBOX_WORKERS": "0"},
            stdout=log, stderr=subprocess.STDOUT, start_new_session=True,  # Ctrl+C ends the room first
        )  # fmt: skip
        try:
            if not launch.wait_until_healthy(server, chosen, STARTS, _near(host)):
                log.seek(0)
                last = " ".join(log.read().decode("utf-8", "replace").split("\n")[-LINES:])
                raise Fails(f"Glassbox does not start: {' '.join(last.split()) or 'it says nothing'}")
            said = f"Glassbox starts in {time.perf_counter() - began:.0f} s, here on port {chosen}."
            yield Running(launch.address_of(_near(host), chosen), said, server.pid)
        finally:
            launch.stop(server)


def _command(host: str, port: int) -> list[str]:
    return [
        sys.executable, "-m", "streamlit", "run", str(launch.MAIN), "--server.port", str(port),
        "--server.address", host, "--server.headless", "true", "--browser.gatherUsageStats", "false",
        "--server.fileWatcherType", "none",
    ]  # fmt: skip


def _near(host: str) -> str:
    """Return the address by which this machine reaches a server that listens on `host`."""
    return launch.HERE if ipaddress.ip_address(host).is_unspecified else host


def _is_ours(health: Reply, page: Reply) -> bool:
    return health.status == 200 and page.status == 200 and 'data-component="class_phone"' in page.text
