"""How the run store is opened: SQLite in WAL mode, or PostgreSQL. An earlier store is brought to today's tables."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.sql.elements import ColumnElement

from core.runs.limits import largest_store
from core.runs.location import damaged, elsewhere, keep_private, reserve, set_aside
from core.runs.records import SchemaError, StoreDamaged
from core.runs.schema import VERSION, version
from core.runs.schema_version import SESSION, read_version

_WAIT = 5.0  # seconds to wait for another writer
_PAGE = 8192  # bytes of a SQLite page


def connect(url: str) -> sa.Engine:
    """Open a database, bring it to today's tables, and return its engine.

    Raises:
        SchemaError: a newer version of Glassbox wrote the database, or it is of a kind we do not support.
        StoreInUse: an earlier version of Glassbox has it open still.
    """
    try:
        parsed = sa.make_url(url)
    except sa.exc.ArgumentError as error:
        raise SchemaError(f"GLASSBOX_DB is no address of a database: {error}") from None
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite(parsed)
    elif parsed.drivername == "postgresql+psycopg":
        engine = _postgresql(parsed)
    else:
        raise SchemaError(
            f"GLASSBOX_DB names {parsed.drivername}; Glassbox keeps runs in sqlite:///FILE or postgresql+psycopg://..."
        )
    try:
        _prepare(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def _sqlite(url: sa.URL) -> sa.Engine:
    if not url.database or url.database == ":memory:":
        raise SchemaError("a run store is shared by processes: name a file, sqlite:///FILE")
    Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    keep_private(Path(url.database))
    _look_at(url)
    set_aside(reserve(url))
    engine = sa.create_engine(url, connect_args={"timeout": _WAIT})

    @event.listens_for(engine, "connect")
    def _(connection: sqlite3.Connection, record: Any) -> None:
        connection.isolation_level = None  # transactions are begun explicitly, below
        connection.text_factory = _text
        for pragma in (
            f"page_size = {_PAGE}",
            "journal_mode = WAL",  # readers and the writer do not block each other
            "synchronous = NORMAL",  # a killed process loses nothing; a power failure the last transactions
            "foreign_keys = ON",
            "secure_delete = ON",  # what was deleted is overwritten in the file
            f"max_page_count = {max(64, largest_store() // _PAGE)}",
        ):
            _insist(lambda pragma=pragma: connection.execute(f"PRAGMA {pragma}"))  # type: ignore[misc]

    @event.listens_for(engine, "begin")
    def _(connection: sa.Connection) -> None:
        options = connection.get_execution_options()
        if options.get("isolation_level") != "AUTOCOMMIT":
            # A reader that becomes a writer could fail half-way: writers take the lock at once.
            connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("writes") else "BEGIN")

    return engine


def _look_at(url: sa.URL) -> None:
    """Refuse a foreign file before a byte of it is changed.

    Raises:
        StoreDamaged: it is no database, or one with tables of others.
    """
    try:
        with closing(
            sqlite3.connect(f"{Path(str(url.database)).resolve().as_uri()}?mode=ro", uri=True)
        ) as peek:
            names = {name for (name,) in peek.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    except (
        sqlite3.OperationalError
    ):  # unavailable, locked, or to be recovered first: opening it for writing will tell
        return
    except sqlite3.DatabaseError as error:
        raise StoreDamaged(damaged(url, str(error))) from error
    if names and version.name not in names:
        raise StoreDamaged(damaged(url, "it is a database of something else"))


def _text(raw: bytes) -> str:
    """Decode a stored text; invalid bytes are replaced, so that one row cannot hide the others."""
    return raw.decode("utf-8", "replace")


def _insist(call: Callable[[], object]) -> None:
    """Retry while a new file is locked: SQLite does not wait before it is in WAL mode."""
    until = time.monotonic() + _WAIT
    while True:
        try:
            call()
            return
        except sqlite3.OperationalError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _postgresql(url: sa.URL) -> sa.Engine:
    return sa.create_engine(
        url,
        pool_pre_ping=True,  # after a restart of the server its old connections are dead
        connect_args={
            "connect_timeout": 3,
            "keepalives_idle": 5,
            "keepalives_interval": 2,
            "keepalives_count": 3,
            "tcp_user_timeout": 10_000,  # ms
            "application_name": SESSION,
        },
    )


def _prepare(engine: sa.Engine) -> None:
    """Bring a store to today's tables. One query where it has them."""
    with engine.connect() as connection:
        found = read_version(connection) if sa.inspect(connection).has_table(version.name) else None
    if found is None or found < VERSION:
        from core.runs import migrations  # with Alembic, which only this needs

        found = migrations.migrate(engine)
    if found != VERSION:
        raise SchemaError(
            f"the run store was written by a newer version of Glassbox (its schema is {found}, ours is {VERSION}): "
            f"start that version, or {elsewhere(engine.url)}"
        )


def now(engine: sa.Engine) -> ColumnElement[float]:
    """Return seconds since 1970 by the database's clock, the one clock that all machines of a cluster share."""
    if engine.dialect.name == "sqlite":
        return sa.literal_column("((julianday('now') - 2440587.5) * 86400.0)", sa.Double)
    return sa.literal_column("extract(epoch from clock_timestamp())::double precision", sa.Double)
