"""Stores that earlier versions wrote (tests/stores), put where a test wants them: into a SQLite file or PostgreSQL."""

from __future__ import annotations

import json
import lzma
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

FOLDER = Path(__file__).parent / "stores"
NAMES = tuple(sorted(path.stem for path in FOLDER.glob("*.json")))


def told(name: str) -> dict[str, Any]:
    """What its own version read in a store."""
    found: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    return found


def put(name: str, url: str) -> None:
    """Make the store of an earlier version at an address where nothing is yet."""
    whole = lzma.decompress((FOLDER / f"{name}.sqlite.xz").read_bytes())
    parsed = sa.make_url(url)
    if parsed.get_backend_name() == "sqlite":
        Path(str(parsed.database)).write_bytes(whole)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "store.sqlite"
        path.write_bytes(whole)
        engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
        with closing(sqlite3.connect(path)) as file, engine.begin() as connection:
            for statement in told(name)["postgresql"]:
                connection.exec_driver_sql(statement)
            _copy(file, connection)


def tables(name: str, url: str) -> dict[str, list[str]]:
    """The statements by which an earlier version made its tables: of each table, its own and those of its indexes."""
    if sa.make_url(url).get_backend_name() == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            put(name, f"sqlite:///{folder}/store.sqlite")
            with closing(sqlite3.connect(f"{folder}/store.sqlite")) as file:
                asked = (
                    "SELECT tbl_name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY type DESC, rowid"
                )
                rows = file.execute(asked).fetchall()
    else:
        rows = [(_table_of(statement), statement) for statement in told(name)["postgresql"]]
    found: dict[str, list[str]] = {}
    for table, statement in rows:
        found.setdefault(table, []).append(statement)
    return found


def _table_of(statement: str) -> str:
    words = statement.split()
    return words[2] if words[1] == "TABLE" else words[words.index("ON") + 1]


def _copy(file: sqlite3.Connection, connection: sa.Connection) -> None:
    """Copy all rows of a SQLite file into tables of the same names and columns."""
    there = sa.MetaData()
    there.reflect(connection)
    for table in there.sorted_tables:
        columns = list(table.columns)
        rows = file.execute(
            f"SELECT {', '.join(column.name for column in columns)} FROM {table.name}"
        ).fetchall()
        values = [
            {
                column.name: bool(value) if isinstance(column.type, sa.Boolean) else value
                for column, value in zip(columns, row)
            }
            for row in rows
        ]
        if values:
            connection.execute(table.insert(), values)
