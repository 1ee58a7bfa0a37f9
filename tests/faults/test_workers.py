"""Workers come when somebody wants them and leave when nobody does; forked or not, lost or not."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psutil
import pytest

from core.runs import Engine, Store
from core.runs.processes import Processes
from core.runs.queue import claim
from core.runs.serving import BEHIND
from tests.browser import driver
from tests.faults.runs import OWNER, ROOT, SETTINGS, finished, in_the_middle, is_worker, same_curve, small
from tests.runs import tiny
from tests.waiting import until


def workers(above: int | None = None) -> list[psutil.Process]:
    """The worker processes below a process (None: below this one)."""
    found = []
    for child in psutil.Process(above).children(recursive=True):
        try:
            if child.status() != psutil.STATUS_ZOMBIE and is_worker(child):
                found.append(child)
        except psutil.NoSuchProcess:
            continue
    return found


@contextmanager
def engine(store: Store, **settings: float) -> Iterator[Engine]:
    """An engine with at most two workers, started without anybody who wants one."""
    made = Engine(store, workers=2, **settings)  # type: ignore[arg-type]
    made.start(wait=False)
    try:
        yield made
    finally:
        made.close()
        until(
            lambda: not workers(), "their end"
        )  # a line that closed is a little before its process has gone


@pytest.mark.full(reason="starts processes and waits for them, 3 s")
def test_nobody_stands_until_somebody_is_expected(lite: Store) -> None:
    with engine(lite) as made:
        time.sleep(1)  # four looks at the queue
        assert not workers()
        assert (made.starting, made.ready) == (False, False)
        made.expect()
        assert (made.starting, made.ready) == (True, False)
        until(lambda: made.ready, "a worker")
        assert len(workers()) == 1, "one is enough for the next run"
        mine = psutil.Process().nice()
        worker = workers()[0]
        assert worker.nice() == min(19, mine + BEHIND), "pages are drawn before it trains"
        if hasattr(os, "sched_getscheduler"):
            assert os.sched_getscheduler(worker.pid) == os.SCHED_BATCH


@pytest.mark.full(reason="starts processes and waits for them, 3 s")
def test_a_run_brings_its_worker_and_a_second_run_a_second(lite: Store) -> None:
    with engine(lite) as made:
        runs = [made.submit(small(20_000), owner) for owner in ("one", "two", "three")]
        assert made.starting
        until(lambda: sum(lite.get(run.id).state == "running" for run in runs) == 2, "two that train")
        assert len(workers()) == 2, "no more than are allowed"
        for run in runs:
            lite.command(run.id, run.owner, "stop")
        for run in runs:
            finished(lite, run.id)


@pytest.mark.full(reason="takes 2 s")
def test_a_run_put_into_the_store_by_somebody_else_is_seen(lite: Store) -> None:
    with engine(lite):
        run = lite.create(small(), OWNER)
        finished(lite, run.id)
        same_curve(lite, run.id)


@pytest.mark.full(reason="takes 4 s")
def test_workers_leave_when_nobody_wants_them_and_come_back(lite: Store) -> None:
    with engine(lite, idle=1.0) as made:
        for seed in (1, 2):
            run = made.submit(small(seed=seed), OWNER)
            finished(lite, run.id)
            same_curve(lite, run.id)
            until(lambda: not made.ready and not workers(), "their leaving")
            assert not made.starting


@pytest.mark.full(reason="takes 5 s")
def test_a_run_longer_than_the_wait_keeps_its_worker(lite: Store) -> None:
    with engine(lite, idle=0.2) as made:
        run = made.submit(small(), OWNER)
        seen = set[int]()
        while not lite.get(run.id).over:
            seen |= {worker.pid for worker in workers()}
            time.sleep(0.05)
        assert lite.get(run.id).state == "done"
        assert len(seen) == 1


@pytest.mark.full(reason="takes 4 s")
def test_what_waited_when_the_server_ended_goes_on_without_a_visitor(lite: Store) -> None:
    run = lite.create(small(), OWNER)
    with engine(lite):
        finished(lite, run.id)
        same_curve(lite, run.id)


@pytest.mark.full(reason="starts processes and waits for them, 2 s")
def test_a_worker_that_is_killed_while_idle_is_replaced(lite: Store) -> None:
    with engine(lite) as made:
        made.expect()
        until(lambda: made.ready, "a worker")
        workers()[0].kill()
        run = made.submit(small(), OWNER)
        finished(lite, run.id)
        same_curve(lite, run.id)


@pytest.mark.full(reason="takes 3 s")
def test_a_worker_without_its_server_puts_its_run_back(lite: Store) -> None:
    crew = Processes(lite.url, 1, lambda: None)
    crew.grow(1)
    until(lambda: crew.warm, "a worker")
    run = lite.create(tiny(1_000_000, eval_every=100_000), OWNER)
    ticket = claim(lite.database, 10)
    assert ticket is not None and crew.free() == 1
    crew.send(ticket)
    assert crew.busy and crew.free() == 0
    until(lambda: lite.get(run.id).step > 0, "a point")
    crew.close(60)
    assert lite.get(run.id).state == "queued"
    until(lambda: not workers(), "its end")


FORKS = """
import sys
from core.runs import Engine, Store, fork_server
from core.runs.kinds import read_spec

