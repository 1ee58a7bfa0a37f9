"""The view that a room follows as a finished picture: made once in the teacher's session, for all phones.

Thirty phones point and step in it at no cost to the server, as it is a file of its own (app/outside).
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from app import rooms, runs
from app.rooms import addresses, teaching
from app.session import state
from core import messages

WAITS = 0.5  # seconds in which another choice of the teacher's comes first

log = logging.getLogger("glassbox")


def begin() -> None:
    """Forget the picture of the run before, where this session teaches; a page may have none."""
    if teaching.teaches():
        state.memo("takeaway").pop("html", None)


def send() -> None:
    """Give the picture of the page that was drawn to the room, once for each view, beside the session."""
    if not teaching.teaches() or state.page() in addresses.NOT_LED:
        return
    memo, make = state.memo("class"), state.memo("takeaway").get("html")
    link = led(state.page(), state.link())
    if make is None or memo.get("pictured") == link:
        return
    memo.update(pictured=link, turn=memo.get("turn", 0) + 1)
    given = (memo, memo["turn"], str(memo["id"]), runs.owner(), link, messages.bound(make))
    threading.Thread(target=_store, args=given, name="picture of a class", daemon=True).start()


def led(page: str, query: str) -> str:
    """Return a page's link as a browser writes it (bar.js, leadOf), without how the page is shown."""
    parts = [(key, value) for key, value in parse_qsl(query, keep_blank_values=True) if key != "class"]
    parts = [(key, value) for key, value in parts if (key, value) != ("view", "projector")]
    return f"/{'' if page == 'home' else page}?{addresses.written(parts)}"


def _store(memo: dict[str, Any], turn: int, id: str, owner: str, link: str, make: Callable[[], str]) -> None:
    time.sleep(WAITS)
    if memo.get("turn") != turn:
        return
    try:
        rooms.store().keep_picture(id, owner, link, make())
    except Exception as why:
        # The room has ended, the store is away, the picture is too large: phones have the live view.
        log.info("A class gets no picture of this view: %s", why)
