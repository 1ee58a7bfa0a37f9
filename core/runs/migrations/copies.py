"""Copies of a SQLite store that are made beside it before its tables change: the way back to an earlier version."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import sqlalchemy as sa

from core.runs.location import COPIES, copies
from core.runs.records import SchemaError, StoreFull

_SPARE = 1.1  # room on the disk for a copy, in parts of the store's size


@contextmanager
def copied(url: sa.URL, connection: sa.Connection, found: int) -> Iterator[str]:
    """Keep a copy of the store as it is; the name of its file is given. It goes where what follows fails.

    Args:
        connection: the only one to the store, in no transaction.   found: the version of its tables.

    Raises:
        StoreFull: the disk has no room for it.   SchemaError: it cannot be written.
    """
    path = Path(str(url.database))
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    copy = path.with_name(f"{path.stem}-schema-{found}-{moment}{path.suffix}")
    _check_room(path)
    _copy(cast(sqlite3.Connection, connection.connection.driver_connection), copy)
    try:
        yield copy.name
    except BaseException:
        copy.unlink(missing_ok=True)
        raise


def _copy(store: sqlite3.Connection, copy: Path) -> None:
    part = copy.with_name(f"{copy.name}.part")  # what a killed process leaves is no copy
    try:
        os.close(os.open(part, os.O_CREAT | os.O_WRONLY, 0o600))
        with closing(sqlite3.connect(part)) as target:
            store.backup(target)
            target.execute("PRAGMA journal_mode = DELETE")  # one file, nothing beside it
        part.replace(copy)
    except (OSError, sqlite3.Error) as why:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        said = why.strerror if isinstance(why, OSError) else why
        raise SchemaError(
            f"no copy of the run store could be made beside it, so nothing in it is changed: {said}"
        ) from why


def drop_old_copies(url: sa.URL) -> None:
    """Delete all copies beside a store but the last few."""
    for old in copies(url)[:-COPIES]:
        with suppress(OSError):
            old.unlink()


def _check_room(path: Path) -> None:
    size, free = path.stat().st_size, shutil.disk_usage(path.parent).free
    if free < size * _SPARE:
        raise StoreFull(
            f"a newer Glassbox copies the run store before it changes its tables, and the disk has no room for "
            f"{size / 1e6:,.0f} MB more ({free / 1e6:,.0f} MB are free): make room, and start it again"
        )
