"""The run store on both kinds of database: who may do what, in which order, and what is kept."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

from core.data.corpora import fingerprint
from core.runs import Engine, LimitExceeded, Limits, Maps, NoSuchRun, NotYours, RunError, SchemaError, Store
from core.runs.kept import VARIABLE, Kept, days, delete_old, kept
from core.runs.lease import Batch, Lease, Moment
from core.runs.queue import MOST_ATTEMPTS, Watch, claim, drop, hold, requeue
from core.runs.records import COLUMNS, LostLease
from core.runs.retention import relieve
from core.runs.schema import VERSION, runs, unsigned, version
from tests import earlier
from tests.runs import OTHER, OWNER, row, rows, taken, tiny
from tests.tiers import examples


def weights(store: Store, lease: Lease, step: int) -> None:
    lease.describe({"n_layers": 1}, "{}")
    lease.write(Batch(moments=[Moment(step, 1.5, "once", {"gradient": [1.0]}, b"weights")]))


def test_a_run_is_what_was_asked_for(store: Store) -> None:
    spec = tiny(seed=7)
    run = store.create(spec, OWNER, "  my run ", group="pair")
    assert (run.spec, run.owner, run.name, run.group, run.seed, run.steps) == (
        spec,
        OWNER,
        "my run",
        "pair",
        7,
        60,
    )
    assert (run.state, run.control, run.step, run.place, run.ended) == ("queued", "run", 0, 1, "")
    assert len(run.revision) == 40 or run.revision
    assert len(run.id) == 24
    assert store.get(run.id) == run
    assert OWNER not in repr(run)
    assert [each.id for each in store.list(group="pair")] == [run.id]
    assert store.list(owner=OTHER) == []
    assert store.rename(run.id, OWNER, "x" * 99).name == "x" * 80
    assert run.note == "" and store.annotate(run.id, OWNER, " a lower rate \n").note == "a lower rate"
    assert store.annotate(run.id, OWNER, "x" * 600).note == "x" * 500
    assert (store.get(run.id).name, store.get(run.id).note) == ("x" * 80, "x" * 500)


def test_ids_cannot_be_guessed(store: Store) -> None:
    ids = {store.create(tiny(), OWNER).id for _ in range(20)}
    assert len(ids) == 20
    assert all(len(set(id)) > 6 for id in ids)


def test_points_come_back_bit_for_bit(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    lease.write(Batch(rows(1, 7)))
    points = store.points(id)
    for name, column in zip(COLUMNS, zip(*rows(1, 7))):
        expected = np.array([np.nan if value is None else value for value in column])
        assert np.array_equal(getattr(points, name), expected, equal_nan=True), name
    assert points.step.dtype == points.tokens.dtype == np.int64
    assert len(store.points(id, after=5)) == 2
    assert len(store.points(id, after=7)) == 0
    assert (store.get(id).step, store.get(id).tokens, store.get(id).seconds) == (7, 448, 0.875)


@settings(max_examples=examples(25))
@given(
    st.lists(
        st.tuples(st.sampled_from(["write", "save", "again", "crash", "late"]), st.integers(1, 9)),
        max_size=14,
    )
)
def test_no_interleaving_leaves_a_gap_or_a_duplicate(store: Store, moves: list[tuple[str, int]]) -> None:
    """Workers write, save, write again, are lost, and come back too late: the curve is always whole up to its end."""
    id = store.create(tiny(), OWNER).id
    with store.database.writing() as connection:
        ticket = hold(connection, store.database, id, 60)
    lease, lost, at = Lease.take(store.database, ticket, 60), None, 0
    longest = 0
    for move, count in moves:
        if move in ("write", "save"):
            saved = (at + count, str(at + count).encode()) if move == "save" else None
            lease.write(Batch(rows(at + 1, at + count), state=saved))
            at += count
        elif move == "again" and at:
            lease.write(Batch(rows(max(1, at - count), at)))
        elif move == "crash":
            drop(store.database, ticket)
            requeue(store.database)
            with store.database.writing() as connection:
                connection.execute(runs.update().where(runs.c.id == id).values(attempts=0))
                ticket = hold(connection, store.database, id, 60)
            lost, lease = lease, Lease.take(store.database, ticket, 60)
            at = int(lease.state() or b"0")  # a new worker begins after the last state
        elif move == "late" and lost is not None:
            with pytest.raises(LostLease):
                lost.write(Batch([(99, *row(1)[1:])], state=(99, b"99")))
        longest = max(longest, at)
        found = store.points(id)
        assert found.step.tolist() == list(range(1, longest + 1))
        assert found.loss.tolist() == [row(step)[1] for step in range(1, longest + 1)]
    store.delete(id, OWNER)


def test_a_batch_is_stored_as_a_whole_or_not_at_all(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    lease.write(Batch(rows(1, 3), state=(3, b"three")))
    with pytest.raises(sa.exc.IntegrityError):
        lease.write(Batch(rows(4, 7), state=(7, None)))
    assert store.points(id).step.tolist() == [1, 2, 3]
    assert lease.state() == b"three"


def test_a_ticket_works_once(store: Store) -> None:
    store.create(tiny(), OWNER)
    ticket = claim(store.database, 60)
    Lease.take(store.database, ticket, 60)
    with pytest.raises(LostLease):
        Lease.take(store.database, ticket, 60)
    assert claim(store.database, 60) is None


def test_two_engines_never_get_the_same_run(store: Store) -> None:
    ids = {store.create(tiny(), OWNER).id for _ in range(12)}
    with ThreadPoolExecutor(4) as pool:
        tickets = [ticket for ticket in pool.map(lambda _: claim(store.database, 60), range(20)) if ticket]
    assert sorted(ticket.id for ticket in tickets) == sorted(ids)


def test_a_class_takes_turns(store: Store) -> None:
    first = [store.create(tiny(), OWNER).id for _ in range(3)]
    second = [store.create(tiny(), OTHER).id for _ in range(2)]
    assert [store.place(id) for id in (*first, *second)] == [1, 3, 5, 2, 4]
    order = [claim(store.database, 60).id for _ in range(5)]
    assert order == [first[0], second[0], first[1], second[1], first[2]]
    assert {run.place for run in store.list()} == {0}


WORDS = [
    # said to a run in the queue:     state and control afterwards
    (("pause",), "paused", "pause"),
    (("pause", "run"), "queued", "run"),
    (("pause", "step"), "queued", "step"),
    (("stop",), "stopped", "stop"),
    (("stop", "run"), "stopped", "stop"),
    (("pause", "stop", "step"), "stopped", "stop"),
]


@pytest.mark.parametrize(("said", "state", "control"), WORDS)
def test_words_to_a_run_without_a_worker(
    store: Store, said: tuple[str, ...], state: str, control: str
) -> None:
    id = store.create(tiny(), OWNER).id
    for word in said:
        run = store.command(id, OWNER, word)
    assert (run.state, run.control) == (state, control)
    assert bool(run.ended) == bool(run.finished) == (state == "stopped")


def test_a_worker_hears_every_word(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    for word, expected in (
        ("pause", ("pause", 0)),
        ("step", ("step", 1)),
        ("step", ("step", 2)),
        ("run", ("run", 0)),
    ):
        assert store.command(id, OWNER, word).state == "running"
        assert lease.look() == expected
    lease.close()


def test_single_steps_are_counted(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    for _ in range(3):
        store.command(id, OWNER, "step")
    for left in (("step", 2), ("step", 1), ("pause", 0)):
        lease.stepped()
        assert lease.look() == left
    lease.close()


def test_two_windows_that_contradict_each_other(store: Store) -> None:
    """The last word counts; whatever the order, the run is in one of the states that was asked for."""
    id = store.create(tiny(), OWNER).id
    start = threading.Barrier(2)

    def press(word: str) -> None:
        start.wait()
        for _ in range(25):
            store.command(id, OWNER, word)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(press, ("run", "pause")))
    run = store.get(id)
    assert (run.state, run.control) in (("queued", "run"), ("paused", "pause"))
    assert store.command(id, OWNER, "run").state == "queued"


@pytest.mark.parametrize("act", ["command", "rename", "annotate", "delete"])
def test_only_its_owner_commands_a_run(store: Store, act: str) -> None:
    id = store.create(tiny(), OWNER).id
    doing = {
        "command": lambda who: store.command(id, who, "stop"),
        "rename": lambda who: store.rename(id, who, "mine"),
        "annotate": lambda who: store.annotate(id, who, "mine"),
        "delete": lambda who: store.delete(id, who),
    }[act]
    with pytest.raises(NotYours, match="another browser"):
        doing(OTHER)
    assert store.get(id).state == "queued"
    doing(OWNER)


def test_what_is_not_there_is_said(store: Store) -> None:
    lookers = (
        store.get, store.points, store.checkpoints, store.steps, store.place, store.model,
        lambda id: store.weights(id, 1), lambda id: store.maps(id, 1), lambda id: store.command(id, OWNER, "run"),
        lambda id: store.delete(id, OWNER),
    )  # fmt: skip
    for look in lookers:
        with pytest.raises(NoSuchRun, match="deleted"):
            look("0" * 24)
    id = store.create(tiny(), OWNER).id
    with pytest.raises(RunError, match="not begun"):
        store.model(id)
    with pytest.raises(RunError, match="'faster' is no command"):
        store.command(id, OWNER, "faster")
    weights(store, taken(store), 5)
    with pytest.raises(RunError, match="keeps no weights of step 4; it keeps those of 5"):
        store.weights(id, 4)


def test_a_deleted_run_leaves_nothing(store: Store) -> None:
    text = "one two three four"
    spec = tiny(corpus="own", text=fingerprint(text))
    twice = [store.create(spec, OWNER, text=text).id for _ in range(2)]
    lease = taken(store)
    weights(store, lease, 3)
    lease.write(Batch(rows(1, 3), state=(3, b"state")))
    store.delete(twice[0], OWNER)
    assert store.text(spec.text) == text  # the other run still needs it
    for act in (
        lease.beat,
        lease.look,
        lambda: lease.write(Batch(rows(4, 5))),
        lambda: lease.end("done", "", 5),
    ):
        with pytest.raises(LostLease):
            act()
    store.delete(twice[1], OWNER)
    with pytest.raises(RunError, match="paste it again"):
        store.text(spec.text)
    tables = [table for table in runs.metadata.sorted_tables if table is not version]
    with store.database.reading() as connection:
        assert [
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() for table in tables
        ] == [0] * len(tables)


def test_a_fork_keeps_what_it_began_from(store: Store) -> None:
    parent = store.create(tiny(), OWNER).id
    weights(store, taken(store), 20)
    with pytest.raises(RunError, match="no weights of step 21"):
        store.create(tiny(parent=f"{parent}@21"), OTHER)
    with pytest.raises(RunError, match="RUN@STEP"):
        store.create(tiny(parent=parent), OTHER)
    with pytest.raises(NoSuchRun):
        store.create(tiny(parent="0@1"), OTHER)
    fork = store.create(tiny(parent=f"{parent}@20"), OTHER)
    store.delete(parent, OWNER)
    assert fork.parent == f"{parent}@20"
    assert taken(store).start() == (b"weights", "{}", '{"n_layers": 1}')


def test_checkpoints_and_maps(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    patterns = {
        "blocks.1.attn.hook_pattern": np.eye(3)[None],
        "blocks.0.attn.hook_pattern": np.ones((2, 3, 3)),
    }
    maps = Maps(("a", " b", "ü"), {name: values.astype(np.float32) for name, values in patterns.items()})
    lease.write(
        Batch(moments=[Moment(0, None, "", {}, b"0"), Moment(9, 2.5, "so", {"loss": [1]}, b"9", maps)])
    )
    first, last = store.checkpoints(id)
    assert (first.step, first.held_out, first.sample, first.health, first.kept) == (0, None, "", {}, True)
    assert (last.step, last.held_out, last.sample, last.health) == (9, 2.5, "so", {"loss": [1]})
    assert store.steps(id) == [0, 9]
    assert store.weights(id, 9) == b"9"
    assert store.maps(id, 0) is None
    found = store.maps(id, 9)
    assert found.tokens == maps.tokens
    assert list(found.patterns) == list(patterns)  # in the model's order
    assert all(np.array_equal(found.patterns[name], maps.patterns[name]) for name in patterns)


def test_a_lost_run_goes_where_it_was_told(store: Store) -> None:
    ids = {word: store.create(tiny(), OWNER).id for word in ("run", "step", "pause", "stop")}
    tickets = [claim(store.database, 60) for _ in ids]
    for word, id in ids.items():
        store.command(id, OWNER, word)
    assert requeue(store.database) == 0
    for ticket in tickets:
        drop(store.database, ticket)
    assert requeue(store.database) == 4
    assert {word: store.get(id).state for word, id in ids.items()} == {
        "run": "queued", "step": "queued", "pause": "paused", "stop": "stopped",
    }  # fmt: skip


@dataclass
class Clocks:
    """The database's clock, which somebody sets, and one that nobody sets."""

    store: Store
    steady: float = 0.0

    def __post_init__(self) -> None:
        self.right = self.store.database.now

    def put(self, seconds: float) -> None:
        """Set the database's clock this far before or after the right time."""
        self.store.database.now = self.right + seconds

    def watch(self) -> Watch:
        return Watch(self.store.database, 60, lambda: self.steady)


