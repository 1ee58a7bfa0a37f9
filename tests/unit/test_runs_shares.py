"""What one visitor may take, so that something is left for the others: places in the queue, starts, room."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from core.runs import Engine, LimitExceeded, Limits, RunError, Store
from core.runs.lease import EXTRA, Batch, Moment
from core.runs.limits import MB, Starts
from core.runs.queue import claim, order
from core.runs.records import StoreFull
from core.runs.retention import STOPPED, clear, make_way, relieve
from tests.runs import OTHER, OWNER, rows, taken, tiny, trained
from tests.waiting import until

SCHOOL, HOME = "school", "home"
WIDE = {"n_layers": 2, "d_model": 64, "n_heads": 2}  # 0.4 MB of weights, 0.9 MB a checkpoint


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """A store of the test's own."""
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


def pupil(number: int) -> str:
    """An owner."""
    return f"{number:032x}"


def kept(store: Store, owner: str, size: int = 100, end: bool = True) -> str:
    """A run with three checkpoints of so many bytes."""
    id = store.create(tiny(), owner).id
    lease = taken(store)
    lease.describe({"n_layers": 1}, "{}")
    lease.write(
        Batch(rows(1, 6), [Moment(step, None, "", {}, bytes(size)) for step in (0, 3, 6)], state=(6, b"6"))
    )
    if end:
        lease.end("done", "All steps done.", 6)
    return id


# ---------------------------------------------------------------------------------------------- places and starts


@pytest.mark.full(reason="takes more than a second")
def test_two_hundred_people_behind_one_address_work(store: Store) -> None:
    engine = Engine(store, workers=0)
    for number in range(200):
        engine.submit(tiny(), pupil(number), address=SCHOOL)
    assert len(store.list(limit=1000)) == 200
    engine.submit(tiny(), OWNER, address=HOME)


