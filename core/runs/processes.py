"""Workers of this machine: processes of ours that train one run at a time, each with a line to the server.

The server sends a ticket, the worker answers "done"; a line that ends is a worker that was lost. A worker whose line
ends has lost its server: it stores where its run is, and goes.
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

from core.runs import forks
from core.runs.queue import Ticket
from core.runs.serving import DONE, FAILED, WARM

log = logging.getLogger("glassbox.runs")
_ROOT = Path(__file__).resolve().parents[2]
_AGAIN = 2.0  # seconds until another is started after one that did not come up
# One thread: two beside a busy neighbour are ten times slower than one.
_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OMP_WAIT_POLICY": "PASSIVE"}


class Process:
    """One worker process, and what is known of it.

    Args:
        told: called from a thread whenever it has said something, or is lost.

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
        found = forks.born()
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
        """Let it train the run of a ticket, which is in the store at `url`."""
        self.ticket = ticket
        with suppress(OSError):  # it is lost; the listener will say so
            self._say.write(json.dumps({"url": url, "id": ticket.id, "lease": ticket.lease}).encode() + b"\n")
            self._say.flush()

    def leave(self) -> None:
        """Ask it to store where its run is, and to go."""
        with suppress(OSError):
            if self._line is not None:
                self._line.shutdown(socket.SHUT_WR)  # what it says is still heard
            self._say.close()

    def gone(self, until: float) -> bool:
        """Wait until it has gone, or until that moment; what has not gone by then is killed."""
        self._listener.join(max(0.0, until - time.monotonic()))
        went = not self._listener.is_alive()
        if self._line is not None:
            self._line.close()
        if self._started is not None:
            if not went:
                self._started.kill()
            self._started.wait()
        elif not went:  # its line is open, so it lives, and its number is nobody else's
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
        self._not_before = 0.0  # no other process is started sooner

    @property
    def warm(self) -> bool:
        """Whether one of them may be given a run."""
        return any(each.warm and not each.lost for each in self.all)

    @property
    def trains(self) -> int:
        """How many of them have a run."""
        return sum(each.ticket is not None for each in self.all)

    @property
    def busy(self) -> bool:
        """Whether a run has one of them."""
        return self.trains > 0

    def grow(self, wanted: int) -> None:
        """Start processes until there are so many, but no more than there may be."""
        while len(self.all) < min(wanted, self.most) and time.monotonic() >= self._not_before:
            self.all.append(Process(self._told))

    def free(self) -> int:
        """How many could be given a run now."""
        return len(self._idle())

    def send(self, ticket: Ticket) -> None:
        """Give a run to one that is free."""
        self._idle()[0].send(ticket, self.url)

    def lost(self) -> list[Ticket]:
        """The tickets of runs whose worker is not there any more, or failed at them; those workers are forgotten."""
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
        if not lost.warm:  # so might the next
            log.warning("Worker %d ended before it could train", lost.pid)
            self._not_before = time.monotonic() + _AGAIN

    def close(self, patience: float) -> None:
        """Let all store where they are, and end them."""
        for each in self.all:
            each.leave()
        until = time.monotonic() + patience
        for each in self.all:  # one that is just coming has nothing to store
            coming = not each.warm and each.ticket is None
            if not each.gone(time.monotonic() if coming else until) and not coming:
                log.warning("Worker %d did not stop in time", each.pid)
        self.all.clear()

    def _idle(self) -> list[Process]:
        return [each for each in self.all if each.warm and not each.lost and each.ticket is None]
