"""Stores of earlier versions: they open, nothing of them is lost, and two versions never write one store."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.rooms import Rooms, member_of
from core.rooms import schema as rooms_schema
from core.runs import Engine, SchemaError, Store, StoreFull, StoreInUse, database, schema
from core.runs import migrations as moved
from core.runs.location import COPIES, copies
from core.runs.records import COLUMNS
from core.runs.schema import VERSION
from tests import earlier
from tests.faults.postgres import Postgres
from tests.runs import OTHER, OWNER, rows, taken, tiny, trained
from tests.waiting import until

MOVED = Path(moved.__file__).parent


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Transactions that only read look at the version each time, and nobody waits long for another program."""
    monkeypatch.setattr(database, "_EVERY", 0.0)
    monkeypatch.setattr(moved, "_WAITS", 0.3)


# ------------------------------------------------------------------------------------------------- what was written


@pytest.mark.full(reason="the other cases take 8 s", quick_cases=1)
@pytest.mark.parametrize("name", earlier.NAMES)
def test_a_store_of_each_earlier_version_opens_with_all_that_it_had(place: str, name: str) -> None:
    told = earlier.told(name)
    earlier.put(name, place)
    with closing(Store(place)) as store:
        for id, known in told["runs"].items():
            same_run(store, id, known)
        assert {run.id for run in store.list()} == set(told["runs"])
        assert store.text(told["text"]["sha256"]) == told["text"]["body"]
        with store.database.reading() as connection:
            for table, known in told["rows"].items():
                assert rows_of(connection, table, known) == known, table
        goes_on(store, told)


def same_run(store: Store, id: str, known: dict[str, Any]) -> None:
    """A run is read as its own version read it."""
    run = store.get(id)
    assert {name: getattr(run, name) for name in known["run"]} == known["run"]
    assert run.note == known["run"].get("note", "")
    spec = json.loads(run.spec.to_json())
    since = {"bf16", "version"}  # became `precision` in the second version of specs
    assert {name: spec[name] for name in known["spec"] if name not in since} == {
        name: value for name, value in known["spec"].items() if name not in since
    }
    for name in COLUMNS:
        column = np.array([np.nan if one is None else one for one in known["points"][name]], dtype=float)
        assert np.array_equal(getattr(store.points(id), name), column, equal_nan=True), name
    kept = store.checkpoints(id)
    assert [(one.step, one.held_out, one.sample, one.kept) for one in kept] == [
        (one["step"], one["held_out"], one["sample"], one["kept"]) for one in known["checkpoints"]
    ]
    assert [dict(one.health) for one in kept] == [one["health"] for one in known["checkpoints"]]
    assert {
        str(one.step): hashlib.sha256(store.weights(id, one.step)).hexdigest() for one in kept if one.kept
    } == known["weights"]
    if kept:
        assert hashlib.sha256(store.model(id)[1].encode()).hexdigest() == known["model"]


def rows_of(connection: sa.Connection, table: str, known: list[list[Any]]) -> list[list[Any]]:
    """The rows of a rooms' table, without the columns that it did not have then."""
    today = rooms_schema.meta.tables[table]
    missing = len(today.columns) - len(known[0]) if known else 0
    new = ("locked", "invitation", "invited", "remote")[:missing]  # the last one first
    columns = sorted(
        (each for each in today.columns if each.name not in new), key=lambda each: str(each.name)
    )
    asked = sa.select(*columns).order_by(*today.primary_key)
    return [list(row) for row in connection.execute(asked)]


def goes_on(store: Store, told: dict[str, Any]) -> None:
    """What was waiting and half-way is trained to its end, and a run of then is forked."""
    ids = {known["run"]["name"]: id for id, known in told["runs"].items()}
    store.command(ids["half-way"], OWNER, "run")
    for _ in range(2):
        with trained(store):
            pass
    for name in ("half-way", "waits"):
        run = store.get(ids[name])
        assert (run.state, run.step, run.ended) == ("done", 12, "All steps done."), run
        assert store.points(run.id).step.tolist() == list(range(1, 13))
    before = told["runs"][ids["half-way"]]["points"]["loss"]
    assert store.points(ids["half-way"]).loss.tolist()[: len(before)] == before
    parent = store.get(ids["first"])
    child = store.create(parent.spec.replace(parent=f"{parent.id}@12", steps=2, warmup=0), OTHER)
    with trained(store):
        pass
    assert store.get(child.id).state == "done"