@pytest.mark.parametrize("jump", [3600.0, 86_400.0])
def test_a_clock_that_is_put_forward_takes_no_run_from_its_worker(store: Store, jump: float) -> None:
    id = store.create(tiny(), OWNER).id
    lease, clocks = taken(store), Clocks(store)
    watch = clocks.watch()
    assert watch.requeue() == 0
    clocks.put(jump)  # every lease seems to have expired
    assert watch.requeue() == 0 and store.get(id).state == "running"
    clocks.steady += 15
    lease.beat()
    for _ in range(8):
        clocks.steady += 15
        assert watch.requeue() == 0
    lease.write(Batch(rows(1, 3)))
    assert store.get(id).step == 3
    clocks.put(2 * jump)
    assert watch.requeue() == 0
    clocks.steady += 31  # nothing was heard of it for longer than two signs of life take
    assert watch.requeue() == 1 and store.get(id).state == "queued"
    with pytest.raises(LostLease):
        lease.beat()


def test_a_clock_that_is_put_back_keeps_no_lost_run(store: Store) -> None:
    clocks, watch = Clocks(store), Clocks(store).watch()
    clocks.put(3600.0)
    lost, alive = store.create(tiny(), OWNER).id, store.create(tiny(), "2" * 32).id
    taken(store)
    lease = taken(store)
    clocks.put(0.0)  # both leases last for another hour
    watch.clock = lambda: clocks.steady
    assert watch.requeue() == 0
    lease.beat()
    clocks.steady += 31
    assert watch.requeue() == 1
    assert (store.get(lost).state, store.get(alive).state) == ("queued", "running")
    lease.beat()


