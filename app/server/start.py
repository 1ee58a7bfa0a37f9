"""Server lifecycle: warm up the default model and the workers, stop them at shutdown, and log errors."""

from __future__ import annotations

import asyncio
import gc
import linecache
import logging
import os
import signal
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any

import streamlit as st

from app import models, runs
from app.models import cache, memory
from app.session import state
from core.runs import fork_server

# Python's thread switch interval in seconds: with 5 ms, its default, a computing thread would delay every message of a
# drawn page.
SWITCH = 0.0005

BEGINS = 3.0  # seconds at shutdown to wait for what is still starting
CLOSES = 6.0  # seconds for the workers to store their state and exit
LEAVES = 9.0  # seconds after a termination signal until the process exits, whatever does not answer

log = logging.getLogger("glassbox")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm up, then serve. `gc.freeze` keeps later collections from walking all of torch (120-190 ms each).

    The engine starts in the background: a page needs no workers. They end before the server.
    """
    sys.setswitchinterval(SWITCH)
    prepare()
    try:
        names = models.bundled()
        cache.warm([name for name in names if name == state.DEFAULT_MODEL] or list(names[:1]))
    except (ImportError, ValueError, OSError):
        log.exception("The default model does not open; the pages say so too")
    gc.collect()
    gc.freeze()
    linecache.clearcache()  # sources read during import
    memory.give_back()
    memory.let_go_of_libraries()
    starting = _beside(runs.begin)
    try:
        with _leaving_in_time():
            yield {}
    finally:
        runs.leave()
        await asyncio.wait([starting], timeout=BEGINS)
        done, _ = await asyncio.wait([_beside(runs.close)], timeout=CLOSES)
        if not done:
            log.warning("The workers did not end in time: their runs go on from their last states")
        fork_server.forget()
        if starting.done():
            runs.left()


def _beside(call: Callable[[], None]) -> asyncio.Future[None]:
    """Start a call in a thread that shutdown does not wait for: it may wait for a database."""
    loop = asyncio.get_running_loop()
    called: asyncio.Future[None] = loop.create_future()

    def done() -> None:
        if not called.done():
            called.set_result(None)

    def work() -> None:
        try:
            call()
        except Exception:
            log.exception("%s failed", call.__name__)
        with suppress(RuntimeError):  # nobody waits for the result any more
            loop.call_soon_threadsafe(done)

    threading.Thread(target=work, name=call.__name__, daemon=True).start()
    return called


@contextmanager
def _leaving_in_time() -> Iterator[None]:
    """Exit within `LEAVES` seconds after a termination signal, whatever waits for a database that does not answer.

    Other signal handlers still run.
    """
    if threading.current_thread() is not threading.main_thread():  # not the main thread: it has no signals
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def heard(number: int, frame: Any) -> None:
        _leave_after(LEAVES)
        usual = before[signal.Signals(number)]
        if callable(usual):
            usual(number, frame)
        else:  # the system's default handling
            signal.signal(number, usual if usual is not None else signal.SIG_DFL)
            signal.raise_signal(number)

    # The event streams find the server through the signal handler, to end with it (sse_starlette).
    setattr(heard, "__self__", getattr(before[signal.SIGTERM], "__self__", None))  # noqa: B010
    for number in before:
        signal.signal(number, heard)
    try:
        yield
    finally:
        for number, usual in before.items():
            if signal.getsignal(number) is heard and usual is not None:
                signal.signal(number, usual)


def _leave_after(seconds: float) -> None:
    def leave() -> None:
        log.warning("Something does not answer: the server ends without it")
        os._exit(1)

    clock = threading.Timer(seconds, leave)
    clock.daemon = True
    clock.start()


def prepare() -> None:
    """Start the process from which workers are forked (core/runs/fork_server.py), before all else."""
    from core.runs.engine import own_workers

    try:
        if own_workers():
            fork_server.prepare()
    except (ImportError, OSError, ValueError):  # then workers start without it
        log.exception("No process to fork workers from")


def on_error(error: Exception) -> bool:
    """Handle an uncaught error: details go to the log, a hint to the learner."""
    from app.frame import page

    log.error("A page failed", exc_info=error)
    page.settle()  # model, text and Reset stay usable
    st.error(
        "Something went wrong on this page; your text and selections are kept. Choose another page or example, "
        "or reset the selections. Whoever runs this Glassbox finds the details in its log.",
        icon=":material/error:",
    )
    return True
