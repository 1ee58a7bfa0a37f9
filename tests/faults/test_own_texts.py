"""Whose an own text is: who may train on it, who may see it, and when it goes, in both kinds of database."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.data.corpora import fingerprint
from core.rooms import Rooms
from core.runs import Run, RunError, Store
from core.runs.lease import Lease
from core.runs.ownership import forget_owner, hand_over
from core.runs.queue import requeue
from core.runs.retention import make_way
from core.runs.schema import runs, texts
from core.training.spec import TrainSpec
from tests import earlier
from tests.runs import OTHER, OWNER, taken, tiny, trained

TEXT = "\n\n".join(f"The {n}th line of a text that somebody brought." for n in range(60))
NAME = fingerprint(TEXT)
THIRD = "c" * 32
NOT_HERE = "is not stored here: choose or paste it again"


def spec(**changes: object) -> TrainSpec:
    """A run of the text."""
    return tiny(steps=2, corpus="own", text=NAME, **changes)


@pytest.fixture
def first(store: Store) -> Run:
    """A run of the text, trained by whoever brought it."""
    run = store.create(spec(), OWNER, text=TEXT)
    with trained(store):
        pass
    return store.get(run.id)


def fork(store: Store, parent: Run, owner: str) -> Run:
    """A fork of a run by somebody."""
    return store.create(spec(parent=f"{parent.id}@2"), owner)


def is_kept(store: Store) -> bool:
    """Whether the text is stored."""
    with store.database.reading() as connection:
        return connection.execute(sa.select(texts.c.sha256)).first() is not None


def forget(store: Store, owner: str) -> None:
    """Somebody's things are deleted."""
    with store.database.writing() as connection:
        forget_owner(connection, owner)


def test_a_fingerprint_alone_gives_nobody_a_text(store: Store, first: Run) -> None:
    known, unknown = spec(seed=2), tiny(steps=2, corpus="own", text=fingerprint("another text"))
    said = set()
    for asked in (known, unknown):
        with pytest.raises(RunError, match=NOT_HERE) as why:
            store.create(asked, OTHER)
        said.add(str(why.value))
        with pytest.raises(RunError, match=NOT_HERE):
            store.text(asked.text, OTHER)
    assert len(said) == 1, "whether somebody else has a text is not to be learned"
    assert store.text(NAME, OWNER) == TEXT
    assert store.create(known, OWNER).state == "queued", "who brought it need not bring it again"
    assert store.create(known, OTHER, text=TEXT).state == "queued", "who brings it has it"
    assert store.text(NAME, OTHER) == TEXT


def test_a_fork_reads_the_text_of_its_parent_and_of_no_other_run(store: Store, first: Run) -> None:
    mine = fork(store, first, OTHER)
    plain = store.create(tiny(steps=2), THIRD)
    for _ in range(2):
        with trained(store):
            pass
    assert store.get(mine.id).state == "done"
    with pytest.raises(RunError, match=NOT_HERE):
        store.text(NAME, OTHER)
    with pytest.raises(RunError, match=NOT_HERE):
        store.create(spec(), OTHER)
    with pytest.raises(RunError, match=NOT_HERE):
        fork(store, plain, THIRD)
    assert fork(store, mine, THIRD).state == "queued", "a fork of a fork"


def test_a_text_goes_with_its_owner(store: Store, first: Run) -> None:
    other = fork(store, first, OTHER)
    with trained(store):
        pass
    assert store.get(other.id).state == "done"
    forget(store, OWNER)
    assert not is_kept(store)
    assert store.steps(other.id), "what another has trained is another's"
    with pytest.raises(RunError, match=NOT_HERE):
        fork(store, other, OTHER)


def test_a_text_stays_with_its_other_owner(store: Store, first: Run) -> None:
    store.create(spec(), OTHER, text=TEXT)
    forget(store, OWNER)
    assert store.text(NAME, OTHER) == TEXT
    forget(store, OTHER)
    assert not is_kept(store)


