"""Runs that this teacher deals to the class, and the group of the room's runs, for whoever teaches or follows."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from app import rooms, runs
from app.rooms import follow, teaching
from core.messages import say

if TYPE_CHECKING:
    from core.rooms import Look, Rooms, Size

log = logging.getLogger("glassbox")


def group() -> str:
    """Return the group of the runs of the room that this session teaches in or follows; "" for none."""
    from core.rooms import group_of

    id = _room()
    return group_of(id) if id else ""


def _room() -> str:
    return teaching.room_id() or follow.room()


def look() -> Look | None:
    """Read the room that this session teaches in or follows; None: none, or it cannot be read now."""
    from core.rooms import RoomError
    from core.runs import RunError

    id = _room()
    try:
        return rooms.store().look(id) if id else None
    except (RoomError, RunError, ValueError) as why:
        log.info("The room of a class could not be read: %s", why)
        return None


def deal(sizes: Sequence[Size]) -> str:
    """Offer sizes to the class; return "", or why they were not offered."""
    return _done(lambda store, id, owner: store.deal(id, owner, sizes))


def take_back() -> str:
    """Withdraw the sizes that nobody has taken; return "", or why not."""
    return _done(lambda store, id, owner: store.take_back(id, owner))


def keep(into: str) -> str:
    """Make the class's runs this teacher's own, in this group; return "", or why not."""

    def kept(store: Rooms, id: str, owner: str) -> None:
        store.keep_runs(id, owner, into)

    return _done(kept)


def _done(act: Callable[[Rooms, str, str], None]) -> str:
    from core.rooms import RoomError
    from core.runs import RunError

    try:
        act(rooms.store(), teaching.room_id(), runs.owner())
    except RoomError as why:
        return teaching.reason(why)
    except (RunError, ValueError) as why:
        log.warning("The class's runs could not be changed: %s", why)
        return say(teaching.AWAY)
    return ""
