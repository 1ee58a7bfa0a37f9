"""Rooms for classes: the routes of phones, projector and teacher, their two pages, and the teacher's bar in the app.

What a room is and who may know what is in `core.rooms`.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from app import runs

if TYPE_CHECKING:
    from core.rooms import Rooms
    from core.runs.database import Database

_opening = threading.Lock()
_rooms: tuple[Database, Rooms] | None = None


def store() -> Rooms:
    """Return the rooms of this server's database, opened on first use.

    Raises:
        StoreAway: the database does not answer; SchemaError: another version of Glassbox wrote it.
    """
    global _rooms
    from core.rooms import Rooms

    database = runs.store().database
    with _opening:
        if _rooms is None or _rooms[0] is not database:
            _rooms = (database, Rooms(database))
        return _rooms[1]
