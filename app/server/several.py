"""Several server processes behind one address: `GLASSBOX_SERVERS=4 make run` starts, watches and ends them together.

All of them use one store and one data folder; the first alone starts workers that train. Caddy stands in front
(`app/server/proxy.py`). One that ends by itself is started again, and its visitors are with another one meanwhile.

Standard library only, in the syntax of Python 3.8: `make run` begins before there is an environment.
"""

from __future__ import annotations

import contextlib
import ctypes
import ipaddress
import os
import random
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from app.server import launch, proxy
from app.server.launch import HERE
from core import machine, server_process

VARIABLE = "GLASSBOX_SERVERS"
LISTENS = "GLASSBOX_LISTENS"  # told to the server processes: the address that visitors reach
MOST = 64
# Of the server processes: below what systems hand out by themselves, so that no client takes one that is to come back.
FIRST_INNER, LAST_INNER = 20_000, 32_000
HTTPS = 443
STARTS = 180.0  # seconds that a process may take until it answers
ENDS = 9.5  # seconds that all of them have to end
LOOKS = 0.3  # seconds between two looks at them
STOOD = 60.0  # seconds after which a process that ends is started again at once
PAUSE = 30.0  # seconds at most until one that ends again and again is started the next time


class Refused(ValueError):
    """Raised where the processes cannot be started as asked; the message says what to do."""


def how_many(environment: Mapping[str, str]) -> int:
    """Read GLASSBOX_SERVERS: how many server processes there shall be, 1 where it says nothing.

    Raises:
        Refused: it is no number of them.
    """
    written = environment.get(VARIABLE, "").strip()
    if not written:
        return 1
    if not (written.isascii() and written.isdecimal()) or not 1 <= int(written) <= MOST:
        raise Refused(f"{VARIABLE}={written} is no number of server processes: write one from 1 to {MOST}.")
    return int(written)


def front_of(
    host: str, port: int | None, named: str, count: int, environment: Mapping[str, str]
) -> proxy.Front:
    """Return where Caddy listens, and free ports for the server processes.

    GLASSBOX_ADDRESS=https://NAME asks Caddy for certificates of that name, unless GLASSBOX_PROXIES says that another
    proxy stands in front of it.

    Args:
        port: None: that of an https address, or the first free one from 8501.
        named: the command that chooses a port, with {} for it.

    Raises:
        NoPort: it is in use, or does not exist. Refused: a proxy is no address.
    """
    proxies = tuple(filter(None, map(str.strip, environment.get("GLASSBOX_PROXIES", "").split(","))))
    for each in proxies:
        try:
            ipaddress.ip_network(each, strict=False)
        except ValueError:
            raise Refused(f"GLASSBOX_PROXIES: {each!r} is no address or network, such as 10.0.0.5.") from None
    address = urlsplit(environment.get("GLASSBOX_ADDRESS", "").strip())
    name = (address.hostname or "") if address.scheme == "https" and not proxies else ""
    asked = port if port is not None or not name else address.port or HTTPS
    return proxy.Front(host, launch.choose_port(asked, named), inner_ports(count), name, proxies)


def inner_ports(count: int) -> tuple[int, ...]:
    """Return free ports of this machine, each another."""
    found: set[int] = set()
    draw = random.SystemRandom()
    while len(found) < count:
        port = draw.randrange(FIRST_INNER, LAST_INNER)
        if launch.is_free(port):
            found.add(port)
    return tuple(sorted(found))


