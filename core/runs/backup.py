"""Backup and restore of the data folder, in one archive: keys, models, and a consistent copy of a SQLite store.

A PostgreSQL database has `pg_dump` for that (docs/deploy.md); the archive then holds the data folder alone. What can be
made or fetched again stays out: this machine's measurements, published models, the proxy's configuration.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import tarfile
import tempfile
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import IO

import sqlalchemy as sa

from core import machine
from core.runs.location import default_url

STORE = "store.sqlite"  # the archive's name of a SQLite store
FOLDER = "data"  # the archive's folder of everything else
# What is made or fetched again, and SQLite's files, which a plain copy would tear apart
_AGAIN = ("machine.json", "proxy", "real", ".cache", "lost+found")
_BESIDE = ("", "-wal", "-shm", "-reserve", "-journal")


def backup(out: IO[bytes]) -> list[str]:
    """Write an archive (tar, gzip) of the data folder and a SQLite store; servers may be running.

    Returns:
        What it holds, as the archive names it.

    Raises:
        OSError: something cannot be read or written. sqlite3.Error: the store cannot be read.
    """
    folder, store = machine.folder().resolve(), _sqlite()
    left_out = {folder / name for name in _AGAIN} | _files_of(store)
    held: list[str] = []
    with tarfile.open(fileobj=out, mode="w|gz") as archive, tempfile.TemporaryDirectory() as scratch:
        if store is not None and store.is_file():
            copy = Path(scratch) / STORE
            _copy(store, copy)
            archive.add(copy, STORE)
            held.append(STORE)
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink() and not left_out & {path, *path.parents}:
                name = f"{FOLDER}/{path.relative_to(folder).as_posix()}"
                archive.add(path, name, recursive=False)
                held.append(name)
    return held


def restore(archive: IO[bytes]) -> list[str]:
    """Bring an archive of `backup` back into the data folder; no server may be running.

    Files of the same name are replaced, others stay; where a SQLite store stands already, nothing happens.

    Returns:
        What was brought back, as the archive names it.

    Raises:
        ValueError: it is no such archive, or a store stands already, or the archive has one and GLASSBOX_DB names
            another database. OSError: something cannot be written.
    """
    folder, store = machine.folder().resolve(), _sqlite()
    folder.mkdir(parents=True, exist_ok=True)
    brought: list[str] = []
    with tempfile.TemporaryDirectory(dir=folder, prefix=".restore-") as scratch:
        try:
            with tarfile.open(
                fileobj=archive, mode="r|gz"
            ) as opened:  # a stream: it may be larger than the memory
                for member in opened:
                    _check(member, store)
                    _write(opened.extractfile(member), Path(scratch) / member.name)
                    brought.append(member.name)
        except tarfile.TarError as error:
            raise ValueError(f"this is no backup of Glassbox: {error}") from None
        for name in brought:
            there = _place(name, folder, store)
            there.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(Path(scratch) / name, there)
    return brought


def _check(member: tarfile.TarInfo, store: Path | None) -> None:
    """Refuse what `backup` does not write. Raises ValueError."""
    name = member.name
    leads_out = ".." in PurePosixPath(name).parts or "\\" in name
    if leads_out or not member.isfile() or (name != STORE and not name.startswith(f"{FOLDER}/")):
        raise ValueError(f"this is no backup of Glassbox: it holds {name}")
    if name == STORE and store is None:
        raise ValueError("the backup holds a SQLite store, but GLASSBOX_DB names another database")
    if name == STORE and store is not None and store.exists():
        raise ValueError(f"{store} stands already: stop Glassbox and move it away first")


def _write(source: IO[bytes] | None, path: Path) -> None:
    """Write a member of the archive into a new file that only this user may read."""
    assert source is not None  # a regular file: `_check` has looked
    path.parent.mkdir(parents=True, exist_ok=True)
    with source, os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        shutil.copyfileobj(source, file)


def _place(name: str, folder: Path, store: Path | None) -> Path:
    """Return where a member of the archive belongs."""
    if name == STORE and store is not None:
        return store
    return folder / Path(name).relative_to(FOLDER)


def _sqlite() -> Path | None:
    """Return the file of the store; None: it is no SQLite store."""
    url = sa.make_url(default_url())
    return Path(str(url.database)).resolve() if url.get_backend_name() == "sqlite" else None


def _files_of(store: Path | None) -> set[Path]:
    return set() if store is None else {Path(f"{store}{end}") for end in _BESIDE}


def _copy(store: Path, copy: Path) -> None:
    """Copy a SQLite database that others may be writing into, in one consistent state, by SQLite's own backup."""
    with (
        closing(sqlite3.connect(f"{store.as_uri()}?mode=ro", uri=True, timeout=30)) as source,
        closing(sqlite3.connect(copy)) as target,
    ):
        source.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")  # one file, without a log beside it
