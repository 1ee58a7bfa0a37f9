"""Backup and restore: a run, a room and the keys come back; a store is copied while somebody writes into it."""

from __future__ import annotations

import io
import sqlite3
import tarfile
import threading
from pathlib import Path
from typing import IO

import pytest

from app import command
from core.rooms import Rooms
from core.runs import Store
from core.runs.backup import FOLDER, STORE, backup, restore
from core.training import TrainSpec

SPEC = TrainSpec(model="gpt-nano", corpus="tales", steps=3, batch_tokens=256, vocab_size=300)


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty data folder with the SQLite store in it."""
    folder = tmp_path / "data"
    folder.mkdir()
    monkeypatch.setenv("GLASSBOX_DATA", str(folder))
    monkeypatch.setenv("GLASSBOX_DB", "")
    return folder


def filled(folder: Path) -> tuple[str, str]:
    """Make a run, a room, a key and a model; return the run's id and the room's code."""
    store = Store()
    run = store.create(SPEC, "owner")
    room = Rooms(store.database).open("teacher")
    store.close()
    (folder / "owners.key").write_bytes(b"key")
    (folder / "models" / "own").mkdir(parents=True)
    (folder / "models" / "own" / "card.json").write_text("{}", encoding="utf-8")
    (folder / "machine.json").write_text("{}", encoding="utf-8")
    return run.id, room.code


def emptied(folder: Path) -> None:
    """Destroy everything below a folder."""
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def test_a_run_a_room_and_the_keys_come_back(data: Path, tmp_path: Path) -> None:
    run, code = filled(data)
    archive = tmp_path / "kept.tar.gz"
    assert command.main(["backup", str(archive)]) == 0
    assert archive.stat().st_mode & 0o077 == 0
    emptied(data)
    assert command.main(["restore", str(archive)]) == 0
    store = Store()
    assert store.get(run).spec == SPEC
    assert Rooms(store.database).find(code).code == code
    store.close()
    assert (data / "owners.key").read_bytes() == b"key" and (data / "models/own/card.json").is_file()
    assert (data / "owners.key").stat().st_mode & 0o077 == 0
    assert not (data / "machine.json").exists()  # measured again, of the machine that it is then


def test_a_backup_holds_a_consistent_store_while_others_write(data: Path) -> None:
    filled(data)
    other = sqlite3.connect(data / "runs.sqlite", isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE pairs (a INTEGER, b INTEGER)")
    other.execute("INSERT INTO pairs VALUES (0, 0)")
    over = threading.Event()

    def write() -> None:
        n = 0
        while not over.is_set():
            n += 1
            other.execute("BEGIN IMMEDIATE")
            other.execute("UPDATE pairs SET a = ?", (n,))
            other.execute("UPDATE pairs SET b = ?", (n,))
            other.execute("COMMIT")

    writer = threading.Thread(target=write)
    writer.start()
    archive = io.BytesIO()
    try:
        backup(archive)
    finally:
        over.set()
        writer.join()
        other.close()
    archive.seek(0)
    with tarfile.open(fileobj=archive) as opened:
        member = opened.extractfile(STORE)
        assert member is not None
        copy = data / "copy.sqlite"
        copy.write_bytes(member.read())
    with sqlite3.connect(copy) as found:
        assert found.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        a, b = found.execute("SELECT a, b FROM pairs").fetchone()
        assert a == b
    found.close()


def test_a_backup_that_ends_early_leaves_no_archive(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "archives"
    folder.mkdir()

    def backup_half(out: IO[bytes]) -> list[str]:
        out.write(b"half an archive")
        assert not (folder / "kept.tar.gz").exists(), "not before it is whole"
        raise OSError("the disk is full")

    monkeypatch.setattr("core.runs.backup.backup", backup_half)
    assert command.main(["backup", str(folder / "kept.tar.gz")]) == 2
    assert not list(folder.iterdir())


def test_a_store_that_stands_is_never_overwritten(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    filled(data)
    archive = tmp_path / "kept.tar.gz"
    assert command.main(["backup", str(archive)]) == 0
    before = (data / "runs.sqlite").read_bytes()
    (data / "owners.key").write_bytes(b"newer")
    assert command.main(["restore", str(archive)]) == 2
    assert "stands already: stop Glassbox and move it away first" in capsys.readouterr().err
    assert (data / "runs.sqlite").read_bytes() == before and (data / "owners.key").read_bytes() == b"newer"
    assert not list(data.glob(".restore-*"))
    assert command.main(["backup", str(archive)]) == 2  # nor is a backup


def test_an_archive_of_something_else_is_refused(data: Path) -> None:
    with pytest.raises(ValueError, match="no backup of Glassbox"):
        restore(io.BytesIO(b"not an archive at all"))
    for name, kind in (
        ("../outside", tarfile.REGTYPE),
        ("data/link", tarfile.SYMTYPE),
        ("other", tarfile.REGTYPE),
    ):
        made = io.BytesIO()
        with tarfile.open(fileobj=made, mode="w:gz") as archive:
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
        made.seek(0)
        with pytest.raises(ValueError, match="no backup of Glassbox"):
            restore(made)
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(f"{FOLDER}/../../outside"))
    made.seek(0)
    with pytest.raises(ValueError, match="no backup of Glassbox"):
        restore(made)
    assert not list(data.iterdir()) and not (data.parent / "outside").exists()


def test_postgresql_keeps_its_own_store_apart(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(data)
    archive = io.BytesIO()
    backup(archive)
    monkeypatch.setenv("GLASSBOX_DB", "postgresql+psycopg://glassbox@database/glassbox")
    archive.seek(0)
    with pytest.raises(ValueError, match="GLASSBOX_DB names another database"):
        restore(archive)
    without = io.BytesIO()
    held = backup(without)
    assert STORE not in held and f"{FOLDER}/owners.key" in held
