"""Open a SQLite store so that no other connection to it exists: the one way to know that no other program uses it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from core.runs.records import StoreAway

_TURN = 60.0  # seconds that another process may take: it copies the store, too


@contextmanager
def in_turn(url: sa.URL) -> Iterator[None]:
    """Let the processes that want a SQLite store for themselves try one after another: together they would fail.

    Raises:
        StoreAway: another one takes long.
    """
    path = Path(f"{url.database}-turn")  # it stays: who deletes it takes it from under those who wait
    path.touch(0o600)
    with closing(sqlite3.connect(path, timeout=_TURN, isolation_level=None)) as turn:
        try:
            turn.execute("BEGIN EXCLUSIVE")
        except sqlite3.OperationalError as error:
            raise StoreAway("another process is bringing the run store to its new tables") from error
        yield


@contextmanager
def alone(url: sa.URL) -> Iterator[sa.Connection]:
    """Open the one connection to a SQLite store; while it lasts, no other can read or write.

    Foreign keys do not hold in it: SQLite changes a table by making a new one and dropping the old, which would
    otherwise delete the rows that belong to the old one's.

    Raises:
        sqlalchemy.exc.OperationalError: there is another connection (`in_use`).
    """
    engine = sa.create_engine(url, poolclass=sa.pool.StaticPool, connect_args={"timeout": 0.0})

    @event.listens_for(engine, "connect")
    def _(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # transactions are begun explicitly, below
        connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
        # In WAL mode a connection that wants the file for itself is refused while another, even an idle one, is open.
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("PRAGMA foreign_keys = OFF")

    @event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN EXCLUSIVE")

    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def in_use(error: sa.exc.OperationalError) -> bool:
    """Return whether an attempt to be alone failed because another connection is open."""
    return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
