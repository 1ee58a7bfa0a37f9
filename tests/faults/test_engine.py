"""The engine with real workers: a class that presses Start at once, limits, how soon, how large, and who is left."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from core.runs import Engine, LimitExceeded, Limits, RunError, Store
from tests.faults.runs import finished, gone, is_worker, same_curve, small
from tests.runs import OTHER, OWNER, tiny
from tests.waiting import until

LONG = 20_000


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """An engine with two warm workers; afterwards nothing of it is left."""
    before = set(psutil.Process().children(recursive=True))
    store = Store(f"sqlite:///{tmp_path_factory.mktemp('engine') / 'runs.sqlite'}")
    engine = Engine(store, workers=2)
    engine.start(timeout=200)
    yield engine
    mine = [
        child
        for child in psutil.Process().children(recursive=True)
        if child not in before
        and "resource_tracker" not in " ".join(child.cmdline())  # that one is everybody's
    ]
    engine.close()
    gone(mine)
    store.close()


@pytest.fixture
def engine(warm: Engine) -> Iterator[Engine]:
    """The engine with nothing to do."""
    yield warm
    for run in warm.store.list(limit=1000):
        warm.store.delete(run.id, run.owner)
    until(lambda: not warm.busy, "free workers")


@pytest.mark.full(reason="starts processes and waits for them, 24 s")
def test_thirty_press_start_at_once(engine: Engine) -> None:
    """Two train, the others wait and see their place; everybody's curve is whole in the end."""
    with ThreadPoolExecutor(30) as pool:
        runs = list(pool.map(lambda n: engine.submit(tiny(40), f"{n:032}"), range(30)))
    now = engine.store.list(limit=100)
    assert len({run.id for run in now} & {run.id for run in runs}) == 30
    waiting = sorted(run.place for run in now if run.state == "queued")
    assert waiting == list(range(1, len(waiting) + 1))
    assert len(waiting) >= 20
    until(lambda: sum(run.state == "running" for run in engine.store.list()) == 2, "two that train")
    at_once = 0
    while not all(run.over for run in now):
        now = engine.store.list(limit=100)
        at_once = max(at_once, sum(run.state == "running" for run in now))
        time.sleep(0.05)
    assert at_once == 2
    for run in runs:
        same_curve(engine.store, run.id)


@pytest.mark.full(reason="starts processes and waits for them, 2 s")
def test_a_worker_keeps_less_than_450_mb_of_its_own(engine: Engine) -> None:
    """What would be free again without it. Its resident set also counts the libraries' files, once in each process,
    and as much of them as the system happens to hold: between 680 and 770 MB for one and the same worker."""
    for run in [engine.submit(small(300, seed=seed), OWNER) for seed in (0, 1)]:
        finished(engine.store, run.id)
    workers = [p for p in psutil.Process().children(recursive=True) if is_worker(p)]
    sizes = [worker.memory_full_info().uss / 2**20 for worker in workers]
    assert len(sizes) == 2
    assert max(sizes) < 450, sizes


@pytest.mark.full(reason="takes 2 s")
def test_limits_are_looked_at_before_anything_starts(engine: Engine) -> None:
    one = Engine(engine.store, limits=Limits(active=1, steps=1000))
    one.submit(small(LONG // 20, seed=3), OWNER)
    with pytest.raises(LimitExceeded, match="you have 1 run"):
        one.submit(small(), OWNER)
    with pytest.raises(LimitExceeded, match="1,001 steps are more than the 1,000"):
        one.submit(small(1001), OTHER)
    assert len(engine.store.list()) == 1


@pytest.mark.full(reason="takes 4 s")
def test_a_paused_run_frees_its_worker_for_others(engine: Engine) -> None:
    paused = [engine.submit(small(LONG), owner) for owner in (OWNER, OTHER)]
    until(lambda: all(engine.store.get(run.id).step for run in paused), "two that train")
    third = engine.submit(small(100), OWNER)
    for run, owner in zip(paused, (OWNER, OTHER)):
        engine.store.command(run.id, owner, "pause")
    finished(engine.store, third.id)
    at = engine.store.get(paused[0].id)
    assert at.state == "paused"
    engine.store.command(at.id, OWNER, "run")
    engine.wake()
    until(lambda: engine.store.get(at.id).step > at.step, "the first to go on")


@pytest.mark.full(reason="starts processes and waits for them, 4 s")
def test_closing_puts_runs_back(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    engine = Engine(store, workers=1)
    engine.start(wait=False)
    assert (engine.starting, engine.ready) == (False, False)
    run = engine.submit(tiny(LONG), OWNER)
    assert (engine.starting, engine.ready) == (True, False)
    until(lambda: store.get(run.id).step > 0, "a point")
    assert (engine.starting, engine.ready) == (False, True)
    engine.close()
    assert store.get(run.id).state == "queued"
    assert (engine.starting, engine.ready) == (False, False)
    store.close()


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("tcp://10.1.2.3:8786", "only tls://"),
        ("tcp://example.org:8786", "only tls://"),
        ("tcp://127.0.0.1:8786", "every user of a machine"),
        ("tcp://localhost:8786", "only tls://"),
        ("tcp://[::1]:8786", "only tls://"),
        ("tls://10.1.2.3:8786", "SQLite file"),
        ("10.1.2.3:8786", "tls://HOST:PORT"),
        ("tls://10.1.2.3", "tls://HOST:PORT"),
    ],
)
def test_an_address_that_is_not_to_be_trusted(lite: Store, address: str, why: str) -> None:
    with pytest.raises(RunError, match=why):
        Engine(lite, scheduler=address)


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("address", ["tls://127.0.0.1:8786", "tls://localhost:8786", "tls://[::1]:8786"])
def test_a_scheduler_on_this_machine(lite: Store, address: str) -> None:
    assert Engine(lite, scheduler=address).scheduler == address
