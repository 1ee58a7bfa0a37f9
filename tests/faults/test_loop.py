"""The training loop under everything that happens to it, short of a kill: words, deletion, no database, no room."""

from __future__ import annotations

import sqlite3
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch.testing import assert_close

from core.runs import Run, Store
from core.runs.loading import load
from core.runs.location import reserve
from core.runs.loop import Training
from core.runs.queue import requeue
from core.runs.worker import here
from core.training.spec import TrainSpec
from tests.faults.postgres import Postgres
from tests.faults.runs import same_curve
from tests.runs import OWNER, taken, tiny, trained
from tests.waiting import until

LONG = 100_000  # steps that nobody waits for
OTHER = "somebody else"


def begun(store: Store, id: str, step: int = 3) -> int:
    """Wait until some points are stored; the last one's step."""
    until(lambda: store.get(id).step >= step, f"step {step}")
    return store.get(id).step


def ended(store: Store, id: str) -> Run:
    until(lambda: store.get(id).over, "the end")
    return store.get(id)


@pytest.mark.full(reason="2 cases, 7 s together")
@pytest.mark.parametrize("spec", [tiny(), tiny(optimizer="adamw", changes={"n_layers": 1, "dropout": 0.1})])
def test_the_same_spec_gives_the_same_curve(lite: Store, spec: TrainSpec) -> None:
    first, second = here(lite, spec, OWNER), here(lite, spec, OWNER)
    for id in (first.id, second.id):
        same_curve(lite, id)
    other = here(lite, spec.replace(seed=1), OWNER)
    assert not np.array_equal(lite.points(other.id).loss, lite.points(first.id).loss)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
def test_what_a_whole_run_leaves(store: Store) -> None:
    run = here(store, tiny(eval_every=20, checkpoints=4), OWNER)
    assert (run.state, run.ended, run.step, run.place) == ("done", "All steps done.", 60, 0)
    assert run.created <= run.started <= run.finished
    points = store.points(run.id)
    assert points.step[~np.isnan(points.held_out)].tolist() == [20, 40, 60]
    checkpoints = store.checkpoints(run.id)
    assert [each.step for each in checkpoints] == store.steps(run.id)
    assert (checkpoints[0].step, checkpoints[-1].step, len(checkpoints)) == (0, 60, 4)
    assert checkpoints[-1].held_out == points.held_out[-1]
    assert all(each.sample.startswith("A") and len(each.sample) > 10 for each in checkpoints)
    assert checkpoints[0].sample != checkpoints[-1].sample
    assert all(len(each.health["gradient"]) == 1 for each in checkpoints)
    shapes = {values.shape for values in store.maps(run.id, 60).patterns.values()}
    assert shapes == {(1, len(store.maps(run.id, 60).tokens), len(store.maps(run.id, 60).tokens))}


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
def test_pause_step_run_stop(store: Store) -> None:
    id = store.create(tiny(LONG), OWNER).id
    with trained(store):
        at = begun(store, id)
        store.command(id, OWNER, "pause")
        until(lambda: store.get(id).state == "paused", "the pause")
        paused = store.get(id).step
        assert paused >= at
        assert paused in store.steps(id)  # what one pauses to look at
        for _ in range(3):
            store.command(id, OWNER, "step")
        until(lambda: store.get(id).step == paused + 3 and store.get(id).control == "pause", "three steps")
        time.sleep(0.3)
        assert store.get(id).step == paused + 3
        store.command(id, OWNER, "run")
        begun(store, id, paused + 10)
        assert store.get(id).state == "running"
        store.command(id, OWNER, "stop")
    run = store.get(id)
    assert (run.state, run.ended) == ("stopped", f"Stopped at step {run.step:,}.")
    assert store.points(id).step.tolist() == list(range(1, run.step + 1))
    assert store.steps(id)[-1] == run.step


@pytest.mark.parametrize("word", ["pause", "stop"])
def test_a_word_is_heard_within_two_steps(lite: Store, word: str) -> None:
    id = lite.create(tiny(LONG), OWNER).id
    taking: list[int] = []
    with trained(lite, watch=lambda point: taking.append(point.step)):
        begun(lite, id)
        lite.command(id, OWNER, word)
        said = taking[-1]
        until(lambda: lite.get(id).state in ("paused", "stopped"), "an answer")
        assert taking[-1] <= said + 2
        lite.command(id, OWNER, "stop")


@pytest.mark.full(reason="2 cases, 16 s together")
def test_a_paused_run_makes_way_and_goes_on_exactly(store: Store) -> None:
    spec = tiny(400)
    id = store.create(spec, OWNER).id
    with trained(store):
        begun(store, id)
        store.command(id, OWNER, "pause")
        until(lambda: store.get(id).state == "paused", "the pause")
        waiting = store.create(tiny(5), OWNER).id  # now somebody wants the worker
    with trained(store):
        assert ended(store, waiting).state == "done"
    assert store.get(id).state == "paused"
    assert store.command(id, OWNER, "run").state == "queued"
    with trained(store):
        pass
    same_curve(store, id)


