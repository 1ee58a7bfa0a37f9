"""What every change of a room begins and ends with: its row, held for the transaction, and one version more."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Collection
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from core.messages import mark, say
from core.rooms import records
from core.rooms.records import (
    IDLE,
    LONGEST,
    Answer,
    Kind,
    NoSuchRoom,
    NotNow,
    NotTheTeacher,
    Phase,
    Prompt,
    Room,
)
from core.rooms.schema import members, prompts, rooms
from core.runs.database import Database

ENDED = mark("there is no such room, or it has ended")
LATE = mark("the vote is over")
LATE_TO_SEND = mark("the room has ended, or this browser has not joined it")
# By the phase of a room: what is refused in it.
_NOT_IN = {
    "lobby": mark("this is not for a room that is lobby"),
    "open": mark("this is not for a room that is open"),
    "closed": mark("this is not for a room that is closed"),
    "revealed": mark("this is not for a room that is revealed"),
    "paused": mark("this is not for a room that is paused"),
}
_ROW = (
    "id", "code", "owner", "phase", "resumes", "version", "prompt", "talk", "shown", "lead", "gathered",
    "locked",
)  # fmt: skip


class Changes:
    """Transactions on the rooms of a database.

    Attributes:
        now: seconds since 1970 by the database's clock, as an expression.

    Raises:
        StoreAway, StoreFull, StoreDamaged: from every method, as the run store does.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.now: ColumnElement[float] = database.now

    def _lives(self) -> ColumnElement[bool]:
        return sa.and_(rooms.c.touched > self.now - IDLE, rooms.c.opened > self.now - LONGEST)

    def _due(self, connection: sa.Connection, id: str) -> bool:
        """Return whether time alone has changed a room: its countdown has run out, or it has ended."""
        over = sa.or_(sa.not_(self._lives()), rooms.c.closes <= self.now)
        return connection.execute(sa.select(rooms.c.id).where(rooms.c.id == id, over)).first() is not None

    def _settle(self, id: str) -> None:
        with self.database.writing() as connection:
            self._sweep(connection)
            self._close_due(connection, id)

    def _sweep(self, connection: sa.Connection) -> None:
        self._delete(connection, sa.not_(self._lives()))

    def _delete(self, connection: sa.Connection, which: sa.ColumnElement[bool]) -> None:
        """Delete rooms with everything in them."""
        self._end_runs(connection, which)
        connection.execute(rooms.delete().where(which))

    def _end_runs(self, connection: sa.Connection, ended: sa.ColumnElement[bool]) -> None:
        """Delete what the ended rooms have outside of their own tables (`core.rooms.deals`)."""

    def _close_due(self, connection: sa.Connection, id: str) -> None:
        ran_out = (rooms.c.id == id, rooms.c.phase == "open", rooms.c.closes <= self.now)
        closed = {"phase": "closed", "closes": None, "version": rooms.c.version + 1}
        connection.execute(rooms.update().where(*ran_out).values(closed))

    def _row(self, connection: sa.Connection, *where: Any) -> Any:
        return connection.execute(sa.select(rooms).where(*where)).first()

    def _locked(self, connection: sa.Connection, id: str) -> Any:
        """Return the row of a room that lives, closed to other changes, its countdown settled. Raises NoSuchRoom."""
        held = sa.select(rooms.c.id).where(rooms.c.id == id, self._lives()).with_for_update()
        if connection.execute(held).first() is None:
            raise NoSuchRoom(say(ENDED))
        self._close_due(connection, id)
        return self._row(connection, rooms.c.id == id)

    def _taught(
        self,
        connection: sa.Connection,
        id: str,
        owner: str,
        phases: Collection[str] = records.PHASES,
        locked: bool = True,
    ) -> Any:
        """Return the row of a teacher's room. Raises NoSuchRoom, NotTheTeacher, NotNow: it is in another phase."""
        row = (
            self._locked(connection, id) if locked else self._row(connection, rooms.c.id == id, self._lives())
        )
        if row is None:
            raise NoSuchRoom(say(ENDED))
        if not is_teacher(row, owner):
            raise NotTheTeacher(say("another browser teaches in this room"))
        if row.phase not in phases:
            raise NotNow(say(_NOT_IN[row.phase]))
        return row

    def _move(self, id: str, owner: str, phases: Collection[str], **values: Any) -> None:
        with self.database.writing() as connection:
            self._taught(connection, id, owner, phases)
            self._change(connection, id, **values)

    def _admit(self, connection: sa.Connection, id: str, member: str) -> None:
        """Record that a member changes a room that lives. Raises NotNow: it has ended, or the member is not in it."""
        known = sa.select(members.c.id).where(members.c.room == id, members.c.id == member)
        here = rooms.update().where(rooms.c.id == id, known.exists(), self._lives())
        changed = here.values(version=rooms.c.version + 1, touched=self.now)
        if connection.execute(changed).rowcount == 0:
            raise NotNow(say(LATE_TO_SEND))

    def _change(self, connection: sa.Connection, id: str, **values: Any) -> None:
        changed = {"version": rooms.c.version + 1, "touched": self.now, **values}
        connection.execute(rooms.update().where(rooms.c.id == id).values(changed))

    def _get(self, connection: sa.Connection, id: str) -> Room:
        return self._room(connection, self._row(connection, rooms.c.id == id))

    def _room(self, connection: sa.Connection, row: Any) -> Room:
        left = None
        if row.closes is not None:
            left = max(0.0, row.closes - connection.execute(sa.select(self.now)).scalar_one())
        values = {name: getattr(row, name) for name in _ROW}
        return Room(**{**values, "phase": cast("Phase", row.phase)}, closes=left)

    def _prompt_row(self, connection: sa.Connection, id: str, n: int) -> Any:
        return connection.execute(sa.select(prompts).where(prompts.c.room == id, prompts.c.n == n)).one()


def is_teacher(row: Any, owner: str) -> bool:
    """Return whether this is who opened the room, or the device that was let in to teach."""
    if secrets.compare_digest(row.owner.encode(), owner.encode()):
        return True
    return bool(row.remote) and secrets.compare_digest(row.remote, hashed("remote", owner))


def hashed(what: str, secret: str) -> str:
    """Hash a secret for the store; `what` keeps two kinds of secrets apart."""
    return hashlib.sha256(f"{what} {secret}".encode()).hexdigest()


def prompt_of(row: Any) -> Prompt:
    """Read a question from its row."""
    answer = None
    if row.answer:
        told = json.loads(row.answer)
        answer = Answer(**{**told, "probabilities": tuple(told["probabilities"])})
    kind = cast("Kind", row.kind)
    return Prompt(row.n, kind, row.question, tuple(json.loads(row.options)), row.about, row.round, answer)