def variables_of(number: int, front: proxy.Front, environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server process.

    Args:
        number: which of them, from 1.
    """
    count = len(front.ports)
    threads = str(max(1, processors() // count))
    own = {
        server_process.VARIABLE: f"{number}/{count}",
        LISTENS: front.host,
        "GLASSBOX_PROXIES": ",".join((HERE, *front.proxies)),
        # Each would otherwise compute on all processors, and they would wait for each other.
        "OMP_NUM_THREADS": environment.get("OMP_NUM_THREADS", "").strip() or threads,
    }
    return {**environment, **own}


def processors() -> int:
    """Return how many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_libc = ctypes.CDLL(None) if sys.platform == "linux" else None


def _end_with_parent() -> None:
    """In a child: be asked to end when the process that started it ends, however that ends (Linux)."""
    assert _libc is not None
    _libc.prctl(1, signal.SIGTERM)  # PR_SET_PDEATHSIG


@dataclass
class Part:
    """One process of several: a server process, or Caddy.

    Attributes:
        name: as it is called on the terminal. after: what becomes of its visitors when it ends, a sentence's end.
        falls: how often it has ended soon after its start; again: when it may be started the next time.
        says: the file for what it prints; None: the terminal.
    """

    name: str
    command: list[str]
    environment: Mapping[str, str]
    after: str = ""
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    falls: int = 0
    again: float | None = None
    says: Path | None = None

    def start(self) -> None:
        """Start the process."""
        self.started, self.again = time.monotonic(), None
        with contextlib.ExitStack() as held:
            output = None if self.says is None else held.enter_context(self.says.open("wb"))
            self.process = subprocess.Popen(
                self.command,
                cwd=str(launch.MAIN.parents[1]),
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                preexec_fn=None if _libc is None else _end_with_parent,  # noqa: PLW1509
            )

    @property
    def status(self) -> int | None:
        """How the process ended, None while it runs."""
        assert self.process is not None
        return self.process.poll()

    def keep(self, now: float) -> str:
        """Start the process again where it has ended and it is time; return what there is to say, "" for nothing."""
        if self.status is None:
            return ""
        if self.again is None:
            self.falls = 0 if now - self.started > STOOD else self.falls + 1
            wait = min(PAUSE, 2.0**self.falls - 1)
            self.again = now + wait
            soon = "now" if wait < 1 else f"in {wait:.0f} s"
            return f"{self.name} ended ({manner(self.status)}) and is started again {soon}{self.after}."
        if now >= self.again:
            self.start()
        return ""


def manner(status: int) -> str:
    """Say how a process ended."""
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return f"by {signal.Signals(-status).name}"
    return f"by signal {-status}"


@dataclass
class Crew:
    """The server processes and Caddy, the latter at last.

    Attributes:
        say: takes each line for the terminal.
    """

    front: proxy.Front
    servers: list[Part]
    caddy: Part
    say: Callable[[str], None]
    parts: list[Part] = field(default_factory=list)

    def begin(self) -> str:
        """Start all of them, and wait until they answer; return why that failed, "" where it did not.

        The first one begins alone: it makes what all of them share in the data folder.
        """
        first, *others = zip(self.servers, self.front.ports)
        for some in ([first], others):
            for part, _ in some:
                self._start(part)
            for part, port in some:
                assert part.process is not None
                if not launch.wait_until_healthy(part.process, port, STARTS):
                    return self._why_not(part)
        self._start(self.caddy)
        deadline = time.monotonic() + STARTS
        while self.caddy.status is None and time.monotonic() < deadline:
            if listens(self.front.host, self.front.port):
                return ""
            time.sleep(0.1)
        return self._why_not(self.caddy)

    def _start(self, part: Part) -> None:
        part.start()
        self.parts.append(part)

    def _why_not(self, part: Part) -> str:
        if part.status is None:
            return f"{part.name} did not answer within {STARTS / 60:.0f} minutes, so all of them are stopped."
        where = "what it said about it stands above"
        if part.says is not None:
            said = part.says.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            where = f"it said: {said[-1]}" if said else "it said nothing"
        return f"{part.name} ended before it answered ({manner(part.status)}), so all of them are stopped; {where}"

    def watch(self) -> None:
        """Start again whatever ends, until this is interrupted."""
        while True:
            time.sleep(LOOKS)
            for part in self.parts:
                if said := part.keep(time.monotonic()):
                    self.say(said)

    def end(self, seconds: float = ENDS) -> None:
        """End all of them: asked at first, and after so many seconds by force."""
        running = [part.process for part in self.parts if part.process is not None and part.status is None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + seconds
        for process in running:
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def listens(host: str, port: int) -> bool:
    """Return whether somebody listens there, as this machine itself reaches it."""
    family = socket.AF_INET6 if ":" in host and host not in launch.EVERYWHERE else socket.AF_INET
    with socket.socket(family) as probe:
        probe.settimeout(1)
        return probe.connect_ex((HERE if host in launch.EVERYWHERE else host, port)) == 0


def crew_of(
    python: str, front: proxy.Front, caddy: str, extra: list[str], environment: Mapping[str, str]
) -> Crew:
    """Return the processes that are to be started, with Caddy's configuration written into the data folder."""
    count = len(front.ports)
    elsewhere = "; its visitors are with another one"
    servers = [
        Part(
            f"Server process {number} of {count}",
            [*launch.command_of(python, HERE, port, extra), "--logger.hideWelcomeMessage", "true"],
            variables_of(number, front, environment),
            elsewhere,
        )
        for number, port in enumerate(front.ports, start=1)
    ]
    path = write(front)
    command = [caddy, "run", "--config", str(path), "--adapter", "caddyfile"]
    # What Caddy keeps of its own, certificates above all, lies in the data folder, too.
    own = {"XDG_DATA_HOME": str(path.parent), "XDG_CONFIG_HOME": str(path.parent)}
    said = path.with_name(f"{front.port}.start.log")
    return Crew(front, servers, Part("Caddy", command, {**environment, **own}, says=said), _say)


def write(front: proxy.Front) -> Path:
    """Write Caddy's configuration into the data folder, which only this user may read; return where."""
    folder = machine.folder().resolve() / "proxy"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{front.port}.Caddyfile"
    text = proxy.caddyfile(front, secrets.token_hex(16), path.with_suffix(".log"))
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    return path


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


def serve(
    python: str,
    host: str,
    port: int | None,
    named: str,
    opens: str,
    extra: list[str],
    running: Callable[[], object] = lambda: None,
    environment: dict[str, str] | None = None,
) -> int:
    """Start the app in as many processes as GLASSBOX_SERVERS says, and stay until it ends; return its exit status.

    Args:
        port: None: the first free one. named: the command that chooses another, with {} for it.
        python, opens, extra, running, environment: as `launch.serve` has them.

    Raises:
        NoPort, Refused: it cannot be started as asked; the message says what to do.
    """
    given = dict(os.environ) if environment is None else environment
    count = how_many(given)
    if count == 1:
        chosen = launch.choose_port(port, named, host)
        return launch.serve(python, host, chosen, opens, extra, running, environment)
    caddy = proxy.find(given)
    if caddy is None:
        raise Refused(proxy.MISSING.format(variable=VARIABLE, count=count))
    front = front_of(host, port, named, count, given)
    crew = crew_of(python, front, caddy, extra, given)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if why := crew.begin():
            print(f"\n{why}", flush=True)
            return 1
        lines = [
            launch.who_reaches(host, front.port, opens, encrypted=bool(front.name)),
            f"{count} server processes answer, behind Caddy.",
            "Ctrl+C stops them.",
        ]
        launch.greet(_shown(front), lines, given)
        running()
        crew.watch()
    except KeyboardInterrupt:
        pass
    finally:
        for number in (signal.SIGTERM, signal.SIGINT):  # asked once is enough
            signal.signal(number, signal.SIG_IGN)
        crew.end()
    return 0


def _shown(front: proxy.Front) -> str:
    """Return the address for a browser of this machine."""
    if not front.name:
        return launch.address_of(front.host, front.port)
    return front.address if front.port != HTTPS else front.address[: -len(f":{HTTPS}")]
