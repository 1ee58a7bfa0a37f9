"""Server lifecycle: warm up the default model and the workers, stop them at shutdown, and log errors."""

from __future__ import annotations

import asyncio
import gc
import importlib
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
from starlette.concurrency import run_in_threadpool

from app import models, runs
from app.models import cache, memory, turns
from app.server import metrics, sessions, timeouts, websocket_filter
from app.session import state
from core import logs, server_process
from core.messages import say
from core.runs import fork_server, kept

# Python's thread switch interval in seconds: with 5 ms, its default, a computing thread would delay every message of a
# drawn page.
SWITCH = 0.0005

HOUR = 3600.0  # seconds between two looks for runs whose time is over
BEGINS = 3.0  # seconds at shutdown to wait for what is still starting
CLOSES = 6.0  # seconds for the workers to store their state and exit
LEAVES = 9.0  # seconds after a termination signal until the process exits, whatever does not answer

# Packages whose modules import each other: where two threads import one of them for the first time at once, Python lets
# a thread see a module that is half done, and a page fails. So they are imported before there are two.
TOGETHER = (
    "app.frame.page", "core.data.toyland", "core.data.toyland.reviews", "core.data.toyland.spanish",
    "core.data.toyland.summaries", "core.rooms", "core.runs.migrations", "core.training",
)  # fmt: skip

log = logging.getLogger("glassbox")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm up, then serve. `gc.freeze` keeps later collections from walking all of torch (120-190 ms each).

    The engine starts in the background: a page needs no workers. They end before the server.
    """
    logs.set_up()
    turns.minutes(), kept.days()  # what they say is checked before the first visitor comes
    sys.setswitchinterval(SWITCH)
    memory.share_one_heap()
    server_process.raise_file_limit()
    prepare()
    try:
        names = models.bundled()
        cache.warm([name for name in names if name == state.DEFAULT_MODEL] or list(names[:1]))
    except (ImportError, ValueError, OSError):
        log.exception("The default model does not open; the pages say so too")
    import_together()
    gc.collect()
    gc.freeze()
    linecache.clearcache()  # sources read during import
    memory.give_back()
    memory.let_go_of_libraries()
    starting = _beside(runs.begin)
    keeping = asyncio.create_task(_keep_for_so_long())
    ending = asyncio.create_task(sessions.end_those_that_went())
    try:
        with _leaving_in_time():
            yield {}
    finally:
        keeping.cancel()
        ending.cancel()
        runs.leave()
        await asyncio.wait([starting], timeout=BEGINS)
        done, _ = await asyncio.wait([_beside(runs.close)], timeout=CLOSES)
        if not done:
            log.warning("The workers did not end in time: their runs go on from their last states")
        fork_server.forget()
        if starting.done():
            runs.left()


async def _keep_for_so_long() -> None:
    """Delete runs whose time is over, now and every hour; one server process of several does it."""
    if not server_process.trains() or kept.days() is None:
        return
    while True:
        try:
            if count := await run_in_threadpool(runs.delete_old):
                log.info("Deleted %s runs that ended more than %s days ago", count, kept.days())
        except Exception as why:  # the store is away: the next hour comes
            log.warning("Old runs could not be looked for: %s", why)
        await asyncio.sleep(HOUR)


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
    if (server := getattr(before[signal.SIGTERM], "__self__", None)) is not None:
        # Streamlit gives uvicorn maxMessageSize, which is meant for messages to the browser.
        server.config.ws_max_size = websocket_filter.LARGEST
        server.config.http_protocol_class = timeouts.with_timeouts(server.config.http_protocol_class)

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


def import_together() -> None:
    """Import the packages that two threads must not import at once; a page that needs a missing one says so."""
    for name in TOGETHER:
        with suppress(ImportError):
            importlib.import_module(name)


def on_error(error: Exception) -> bool:
    """Handle an uncaught error: details go to the log, a hint to the learner."""
    from app.frame import page

    page.settle()  # model, text and Reset stay usable
    if isinstance(error, turns.TooLong):
        st.warning(str(error), icon=":material/hourglass_bottom:")
        return True
    metrics.errors.labels(state.page() or "home").inc()
    log.error("A page failed", exc_info=error)
    said = say(
        "Something went wrong on this page; your text and selections are kept. Choose another page or example, or "
        "reset the selections. Whoever runs this Glassbox finds the details in its log."
    )
    st.error(said, icon=":material/error:")
    return True
