"""Start the app as a process: the port, who reaches it there, whether it answers. For `make run` and `glassbox run`.

Standard library only, in the syntax of Python 3.8: `make run` begins before there is an environment.
"""

from __future__ import annotations

import contextlib
import errno
import ipaddress
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Mapping
from pathlib import Path

FIRST_PORT, PORTS = 8501, 100
HERE = "127.0.0.1"  # reached from this machine alone
EVERYWHERE = ("0.0.0.0", "::")
MAIN = Path(__file__).resolve().parents[1] / "main.py"


class NoPort(ValueError):
    """Raised where the app cannot listen; the message says which port to take instead."""


def address_of(host: str, port: int) -> str:
    """Return the address of the app for a browser of this machine."""
    if host == HERE or host in EVERYWHERE:
        return f"http://localhost:{port}"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def who_reaches(host: str, port: int, opens: str, encrypted: bool = False) -> str:
    """Say who may use an app that listens on this address; `opens` is the command that opens it to others."""
    if ipaddress.ip_address(host).is_loopback:
        return f"Only this machine reaches it; {opens} opens it to others."
    where = "every address of this machine" if host in EVERYWHERE else host
    return (
        f"OPEN TO OTHERS: whoever reaches {where}, port {port}, may use it and train on this machine, without a\n"
        "  password. The limits of each visitor are in docs/many-visitors.md"
        + ("." if encrypted else "; encrypt it with a proxy in front of it.")
    )


def greet(address: str, lines: list[str], environment: Mapping[str, str]) -> None:
    """Print where the app is, for a browser of this machine and for visitors, and what else there is to say."""
    print(f"\n  Glassbox is running:  {address}", flush=True)
    if outside := environment.get("GLASSBOX_ADDRESS", "").strip():
        print(f"  Visitors open it at:  {outside}", flush=True)
    for line in lines:
        print(f"  {line}", flush=True)
    print(flush=True)


def is_free(port: int, address: str = "") -> bool:
    """Return whether a server could listen on this port: on an address, or on this machine's own and on all of them."""
    for host in (address,) if address and address not in (HERE, *EVERYWHERE) else (HERE, ""):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name != "nt":  # a port whose last connection is still closing down is free all the same
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError as why:
                if (
                    why.errno != errno.EADDRNOTAVAIL
                ):  # an address of no machine's here: the server itself will say so
                    return False
    return True


def may_open(port: int) -> bool:
    """Return whether this user may listen on a port: the first thousand are often the administrator's alone."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((HERE, port))
        except PermissionError:
            return False
        except OSError:
            return True
    return True


def choose_port(asked: int | None, command: str, host: str = "") -> int:
    """Return the port asked for, or the first free one from 8501.

    Args:
        command: how a port is named, with {} for it, for the message. host: the address that it is for; "": all.

    Raises:
        NoPort: it does not exist, or is in use, or all of them are.
    """
    if asked is not None:
        if not 1 <= asked <= 65535:
            raise NoPort(f"Port {asked} does not exist: choose one from 1024 to 65535.")
        if not may_open(asked):
            raise NoPort(f"This user may not open port {asked}. Choose another: {command.format(8600)}")
        if not is_free(asked, host):
            raise NoPort(f"Port {asked} is in use. Choose another: {command.format(min(asked + 1, 65535))}")
        return asked
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if is_free(port, host):
            return port
    last = FIRST_PORT + PORTS - 1
    raise NoPort(f"Every port from {FIRST_PORT} to {last} is in use. Name one: {command.format(9000)}")


def wait_until_healthy(
    server: subprocess.Popen[bytes], port: int, seconds: float = 180, host: str = HERE
) -> bool:
    """Wait until the app answers on its health address; False when it ended or did not answer in time."""
    deadline = time.monotonic() + seconds
    address = address_of(host, port).replace("//localhost", f"//{HERE}") + "/_stcore/health"
    # Never through a proxy: the address is this machine's own.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), opener.open(address, timeout=5) as answer:
            if answer.status == 200:
                return True
        time.sleep(0.2)
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server, politely first."""
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def command_of(python: str, host: str, port: int, extra: list[str]) -> list[str]:
    """Return the command that starts the app on a port."""
    command = [
        python,
        "-m",
        "streamlit",
        "run",
        str(MAIN),
        "--server.port",
        str(port),
        "--server.address",
        host,
    ]
    # Headless: Streamlit otherwise asks a first-time user for an e-mail address before it starts.
    return [*command, "--server.headless", "true", "--browser.gatherUsageStats", "false", *extra]


def serve(
    python: str,
    host: str,
    port: int,
    opens: str,
    extra: list[str],
    running: Callable[[], object] = lambda: None,
    environment: dict[str, str] | None = None,
) -> int:
    """Start the app, print its address, and stay until it ends; return its exit status.

    Args:
        python: that starts it. opens: the command that opens it to others. extra: options of Streamlit's.
        running: called once it answers. environment: its variables; None: those of this process.
    """
    command = command_of(python, host, port, extra)
    server = subprocess.Popen(command, cwd=str(MAIN.parents[1]), env=environment)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if wait_until_healthy(server, port, host=host):
            lines = [who_reaches(host, port, opens), "Ctrl+C stops it."]
            greet(address_of(host, port), lines, os.environ if environment is None else environment)
            running()
        elif server.poll() is None:
            print(
                "The app has not answered for three minutes; it may still be starting. Ctrl+C stops it.",
                flush=True,
            )
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        stop(server)
