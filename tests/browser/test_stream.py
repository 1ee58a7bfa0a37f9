"""The stream of a run in a real browser: every point once, through a reload, a server's restart, and a deleted run."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.runs import Run, Store
from core.training.spec import TrainSpec
from tests.browser import driver
from tests.pages.conftest import SMALL
from tests.ports import free_port
from tests.waiting import PATIENCE

pytestmark = pytest.mark.full(
    reason="runs followed from several tabs; test_lab.py trains one in the quick tier"
)

OWNER = "7" * 32

# Listens to a run as a page does, and keeps what it heard.
LISTEN = """(id) => {
  const heard = window.heard = {steps: [], loss: [], checkpoints: [], states: [], names: [], opened: 0};
  const floats = (column) => {
    const bytes = Uint8Array.from(atob(column.b64), (c) => c.charCodeAt(0)).buffer;
    return [...(column.dtype === 'i32' ? new Int32Array(bytes) : new Float32Array(bytes))];
  };
  const source = window.source = new EventSource(new URL(`runs/${id}/events`, document.baseURI));
  source.onopen = () => heard.opened++;
  for (const name of ['state', 'points', 'checkpoint', 'away', 'end', 'gone']) {
    source.addEventListener(name, (event) => {
      const data = JSON.parse(event.data);
      heard.names.push(name);
      if (name === 'state') heard.states.push(data.state);
      if (name === 'checkpoint') heard.checkpoints.push(data.step);
      if (name === 'points') {
        heard.steps.push(...floats(data.cols.step));
        heard.loss.push(...floats(data.cols.loss));
      }
      if (name === 'end' || name === 'gone') source.close();
    });
  }
}"""


@pytest.fixture(scope="module")
def server(training_server: driver.Server) -> driver.Server:
    """A server with workers."""
    return training_server


def begun(store: Store, **spec: Any) -> Run:
    """A run that the server's workers train from now on."""
    return store.create(TrainSpec(**(SMALL | spec)), OWNER, name="Watched")


def heard(page: Page, holds: Callable[[dict[str, Any]], bool], seconds: float = 120) -> dict[str, Any]:
    """What the page has heard, as soon as it satisfies `holds`."""
    deadline = time.monotonic() + seconds
    while True:
        now: dict[str, Any] = page.evaluate("window.heard")
        if holds(now):
            return now
        assert time.monotonic() < deadline, now
        page.wait_for_timeout(50)


def agrees(now: dict[str, Any], store: Store, run: Run) -> None:
    """What was heard is the stored curve, every point once and in order."""
    points = store.points(run.id)
    assert now["steps"] == points.step.tolist()
    assert now["loss"] == pytest.approx(points.loss.tolist(), rel=1e-6)


def family(parent: int) -> list[int]:
    """The processes that a process has started, and those that they have."""
    answer = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True)
    pairs = [tuple(map(int, line.split())) for line in answer.stdout.splitlines()]
    found = [parent]
    for ancestor in found:
        found += [pid for pid, above in pairs if above == ancestor]
    return [pid for pid in found[1:] if is_alive(pid)]


def is_alive(pid: int) -> bool:
    """Whether a process still runs; a zombie, which only waits to be counted, does not."""
    answer = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True)
    return bool(answer.stdout.strip()) and not answer.stdout.strip().startswith("Z")


def test_a_browser_hears_every_point_once_and_the_end(page: Page, server: driver.Server) -> None:
    driver.open_page(page, "home")
    with closing(server.store()) as store:
        run = begun(store, steps=40)
        page.evaluate(LISTEN, run.id)
        now = heard(page, lambda now: "end" in now["names"])
        agrees(now, store, run)
        assert now["states"][-1] == "done" and len(now["steps"]) == 40
        assert now["checkpoints"] == [made.step for made in store.checkpoints(run.id)]
        page.reload()
        driver.wait_until_drawn(page)
        page.evaluate(LISTEN, run.id)
        agrees(heard(page, lambda now: "end" in now["names"]), store, run)


def test_a_second_person_sees_the_same_curve_in_the_middle_of_training(
    page: Page, browser: Browser, server: driver.Server
) -> None:
    driver.open_page(page, "home")
    with closing(server.store()) as store:
        run = begun(store, steps=100_000)
        page.evaluate(LISTEN, run.id)
        heard(page, lambda now: len(now["steps"]) > 20)
        other = driver.new_context(browser, server).new_page()
        driver.open_page(other, "home")
        other.evaluate(LISTEN, run.id)
        store.command(run.id, OWNER, "pause")
        for tab in (page, other):
            heard(tab, lambda now: now["states"][-1:] == ["paused"])
        first, second = (
            heard(tab, lambda now: len(now["steps"]) == len(store.points(run.id))) for tab in (page, other)
        )
        agrees(first, store, run)
        assert (first["steps"], first["loss"]) == (second["steps"], second["loss"])
        other.context.close()
        store.delete(run.id, OWNER)
        assert heard(page, lambda now: "gone" in now["names"])["names"][-1] == "gone"


def test_a_run_that_is_not_there_leaves_the_console_clean(page: Page) -> None:
    driver.open_page(page, "home")
    page.evaluate(LISTEN, "nobody")
    assert heard(page, lambda now: "gone" in now["names"])["names"] == ["gone"]


def test_after_a_restart_of_the_server_the_curve_goes_on_without_gap_or_double(
    browser: Browser, tmp_path: Path
) -> None:
    port = free_port()
    with driver.serving(tmp_path, port=port, workers=1) as server, closing(server.store()) as store:
        context = driver.new_context(browser, server)
        page = context.new_page()
        driver.open_page(page, "home")
        run = begun(store, steps=100_000)
        page.evaluate(LISTEN, run.id)
        before = heard(page, lambda now: len(now["steps"]) > 10)
        children = family(server.process.pid)
        assert len(children) >= 2, "its workers"
    assert server.process.returncode != -signal.SIGKILL, "an open stream holds no server up"
    deadline = time.monotonic() + PATIENCE
    while alive := [child for child in children if is_alive(child)]:
        assert time.monotonic() < deadline, f"outlived the server: {alive}"
        time.sleep(0.1)
    with driver.serving(tmp_path, port=port, workers=1) as server, closing(server.store()) as store:
        # The browser has reconnected by itself, and hears more than it knew: steps went on while the server ended, too.
        heard(page, lambda now: now["opened"] >= 2 and len(now["steps"]) > len(before["steps"]) + 20)
        store.command(run.id, OWNER, "stop")
        now = heard(page, lambda now: "end" in now["names"])
        agrees(now, store, run)
        assert now["steps"] == list(range(1, len(now["steps"]) + 1))
        context.close()