def test_a_worker_that_is_known_to_be_lost_is_not_waited_for(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    ticket = claim(store.database, 60)
    watch = Clocks(store).watch()
    assert watch.requeue() == 0
    drop(store.database, ticket)
    assert watch.requeue() == 1 and store.get(id).state == "queued"


def test_a_run_that_kills_its_workers_is_given_up(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    for _ in range(MOST_ATTEMPTS):
        assert store.get(id).state == "queued"
        drop(store.database, claim(store.database, 60))
        requeue(store.database)
    assert store.get(id).state == "failed"
    assert "more memory" in store.get(id).ended


def test_progress_gives_a_run_new_attempts(store: Store) -> None:
    store.create(tiny(), OWNER)
    for step in range(1, MOST_ATTEMPTS + 3):
        ticket = claim(store.database, 60)
        Lease.take(store.database, ticket, 60).write(Batch(rows(1, step), state=(step, b"")))
        drop(store.database, ticket)
        assert requeue(store.database) == 1


def test_runs_are_kept_for_so_many_days_after_their_end(store: Store) -> None:
    text = "The fox saw a grape.\n\n" * 40
    old, new, waits = (
        store.create(tiny(corpus="own", text=fingerprint(text)), owner, text=text).id
        for owner in (OWNER, OTHER, OWNER)
    )
    with store.database.writing() as connection:
        for id, ago in ((old, 31), (new, 29)):
            ended = {"state": "done", "finished": store.database.now - 86_400 * ago}
            connection.execute(runs.update().where(runs.c.id == id).values(**ended))
    assert kept(store.database, OWNER) == Kept(2, 1, 0)
    assert delete_old(store.database, 30) == 1 and delete_old(store.database, 30) == 0
    assert {run.id for run in store.list()} == {new, waits}
    assert store.text(fingerprint(text)) == text, "another run reads it"
    assert delete_old(store.database, 28) == 1
    assert [run.id for run in store.list()] == [waits], "what has not ended is never too old"


@pytest.mark.parametrize("written", ["0", "-1", "forever"])
def test_days_that_are_no_number_are_refused(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, written)
    with pytest.raises(ValueError, match=VARIABLE):
        days()


def test_an_end_drops_what_a_lost_worker_left_behind(store: Store) -> None:
    id = store.create(tiny(), OWNER).id
    lease = taken(store)
    lease.write(Batch(rows(1, 9), state=(9, b"9")))
    lease.end("stopped", "Stopped at step 6.", 6)
    run = store.get(id)
    assert (run.state, run.ended, run.step, run.over) == ("stopped", "Stopped at step 6.", 6, True)
    assert store.points(id).step.tolist() == [1, 2, 3, 4, 5, 6]
    assert lease.state() is None
    assert run.started <= run.finished


def test_limits_of_an_owner_and_of_all(store: Store) -> None:
    limits = Limits(active=2, waiting=3)
    for owner in (OWNER, OWNER, OTHER):
        limits.check_counts(*store.counts(owner))
        store.create(tiny(), owner)
    with pytest.raises(LimitExceeded, match="you have 2 runs"):
        limits.check_counts(*store.counts(OWNER))
    with pytest.raises(LimitExceeded, match="3 runs wait already"):
        limits.check_counts(*store.counts(OTHER))
    store.command(store.list(owner=OWNER)[0].id, OWNER, "stop")
    limits.check_counts(*store.counts(OWNER))


def test_another_version_is_refused(store: Store) -> None:
    with store.database.writing() as connection:
        connection.execute(version.update().values(version=99))
    with pytest.raises(SchemaError, match=f"newer version .*its schema is 99, ours is {VERSION}"):
        Store(store.url)


def test_the_tables_are_made_once(store: Store) -> None:
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: Store(store.url), range(4)))
    store.create(tiny(), OWNER)
    assert [len(each.list()) for each in stores] == [1] * 4
    for each in stores:
        each.close()


