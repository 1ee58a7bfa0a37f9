"""What the server does once: warm the default model and the workers, end them with itself, and log what goes wrong."""

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
from core.runs import forks

# Seconds until a thread that computes lets another one go on: what a page has drawn leaves the server while the page is
# still being computed (5 ms, Python's own, would hold up every message).
SWITCH = 0.0005

BEGINS = 3.0  # seconds that what is just starting is waited for when the server ends
CLOSES = 6.0  # seconds in which the workers store where their runs are, and go
LEAVES = 9.0  # seconds after a signal to end in which the server has gone, whatever does not answer

log = logging.getLogger("glassbox")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm up, then serve. `gc.freeze` keeps later collections from walking all of torch (120-190 ms each).

    What hands runs to workers starts behind the first visitor's back: a page needs none. They end before the server.
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
    linecache.clearcache()  # sources that were read while importing
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
        forks.forget()
        if starting.done():
            runs.left()


def _beside(call: Callable[[], None]) -> asyncio.Future[None]:
    """Call in a thread that a server which ends does not wait for: the call may wait for a database."""
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
        with suppress(RuntimeError):  # nobody waits any more
            loop.call_soon_threadsafe(done)

    threading.Thread(target=work, name=call.__name__, daemon=True).start()
    return called


@contextmanager
def _leaving_in_time() -> Iterator[None]:
    """Let a signal to end this server end it in `LEAVES` seconds, whatever waits for a database that does not answer.

    What hears the signals otherwise hears them, too.
    """
    if threading.current_thread() is not threading.main_thread():  # signals are not ours
        yield
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def heard(number: int, frame: Any) -> None:
        _leave_after(LEAVES)
        usual = before[signal.Signals(number)]
        if callable(usual):
            usual(number, frame)
        else:  # the system's own way
            signal.signal(number, usual if usual is not None else signal.SIG_DFL)
            signal.raise_signal(number)

    # Streams of events look through the handler for the server, to end when it ends (sse_starlette).
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
    """Before the server does anything else: make workers of this machine cheap to start (core/runs/forks.py)."""
    from core.runs.engine import own_workers

    try:
        if own_workers():
            forks.prepare()
    except (ImportError, OSError, ValueError):  # then they start as they can
        log.exception("No process to fork workers from")


def on_error(error: Exception) -> bool:
    """An uncaught error: details to the log, and to the learner what can be done."""
    from app.frame import page

    log.error("A page failed", exc_info=error)
    page.settle()  # model, text and Reset are what a learner needs now
    st.error(
        "Something went wrong on this page; your text and selections are kept. Choose another page or example, "
        "or reset the selections. Whoever runs this Glassbox finds the details in its log.",
        icon=":material/error:",
    )
    return True
