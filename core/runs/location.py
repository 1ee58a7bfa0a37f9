"""Where the run store lies: its address, the files beside it, and what is said of one that cannot be used."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import sqlalchemy as sa

from core import machine
from core.runs.password import with_password

COPIES = 3  # of the store from before its tables changed that are kept beside it
RESERVE = 2 * 2**20  # bytes of the reserved file


def default_url() -> str:
    """Return GLASSBOX_DB, or a SQLite file in the folder GLASSBOX_DATA (see `core.machine.folder`).

    Raises:
        SchemaError: the file of its password cannot be read (see `with_password`).
    """
    if url := os.environ.get("GLASSBOX_DB", "").strip():
        return with_password(url)
    return f"sqlite:///{machine.folder().resolve() / 'runs.sqlite'}"


def damaged(url: sa.URL, why: str) -> str:
    """Describe what is wrong with a store's file, and what to do."""
    if url.get_backend_name() != "sqlite":
        return f"the run store is damaged ({why}): bring back a copy of it, or {elsewhere(url)}"
    return (
        f"the run store {file_name(url)} cannot be read ({why}): stop Glassbox, {elsewhere(url)}, and start it again; "
        "then a new one is made, without the runs of this one"
    )


def elsewhere(url: sa.URL) -> str:
    """Describe how to begin with another store and leave this one as it is."""
    if url.get_backend_name() != "sqlite":
        return "name another database with GLASSBOX_DB"
    name = file_name(url)
    return (
        f"move {name} out of its folder, with {name}-wal and {name}-shm where they are (the folder is GLASSBOX_DATA, "
        "or .glassbox in the checkout, or of a Glassbox without checkout the user's data folder; GLASSBOX_DB names "
        "another store)"
    )


def file_name(url: sa.URL) -> str:
    """Return the name of a SQLite store's file, without its folder."""
    return Path(str(url.database)).name


def keep_private(path: Path) -> None:
    """Restrict the file and SQLite's files beside it to this user: they hold texts and owners' ids.

    SQLite copies the database's permissions to the files beside it. An existing file is not opened: closing it would
    release every lock that this process holds on it (POSIX), also those of another open store.
    """
    with suppress(OSError):  # it exists, or SQLite will report what is wrong with the path
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
    for name in ("", "-wal", "-shm", "-reserve", "-turn"):
        with suppress(OSError):  # it does not exist, or belongs to another user
            Path(f"{path}{name}").chmod(0o600)


def copies(url: sa.URL) -> list[Path]:
    """List the copies of a SQLite store that were made before its tables changed, the oldest first."""
    if url.get_backend_name() != "sqlite":
        return []
    path = Path(str(url.database))
    ours = re.compile(re.escape(path.stem) + r"-schema-\d+-(\d{8}-\d{6})" + re.escape(path.suffix))
    found = [(match[1], each) for each in path.parent.iterdir() if (match := ours.fullmatch(each.name))]
    return [each for _, each in sorted(found)]


def reserve(url: sa.URL) -> Path:
    """Return the path of the reserved file beside a SQLite database, which is deleted when the disk is full."""
    return Path(f"{url.database}-reserve")


def set_aside(path: Path) -> None:
    """Create the reserved file."""
    if not path.exists():
        with suppress(OSError):  # the disk is full already
            path.touch(0o600)
            path.write_bytes(os.urandom(RESERVE))  # random bytes, which no file system can compress
