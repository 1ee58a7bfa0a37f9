"""Transactions on the run store, and translation of database errors to ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql.elements import ColumnElement

from core.runs import schema
from core.runs.records import RunError, StoreAway, StoreDamaged, StoreFull

_FULL = "53100"  # PostgreSQL's disk_full
_LACKS = ("no such table", "no such column")  # SQLite's messages for a damaged store


class Database:
    """An opened run store.

    Attributes:
        url: with its password; not for logs.
        now: the database's clock, seconds since 1970, as an expression.
    """

    def __init__(self, url: str | None = None) -> None:
        self.url = schema.default_url() if url is None else url
        with translated(self.url):
            self.engine = schema.connect(self.url)
        self._writer = self.engine.execution_options(writes=True)
        self.now: ColumnElement[float] = schema.now(self.engine)

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Open a transaction with a consistent snapshot for reading.

        Raises:
            StoreAway: the database does not answer. StoreDamaged: it cannot be read.
        """
        with translated(self.url), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Open an atomic transaction for writing.

        Raises:
            StoreAway: the database does not answer, nothing happened.
            StoreFull: there is no room, nothing happened.
            StoreDamaged: it cannot be read.
        """
        with translated(self.url), self._writer.begin() as connection:
            yield connection

    def make_room(self) -> None:
        """Delete the few MB reserved for a full disk, so that final states can still be stored."""
        if self.engine.dialect.name == "sqlite":
            schema.reserve(self.engine.url).unlink(missing_ok=True)

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
        raise StoreAway("the run store is overloaded; try again in a moment") from error


def _meaning(error: sa.exc.DBAPIError, url: str) -> RunError:
    cause = error.orig
    said = _said(error)
    if said.startswith(_LACKS):
        return _damaged(error, url)
    if getattr(cause, "sqlstate", None) == _FULL or "is full" in said:
        return StoreFull(
            "the disk of the run store is full, or the size it may grow to is reached: delete runs, or make room"
        )
    return StoreAway(f"the run store does not answer ({said})")


def _damaged(error: sa.exc.DBAPIError, url: str) -> StoreDamaged:
    return StoreDamaged(schema.damaged(sa.make_url(url), _said(error)))


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
