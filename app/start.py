"""What the server does once: load torch and the default model before the first visitor, and log what goes wrong."""

from __future__ import annotations

import gc
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st

from app import cache, models, state

log = logging.getLogger("glassbox")


@asynccontextmanager
async def lifespan(app: Any) -> AsyncIterator[dict[str, Any]]:
    """Warm up, then serve. `gc.freeze` keeps later collections from walking all of torch (120-190 ms each)."""
    try:
        names = models.bundled()
        cache.warm([name for name in names if name == state.DEFAULT_MODEL] or list(names[:1]))
    except (ImportError, ValueError, OSError):
        log.exception("The default model does not open; the pages say so too")
    gc.collect()
    gc.freeze()
    yield {}


def on_error(error: Exception) -> bool:
    """An uncaught error: details to the log, and to the learner what can be done."""
    log.error("A page failed", exc_info=error)
    st.error(
        "Something went wrong on this page; your text and selections are kept. Choose another page or example, "
        "or reset the selections. Whoever runs this Glassbox finds the details in its log.",
        icon=":material/error:",
    )
    return True