assert fork_server.prepare() and fork_server.prepare(), "once is enough"
engine = Engine(Store())
engine.start(timeout=200)
print("ready", flush=True)
for line in sys.stdin:
    if line.strip() == "close":
        engine.close()
        print("closed", flush=True)
        continue
    if line.strip() == "open":
        engine = Engine(Store())
        engine.start(timeout=200)
        print("ready", flush=True)
        continue
    if line.strip() == "forget":
        fork_server.forget()
        print("forgotten", flush=True)
        continue
    print(engine.submit(read_spec(line), owner="test").id, flush=True)
engine.close()
fork_server.forget()
"""


def has_ended(process: psutil.Process) -> bool:
    """Whether nothing of a process runs any more; the system may still keep its number for its parent."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.full(reason="takes 6 s")
@pytest.mark.skipif(sys.platform != "linux", reason="only Linux forks")
def test_forked_workers_train_the_same_curves_and_share_their_memory(lite: Store) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", FORKS], env=os.environ | SETTINGS, cwd=ROOT,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdin is not None and child.stdout is not None

    def say(line: str) -> str:
        assert child.stdin is not None and child.stdout is not None
        child.stdin.write(line + "\n")
        child.stdin.flush()
        return child.stdout.readline().strip()

    with child:
        assert child.stdout.readline().strip() == "ready"
        id = say(small(800).to_json())
        in_the_middle(lite, id)
        (first,) = workers(child.pid)
        assert first.memory_full_info().uss < 250 * 2**20, "most of it is its server's, too"
        first.kill()
        finished(lite, id)
        same_curve(lite, id)
        (second,) = workers(child.pid)
        assert second.pid != first.pid
        id = say(small(20_000).to_json())
        until(lambda: lite.get(id).step > 0, "a point")
        assert say("close") == "closed"
        assert lite.get(id).state == "queued", "its worker stored where it was, and went"
        until(lambda: has_ended(second), "its end")
        reached = lite.get(id).step
        assert say("open") == "ready"
        until(lambda: lite.get(id).step > reached, "the run to go on")
        lite.command(id, OWNER, "stop")
        finished(lite, id)
        (second,) = workers(child.pid)
        assert say("forget") == "forgotten"
        second.kill()  # the next one is a Python of its own
        id = say(small(seed=4).to_json())
        finished(lite, id)
        same_curve(lite, id)
        child.stdin.close()
        assert child.wait(60) == 0


@pytest.mark.full(reason="starts processes and waits for them, 4 s")
def test_a_page_that_trains_brings_a_worker_and_another_page_does_not(tmp_path: Path) -> None:
    with (
        driver.serving(tmp_path, env=SETTINGS) as app,
        driver.launched() as browser,
        closing(app.store()) as store,
    ):
        tab = driver.new_context(browser, app).new_page()
        driver.open_page(tab, "attention")
        assert not workers(app.process.pid)
        driver.open_page(tab, "lab")
        until(lambda: workers(app.process.pid), "a worker")
        run = store.create(small(), OWNER)
        finished(store, run.id)
        same_curve(store, run.id)
