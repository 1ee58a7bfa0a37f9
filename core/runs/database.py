"""Transactions on the run store, and translation of database errors to ours."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from core.messages import later
from core.runs.location import RESERVE, damaged, default_url, reserve
from core.runs.opening import connect, now
from core.runs.records import RunError, StoreAway, StoreDamaged, StoreFull
from core.runs.schema_version import check_version

_FULL = "53100"  # PostgreSQL's disk_full
_LACKS = ("no such table", "no such column")  # SQLite's messages for a damaged store
_EVERY = 1.0  # seconds between two looks at the schema's version by transactions that only read


class Database:
    """An opened run store.

    Attributes:
        url: with its password; not for logs.
        now: the database's clock, seconds since 1970, as an expression.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = default_url() if url is None else url
        with translated(self.url):
            self.engine = connect(self.url)
        self._writer = self.engine.execution_options(writes=True)
        self._look_at = time.monotonic() + _EVERY
        self.now: ColumnElement[float] = now(self.engine)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction with a consistent snapshot for reading.

        Raises:
            StoreAway: the database does not answer. StoreDamaged: it cannot be read.
            SchemaError: a newer version of Glassbox has changed its tables meanwhile.
        """
        with self.understood(), self.engine.begin() as connection:
            if time.monotonic() >= self._look_at:
                check_version(connection)
                self._look_at = time.monotonic() + _EVERY
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open an atomic transaction for writing.

        Raises:
            StoreAway: the database does not answer, nothing happened.
            StoreFull: there is no room, nothing happened.
            StoreDamaged: it cannot be read.
            SchemaError: a newer version of Glassbox has changed its tables meanwhile; nothing happened.
        """
        with self.understood(), self._writer.begin() as connection:
            check_version(
                connection
            )  # and no other version can change them before this transaction has ended
            yield connection

    def empty_log(self) -> None:
        """Move SQLite's write-ahead log into its file and empty it: what was deleted stands in neither afterwards.

        Nothing happens while another process reads; the log is then emptied by a later call, or at the end.
        """
        if self.engine.dialect.name == "sqlite":
            with self.understood(), self.engine.connect() as connection:
                connection.execution_options(isolation_level="AUTOCOMMIT")
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def understood(self) -> Iterator[None]:
        """Translate the database's errors to ours; one that comes of newer tables says so."""
        try:
            with translated(self.url):
                yield
        except (StoreDamaged, sa.exc.ProgrammingError):
            with suppress(sa.exc.SQLAlchemyError), self.engine.connect() as connection:
                check_version(connection)
            raise

    def is_full(self) -> bool:
        """Return whether the disk of a SQLite file has less space than is reserved; of a server, it is not known."""
        if self.engine.dialect.name != "sqlite":
            return False
        return shutil.disk_usage(Path(str(self.engine.url.database)).parent).free < RESERVE

    def make_room(self) -> None:
        """Delete the few MB reserved for a full disk, so that final states can still be stored."""
        if self.engine.dialect.name == "sqlite":
            reserve(self.engine.url).unlink(missing_ok=True)

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


@contextmanager
def translated(url: str) -> Iterator[None]:
    """Translate the errors of the database at an address to ours."""
    try:
        yield
    except (sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.InternalError) as error:
        raise _meaning(error, url) from error
    except sa.exc.DatabaseError as error:
        if type(error) is not sa.exc.DatabaseError:  # a programming error of the caller
            raise
        raise _damaged(error, url) from error
    except sa.exc.TimeoutError as error:  # the connection pool is exhausted
        raise StoreAway(later("the run store is overloaded; try again in a moment")) from error


def _meaning(error: sa.exc.DBAPIError, url: str) -> RunError:
    cause = error.orig
    said = _said(error)
    if said.startswith(_LACKS):
        return _damaged(error, url)
    if getattr(cause, "sqlstate", None) == _FULL or "is full" in said:
        return StoreFull(
            later(
                "the disk of the run store is full, or the size it may grow to is reached: delete runs, or make room"
            )
        )
    return StoreAway(f"the run store does not answer ({said})")


def _damaged(error: sa.exc.DBAPIError, url: str) -> StoreDamaged:
    return StoreDamaged(damaged(sa.make_url(url), _said(error)))


def _said(error: sa.exc.DBAPIError) -> str:
    return str(error.orig).strip().split("\n")[0]


def insert_or_replace(connection: sa.Connection, table: sa.Table) -> sa.Insert:
    """Build an upsert for `table`: writing a row twice leaves one row."""
    if connection.dialect.name == "sqlite":
        from sqlalchemy.dialects.sqlite import insert as sqlite_insert

        lite = sqlite_insert(table)
        return lite.on_conflict_do_update(
            index_elements=list(table.primary_key), set_=_others(table, lite.excluded)
        )
    from sqlalchemy.dialects.postgresql import insert as postgresql_insert

    post = postgresql_insert(table)
    return post.on_conflict_do_update(
        index_elements=list(table.primary_key), set_=_others(table, post.excluded)
    )


def _others(table: sa.Table, given: Any) -> dict[str, Any]:
    return {column.name: given[column.name] for column in table.columns if not column.primary_key}
