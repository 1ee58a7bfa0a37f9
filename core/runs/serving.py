"""The main loop of a worker process: train the runs whose tickets arrive, one at a time.

The server sends a ticket, the worker answers "done"; a closed connection means a lost server: the worker stores its
run's state and exits.
"""

from __future__ import annotations

import ctypes
import json
import logging
import os
import queue
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import BinaryIO

from core.runs.queue import Ticket

log = logging.getLogger("glassbox.runs")
NAME = "glassbox-worker"
BEHIND = 19  # how far a worker steps back where processors are short: pages are drawn first
_NAME = 15  # prctl(2)'s code for setting the name of a thread
_LEAVE = 20.0  # seconds for storing the run's state after the server was lost
WARM, DONE, FAILED = b"warm", b"done", b"failed"


def call_me(name: str) -> None:
    """Name this process for process lists: 15 letters at most, where the system supports it."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).prctl(_NAME, name.encode("ascii"), 0, 0, 0)


def step_back() -> None:
    """Let this process wait behind others where processors are short, where the system supports it.

    As a batch process (Linux) it also keeps nobody waiting who has just woken up, as a page does with each message.
    """
    with suppress(AttributeError, OSError):
        os.nice(BEHIND)
    with suppress(AttributeError, OSError):
        os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def serve(orders: BinaryIO, answers: BinaryIO) -> None:
    """Train the runs whose tickets arrive on a connection, until it closes."""
    from core.runs.warm import warm, warmed

    call_me(NAME)
    step_back()
    leaving = threading.Event()
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def say(word: bytes) -> None:
        with suppress(OSError):  # the server is gone; the connection for tickets will close, too
            answers.write(word + b"\n")
            answers.flush()

    def hear() -> None:
        with suppress(OSError, ValueError):
            for order in orders:
                waiting.put(order)
        leaving.set()
        waiting.put(b"")
        time.sleep(_LEAVE)
        os._exit(1)  # a longer step is not waited for: the run is resumed from its last state

    threading.Thread(target=hear, name="orders", daemon=True).start()
    warm()
    warmed()
    say(WARM)
    while order := waiting.get():
        if leaving.is_set():
            return
        say(DONE if _train(order, leaving.is_set) else FAILED)


def _train(order: bytes, leaving: Callable[[], bool]) -> bool:
    """Train a run; return whether its end or error was recorded."""
    from core.runs.worker import Address, train

    said = json.loads(order)
    try:
        train(Address(said["url"]), Ticket(said["id"], said["lease"]), leaving)
    except Exception:  # mostly of the store: the run is dispatched again
        log.exception("Run %s was given up", said["id"])
        return False
    return True


def main() -> None:
    """Run a worker as a separate Python process: tickets on standard input, answers on standard output."""
    import core.training.trainer  # noqa: F401
    from core.memory import let_go_of_libraries

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server; the worker ends with it
    let_go_of_libraries()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # other output must not be taken for an answer
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
