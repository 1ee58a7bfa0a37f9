"""A fork server: a process with all training imports, from which workers are forked with shared memory.

A worker started as a new Python process imports PyTorch for three seconds and fills 350 MB that the server already has.
A forked one is ready in a second, and takes memory only for what it changes. So a server on Linux forks once, before
anything else (`prepare`), and that process only forks workers on request (`born`). On other systems, or without
preparation, workers are new Python processes (core/runs/serving.py).
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from core.runs.serving import call_me, serve

_lock = threading.Lock()
_control: socket.socket | None = None
_pid = 0


def possible() -> bool:
    """Return whether this system forks safely: not macOS with its libraries, and not Windows."""
    return sys.platform == "linux"


def prepare() -> bool:
    """Import what training needs and fork the fork server; return whether it runs.

    To be called while nothing computes in another thread, and before anything of a GPU is used: neither survives a
    fork.
    """
    global _control, _pid
    if not possible() or _control is not None:
        return _control is not None
    import core.analysis.health.training_health
    import core.runs.samples
    import core.runs.worker
    import core.training.trainer  # noqa: F401

    gc.collect()
    gc.freeze()  # a collection would write to every object and so unshare its memory page
    ours, theirs = socket.socketpair()
    _pid = os.fork()
    if _pid == 0:
        with suppress(BaseException):
            _close_all_but(theirs.fileno())
            _fork_when_asked(theirs)
        os._exit(1)
    theirs.close()
    _control = ours
    return True


def born() -> tuple[int, socket.socket] | None:
    """Fork a new worker: return its process id, and its connection. None: there is no fork server (any more)."""
    with _lock:
        if _control is None:
            return None
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(_control, [b"1"], [theirs.fileno()])
                return int(_control.recv(32)), ours
            except (OSError, ValueError):  # it was killed: reading fails with ValueError
                ours.close()
                _end()
                return None


def forget() -> None:
    """Stop the fork server; its workers stay."""
    with _lock:
        _end()


def _end() -> None:
    global _control
    if _control is not None:
        _control.close()
        _control = None
        with suppress(ChildProcessError):
            os.waitpid(_pid, 0)


def _close_all_but(mine: int) -> None:
    """Close the server's sockets: its port must be free as soon as it has ended."""
    for each in list(Path("/proc/self/fd").iterdir()):
        name = each.name
        if int(name) > 2 and int(name) != mine:
            with suppress(OSError):
                os.close(int(name))


def _fork_when_asked(control: socket.socket) -> NoReturn:
    """Fork one worker per request, until the server has gone."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the server; the fork server ends with it
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel reaps finished workers
    call_me("glassbox-forks")
    while True:
        asked, lines, _, _ = socket.recv_fds(control, 1, 1)
        if not asked:
            os._exit(0)
        worker = os.fork()
        if worker == 0:
            _work(control, socket.socket(fileno=lines[0]))
        os.close(lines[0])
        control.send(str(worker).encode("ascii"))


def _work(control: socket.socket, line: socket.socket) -> NoReturn:
    """Run a worker; skip the exit handlers of the server."""
    with suppress(BaseException):
        control.close()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        serve(line.makefile("rb"), line.makefile("wb"))
        os._exit(0)
    os._exit(1)
