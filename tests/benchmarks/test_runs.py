"""Training runs in the server: how soon the first point comes, what watching costs, what its processes weigh."""

from __future__ import annotations

import http.client
import os
import statistics
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser

from core.runs import Run, Store
from core.runs.worker import here
from core.training import Point, TrainSpec, recipes
from tests.benchmarks import pair
from tests.benchmarks.test_latency import CLOCK, waited
from tests.browser import driver
from tests.browser.test_stream import family
from tests.waiting import until

OWNER = "5" * 32
FIRST_MS, KEPT, WATCHERS, CORE_SHARE = 1000, 0.95, 30, 15
SERVER_MB, WORKER_MB, LATE = 900, 700, 2
PAIRS, STEPS = 10, 60

Report = Callable[[pair.Comparison | pair.Figure], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app with its two workers, warm."""
    with driver.serving(tmp_path_factory.mktemp("server"), workers=2) as running:
        with closing(
            running.store()
        ) as store:  # the first run of a server waits for its workers; no other does
            finished(store, begun(store, steps=2))
            finished(store, begun(store, steps=2))
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with driver.launched() as chromium:
        yield chromium


def begun(store: Store, steps: int = STEPS) -> Run:
    """A run of the lab's default recipe, handed to the workers."""
    return store.create(recipes.fast(corpus="tales", tokenizer="characters", steps=steps), OWNER)


def finished(store: Store, run: Run) -> Run:
    """The run at its end, which is a good one."""
    until(lambda: store.get(run.id).over, "the end of the run", moves=lambda: store.get(run.id).step)
    run = store.get(run.id)
    assert run.state == "done", run.ended
    return run


def test_the_first_point_after_the_click(server: driver.Server, browser: Browser, report: Report) -> None:
    times = []
    with closing(server.store()) as store:
        for _ in range(6):
            context = driver.new_context(browser, server, owner=OWNER)
            page = context.new_page()
            driver.open_page(page, "lab")
            before = driver.component_state(page, "lab")["runs"][0]["id"]
            holds = f"state.runs.length && state.runs[0].id !== '{before}' && state.runs[0].step >= 1"
            page.evaluate(CLOCK, ["lab", "click", holds])
            page.locator(".st-key-lab-go button").click()
            times.append(waited(page))
            run = store.list(owner=OWNER)[0]
            store.command(run.id, OWNER, "stop")
            until(lambda id=run.id: store.get(id).over, "its end")  # type: ignore[misc]
            context.close()
    figure = pair.Figure("from the click on Start to the first point drawn, workers warm", times, FIRST_MS)
    report(figure)
    assert figure.reached


def test_a_pause_is_answered_at_once(tmp_path: Path, report: Report) -> None:
    late = []
    with closing(Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")) as store:
        for number in range(10):
            asked = 20 + number
            last = [0]

            def watch(point: Point, asked: int = asked, last: list[int] = last) -> None:
                last[0] = point.step
                if point.step == asked:
                    run = store.list(owner=OWNER)[0]
                    store.command(run.id, OWNER, "pause")
                    # Long enough that a run which did not pause would have gone on.
                    threading.Timer(0.4, store.command, (run.id, OWNER, "stop")).start()

            spec = TrainSpec(corpus="fables", batch_tokens=128, context=16, steps=5_000, seed=number)
            run = here(store, spec, OWNER, watch=watch)
            assert run.state == "stopped"
            late.append(float(last[0] - asked))
    figure = pair.Figure("steps taken after the word to pause", late, LATE + 0.5, "steps")
    report(figure)
    assert max(late) <= LATE


@contextmanager
def resting(store: Store) -> Iterator[Run]:
    """A run that was paused at its beginning; resumed at the end of the block."""
    run = begun(store)
    store.command(run.id, OWNER, "pause")
    until(lambda: store.get(run.id).state == "paused", "the pause")
    yield run
    store.command(run.id, OWNER, "run")


def seconds_to_the_end(store: Store, run: Run) -> float:
    """From the word to go on to the end, a token."""
    began, tokens = time.time(), store.get(run.id).tokens
    ended = finished(store, run)
    assert ended.finished is not None
    return (ended.finished - began) / (ended.tokens - tokens)


def test_a_watched_run_is_as_fast(server: driver.Server, browser: Browser, report: Report) -> None:
    seconds: dict[str, list[float]] = {"watched": [], "unwatched": []}
    with closing(server.store()) as store:
        for number in range(PAIRS):
            for name in ("watched", "unwatched") if number % 2 else ("unwatched", "watched"):
                context = driver.new_context(browser, server, owner=OWNER)
                with resting(store) as run:
                    if name == "watched":
                        page = context.new_page()
                        driver.open_page(page, "lab", runs=run.id)
                        shown = driver.component_state(page, "lab")["runs"]
                        assert run.id in [each["id"] for each in shown]
                seconds[name].append(seconds_to_the_end(store, run))
                context.close()
    comparison = pair.Comparison(
        f"a run of {STEPS} steps with the lab open on it, a token",
        seconds,
        pair.versions(),
        None,
        {"unwatched": KEPT},
    )
    report(comparison)
    assert comparison.missed == {}


def processor_seconds(pid: int) -> float:
    """What a process has computed so far."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def listen(url: str, id: str, heard: list[int]) -> None:
    """Read a run's stream to its end, as a browser would."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=120)
    connection.request("GET", f"/runs/{id}/events")
    answer = connection.getresponse()
    heard.append(sum(line.startswith(b"event: points") for line in answer))
    connection.close()


def test_thirty_watchers(server: driver.Server, report: Report) -> None:
    shares: dict[int, list[float]] = {0: [], WATCHERS: []}
    with closing(server.store()) as store:
        for count in (0, WATCHERS) * 5:
            with resting(store) as run:
                heard: list[int] = []
                watchers = [
                    threading.Thread(target=listen, args=(server.url, run.id, heard)) for _ in range(count)
                ]
                for watcher in watchers:
                    watcher.start()
                time.sleep(0.5)
            before, began = processor_seconds(server.process.pid), time.monotonic()
            finished(store, run)
            spent = processor_seconds(server.process.pid) - before
            shares[count].append(100 * spent / (time.monotonic() - began))
            for watcher in watchers:
                watcher.join()
            assert len(heard) == count and min(heard, default=9) > 2
    more = [loud - quiet for quiet, loud in zip(shares[0], shares[WATCHERS])]
    figure = pair.Figure(
        f"the server's share of one core for {WATCHERS} watchers of a run", more, CORE_SHARE, "%"
    )
    report(figure)
    assert figure.reached


def resident(pid: int) -> float:
    """Resident megabytes of a process."""
    answer = subprocess.run(["ps", "-o", "rss=", "-p", str(pid)], capture_output=True, text=True, check=True)
    return int(answer.stdout) / 1000


def test_memory(server: driver.Server, browser: Browser, report: Report) -> None:
    highest: dict[str, float] = {"server": 0.0, "worker": 0.0}
    context = driver.new_context(browser, server, owner=OWNER)
    page = context.new_page()
    with closing(server.store()) as store:
        for _ in range(3):
            run = begun(store)
            driver.open_page(page, "lab", runs=run.id)
            while not store.get(run.id).over:
                highest["server"] = max(highest["server"], resident(server.process.pid))
                workers = [resident(pid) for pid in family(server.process.pid)]
                highest["worker"] = max(highest["worker"], *workers)
                time.sleep(0.2)
    context.close()
    figures = [
        pair.Figure("the server, the lab open on three runs", [highest["server"]], SERVER_MB, "MB"),
        pair.Figure(
            "the largest worker, during three runs of the fast recipe", [highest["worker"]], WORKER_MB, "MB"
        ),
    ]
    for figure in figures:
        report(figure)
    assert all(figure.reached for figure in figures)
    assert statistics.fmean(highest.values()) > 100  # they were there to be weighed