def test_shares_of_the_queue_and_of_the_store(store: Store) -> None:
    engine = Engine(store, workers=0, limits=Limits(address=2))
    ids = [engine.submit(tiny(), owner, address="one").id for owner in (OWNER, OTHER)]
    with pytest.raises(LimitExceeded, match="from your network"):
        engine.submit(tiny(), "c" * 32, address="one")
    ids.append(engine.submit(tiny(), "c" * 32, address="another").id)
    assert store.counts(OWNER, "one") == (1, 3, 2)
    assert [store.place(id) for id in ids] == [1, 3, 2]
    for size in (10, 5000, 20):
        lease = taken(store)
        lease.write(
            Batch(rows(1, 9), [Moment(step, None, "", {}, bytes(size)) for step in (0, 5, 9)], (9, b"9"))
        )
        if size == 5000:
            lease.end("done", "", 9)
    assert relieve(store.database, ids[0])
    assert [store.steps(id) for id in ids] == [[0, 5, 9], [0, 5, 9], [9]]
    assert relieve(store.database, ids[0])
    assert [store.get(id).state for id in ids] == ["running", "stopped", "done"], (
        "what is left of the largest stays"
    )


def test_an_owner_from_before_signatures_is_taken_over_once(place: str) -> None:
    earlier.put("runs", place)
    again, new = Store(place), "c" * 32
    again.create(tiny(), new)
    assert [again.take_over(owner, 60) for owner in (OWNER, OWNER, new)] == [True, True, False]
    with again.database.writing() as connection:
        connection.execute(unsigned.update().values(until=1.0))
    assert not again.take_over(OWNER, 60)
    again.close()
