"""A class on one server, and on two behind one address: thirty who act every five seconds, a room, two trainings.

`--load-seconds` says how long each setting is measured (150 by default, after a warm-up).
"""

from __future__ import annotations

import asyncio
import os
import random
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager, closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from core.rooms import Asking, Rooms
from core.runs import Store
from tests import real
from tests.benchmarks.classroom import Act, Learner, Log, Meter, Phone, Screen, phones
from tests.benchmarks.pair import Acts, Figure
from tests.browser import driver
from tests.runs import tiny

LEARNERS, EVERY, TRAININGS = 30, 5.0, 2
WARM = 30.0  # seconds of the same class before anything counts
DRAWN_MS, VOTE_MS, LEAD_MS, ROOM_PERCENT = 800, 500, 1000, 10
TEACHER = "7" * 32
Report = Callable[[Acts | Figure], None]


@contextmanager
def trainings(store: Store, count: int = TRAININGS) -> Iterator[list[str]]:
    """Keep so many runs in training that do not end by themselves; return their ids."""
    spec = tiny(steps=10_000_000, eval_every=100_000, batch_tokens=2048, context=64)
    runs = [store.create(spec, TEACHER).id for _ in range(count)]
    try:
        deadline = time.monotonic() + 120
        while any(store.get(id).state != "running" for id in runs):
            assert time.monotonic() < deadline, "the workers did not begin"
            time.sleep(0.2)
        yield runs
    finally:
        for id in runs:
            store.command(id, TEACHER, "stop")


@asynccontextmanager
async def learning(url: str, log: Log, runs: list[str], count: int = LEARNERS, query: str = "") -> AsyncIterator[None]:
    """Keep so many learners acting."""
    over = asyncio.Event()
    learners = [Learner(number, url, log, EVERY, runs, query) for number in range(count)]
    tasks = [asyncio.create_task(learner.learn(over.is_set)) for learner in learners]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*tasks)


async def voting(rooms: Rooms, room: str, joined: list[Phone], counter: Screen, log: Log, until: float) -> None:
    """Ask question after question, on which every phone votes within ten seconds, and note when the counter shows it."""
    chance = random.Random(7)
    n = 0
    while time.monotonic() < until:
        n += 1
        asked = Asking("Which comes next?", ("ball", "hat", "key"))
        await asyncio.to_thread(rooms.ask, room, TEACHER, asked)
        begun: list[float] = []

        async def vote(phone: Phone, n: int = n, begun: list[float] = begun) -> None:
            await asyncio.sleep(chance.uniform(1, 10))
            begun.append(time.monotonic())
            try:
                log.acts.append(Act("vote", "room", begun[-1], await phone.vote(n, chance.randrange(3))))
            except Exception as why:
                log.failures.append(f"vote: {type(why).__name__}: {str(why)[:200]}")

        await asyncio.gather(*(vote(phone) for phone in joined))
        await asyncio.sleep(1.5)
        for count, at in enumerate(sorted(begun), 1):
            seen = counter.when(lambda state, count=count, n=n: state.get("n") == n and state["answered"] >= count)
            if seen is None:
                log.failures.append(f"the counter never showed {count} votes of question {n}")
            else:
                log.acts.append(Act("counter", "room", at, seen - at))
        await asyncio.to_thread(rooms.close, room, TEACHER, 0)
        await asyncio.to_thread(rooms.leave_question, room, TEACHER)


async def leading(rooms: Rooms, room: str, joined: list[Phone], log: Log, until: float) -> None:
    """Lead the room to another view every few seconds, and note when each phone heard of it."""
    turn = 0
    while time.monotonic() < until:
        turn += 1
        link = f"/attention?head={turn % 2}&row={turn % 5}"
        began = time.monotonic()
        await asyncio.to_thread(rooms.lead, room, TEACHER, link)
        await asyncio.sleep(7)
        for phone in joined:
            seen = phone.when(lambda state: state["lead"] == link, began)
            if seen is None:
                log.failures.append("a phone never heard of a view")
            else:
                log.acts.append(Act("lead", "room", began, seen - began))


def told(title: str, log: Log, since: float, meter: Meter, servers: int, learners: int) -> Acts:
    """Put together what a class met."""
    found: dict[str, list[float]] = {"a page drawn": log.seconds("", since)}
    for act in log.acts:
        if act.at >= since:
            found.setdefault(act.what, []).append(act.seconds)
    return Acts(
        title, found, log.failures, meter.shares(), meter.memory(), servers, learners, os.getloadavg()[0],
        time.monotonic() - meter.began,
    )  # fmt: skip


async def a_class(server: driver.Server, store: Store, runs: list[str], seconds: float, query: str, title: str) -> Acts:
    """Let thirty learn, with a phone each that votes; count after the warm-up."""
    rooms, log = Rooms(store.database), Log()
    room = rooms.open(TEACHER)
    async with phones(server.url, room.id, room.code, LEARNERS) as (joined, counter):
        async with learning(server.url, log, runs, query=query):
            await asyncio.sleep(WARM)
            meter = Meter(psutil.Process(server.process.pid))
            since = time.monotonic()
            await voting(rooms, room.id, joined, counter, log, since + seconds)
            found = told(title, log, since, meter, len(meter.before[0]), LEARNERS)
        rooms.end(room.id, TEACHER)
    return found


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("model", ["tales-gpt", real.NAME])
def test_thirty_learn(model: str, tmp_path: Path, pytestconfig: pytest.Config, report: Report) -> None:
    seconds = float(pytestconfig.getoption("--load-seconds"))
    published = model == real.NAME
    with ExitStack() as stack:
        env = {"GLASSBOX_REAL": str(real.FOLDER) if published else "none"}
        server = stack.enter_context(driver.serving(tmp_path, workers=TRAININGS, env=env))
        store = stack.enter_context(closing(server.store()))
        runs = stack.enter_context(trainings(store))
        query = f"model={model}" if published else ""
        title = f"thirty learners on {model}, one server"
        found = asyncio.run(a_class(server, store, runs, seconds, query, title))
    report(found)
    assert not found.failures
    if not published:
        drawn = Figure(f"{title}: a page drawn", [1000 * one for one in found.seconds["a page drawn"]], DRAWN_MS, most_95=DRAWN_MS)
        report(drawn)
        assert drawn.reached
