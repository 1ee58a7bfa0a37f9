"""The tables of the run store, and how a database is opened: SQLite in WAL mode, or PostgreSQL.

A database that another version wrote is refused rather than guessed at.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.sql.elements import ColumnElement

from core import machine
from core.runs.limits import largest_store
from core.runs.records import SchemaError, StoreDamaged

VERSION = 1
_WAIT = 5.0  # seconds to wait for another writer
_PAGE = 8192  # bytes of a SQLite page
_RESERVE = 2 * 2**20  # bytes of the reserved file
_LOCK = 0x61A55B0C  # PostgreSQL's advisory lock while tables are created

meta = sa.MetaData()
version = sa.Table("glassbox_schema", meta, sa.Column("version", sa.Integer, primary_key=True))
texts = sa.Table(
    "glassbox_texts",
    meta,
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("body", sa.LargeBinary, nullable=False),  # zlib
)
runs = sa.Table(
    "glassbox_runs",
    meta,
    sa.Column("id", sa.String(32), primary_key=True),
    sa.Column("owner", sa.String(128), nullable=False, index=True),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("collection", sa.Text, nullable=False),  # Run.group
    sa.Column("spec", sa.Text, nullable=False),
    sa.Column("text", sa.String(64), nullable=False, index=True),  # sha-256 of an own text, or ""
    sa.Column("parent", sa.Text, nullable=False),
    sa.Column("revision", sa.Text, nullable=False),
    sa.Column("seed", sa.BigInteger, nullable=False),
    sa.Column("state", sa.String(16), nullable=False, index=True),
    sa.Column("control", sa.String(8), nullable=False),
    sa.Column("allowance", sa.Integer, nullable=False),  # single steps requested and not yet taken
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("steps", sa.Integer, nullable=False),
    sa.Column("tokens", sa.BigInteger, nullable=False),
    sa.Column("seconds", sa.Double, nullable=False),
    sa.Column("created", sa.Double, nullable=False),
    sa.Column("queued", sa.Double, nullable=False),  # start of waiting: decides its place
    sa.Column("started", sa.Double),
    sa.Column("finished", sa.Double),
    sa.Column("ended", sa.Text, nullable=False),
    sa.Column("lease", sa.String(64), nullable=False),  # the lease's holder; "" none
    sa.Column("lease_until", sa.Double, nullable=False),
    sa.Column("attempts", sa.Integer, nullable=False),  # workers lost since its state was last stored
)


def _of_run() -> sa.Column[str]:
    return sa.Column("run", sa.ForeignKey("glassbox_runs.id", ondelete="CASCADE"), primary_key=True)


points = sa.Table(
    "glassbox_points",
    meta,
    _of_run(),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("loss", sa.Double),
    sa.Column("learning_rate", sa.Double),
    sa.Column("gradient_norm", sa.Double),
    sa.Column("update_norm", sa.Double),
    sa.Column("tokens", sa.BigInteger),
    sa.Column("seconds", sa.Double),
    sa.Column("held_out", sa.Double),
    sqlite_with_rowid=False,  # the key is the order in which a curve is read
)
checkpoints = sa.Table(
    "glassbox_checkpoints",
    meta,
    _of_run(),
    sa.Column("step", sa.Integer, primary_key=True),
    sa.Column("held_out", sa.Double),
    sa.Column("sample", sa.Text, nullable=False),
    sa.Column("health", sa.Text, nullable=False),
    sa.Column("maps", sa.LargeBinary),
    sa.Column("size", sa.BigInteger, nullable=False),  # bytes of the weights
    sa.Column("weights", sa.LargeBinary),  # safetensors; NULL once evicted
)
models = sa.Table(  # what every checkpoint of a run shares
    "glassbox_models",
    meta,
    _of_run(),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("tokenizer", sa.Text, nullable=False),
)
states = sa.Table(  # the state to resume from
    "glassbox_states",
    meta,
    _of_run(),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("body", sa.LargeBinary, nullable=False),
)
starts = sa.Table(  # the weights a fork begins with: its parent may be deleted
    "glassbox_starts",
    meta,
    _of_run(),
    sa.Column("weights", sa.LargeBinary, nullable=False),
    sa.Column("config", sa.Text, nullable=False),
    sa.Column("tokenizer", sa.Text, nullable=False),
)
# Tables of later versions: an older store gets them when it is opened.
origins = sa.Table(  # where a run was asked for, and what it was estimated to keep
    "glassbox_origins",
    meta,
    _of_run(),
    sa.Column("address", sa.String(64), nullable=False, index=True),
    sa.Column("room", sa.BigInteger, nullable=False),  # bytes
)
unsigned = sa.Table(  # owners of unsigned cookies: each is accepted once
    "glassbox_unsigned",
    meta,
    sa.Column("owner", sa.String(128), primary_key=True),
    sa.Column("until", sa.Double),  # when that acceptance ends; None: not used yet
)


def default_url() -> str:
    """Return GLASSBOX_DB, or a SQLite file in the folder GLASSBOX_DATA (see `core.machine.folder`)."""
    if url := os.environ.get("GLASSBOX_DB", "").strip():
        return url
    return f"sqlite:///{machine.folder().resolve() / 'runs.sqlite'}"


def connect(url: str) -> sa.Engine:
    """Open a database, creating missing tables, and return its engine.

    Raises:
        SchemaError: another version of Glassbox wrote the database, or it is of a kind we do not support.
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
    _keep_private(Path(url.database))
    _look_at(url)
    _set_aside(reserve(url))
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


