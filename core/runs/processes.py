"""Worker processes of this machine, which train one run at a time, each with a connection to the server.

The server sends a ticket, the worker answers "done"; a closed connection means a lost worker. A worker whose connection
closes has lost its server: it stores its run's state and exits.
"""

from __future__ import annotations

import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, cast

from core.runs import fork_server
from core.runs.queue import Ticket
from core.runs.serving import DONE, FAILED, WARM

log = logging.getLogger("glassbox.runs")
_ROOT = Path(__file__).resolve().parents[2]
_AGAIN = 2.0  # seconds until the next start after a failed one
# threads per worker: two beside a busy process are ten times slower than one
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


class Process:
    """One worker process and its state.

    Args:
        told: called from a thread after each message, or when it is lost.

    Attributes:
        ticket: of the run that it trains, or None; warm: whether it may be given one; lost: whether it has ended.
    """

    def __init__(self, told: Callable[[], None]) -> None:
        self.ticket: Ticket | None = None
        self.warm = self.lost = self.failed = False
        self._told = told
        self._started: subprocess.Popen[bytes] | None = None
        self._said: BinaryIO
        self._say: BinaryIO
        self._line: socket.socket | None = None
        found = fork_server.born()
        if found is not None:
            self.pid, self._line = found
            self._said, self._say = self._line.makefile("rb"), self._line.makefile("wb")
        else:
            self._started = subprocess.Popen(
                [sys.executable, "-m", "core.runs.serving"],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=_ROOT, env={**os.environ, **_ENVIRONMENT},
            )  # fmt: skip
            self.pid = self._started.pid
            self._said = cast(BinaryIO, self._started.stdout)
            self._say = cast(BinaryIO, self._started.stdin)
        self._listener = threading.Thread(target=self._listen, name=f"worker {self.pid}", daemon=True)
        self._listener.start()

    def send(self, ticket: Ticket, url: str) -> None:
        """Send it the ticket of a run, which is in the store at `url`."""
        self.ticket = ticket
        with suppress(OSError):  # it is lost; the listening thread will report it
            self._say.write(json.dumps({"url": url, "id": ticket.id, "lease": ticket.lease}).encode() + b"\n")
            self._say.flush()

    def leave(self) -> None:
        """Ask it to store its run's state and exit."""
        with suppress(OSError):
            if self._line is not None:
                self._line.shutdown(socket.SHUT_WR)  # its messages are still read
            self._say.close()

    def gone(self, until: float) -> bool:
        """Wait until it has exited, and kill it after `until`."""
        self._listener.join(max(0.0, until - time.monotonic()))
        went = not self._listener.is_alive()
        if self._line is not None:
            self._line.close()
        if self._started is not None:
            if not went:
                self._started.kill()
            self._started.wait()
        elif not went:  # its connection is open, so it is alive, and its process id was not reused
            with suppress(OSError):
                os.kill(self.pid, signal.SIGKILL)
        return went

    def _listen(self) -> None:
        with suppress(OSError, ValueError):
            for line in self._said:
                word = line.strip()
                if word == WARM:
                    self.warm = True
                elif word in (DONE, FAILED):
                    self.failed = word == FAILED
                    self.ticket = None if word == DONE else self.ticket
                self._told()
        self.lost = True
        self._told()


class Processes:
    """The workers of this machine.

    Args:
        url: of the store; most: how many processes there may be; told: called when there is something to look at.
    """

    def __init__(self, url: str, most: int, told: Callable[[], None]) -> None:
        self.url, self.most, self._told = url, most, told
        self.all: list[Process] = []
        self._not_before = 0.0  # no process is started earlier

    @property
    def warm(self) -> bool:
        """Whether a run can be sent to one of them."""
        return any(each.warm and not each.lost for each in self.all)

    @property
    def trains(self) -> int:
        """The number of workers with a run."""
        return sum(each.ticket is not None for each in self.all)

    @property
    def busy(self) -> bool:
        """Whether any worker has a run."""
        return self.trains > 0

    def grow(self, wanted: int) -> None:
        """Start processes up to `wanted`, within the limit."""
        while len(self.all) < min(wanted, self.most) and time.monotonic() >= self._not_before:
            self.all.append(Process(self._told))

    def free(self) -> int:
        """Return how many runs can be sent now."""
        return len(self._idle())

    def send(self, ticket: Ticket) -> None:
        """Send a run to an idle worker."""
        self._idle()[0].send(ticket, self.url)

    def lost(self) -> list[Ticket]:
        """Return the tickets of runs whose worker was lost or failed, and remove those workers."""
        tickets = []
        for each in [one for one in self.all if one.lost or one.failed]:
            if each.ticket is not None:
                tickets.append(each.ticket)
            each.ticket, each.failed = None, False
            if each.lost:
                self._forget(each)
        return tickets

    def _forget(self, lost: Process) -> None:
        lost.leave()
        lost.gone(time.monotonic() + 1)
        self.all.remove(lost)
        if not lost.warm:  # the next one may fail, too
            log.warning("Worker %d ended before it could train", lost.pid)
            self._not_before = time.monotonic() + _AGAIN

    def close(self, patience: float) -> None:
        """Ask all workers to store their state, and stop them."""
        for each in self.all:
            each.leave()
        until = time.monotonic() + patience
        for each in self.all:  # a starting worker has nothing to store
            coming = not each.warm and each.ticket is None
            if not each.gone(time.monotonic() if coming else until) and not coming:
                log.warning("Worker %d did not stop in time", each.pid)
        self.all.clear()

    def _idle(self) -> list[Process]:
        return [each for each in self.all if each.warm and not each.lost and each.ticket is None]