@pytest.mark.full(reason="2 cases, 10 s together")
def test_a_worker_that_has_to_leave_puts_its_run_back(store: Store) -> None:
    id = store.create(tiny(400), OWNER).id
    leave = threading.Event()
    with trained(store, leaving=leave.is_set):
        begun(store, id)
        leave.set()
    assert store.get(id).state == "queued"
    with trained(store):
        pass
    same_curve(store, id)


def test_a_long_run_lets_a_shorter_one_of_another_owner_go_first(lite: Store) -> None:
    id = lite.create(tiny(1500), OWNER).id  # its end is far away when the shorter run comes
    worker = threading.Thread(target=Training(lite, taken(lite), slice=0.0).run)
    worker.start()
    begun(lite, id)
    own, longer = lite.create(tiny(5), OWNER).id, lite.create(tiny(15_000), OTHER).id
    step = begun(lite, id, lite.get(id).step + 20)
    assert lite.get(id).state == "running", "neither for its owner's own runs nor for longer ones"
    shorter = lite.create(tiny(5), OTHER).id
    until(lambda: lite.get(id).state == "queued", "the queue")
    worker.join(60)
    assert lite.get(id).step >= step
    places = {name: lite.get(run).place for name, run in [("id", id), ("shorter", shorter), ("own", own)]}
    assert places["id"] == max(places.values()), "behind those that waited"
    for run in (own, longer, shorter):
        lite.delete(run, lite.get(run).owner)
    with trained(lite):
        ended(lite, id)
    same_curve(lite, id)


def test_a_worker_that_was_taken_for_lost_lets_go(lite: Store) -> None:
    """Two workers on one run: the one whose lease was given away stops, and leaves no trace in the curve."""
    id = lite.create(tiny(400), OWNER).id
    lease = taken(lite)
    slow = threading.Thread(target=Training(lite, lease).run)
    slow.start()
    begun(lite, id, 20)
    with lite.database.writing() as connection:
        connection.exec_driver_sql("UPDATE glassbox_runs SET lease_until = 0")
    requeue(lite.database)
    with trained(lite):
        slow.join(120)
        assert not slow.is_alive()
    same_curve(lite, id)


def test_a_run_that_computes_for_too_long_is_ended_in_words(lite: Store) -> None:
    id = lite.create(tiny(LONG), OWNER).id
    with trained(lite, longest=0.0):
        run = ended(lite, id)
    assert (run.state, run.step) == ("stopped", 1)
    assert run.ended.startswith("Stopped at step 1: it has computed for") and "twice" in run.ended
    assert len(lite.points(id)) == 1 and lite.steps(id)[-1] == 1, "what it reached is kept"


def test_a_run_that_is_done_in_its_last_moment_is_done(lite: Store) -> None:
    id = lite.create(tiny(1), OWNER).id
    with trained(lite, longest=0.0):
        assert ended(lite, id).state == "done"


def test_deleted_while_running(store: Store) -> None:
    id = store.create(tiny(LONG), OWNER).id
    with trained(store):
        begun(store, id)
        store.delete(id, OWNER)
    assert store.list() == []


def test_a_diverging_run_keeps_its_curve(store: Store) -> None:
    run = here(store, tiny(LONG, optimizer="sgd", learning_rate=1e9), OWNER)
    assert run.state == "diverged"
    assert str(run.step + 1) in run.ended
    assert store.points(run.id).step.tolist() == list(range(1, run.step + 1))
    assert np.isfinite(store.points(run.id).loss).all()


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
def test_a_run_that_cannot_begin_says_why(store: Store) -> None:
    parent = here(store, tiny(5), OWNER)
    wide = {"n_layers": 1, "d_model": 24, "n_heads": 1, "d_head": 16, "d_mlp": 32}
    run = here(store, tiny(5, parent=f"{parent.id}@5", changes=wide), OWNER)
    assert run.state == "failed"
    assert "shape" in run.ended
    assert run.step == 0


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
def test_a_fork_goes_on_from_its_parent(store: Store) -> None:
    parent = here(store, tiny(120), OWNER)
    fork = here(store, tiny(10, parent=f"{parent.id}@120", learning_rate=0.001), OWNER)
    assert fork.state == "done"
    begins, ended = load(store, fork.id, 0).transformer, load(store, parent.id, 120).transformer
    assert_close(begins.state_dict(), ended.state_dict(), rtol=0, atol=0)
    assert store.points(fork.id).loss[0] < store.points(parent.id).loss[0] - 0.5


# Decay, a peak in the middle of a warm-up, short rows first; each optimizer with what it remembers.
CONTINUED: dict[str, dict[str, Any]] = {
    "muon, linear": {"optimizer": "muon", "stages": ((0.3, 6), (0.7, 8))},
    "adamw, cosine": {
        "optimizer": "adamw",
        "schedule": "cosine",
        "warmup": 15,
        "weight_decay": 0.1,
        "clip": 0.5,
    },
    "adam, constant": {"optimizer": "adam", "schedule": "constant", "stages": ((0.5, 6),)},
    "momentum, linear": {
        "optimizer": "momentum",
        "changes": {"n_layers": 1, "d_model": 16, "n_heads": 2, "dropout": 0.2},
    },
    "sgd, cosine": {"optimizer": "sgd", "schedule": "cosine"},
    "masked": {"objective": "masked", "precision": "bfloat16", "optimizer": "adamw"},
}