@pytest.mark.parametrize("end", ["trained", "stopped", "deleted", "lost", "stopped while lost"])
def test_a_text_stays_until_anothers_fork_has_ended(store: Store, first: Run, end: str) -> None:
    other = fork(store, first, OTHER)
    store.delete(first.id, OWNER)
    assert is_kept(store)
    with pytest.raises(RunError, match=NOT_HERE):
        store.create(spec(), OWNER)
    if end == "trained":
        with trained(store):
            pass
        assert store.get(other.id).state == "done"
    elif end == "stopped":
        store.command(other.id, OTHER, "stop")
    elif end == "deleted":
        store.delete(other.id, OTHER)
    else:
        lost(store, taken(store, seconds=0.0), "stop" if "stopped" in end else "run")
    assert not is_kept(store)


def lost(store: Store, lease: Lease, word: str) -> None:
    """A worker is lost for the last time; its run is not tried again."""
    with store.database.writing() as connection:
        mine = runs.update().where(runs.c.id == lease.id)
        connection.execute(mine.values(control=word, attempts=5, lease_until=1.0))
    assert requeue(store.database) == 1
    assert store.get(lease.id).state == ("stopped" if word == "stop" else "failed")


def test_a_paused_fork_still_needs_its_text(store: Store, first: Run) -> None:
    other = fork(store, first, OTHER)
    store.command(other.id, OTHER, "pause")
    forget(store, OWNER)
    assert is_kept(store)
    store.command(other.id, OTHER, "run")
    with trained(store):
        pass
    assert store.get(other.id).state == "done"
    assert not is_kept(store)


def test_runs_that_give_way_take_their_text_along(store: Store, first: Run) -> None:
    store.create(tiny(steps=2), OWNER)
    make_way(store.database, OWNER, kept=1)
    assert [run.spec.text for run in store.list(owner=OWNER)] == [""]
    assert not is_kept(store)


def test_whoever_is_given_a_run_has_its_text(store: Store) -> None:
    store.create(spec(), OWNER, text=TEXT, group="class")
    with store.database.writing() as connection:
        assert hand_over(connection, "class", OTHER, "kept") == 1
    assert store.text(NAME, OTHER) == TEXT
    with pytest.raises(RunError, match=NOT_HERE):
        store.text(NAME, OWNER)


def test_forget_me_here_deletes_a_text_that_another_had_forked(store: Store, first: Run) -> None:
    fork(store, first, OTHER)
    with trained(store):
        pass
    Rooms(store.database).forget(OWNER, "")
    assert not is_kept(store)
    assert [run.owner for run in store.list()] == [OTHER]


def test_forget_me_here_leaves_no_byte_in_the_files_of_sqlite(tmp_path: Path) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")) as store:
        store.create(spec(), OWNER, text=TEXT)
        store.create(tiny(steps=2), OTHER)

        def files() -> bytes:
            return b"".join(path.read_bytes() for path in sorted(tmp_path.glob("runs.sqlite*")))

        assert OWNER.encode() in files() and NAME.encode() in files()
        Rooms(store.database).forget(OWNER, "")
        assert OWNER.encode() not in files() and NAME.encode() not in files()
        assert OTHER.encode() in files() and [run.owner for run in store.list()] == [OTHER]


def test_in_an_earlier_store_a_text_belongs_to_whose_run_is_no_fork_of_anothers(place: str) -> None:
    earlier.put("words", place)
    told = earlier.told("words")
    with closing(Store(place)) as store:
        sha256 = told["text"]["sha256"]
        assert store.text(sha256, OWNER) == told["text"]["body"]
        with pytest.raises(RunError, match=NOT_HERE):
            store.text(sha256, OTHER)
        forget(store, OWNER)
        assert is_kept(store), "another's fork waits"
        for run in store.list(owner=OTHER):
            store.command(run.id, OTHER, "stop")
        assert not is_kept(store)


def test_in_an_earlier_store_a_text_whose_first_run_is_gone_belongs_to_who_has_one(place: str) -> None:
    earlier.put("words", place)
    told = earlier.told("words")
    engine = sa.create_engine(place, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DELETE FROM glassbox_runs WHERE owner = '{OWNER}'")
    with closing(Store(place)) as store:
        assert store.text(told["text"]["sha256"], OTHER) == told["text"]["body"], "nothing is lost"