def test_the_room_of_an_earlier_version_goes_on(place: str) -> None:
    earlier.put("rooms", place)
    told = earlier.told("rooms")
    with closing(Store(place)) as store:
        with store.database.writing() as connection:  # a room lasts an hour: as if it were that hour still
            moment = {"touched": store.database.now, "opened": store.database.now}
            connection.execute(rooms_schema.rooms.update().values(moment))
        rooms = Rooms(store.database)
        look = rooms.look(told["room"])
        assert look is not None and look.prompt is not None
        assert (look.prompt.question, look.prompt.options) == ("What comes next?", ("ball", "hat"))
        assert [look.own(member_of(told["room"], secret)) for secret in ("one", "two")] == [[0], [1]]
        assert rooms.invite(told["room"], "c" * 32)


# ------------------------------------------------------------------------------------------------- the tables


def reflected(url: str) -> dict[str, Any]:
    """The tables of a database, as it describes them itself."""
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    look = sa.inspect(engine)

    def sort(found: Any) -> list[str]:
        return sorted(repr(sorted(one.items(), key=str)) for one in found)

    return {
        table: {
            "columns": sorted(
                (one["name"], str(one["type"]), one["nullable"], one["default"]) for one in look.get_columns(table)
            ),
            "key": look.get_pk_constraint(table)["constrained_columns"],
            "links": sort(look.get_foreign_keys(table)),
            "unique": sorted(one["column_names"] for one in look.get_unique_constraints(table)),
            "indexes": sort(look.get_indexes(table)),
        }
        for table in look.get_table_names()
    }  # fmt: skip


# Versions with revisions never make the tables that are missing one by one.
UNVERSIONED = [name for name in earlier.NAMES if name != "brought"]
Lists = st.lists(st.sampled_from(UNVERSIONED), min_size=1, max_size=4, unique=True)


@pytest.mark.full(reason="takes 4 s")
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=Lists)
def test_whatever_versions_opened_a_file_its_tables_are_those_of_a_new_one(
    names: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("stores")
    opened_by(names, f"sqlite:///{folder / 'old.sqlite'}", f"sqlite:///{folder / 'new.sqlite'}")


@pytest.mark.full(reason="starts processes and waits for them, 6 s")
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=Lists)
def test_whatever_versions_opened_a_database_its_tables_are_those_of_a_new_one(
    names: list[str], postgres: Postgres
) -> None:
    opened_by(names, postgres.fresh(), postgres.fresh())


def opened_by(names: list[str], old: str, new: str) -> None:
    """Versions open a store in turn: each makes the tables that are missing, and leaves the others as they are."""
    made: dict[str, list[str]] = {}
    for name in names:
        made = earlier.tables(name, old) | made
    engine = sa.create_engine(old, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for table in sorted(made, key=lambda table: (PARENTS.index(table) if table in PARENTS else 9, table)):
            for statement in made[table]:
                connection.exec_driver_sql(statement)
        connection.exec_driver_sql("INSERT INTO glassbox_schema VALUES (1)")
    for url in (old, new):
        Store(url).close()
    assert reflected(old) == reflected(new)


# Tables that others refer to.
PARENTS = ("glassbox_runs", "glassbox_rooms", "glassbox_members", "glassbox_prompts")


def test_the_revisions_make_the_tables_that_the_code_has(store: Store) -> None:
    merged = sa.MetaData()
    for meta in (schema.meta, rooms_schema.meta):
        for table in meta.sorted_tables:
            table.to_metadata(merged)
    options = {"version_table": moved.REVISIONS, "compare_server_default": True}
    with store.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection, opts=options), merged) == []
        merged.remove(merged.tables["glassbox_words"])
        merged.tables["glassbox_runs"].append_column(sa.Column("new", sa.Text))
        found = compare_metadata(MigrationContext.configure(connection, opts=options), merged)
        assert {each[0] for each in found} >= {"remove_table", "add_column"}, "a difference is seen"


def test_the_version_is_the_number_of_the_last_revision() -> None:
    script = ScriptDirectory(str(MOVED))
    assert [int(each) for each in script.get_heads()] == [VERSION]
    numbers = sorted(int(each.revision) for each in script.walk_revisions())
    assert numbers == list(range(1, VERSION + 1))


