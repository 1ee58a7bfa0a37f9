"""What a worker process does: train the runs whose tickets come on its line, one at a time.

The server sends a ticket, the worker answers "done"; a line that ends is a server that was lost: the worker stores
where its run is, and goes.
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
_NAME = 15  # what prctl(2) calls the name of a thread
_LEAVE = 20.0  # seconds that a worker has to store its run when its server has gone
WARM, DONE, FAILED = b"warm", b"done", b"failed"


def call_me(name: str) -> None:
    """Name this process, for whoever lists them: 15 letters at most, where the system lets one."""
    with suppress(AttributeError, OSError, TypeError):
        ctypes.CDLL(None).prctl(_NAME, name.encode("ascii"), 0, 0, 0)


def serve(orders: BinaryIO, answers: BinaryIO) -> None:
    """Train the runs whose tickets come on a line, until it ends: what a worker process does."""
    from core.runs.warm import warm, warmed

    call_me(NAME)
    leaving = threading.Event()
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def say(word: bytes) -> None:
        with suppress(OSError):  # nobody hears it any more; the line of orders will end, too
            answers.write(word + b"\n")
            answers.flush()

    def hear() -> None:
        with suppress(OSError, ValueError):
            for order in orders:
                waiting.put(order)
        leaving.set()
        waiting.put(b"")
        time.sleep(_LEAVE)
        os._exit(1)  # a step that takes this long is not waited for: the run goes on from its last state

    threading.Thread(target=hear, name="orders", daemon=True).start()
    warm()
    warmed()
    say(WARM)
    while order := waiting.get():
        if leaving.is_set():
            return
        say(DONE if _train(order, leaving.is_set) else FAILED)


def _train(order: bytes, leaving: Callable[[], bool]) -> bool:
    """Train a run; whether all that could go wrong is written into it."""
    from core.runs.worker import Address, train

    said = json.loads(order)
    try:
        train(Address(said["url"]), Ticket(said["id"], said["lease"]), leaving)
    except Exception:  # of the store, mostly: the run is handed out again
        log.exception("Run %s was given up", said["id"])
        return False
    return True


def main() -> None:
    """A worker that is a Python of its own: orders come on its standard input, answers leave on its output."""
    import core.training.trainer  # noqa: F401
    from core.memory import let_go_of_libraries

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server; when it goes, this goes
    let_go_of_libraries()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever else is printed is no answer
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
