"""Corrections: an estimate is held against what this machine's runs took."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.efficiency.shrink_spec import ShrinkSpec
from core.runs import Engine, Store, corrections, kinds
from core.runs.corrections import corrected, factor, left, queue_seconds, remaining, whole
from core.runs.limits import Limits
from core.runs.records import LimitExceeded
from core.training import TrainSpec


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = Store(f"sqlite:///{tmp_path}/runs.sqlite")
    yield opened
    opened.close()


def spec(**changes: object) -> TrainSpec:
    return TrainSpec(corpus="fables", steps=200, **changes)  # type: ignore[arg-type]


def took(store: Store, asked: TrainSpec, times: float, step: int | None = None, state: str = "done") -> None:
    """A run in the store whose steps took `times` as long as foretold."""
    from core.runs.schema import runs

    run = store.create(asked, "somebody")
    done = asked.steps if step is None else step
    seconds = kinds.estimate(asked).learning * times * done / asked.steps
    with store.database.writing() as connection:
        row = runs.update().where(runs.c.id == run.id)
        connection.execute(row.values(state=state, step=done, seconds=seconds))


def test_nothing_is_corrected_where_nothing_ran(store: Store) -> None:
    assert factor(store, spec()) == 1.0
    cost = kinds.estimate(spec())
    assert corrected(store, spec(), cost) == cost


def test_runs_correct_those_of_their_kind(store: Store) -> None:
    took(store, spec(seed=1), 2.0)
    cost = kinds.estimate(spec())
    found = corrected(store, spec(), cost)
    assert found.seconds == pytest.approx(2 * cost.seconds) and found.learning == pytest.approx(
        2 * cost.learning
    )
    assert (found.bytes, found.parameters) == (cost.bytes, cost.parameters)
    assert factor(store, spec(changes={"n_layers": 5})) == pytest.approx(2.0)  # of another size, too
    assert factor(store, ShrinkSpec()) == 1.0  # of another kind, about which this one says nothing


@pytest.mark.parametrize(
    "other", [{"objective": "masked"}, {"optimizer": "adamw"}, {"precision": "bfloat16"}]
)
def test_runs_that_are_alike_count_more_than_others(store: Store, other: dict[str, str]) -> None:
    took(store, spec(), 4.0)
    assert factor(store, spec(**other)) == pytest.approx(4.0)  # nothing nearer is known: the machine is busy
    took(store, spec(**other), 1.0)
    assert 1.0 < factor(store, spec(**other)) < 1.5 < factor(store, spec()) < 4.0


def test_the_newest_count_most_also_of_those_that_go_on(store: Store) -> None:
    for _ in range(5):
        took(store, spec(), 5.0)
    assert factor(store, spec()) == pytest.approx(5.0)
    told = []
    for _ in range(3):  # the machine is quiet again
        took(store, spec(), 1.0)
        told.append(factor(store, spec()))
    assert told == sorted(told, reverse=True) and told[0] < 2.4 and told[-1] < 1.3
    took(store, spec(), 4.0, step=60, state="running")
    assert factor(store, spec()) > 1.8


def test_what_is_beside_the_steps_is_told(store: Store) -> None:
    assert corrections.beside(spec()) == pytest.approx(
        kinds.estimate(spec()).seconds / kinds.estimate(spec()).learning
    )
    assert corrections.beside(spec(eval_every=5)) > corrections.beside(spec()) > 1


def test_the_queue_takes_what_the_runs_before_need(store: Store) -> None:
    assert queue_seconds(store, workers=1) == 0.0
    took(store, spec(seed=1), 1.0, step=100, state="running")
    (running,) = store.list(active=True)
    now = remaining(store, running)
    assert now > 0 and queue_seconds(store, workers=1) == pytest.approx(now)
    assert queue_seconds(store, workers=2) == 0.0, "a worker is free"
    each = [remaining(store, store.create(spec(seed=seed), "somebody")) for seed in (2, 3)]
    assert queue_seconds(store, workers=1, place=1) == pytest.approx(now)
    assert queue_seconds(store, workers=1, place=2) == pytest.approx(now + each[0])
    assert queue_seconds(store, workers=1) == pytest.approx(now + sum(each))
    assert queue_seconds(store, workers=2, place=2) == pytest.approx(min(now, each[0]))
    took(store, spec(seed=4), 1.0)  # what has ended takes nothing
    assert queue_seconds(store, workers=4, place=3) == 0.0


def test_what_says_nothing_corrects_nothing(store: Store) -> None:
    took(store, spec(), 4.0, step=2, state="stopped")  # a beginning alone
    took(store, spec(), 2 * corrections.MOST)  # a clock that jumped
    took(store, spec(), corrections.LEAST / 2)
    store.create(spec(), "somebody")  # waits
    assert factor(store, spec()) == 1.0


def test_the_engine_says_and_refuses_by_what_runs_took(store: Store) -> None:
    engine = Engine(store, workers=0, limits=Limits(minutes=1))
    alone = kinds.estimate(spec())
    assert engine.estimate(spec()).seconds == alone.seconds
    longer = spec().replace(steps=round(200 * 40 / alone.seconds))  # 40 s or so by formula
    assert engine.estimate(longer).seconds < 60
    took(store, spec(seed=2), 3.0)
    assert engine.estimate(spec()).seconds == pytest.approx(3 * alone.seconds)
    with pytest.raises(LimitExceeded, match=r"about 1?[0-9][0-9] s.*allows 1 minute: choose fewer steps"):
        engine.estimate(longer)
    with pytest.raises(LimitExceeded):
        engine.submit(longer, "somebody")


def test_the_first_steps_alone_do_not_say_how_long_a_run_takes(store: Store) -> None:
    # A first step of 4 s, in a run of 124 that was foretold to take 9: its own pace would be eight minutes.
    assert left(1, 124, 4.0, 9.0) < 60
    assert left(0, 124, 0.0, 9.0) == 9.0 and left(124, 124, 9.0, 9.0) == 0.0
    assert left(40, 400, 8.0, 9.0) == pytest.approx(72.0), "a tenth is done: only its own pace counts"
    assert left(40, 400, 8.0, 9.0, longer=1.5) == pytest.approx(108.0)
    assert left(20, 400, 4.0, 40.0) == pytest.approx(0.95 * (0.5 * 80 + 0.5 * 40)), (
        "halfway to that, half of each"
    )
    assert left(1, 400, 0.2, 0.0) == pytest.approx(79.8), "nothing was foretold: its pace is all there is"
    assert whole(store, spec()) == pytest.approx(kinds.estimate(spec()).seconds)