def test_a_current_store_opens_without_alembic(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    Store(url).close()
    script = (
        f"import sys; from core.runs import Store; Store({url!r}).list(); print('alembic' in sys.modules)"
    )
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert told.stdout == "False\n"


# ------------------------------------------------------------------------------------------------- copies, failures


def test_a_copy_is_kept_beside_the_store_and_leads_back(tmp_path: Path) -> None:
    path = tmp_path / "runs.sqlite"
    earlier.put("words", f"sqlite:///{path}")
    before = content(path)
    Store(f"sqlite:///{path}").close()
    (copy,) = copies(sa.make_url(f"sqlite:///{path}"))
    assert copy.name.startswith("runs-schema-1-") and copy.suffix == ".sqlite"
    assert stat.S_IMODE(copy.stat().st_mode) == 0o600
    assert content(copy) == before != content(path)
    path.unlink()
    shutil.copy(copy, path)
    with closing(Store(f"sqlite:///{path}")) as store:
        assert len(store.list()) == 4


def content(path: Path) -> list[str]:
    """All of a SQLite file, as the statements that would write it."""
    with closing(sqlite3.connect(path)) as file:
        return list(file.iterdump())


def test_only_the_last_copies_are_kept(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    old = [tmp_path / f"runs-schema-1-2026112{n}-120000.sqlite" for n in range(5)]
    beside = [tmp_path / name for name in ("runs-schema-1.sqlite", "other-schema-1-20261120-120000.sqlite")]
    for each in (*old, *beside):
        each.touch()
    earlier.put("words", url)
    Store(url).close()
    kept = copies(sa.make_url(url))
    assert len(kept) == COPIES and kept[:-1] == old[-COPIES + 1 :]
    assert all(each.exists() for each in beside)


def test_a_full_disk_is_said_before_anything_is_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "runs.sqlite"
    earlier.put("words", f"sqlite:///{path}")
    before = content(path)
    size = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: size._replace(free=path.stat().st_size))
    with pytest.raises(StoreFull, match="the disk has no room for 0 MB more"):
        Store(f"sqlite:///{path}")
    assert content(path) == before
    assert [each.name for each in tmp_path.glob("*schema*")] == []


def test_no_table_changes_without_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "runs.sqlite"
    earlier.put("words", f"sqlite:///{path}")
    before = content(path)

    def refuse(*given: object) -> None:
        raise PermissionError(13, "Permission denied", str(tmp_path))

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(SchemaError, match=r"no copy .* could be made .*: Permission denied$"):
        Store(f"sqlite:///{path}")
    assert content(path) == before
    assert list(tmp_path.glob("*schema*")) == []


def test_a_migration_that_fails_leaves_the_earlier_store(place: str, tmp_path: Path) -> None:
    """The first revision has made tables by then; they go with the second that fails."""
    earlier.put("runs", place)
    engine = sa.create_engine(place, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE glassbox_runs ADD COLUMN brought INTEGER")
    before = reflected(place)
    with pytest.raises(SchemaError, match=r"from schema 1 to 3 \(.*brought.*nothing in it was changed"):
        Store(place)
    assert reflected(place) == before
    assert list(tmp_path.glob("*schema*")) == [], "a copy of what is still there is none"
    with engine.begin() as connection:
        assert connection.exec_driver_sql("SELECT version FROM glassbox_schema").scalar() == 1
        connection.exec_driver_sql("ALTER TABLE glassbox_runs DROP COLUMN brought")
    with closing(Store(place)) as store:
        assert len(store.list()) == 4


# ------------------------------------------------------------------------------------------------- two versions


@pytest.fixture
def earlier_server(place: str) -> Iterator[Callable[[], None]]:
    """A connection to a store as an earlier version keeps it open, and how it ends."""
    earlier.put("words", place)
    parsed = sa.make_url(place)
    held: Any
    if parsed.get_backend_name() == "sqlite":
        held = sqlite3.connect(str(parsed.database))
        held.execute("PRAGMA journal_mode = WAL")
        held.execute("SELECT count(*) FROM glassbox_runs").fetchone()
    else:
        held = psycopg.connect(place.replace("+psycopg", ""))
    yield held.close
    held.close()


def test_a_store_that_an_earlier_version_has_open_is_left_alone(
    place: str, earlier_server: Callable[[], None]
) -> None:
    with pytest.raises(StoreInUse, match=r"earlier Glassbox.*: stop it; then this one brings the store"):
        Store(place)
    engine = sa.create_engine(place, poolclass=sa.pool.NullPool)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version FROM glassbox_schema").scalar() == 1
    earlier_server()
    with closing(Store(place)) as store:
        assert len(store.list()) == 4


@pytest.mark.full(reason="starts processes and waits for them, 2 s")
def test_processes_that_start_together_bring_a_store_over_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'runs.sqlite'}"
    earlier.put("rooms", url)
    script = f"from core.runs import Store; print(Store({url!r}).counts('')[1])"
    begun = [
        subprocess.Popen(
            [sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    ended = [each.communicate(timeout=120) for each in begun]
    assert [out for out, _ in ended] == ["1\n"] * 3, ended
    assert len(copies(sa.make_url(url))) == 1


def newer(store: Store, *statements: str) -> None:
    """A newer version brings the store to its tables while this one has it open."""
    engine = sa.create_engine(store.url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        for statement in (*statements, f"UPDATE glassbox_schema SET version = {VERSION + 1}"):
            connection.exec_driver_sql(statement)


CHANGED = (
    rf"another version of Glassbox has changed the run store.*now {VERSION + 1}, ours is {VERSION}.*stop it"
)


def test_a_running_server_notices_newer_tables_and_writes_nothing(store: Store) -> None:
    id = store.create(tiny(), OWNER, "before").id
    newer(store)
    for act in (
        lambda: store.create(tiny(), OWNER),
        lambda: store.rename(id, OWNER, "after"),
        lambda: store.delete(id, OWNER),
        store.list,
        lambda: Rooms(store.database).open(OWNER),
    ):
        with pytest.raises(SchemaError, match=CHANGED):
            act()
    with store.database.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT name FROM glassbox_runs").scalars().all() == ["before"]
        assert connection.exec_driver_sql("SELECT count(*) FROM glassbox_rooms").scalar() == 0


def test_what_fails_on_newer_tables_is_said_in_words(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_EVERY", 60.0)  # so that reading meets the changed tables
    store.database._look_at = time.monotonic() + 60.0
    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    newer(store, "ALTER TABLE glassbox_runs RENAME COLUMN control TO word")
    for act in (lambda: store.get(id), lease.look, lease.beat):
        with pytest.raises(SchemaError, match=CHANGED):
            act()
    lease.close()


def test_a_worker_lets_its_run_go_to_the_newer_version(store: Store) -> None:
    id = store.create(tiny(steps=20_000), OWNER).id
    with trained(store):
        until(lambda: store.get(id).step, "a step")
        newer(store)
    with store.database.engine.connect() as connection:
        asked = "SELECT state, ended, lease <> '' FROM glassbox_runs"
        assert tuple(connection.exec_driver_sql(asked).one()) == ("running", "", True), (
            "its lease ends by itself"
        )


def test_an_engine_ends_that_does_not_know_the_tables(lite: Store, caplog: pytest.LogCaptureFixture) -> None:
    lite.create(tiny(), OWNER)
    newer(lite)
    with closing(Engine(lite, workers=1)) as engine:
        engine.start(wait=False)
        until(lambda: engine._thread is not None and not engine._thread.is_alive(), "the engine's end")
    said = [
        record.getMessage() for record in caplog.records if "Nothing is trained here" in record.getMessage()
    ]
    assert len(said) == 1 and "stop it and start the other version" in said[0]


def test_newer_tables_wait_for_a_change_that_has_begun(postgres: Postgres) -> None:
    with closing(Store(postgres.fresh())) as store:
        moved_at: list[float] = []

        def move() -> None:
            newer(store, "LOCK TABLE glassbox_schema IN ACCESS EXCLUSIVE MODE")
            moved_at.append(time.monotonic())

        thread = threading.Thread(target=move)
        with store.database.writing() as connection:
            thread.start()
            time.sleep(0.3)
            assert not moved_at
            connection.execute(schema.unsigned.insert().values(owner=OWNER))
        ended = time.monotonic()
        thread.join()
        assert moved_at[0] >= ended - 0.05
        with pytest.raises(SchemaError, match=CHANGED):
            store.create(tiny(), OWNER)


def test_rows_of_a_curve_are_written_by_no_older_worker(store: Store) -> None:
    from core.runs.lease import Batch

    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    lease.write(Batch(rows(1, 3)))
    newer(store)
    with pytest.raises(SchemaError, match=CHANGED):
        lease.write(Batch(rows(4, 5)))
    with store.database.engine.connect() as connection:
        asked = f"SELECT max(step) FROM glassbox_points WHERE run = '{id}'"
        assert connection.exec_driver_sql(asked).scalar() == 3
