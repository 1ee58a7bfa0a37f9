"""The version of a store's tables: read at every change, so that two versions of Glassbox never write one store."""

from __future__ import annotations

import sqlalchemy as sa

from core.runs.records import SchemaError
from core.runs.schema import VERSION, version

SESSION = (
    f"glassbox schema {VERSION}"  # how a session of PostgreSQL is named, so that others know its version
)
_QUERY = f"SELECT version FROM {version.name}"


def read_version(connection: sa.Connection) -> int | None:
    """Read the version of the store's tables; None: it has none.

    In PostgreSQL the table stays locked for reading until the transaction ends, and a migration waits for that.
    """
    found = connection.exec_driver_sql(_QUERY).scalar()
    return None if found is None else int(found)


def check_version(connection: sa.Connection) -> None:
    """Refuse a store whose tables another version of Glassbox has changed while it was open.

    Raises:
        SchemaError: it has; the message says what to do.
    """
    found = read_version(connection)
    if found != VERSION:
        raise SchemaError(
            f"another version of Glassbox has changed the run store while this one was running (its schema is now "
            f"{found}, ours is {VERSION}): this one changes nothing any more; stop it and start the other version"
        )