def _keep_private(path: Path) -> None:
    """Restrict the file and SQLite's files beside it to this user: they hold texts and owners' ids.

    SQLite copies the database's permissions to the files beside it. An existing file is not opened: closing it would
    release every lock that this process holds on it (POSIX), also those of another open store.
    """
    with suppress(OSError):  # it exists, or SQLite will report what is wrong with the path
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for name in ("", "-wal", "-shm", "-reserve"):
        with suppress(OSError):  # it does not exist, or belongs to another user
            Path(f"{path}{name}").chmod(0o600)


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


def damaged(url: sa.URL, why: str) -> str:
    """Describe what is wrong with a store's file, and what to do."""
    if url.get_backend_name() != "sqlite":
        return f"the run store is damaged ({why}): bring back a copy of it, or {_elsewhere(url)}"
    return (
        f"the run store {_name(url)} cannot be read ({why}): stop Glassbox, {_elsewhere(url)}, and start it again; "
        "then a new one is made, without the runs of this one"
    )


def _elsewhere(url: sa.URL) -> str:
    if url.get_backend_name() != "sqlite":
        return "name another database with GLASSBOX_DB"
    name = _name(url)
    return (
        f"move {name} out of its folder, with {name}-wal and {name}-shm where they are (the folder is GLASSBOX_DATA, "
        "or .glassbox in the checkout, or of a Glassbox without checkout the user's data folder; GLASSBOX_DB names "
        "another store)"
    )


def _name(url: sa.URL) -> str:
    return Path(str(url.database)).name


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


def reserve(url: sa.URL) -> Path:
    """Create the reserve file beside a SQLite database, which is deleted when the disk is full."""
    return Path(f"{url.database}-reserve")


def _set_aside(path: Path) -> None:
    if not path.exists():
        with suppress(OSError):  # the disk is full already
            path.touch(0o600)
            path.write_bytes(os.urandom(_RESERVE))  # random bytes, which no file system can compress


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
        },
    )


def now(engine: sa.Engine) -> ColumnElement[float]:
    """Return seconds since 1970 by the database's clock, the one clock that all machines of a cluster share."""
    if engine.dialect.name == "sqlite":
        return sa.literal_column("((julianday('now') - 2440587.5) * 86400.0)", sa.Double)
    return sa.literal_column("extract(epoch from clock_timestamp())::double precision", sa.Double)


def _prepare(engine: sa.Engine) -> None:
    with engine.execution_options(writes=True).begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        there = set(sa.inspect(connection).get_table_names())
        if version.name not in there:
            if there and engine.dialect.name == "sqlite":
                raise StoreDamaged(damaged(engine.url, "it is a database of something else"))
            meta.create_all(connection)
            connection.execute(version.insert().values(version=VERSION))
        found = connection.execute(sa.select(version.c.version)).scalar()
        if found == VERSION and unsigned.name not in there:
            _add(connection, bool(there))
    if found != VERSION:
        raise SchemaError(
            f"the run store was written by another version of Glassbox (its schema is {found}, ours is {VERSION}): "
            f"start that version, or {_elsewhere(engine.url)}"
        )


def _add(connection: sa.Connection, old: bool) -> None:
    """Create the tables of later versions. The owners of an old store have unsigned cookies."""
    meta.create_all(connection, tables=[origins, unsigned])
    if old:
        connection.execute(unsigned.insert().from_select(["owner"], sa.select(runs.c.owner).distinct()))
