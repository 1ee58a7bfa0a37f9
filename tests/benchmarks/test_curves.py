"""A live chart of 20,000 points: what the script needs for a frame while more points keep coming."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, Route

from app import theme
from app.kit import modules, pack
from app.kit.mounting import KIT
from tests.benchmarks import pair
from tests.browser import driver

POINTS, MORE, FRAME_MS = 20_000, 120, 6

Report = Callable[[pair.Figure], None]

# A picture that is one chart, and a stream that the test itself speaks through.
VIEW = """
import { curves } from "/app/kit/curves.js";
import { mount } from "/app/kit/glass.js";
window.EventSource = class {
  constructor() { this.heard = {}; window.streams = [...(window.streams ?? []), this]; }
  addEventListener(name, act) { this.heard[name] = act; }
  close() {}
};
const view = {
  init: () => ({}),
  draw(g, data, local) {
    g.height = 330;
    local.chart = curves(g, 'loss', {left: 0, top: 0, width: 600, height: 300}, data.spec);
  },
  key: () => false, describe: () => 'a chart', state: (data, local) => local.chart.summary(),
};
const parentElement = document.getElementById('root');
window.show = (data) => mount('chart', view)({data, parentElement, setTriggerValue() {}});
window.say = (stream, name, data) => window.streams[stream].heard[name]({data: JSON.stringify(data)});
"""
# Speaks a batch of points a frame, and tells how long each frame's drawing took.
TIMED = """async ([batches]) => {
  const node = document.querySelector('[data-curves=loss]'), times = [];
  for (const batch of batches) {
    const before = node.dataset.frames;
    window.say(0, 'points', {cols: batch});
    while (node.dataset.frames === before) await new Promise(requestAnimationFrame);
    times.push(Number(node.dataset.ms));
  }
  return [times, Number(node.dataset.count)];
}"""


PLACE = "http://pictures.test/"


def served(route: Route) -> None:
    """A page with the chart, and the modules that it imports."""
    path = route.request.url.removeprefix(PLACE)
    if path in modules.sources():
        route.fulfill(body=modules.sources()[path], content_type="text/javascript")
        return
    sheet = "\n".join(path.read_text(encoding="utf-8") for path in sorted(KIT.glob("*.css")))
    head = f"<!doctype html><style>{theme.css()}{sheet}</style>"
    route.fulfill(
        body=f"{head}<div id=root></div><script type=module>{VIEW}</script>", content_type="text/html"
    )


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with driver.launched() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A tab with the shared code of every picture and a chart of it."""
    tab = browser.new_page(viewport={"width": 1100, "height": 400})
    tab.route(f"{PLACE}**", served)
    tab.goto(PLACE)
    tab.wait_for_function("() => Boolean(window.say)")
    yield tab
    tab.close()


def columns(first: int, count: int, above: float = 0.0) -> dict[str, Any]:
    """Points of a curve as it falls, with the noise of batches."""
    steps = np.arange(first, first + count)
    noise = np.random.default_rng(first).normal(0, 0.06, count)
    loss = 1.9 + above + 2.3 * np.exp(-steps / 1500) + noise
    measured = np.where(steps % 400 == 0, loss, np.nan)
    named = {"step": steps, "loss": loss, "tokens": steps * 512, "seconds": steps / 25, "held_out": measured}
    return {name: pack(np.asarray(column, dtype=np.float32)) for name, column in named.items()}


@pytest.mark.parametrize("runs", [1, 2])
def test_a_frame_of_20_000_points(runs: int, page: Page, report: Report) -> None:
    listed = [{"id": str(n), "name": f"Run {n}", "live": True, "steps": POINTS + MORE} for n in range(runs)]
    page.evaluate("data => window.show(data)", {"spec": {"runs": listed, "guessing": {"value": 4.17}}})
    for n in range(runs):
        page.evaluate("([n, cols]) => window.say(n, 'points', {cols})", [n, columns(1, POINTS, 0.4 * n)])
    batches = [columns(POINTS + 1 + at, 1) for at in range(MORE)]
    times, count = page.evaluate(TIMED, [batches])
    assert count == runs * POINTS + MORE
    figure = pair.Figure(f"Live curve: a frame with {runs} × 20,000 points", times, FRAME_MS)
    report(figure)
    assert figure.reached