def test_invented_owners_fill_no_queue(store: Store) -> None:
    engine = Engine(store, workers=0, limits=Limits(active=8, waiting=40, address=20))
    for number in range(20):  # an owner for every eight of them
        engine.submit(tiny(), pupil(number // 8), address="nobody")
    with pytest.raises(LimitExceeded, match="20 runs from your network wait already"):
        engine.submit(tiny(), pupil(20), address="nobody")
    engine.submit(tiny(), OWNER, address=HOME)
    engine.submit(tiny(), OTHER)  # of a process that has no address


def test_invented_owners_come_no_sooner(store: Store) -> None:
    engine = Engine(store, workers=0)
    invented = [engine.submit(tiny(), pupil(number), address="nobody").id for number in range(6)]
    mine = engine.submit(tiny(), OWNER, address=HOME).id
    with store.database.reading() as connection:
        assert order(connection) == [invented[0], mine, *invented[1:]]
    claim(store.database, 60)
    other = engine.submit(tiny(), OTHER, address="another").id
    with store.database.reading() as connection:
        assert order(connection) == [mine, other, *invented[1:]]


def test_starts_of_an_address_are_counted_whoever_starts_and_deletes(store: Store) -> None:
    engine = Engine(store, workers=0, limits=Limits(starts=3))
    for number in range(3):
        store.delete(engine.submit(tiny(), pupil(number), address=SCHOOL).id, pupil(number))
    with pytest.raises(LimitExceeded, match="3 runs were started from your network in the last 10 minutes"):
        engine.submit(tiny(), OWNER, address=SCHOOL)
    assert store.list() == [], "what is refused leaves nothing"
    engine.submit(tiny(), OWNER, address=HOME)


def test_starts_are_forgotten_after_a_while() -> None:
    starts = Starts(2)
    for second in (0.0, 1.0, 600.5):
        starts.count(SCHOOL, second)
    with pytest.raises(LimitExceeded):
        starts.count(SCHOOL, 600.6)
    starts.count("", 600.6)


# ---------------------------------------------------------------------------------------------- room in the store


def test_checkpoints_times_size_are_limited_before_a_start(store: Store) -> None:
    engine = Engine(store, workers=0, limits=Limits(megabytes=10_000, minutes=100_000))
    large = tiny(10_000, changes={"d_model": 512, "n_layers": 6, "n_heads": 8}, checkpoints=200)
    with pytest.raises(
        LimitExceeded, match=r"would keep 200 checkpoints of \d+ MB.*2,048 MB here.*fewer checkpoints"
    ):
        engine.estimate(large)
    with pytest.raises(LimitExceeded, match="200 checkpoints"):
        engine.submit(large, OWNER)
    assert store.list() == []
    engine.submit(large.replace(checkpoints=2), OWNER)


def test_runs_that_have_not_ended_count_together(store: Store) -> None:
    engine = Engine(store, workers=0, limits=Limits(active=100, stored=4))
    small = tiny(checkpoints=20)
    fit = Limits(stored=4).room // engine.limits.check_room(small, engine.estimate(small))
    for _ in range(fit):
        engine.submit(small, OWNER)
    with pytest.raises(
        LimitExceeded, match=r"taken by your runs that wait, train or pause.*stop one of them"
    ):
        engine.submit(small, OWNER)
    engine.submit(small, OTHER)
    store.command(store.list(owner=OWNER)[0].id, OWNER, "stop")
    engine.submit(small, OWNER)


def test_a_store_has_less_room_than_an_owner_may_have(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_RUNS_MB", "4")
    assert Limits().room == 3 * MB


def test_an_owner_makes_room_with_runs_of_its_own(store: Store) -> None:
    mine, others = [kept(store, OWNER) for _ in range(2)], kept(store, OTHER)
    with store.database.writing() as connection:
        clear(connection, OWNER, kept=9, wanted=300, room=700)
    assert [store.steps(id) for id in mine] == [[0, 6], [0, 6]]
    assert store.steps(others) == [0, 3, 6]


def test_whoever_keeps_the_most_gives_way_and_no_stranger(store: Store) -> None:
    strangers = [kept(store, pupil(number)) for number in range(3)]  # ended longest ago
    large = [kept(store, OTHER, 1000) for _ in range(3)]
    make_way(store.database, OWNER, kept=9, most=8500)
    assert [store.steps(id) for id in large] == [[0, 6], [0, 6], [0, 3, 6]]
    make_way(store.database, OWNER, kept=9, most=4000)
    assert [store.steps(id) for id in large] == [[6], [6], [6]]
    assert [store.steps(id) for id in strangers] == [[0, 3, 6]] * 3


def test_a_refused_start_deletes_no_run(store: Store) -> None:
    old = kept(store, OWNER)
    engine = Engine(store, workers=0, limits=Limits(kept=1))
    with pytest.raises(RunError, match="no weights of step 5"):
        engine.submit(tiny(parent=f"{old}@5"), OWNER)
    assert [run.id for run in store.list()] == [old]
    assert store.steps(old) == [0, 3, 6]
    fork = engine.submit(tiny(parent=f"{old}@6"), OWNER)
    assert [run.id for run in store.list()] == [fork.id], "one that is put into the queue makes way"


def test_a_full_store_stops_the_one_who_filled_it(store: Store) -> None:
    mine = kept(store, OWNER, 100, end=False)
    going = kept(store, OTHER, 5000, end=False)
    ended = kept(store, OTHER, 5000)
    assert relieve(store.database, mine)
    assert store.steps(ended) == [6], "first what has ended"
    assert store.get(going).state == "running"
    assert relieve(store.database, mine)
    run = store.get(going)
    assert (run.state, run.ended) == ("stopped", STOPPED)
    assert store.get(mine).state == "running"
    assert store.steps(mine) == [0, 3, 6]


def test_who_keeps_the_most_gets_no_room_from_others(store: Store) -> None:
    mine, others = kept(store, OWNER, 5000, end=False), kept(store, OTHER, 100)
    assert not relieve(store.database, mine)
    assert store.steps(others) == [0, 3, 6]
    assert store.get(mine).state == "running"


@pytest.mark.full(reason="takes more than a second")
def test_a_run_goes_on_in_a_store_that_somebody_else_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_RUNS_MB", "20")
    small = Store(f"sqlite:///{tmp_path / 'small.sqlite'}")
    full: list[str] = []
    with suppress(StoreFull):
        while True:
            full.append(kept(small, OTHER, 200_000))
    with pytest.raises(StoreFull):
        kept(small, OTHER, 400_000)
    for run in small.list():
        if not run.over:  # those that did not fit
            small.delete(run.id, OTHER)
    mine = small.create(tiny(30, changes=WIDE, checkpoints=6), OWNER).id
    with trained(small):
        until(lambda: small.get(mine).over, "the end of the run")
    assert small.get(mine).state == "done", small.get(mine).ended
    assert len(small.steps(mine)) == 6
    assert any(len(small.steps(id)) < 3 for id in full)
    small.close()


def test_a_run_that_is_paused_at_every_step_keeps_the_last_of_those_moments(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    lease.planned = frozenset({0, 30, 60})
    for step in range(31):
        lease.write(Batch(rows(1, step), [Moment(step, None, "", {}, b"w")]))
    assert store.steps(id) == [0, *range(30 - EXTRA, 30), 30]
