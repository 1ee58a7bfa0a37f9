"""What a view costs the server, by page: processor time and messages, of one visitor alone."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from app import chapters
from tests.benchmarks.classroom import NOT_CHOSEN, SELECTIONS
from tests.benchmarks.pair import Views
from tests.benchmarks.visitor import Broken, View, Visitor, visiting
from tests.browser import driver
from tests.browser.driver import ROOT

ROUNDS = 5
SETTLES = 0.3  # seconds in which what a view began beside itself ends
Seen = dict[str, list[tuple[float, int]]]  # milliseconds of processor time and messages, by act


async def costs(process: psutil.Process, url: str, slug: str) -> Seen:
    """Open a page anew, type in it, choose and select, each several times."""
    seen: Seen = {}

    async def count(what: str, act: Coroutine[Any, Any, View]) -> None:
        before = sum(process.cpu_times()[:2])
        view = await act
        await asyncio.sleep(SETTLES)
        seen.setdefault(what, []).append((1000 * (sum(process.cpu_times()[:2]) - before), view.messages))

    async with visiting(url) as visitor:
        await visitor.open(slug)  # what the server makes once for everybody
    for _ in range(ROUNDS):
        async with visiting(url) as visitor:
            await asyncio.sleep(SETTLES)
            await count("opened", visitor.open(slug))
    async with visiting(url) as visitor:
        await visitor.open(slug)
        if "Your text" in visitor.labelled("text_area"):
            for turn in range(ROUNDS):
                text = f"Lily had {turn + 3} balls and {turn} kites in the {slug}. The"  # new to the server
                await count("a new text", visitor.write(text))
        for choose in _choices(visitor):
            await count("chosen", choose())
        for turn in range(ROUNDS if slug in SELECTIONS else 0):
            chosen = SELECTIONS[slug][turn % len(SELECTIONS[slug])]
            await count("selected", visitor.select(slug, chosen))
    return seen


def _choices(visitor: Visitor) -> list[Callable[[], Coroutine[Any, Any, View]]]:
    """Return what presses two buttons of the page's first row in turn."""
    rows = [row for row in visitor.labelled("button_group").values() if len(row.options) > 1]
    row = next((row for row in rows if row.label not in NOT_CHOSEN), None)
    if row is None:
        return []
    label, two = row.label, [option.content for option in row.options[:2]]
    return [partial(visitor.choose, label, two[turn % 2]) for turn in range(ROUNDS)]


@pytest.mark.timeout(3600)
def test_processor_time_of_a_view(
    tmp_path: Path, report: Callable[[Views], None], request: pytest.FixtureRequest
) -> None:
    slugs = [chapter.slug for section in chapters.shown().values() for chapter in section]
    roots = [ROOT, *filter(None, [request.config.getoption("--earlier")])]
    with ExitStack() as stack:
        servers = []
        for at, root in enumerate(roots):
            folder = tmp_path / str(at)
            folder.mkdir()
            serving = driver.serving(folder, root / "app" / "main.py", {"GLASSBOX_REAL": "none"}, root=root)
            servers.append(stack.enter_context(serving))
        found = {slug: [_costs(server, slug) for server in servers] for slug in slugs}
    medians = {
        chapters.BY_SLUG[slug].title: {
            what: (statistics.fmean(one[0] for one in each), statistics.median(one[1] for one in each))
            for what, each in seen.items()
        }
        for slug, (seen, *_) in found.items()
    }
    earlier = {
        chapters.BY_SLUG[slug].title: {
            what: statistics.fmean(one[0] for one in each) for what, each in seen.items()
        }
        for slug, (_, *others) in found.items()
        for seen in others
    }
    report(Views("processor time of the server for a view, and messages", medians, ROUNDS, earlier))
    assert all("opened" in one for one in medians.values())
    assert len(medians) == len(slugs)


def _costs(server: driver.Server, slug: str) -> Seen:
    """Count what a page costs a server; nothing where that knows no such page."""
    try:
        return asyncio.run(costs(psutil.Process(server.process.pid), server.url, slug))
    except Broken:
        return {}
