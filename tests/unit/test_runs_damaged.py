"""A store that cannot be read: what is said of it, what can be read all the same, and who may read its file."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from core.runs import RunError, SchemaError, Store, StoreDamaged
from core.runs.lease import Batch, Moment
from tests.runs import OTHER, OWNER, rows, taken, tiny


def url(folder: Path) -> str:
    """The address of the test's store."""
    return f"sqlite:///{folder / 'runs.sqlite'}"


def foreign(path: Path) -> None:
    """A database of something else."""
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE bookmarks (url TEXT)")
        other.commit()


def header(path: Path) -> None:
    """A store whose first page was overwritten."""
    Store(f"sqlite:///{path}").close()
    with path.open("r+b") as file:
        file.write(os.urandom(4096))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "a text": lambda path: path.write_text("This is no database.\n" * 500, encoding="utf-8"),
    "a database of something else": foreign,
    "an overwritten header": header,
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_what_is_no_store_is_said_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "runs.sqlite"
    DAMAGE[kind](path)
    before = path.read_bytes()
    with pytest.raises(
        StoreDamaged, match=r"runs\.sqlite cannot be read.*move runs\.sqlite out of its folder"
    ) as why:
        Store(url(tmp_path))
    assert str(tmp_path) not in str(why.value), "where folders are is for the log"
    assert path.read_bytes() == before
    path.rename(tmp_path / "away.sqlite")
    Store(url(tmp_path)).close()


def test_a_store_that_breaks_while_it_is_open_is_said(tmp_path: Path) -> None:
    store = Store(url(tmp_path))
    ids = [store.create(tiny(), OWNER).id for _ in range(300)]
    store.close()
    path = tmp_path / "runs.sqlite"
    store = Store(url(tmp_path))
    assert len(store.list(limit=1000)) == 300
    with path.open("r+b") as file:
        file.seek(8192)
        file.write(os.urandom(path.stat().st_size - 8192))
    store.close()  # nothing of it is in memory any more
    with pytest.raises(StoreDamaged, match="cannot be read"):
        [store.get(id) for id in ids]
    store.close()


def test_a_store_that_lost_a_table_is_said(tmp_path: Path) -> None:
    with closing(Store(url(tmp_path))) as store:
        with store.database.writing() as connection:
            connection.exec_driver_sql("DROP TABLE glassbox_runs")
        with pytest.raises(StoreDamaged, match="no such table"):
            store.list()


def test_a_store_of_another_version_says_what_to_do(tmp_path: Path) -> None:
    with closing(Store(url(tmp_path))) as store, store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE glassbox_schema SET version = 7")
    with pytest.raises(
        SchemaError, match=r"its schema is 7, ours is \d.*start that version, or move runs\.sqlite out"
    ):
        Store(url(tmp_path))


BROKEN_ROWS = {
    "its spec is no JSON": ("spec", "{"),
    "its spec is of an unknown kind": ("spec", '{"kind": "dance"}'),
    "its spec is a number": ("spec", "7"),
    "its spec is nested without end": ("spec", "[" * 100_000),
    "it is in no known state": ("state", "dancing"),
    "its step is a word": ("step", "twelve"),
    "its date is a word": ("created", "yesterday"),
    "its name is of damaged bytes": ("spec", b"\xff\xfe\x00\x80"),
}


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("kind", BROKEN_ROWS)
def test_a_row_that_cannot_be_read_hides_itself(tmp_path: Path, kind: str) -> None:
    column, value = BROKEN_ROWS[kind]
    with closing(Store(url(tmp_path))) as store:
        good, bad = store.create(tiny(), OWNER).id, store.create(tiny(), OWNER).id
        with store.database.writing() as connection:
            connection.exec_driver_sql(f"UPDATE glassbox_runs SET {column} = ? WHERE id = ?", (value, bad))
        assert [run.id for run in store.list(owner=OWNER)] == [good]
        with pytest.raises(RunError, match="this run is damaged in the store, or of another version"):
            store.get(bad)
        store.delete(bad, OWNER)
        assert [run.id for run in store.list()] == [good]


def test_a_text_of_damaged_bytes_hides_nothing(tmp_path: Path) -> None:
    with closing(Store(url(tmp_path))) as store:
        id, other = store.create(tiny(), OWNER).id, store.create(tiny(), OTHER).id
        with store.database.writing() as connection:
            wrong = "UPDATE glassbox_runs SET name = CAST(? AS TEXT) WHERE id = ?"
            connection.exec_driver_sql(wrong, (b"caf\xe9", id))
        assert store.get(id).name == "caf\ufffd"
        assert {run.id for run in store.list()} == {id, other}


def test_a_checkpoint_whose_health_is_damaged_is_there_all_the_same(tmp_path: Path) -> None:
    with closing(Store(url(tmp_path))) as store:
        id = store.create(tiny(), OWNER).id
        taken(store).write(Batch(rows(1, 3), [Moment(3, 1.0, "so", {"gradient": [1]}, b"weights")]))
        with store.database.writing() as connection:
            connection.exec_driver_sql("UPDATE glassbox_checkpoints SET health = '{'")
        (moment,) = store.checkpoints(id)
        assert (moment.step, moment.sample, moment.health) == (3, "so", {})


@pytest.mark.skipif(os.name == "nt", reason="Windows keeps rights elsewhere")
def test_only_its_user_may_read_a_store(tmp_path: Path) -> None:
    def rights() -> dict[str, str]:
        return {path.name: oct(stat.S_IMODE(path.stat().st_mode)) for path in sorted(tmp_path.iterdir())}

    private = {f"runs.sqlite{end}": "0o600" for end in ("", "-reserve", "-shm", "-wal")}
    before = os.umask(0o022)
    try:
        with closing(Store(url(tmp_path))) as store:
            store.create(tiny(), OWNER)
            assert rights() == private
            for name in private:  # as they were made before
                (tmp_path / name).chmod(0o644)
            with closing(Store(url(tmp_path))):
                assert rights() == private
    finally:
        os.umask(before)


def test_another_store_beside_it_gives_none_of_its_locks_away(tmp_path: Path) -> None:
    """Otherwise a process that comes and goes takes itself for the last one, and throws the write-ahead log away."""
    store, log = Store(url(tmp_path)), tmp_path / "runs.sqlite-wal"
    first = store.create(tiny(), OWNER)
    before = log.stat().st_ino
    beside = Store(url(tmp_path))
    comes_and_goes = (
        "import sqlite3, sys; there = sqlite3.connect(sys.argv[1]); "
        "print(there.execute('SELECT count(*) FROM glassbox_runs').fetchone()[0]); there.close()"
    )

    def seen_from_outside() -> int:
        command = [sys.executable, "-c", comes_and_goes, str(tmp_path / "runs.sqlite")]
        return int(subprocess.run(command, capture_output=True, text=True, check=True).stdout)

    assert seen_from_outside() == 1
    assert log.exists() and log.stat().st_ino == before
    second = store.create(tiny(), OWNER)
    assert seen_from_outside() == 2
    assert {run.id for run in beside.list()} == {first.id, second.id}
    store.close()
    beside.close()