@pytest.mark.full(reason="6 cases, 6 s together", quick_cases=2)
@pytest.mark.parametrize("settings", CONTINUED.values(), ids=CONTINUED)
def test_an_unchanged_fork_is_its_parent_trained_on_to_the_last_bit(
    settings: dict[str, Any], lite: Store
) -> None:
    spec = tiny(40, eval_every=5, checkpoints=5, **settings)
    parent = here(lite, spec, OWNER)
    whole = lite.points(parent.id)
    at = lite.steps(parent.id)[2]
    assert 0 < at < 40
    fork = here(lite, spec.replace(parent=f"{parent.id}@{at}", first_step=at, steps=40 - at), OWNER)
    points = lite.points(fork.id)
    for name in ("loss", "learning_rate", "gradient_norm", "update_norm", "held_out"):
        assert np.array_equal(getattr(points, name), getattr(whole, name)[at:], equal_nan=True), name
    ends = [
        load(lite, run.id, step).transformer.state_dict() for run, step in ((parent, 40), (fork, 40 - at))
    ]
    assert_close(*ends, rtol=0, atol=0)
    # and a fork of the fork
    between = lite.steps(fork.id)[1]
    again = spec.replace(parent=f"{fork.id}@{between}", first_step=at + between, steps=40 - at - between)
    assert np.array_equal(lite.points(here(lite, again, OWNER).id).loss, whole.loss[at + between :])


# The lease is three seconds: after four somebody else may have taken the run.
@pytest.mark.full(reason="waits for ten seconds", quick_cases=1)
@pytest.mark.parametrize("seconds", [4, 10])
def test_a_database_that_is_away_for_some_seconds(seconds: int, big: Store, postgres: Postgres) -> None:
    id = big.create(tiny(LONG), OWNER).id
    with trained(big):
        at = begun(big, id)
        postgres.stop()
        time.sleep(seconds)
        postgres.start()
        begun(big, id, at + 100)
        big.command(id, OWNER, "stop")
    run = ended(big, id)
    assert run.state == "stopped"
    assert big.points(id).step.tolist() == list(range(1, run.step + 1))


@pytest.mark.full(reason="waits for ten seconds", quick_cases=1)
@pytest.mark.parametrize("seconds", [4, 10])
def test_a_database_that_is_locked_for_some_seconds(seconds: int, lite: Store) -> None:
    id = lite.create(tiny(LONG), OWNER).id
    with trained(lite):
        at = begun(lite, id)
        with sqlite3.connect(lite.database.engine.url.database, isolation_level=None) as other:
            other.execute("BEGIN EXCLUSIVE")
            time.sleep(seconds)  # ten are longer than SQLite itself waits
            other.execute("COMMIT")
        other.close()
        begun(lite, id, at + 100)
        lite.command(id, OWNER, "stop")
    run = ended(lite, id)
    assert run.state == "stopped"
    assert lite.points(id).step.tolist() == list(range(1, run.step + 1))


@pytest.mark.full(reason="starts processes and waits for them, 8 s")
def test_a_database_that_does_not_come_back(lite: Store) -> None:
    """The worker gives up, and the run goes on from its last state when somebody asks for it again."""
    id = lite.create(tiny(400), OWNER).id
    lease = taken(lite)
    worker = threading.Thread(target=Training(lite, lease, patience=0.3).run)
    with sqlite3.connect(lite.database.engine.url.database, isolation_level=None) as other:
        worker.start()
        begun(lite, id)
        other.execute("BEGIN EXCLUSIVE")
        worker.join(120)
        assert not worker.is_alive()
        other.execute("COMMIT")
    other.close()
    assert lite.get(id).state == "running"
    with lite.database.writing() as connection:
        connection.exec_driver_sql("UPDATE glassbox_runs SET lease_until = 0")
    requeue(lite.database)
    with trained(lite):
        pass
    same_curve(lite, id)


def test_a_full_disk_ends_a_run_and_keeps_its_curve(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_RUNS_MB", "2")
    store = Store(f"sqlite:///{tmp_path / 'small.sqlite'}")
    wide = {"n_layers": 2, "d_model": 64, "n_heads": 2}  # 0.4 MB a checkpoint
    run = here(store, tiny(400, changes=wide, checkpoints=40), OWNER)
    assert run.state == "failed"
    assert "disk" in run.ended
    assert run.step >= 1
    assert store.points(run.id).step.tolist() == list(range(1, run.step + 1))
    store.delete(run.id, OWNER)
    assert here(store, tiny(5), OWNER).state == "done"  # there is room again
    store.close()


def test_room_is_set_aside_for_last_words(lite: Store) -> None:
    kept = reserve(lite.database.engine.url)
    assert kept.stat().st_size == 2 * 2**20
    lite.database.make_room()
    assert not kept.exists()
    Store(lite.url).close()
    assert kept.stat().st_size == 2 * 2**20
