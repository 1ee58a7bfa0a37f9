"""Bring a store of an earlier version to today's tables, by Alembic: as a whole, or not at all.

An earlier Glassbox must have ended before: those from before this package do not look whether the tables are still
theirs. Later ones look at every change (`core.runs.schema_version`), and would say so instead of writing.
"""

from __future__ import annotations

import logging
import sqlite3
import time
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from core.runs.location import damaged, elsewhere, file_name
from core.runs.migrations.alone import alone, in_turn, in_use
from core.runs.migrations.copies import copied, drop_old_copies
from core.runs.records import SchemaError, StoreDamaged, StoreInUse
from core.runs.schema import VERSION, version
from core.runs.schema_version import SESSION, read_version

log = logging.getLogger("glassbox.runs")
REVISIONS = "glassbox_revisions"  # Alembic's own table
_LOCK = 0x61A55B0C  # PostgreSQL's advisory lock while tables are made or changed
_PATIENCE = 10_000  # milliseconds that a change of a table waits for sessions of other programs
_WAITS = 0.5  # seconds that others may take to let go of the store; whoever asked asks again
_AGAIN = 0.05  # seconds between two attempts
_OTHERS = sa.text(  # of this database's sessions: those that say no name, as servers without this package, or an older
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = current_user "
    "AND pid <> pg_backend_pid() AND backend_type = 'client backend' "
    "AND (application_name = '' OR application_name LIKE 'glassbox schema %' AND application_name <> :ours)"
)


def migrate(engine: sa.Engine) -> int | None:
    """Make the tables of an empty database, or bring those of an earlier version to today's.

    Returns:
        The version that the store has now; a newer one's is left as it is.

    Raises:
        StoreInUse: an earlier version of Glassbox has it open.   StoreFull: there is no room for a copy.
        SchemaError: it could not be done, and nothing was changed.   StoreDamaged: it is a database of something else.
    """
    if engine.dialect.name == "postgresql":
        return _migrate_postgresql(engine)
    with engine.execution_options(writes=True).begin() as connection:
        if not _is_there(connection):
            return _upgrade(connection, None)
    return _migrate_file(engine)


def _migrate_postgresql(engine: sa.Engine) -> int | None:
    with engine.begin() as connection:
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_LOCK)))
        found = read_version(connection) if _is_there(connection) else None
        if found is not None:
            if found >= VERSION:  # another process of this version was faster
                return found
            if others := connection.execute(_OTHERS, {"ours": SESSION}).scalar_one():
                raise StoreInUse(
                    f"an earlier Glassbox, or a program without a name, is connected to the database of the run store "
                    f"({others} sessions): stop it; then this one brings the store from schema {found} to {VERSION}"
                )
            connection.exec_driver_sql(f"SET LOCAL lock_timeout = {_PATIENCE}")
            connection.exec_driver_sql(f"LOCK TABLE {version.name} IN ACCESS EXCLUSIVE MODE")
        return _upgrade(connection, found)


def _migrate_file(engine: sa.Engine) -> int | None:
    """Bring a SQLite store to today's tables: alone with it, with a copy beside it."""
    engine.dispose()  # our own connections are in the way, too
    until = time.monotonic() + _WAITS
    with in_turn(engine.url):
        while True:
            with engine.connect() as connection:
                found = read_version(connection)
            engine.dispose()
            if found is None or found >= VERSION:  # another process of this version was faster
                return found
            try:
                with alone(engine.url) as connection:
                    return _upgrade_file(engine.url, connection, found)
            except sa.exc.OperationalError as error:
                if not in_use(error):
                    raise
            if time.monotonic() > until:
                raise StoreInUse(
                    f"another program has the run store {file_name(engine.url)} open, most likely an earlier "
                    f"Glassbox: stop it; then this one brings the store from schema {found} to {VERSION}"
                )
            time.sleep(_AGAIN)


def _upgrade_file(url: sa.URL, connection: sa.Connection, found: int) -> int | None:
    with connection.begin():
        wrong = _broken_links(connection)  # from here on the file is ours alone
    with copied(url, connection, found) as copy, connection.begin():
        now = _upgrade(connection, found)
        if _broken_links(connection) != wrong:
            raise SchemaError(_failed(url, found, "rows would lose what they belong to"))
    log.warning(
        "The run store was brought from schema %s to %s; as it was, it lies beside it: %s",
        found,
        VERSION,
        copy,
    )
    drop_old_copies(url)
    return now


def _broken_links(connection: sa.Connection) -> set[tuple[object, ...]]:
    """List the rows that belong to rows which are not there (SQLite's foreign keys do not hold while we change)."""
    return {(row[0], row[2]) for row in connection.exec_driver_sql("PRAGMA foreign_key_check")}


def _is_there(connection: sa.Connection) -> bool:
    """Return whether the database has our tables. Raises StoreDamaged: it has somebody else's."""
    there = sa.inspect(connection).get_table_names()
    if version.name in there:
        return True
    if there and connection.dialect.name == "sqlite":
        raise StoreDamaged(damaged(connection.engine.url, "it is a database of something else"))
    return False


def _upgrade(connection: sa.Connection, found: int | None) -> int | None:
    """Run the revisions that are missing, in the transaction of the caller."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except (sa.exc.SQLAlchemyError, CommandError) as why:
        wrong = getattr(getattr(why, "orig", None), "sqlite_errorcode", 0) == sqlite3.SQLITE_ERROR
        if isinstance(why, sa.exc.OperationalError) and not wrong:
            raise  # the database is full or away
        told = str(getattr(why, "orig", None) or why).strip().split("\n")[0]
        raise SchemaError(_failed(connection.engine.url, found, told)) from why
    return read_version(connection)


def _failed(url: sa.URL, found: int | None, why: str) -> str:
    return (
        f"the run store could not be brought from schema {found} to {VERSION} ({why}); nothing in it was changed: "
        f"start the earlier version of Glassbox, or {elsewhere(url)}"
    )
