"""What the server does once: warm the default model and the workers, end them with itself, and log what goes wrong."""

from __future__ import annotations

import asyncio
import gc
import linecache
import logging
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st

from app import cache, memory, models, runs, state
from core.runs import forks

# Seconds until a thread that computes lets another one go on: what a page has drawn leaves the server while the page is
# still being computed (5 ms, Python's own, would hold up every message).
SWITCH = 0.0005

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
    starting = asyncio.create_task(asyncio.to_thread(runs.begin))
    try:
        yield {}
    finally:
        await starting
        await asyncio.to_thread(runs.close)
        forks.forget()


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
    from app import page

    log.error("A page failed", exc_info=error)
    page.settle()  # model, text and Reset are what a learner needs now
    st.error(
        "Something went wrong on this page; your text and selections are kept. Choose another page or example, "
        "or reset the selections. Whoever runs this Glassbox finds the details in its log.",
        icon=":material/error:",
    )
    return True
