"""Memory of several server processes, each with the real model open: what they hold together, shared pages once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from app import models
from core import real
from tests import real as published
from tests.benchmarks import pair
from tests.benchmarks.visitor import visiting
from tests.servers import Crew, several_processes

MOST_MB = {1: 1200, 2: 1700, 4: 2700}  # together; each alone with a copy of the weights would take 1,100
LINK = f"model={models.REAL}&text=The+capital+of+France+is"


def together(crew: Crew) -> float:
    """Proportional megabytes of all server processes: what several share counts once."""
    return sum(each.memory_full_info().pss for each in crew.servers()) / 1e6


async def opened(crew: Crew, count: int) -> float:
    """Let a visitor open the model in each server process; the memory then. A new one comes where fewer are."""
    async with AsyncExitStack() as held:
        for _ in range(count):
            one = await held.enter_async_context(visiting(crew.url, LINK))
            await one.open("attention")
        assert count == 1 or all(crew.sockets(number) for number in range(count)), "a visitor at each"
        return together(crew)


@pytest.mark.parametrize("count", MOST_MB)
def test_processes_share_the_weights(
    count: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, report: Callable[[pair.Figure], None]
) -> None:
    published.here(monkeypatch)
    with several_processes(tmp_path, count, env={real.VARIABLE: str(published.FOLDER)}) as crew:
        assert len(crew.servers()) == count
        megabytes = asyncio.run(opened(crew, count))
    many = "one server process" if count == 1 else f"{count} server processes"
    figure = pair.Figure(f"{many}, {models.REAL} open in each", [megabytes], MOST_MB[count], "MB")
    report(figure)
    assert figure.reached
