"""A class on one server, and on two behind one address: thirty who act every five seconds, a room, two trainings.

`--load-seconds` says how long each setting is measured (150 by default, after a warm-up).
"""

from __future__ import annotations

import asyncio
import os
import random
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import psutil
import pytest

from app.counts import counted
from core.rooms import Asking, Rooms
from core.runs import Store
from scripts import caddy
from tests import real
from tests.benchmarks.classroom import Act, Learner, Log, Meter, Phone, Screen, phones, servers_of
from tests.benchmarks.pair import Acts, Figure
from tests.browser import driver
from tests.ports import free_port
from tests.runs import tiny
from tests.waiting import until

LEARNERS, EVERY, TRAININGS = 30, 5.0, 2
HUNDRED, HUNDREDS_SERVERS, HUNDREDS_EVERY = 100, 4, 10.0
LIVE, PHONES, CROWD = 10, 30, 200  # live sessions beside a room, its phones, and those of the largest room
OPTIONS = ("ball", "hat", "key")
WARM = 30.0  # seconds of the same class before anything counts
CARRY = 2  # server processes that carry thirty learners: with them the figure is reached
DRAWN_MS, VOTE_MS, LEAD_MS, ANSWER_MS, ROOM_PERCENT = 800, 500, 1000, 1000, 10
TEACHER = "7" * 32
Report = Callable[[Acts | Figure], None]


@contextmanager
def trainings(store: Store, count: int = TRAININGS) -> Iterator[list[str]]:
    """Keep so many runs in training that do not end by themselves; return their ids."""
    spec = tiny(steps=1_000_000, eval_every=100_000, batch_tokens=2048, context=64)
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
async def learning(
    url: str, log: Log, runs: list[str], count: int = LEARNERS, query: str = "", every: float = EVERY
) -> AsyncIterator[None]:
    """Keep so many learners acting, each every so many seconds."""
    over = asyncio.Event()
    learners = [Learner(number, url, log, every, runs, query) for number in range(count)]
    tasks = [asyncio.create_task(learner.learn(over.is_set)) for learner in learners]
    try:
        yield
    finally:
        over.set()
        await asyncio.gather(*tasks)


async def voting(
    rooms: Rooms, room: str, joined: list[Phone], counter: Screen, log: Log, until: float
) -> None:
    """Ask question after question, each phone votes within ten seconds; note when the counter shows it."""
    chance = random.Random(7)
    n = 0
    while time.monotonic() < until:
        n += 1
        asked = Asking("Which comes next?", OPTIONS)
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
            seen = counter.counted(n, count)
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
            seen = phone.led(link, began)
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


async def a_class(
    server: driver.Server, store: Store, runs: list[str], seconds: float, title: str,
    query: str = "", count: int = LEARNERS, every: float = EVERY,
) -> Acts:  # fmt: skip
    """Let so many learn, with a phone each that votes; count after the warm-up."""
    rooms, log = Rooms(store.database), Log()
    room = rooms.open(TEACHER)
    async with phones(server.url, room.id, room.code, count) as (joined, counter):
        async with learning(server.url, log, runs, count, query, every):
            await asyncio.sleep(WARM)
            meter = Meter(psutil.Process(server.process.pid))
            since = time.monotonic()
            await voting(rooms, room.id, joined, counter, log, since + seconds)
            found = told(title, log, since, meter, len(meter.before[0]), count)
        rooms.end(room.id, TEACHER)
    return found


@contextmanager
def serving(folder: Path, servers: int, published: bool = False) -> Iterator[driver.Server]:
    """Start one server process, or several behind one address, with workers for the trainings."""
    env = {"GLASSBOX_REAL": str(real.FOLDER) if published else "none", "GLASSBOX_SERVERS": str(servers)}
    if servers == 1:
        with driver.serving(folder, workers=TRAININGS, env=env) as server:
            yield server
        return
    port, log, data = free_port(), folder / "server.log", folder / "data"
    own = {
        "GLASSBOX_WORKERS": str(TRAININGS), "GLASSBOX_DATA": str(data), "GLASSBOX_DB": "", "GLASSBOX_LONG": "100000",
        "OMP_NUM_THREADS": "1", "PYTHONUNBUFFERED": "1",
        "PATH": caddy.path_with(dict(os.environ)),
    }  # fmt: skip
    command = [sys.executable, "-m", "app.command", "run", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=driver.ROOT, env={**os.environ, **own, **env}, stdout=output, stderr=subprocess.STDOUT
        )  # fmt: skip
        server = driver.Server(f"http://127.0.0.1:{port}", log, process, data)
        try:
            until(lambda: "is running" in server.output() or process.poll() is not None, "all servers", 180)
            assert process.poll() is None, server.output()
            yield server
        finally:
            process.terminate()
            process.wait(30)


@pytest.mark.timeout(1800)
@pytest.mark.parametrize("servers", [1, CARRY])
@pytest.mark.parametrize("model", ["tales-gpt", "SmolLM2-135M"])
def test_thirty_learn(
    model: str, servers: int, tmp_path: Path, pytestconfig: pytest.Config, report: Report
) -> None:
    seconds = float(pytestconfig.getoption("--load-seconds"))
    published = model != "tales-gpt"
    with (
        serving(tmp_path, servers, published) as server,
        closing(server.store()) as store,
        trainings(store) as runs,
    ):
        assert len(servers_of(psutil.Process(server.process.pid))[0]) == servers
        query = f"model={model}" if published else ""
        title = f"thirty learners on {model}, {counted(servers, 'server')}"
        found = asyncio.run(a_class(server, store, runs, seconds, title, query))
    report(found)
    assert not found.failures
    if not published:
        drawn = [1000 * one for one in found.seconds["a page drawn"]]
        figure = Figure(f"{title}: a page drawn", drawn, DRAWN_MS, most_95=DRAWN_MS)
        report(figure)
        assert figure.reached or servers < CARRY  # fewer are reported


@pytest.mark.timeout(1800)
def test_a_hundred_learn(tmp_path: Path, pytestconfig: pytest.Config, report: Report) -> None:
    """Nothing may be lost, and the time is reported: two cores drew it in time where nothing trained beside."""
    seconds = float(pytestconfig.getoption("--load-seconds"))
    with serving(tmp_path, HUNDREDS_SERVERS) as server, closing(server.store()) as store:
        title = f"a hundred learners, {counted(HUNDREDS_SERVERS, 'server')}, an act every {HUNDREDS_EVERY:.0f} s each"
        found = asyncio.run(a_class(server, store, [], seconds, title, count=HUNDRED, every=HUNDREDS_EVERY))
    report(found)
    assert not found.failures


# ------------------------------------------------------------------------------------------------------- a room


async def beside_a_room(
    server: driver.Server, store: Store, runs: list[str], seconds: float
) -> tuple[Log, Log]:
    """Let ten learn without a room and with one, in turns, each time in the same way; return both logs."""
    without, within = Log(), Log()
    for log in (Log(), without, within, within, without):  # the first fills caches
        async with learning(server.url, log, runs, LIVE):
            until = time.monotonic() + seconds / 4
            if log is within:
                await _room(server.url, store, log, until)
            else:
                await asyncio.sleep(until - time.monotonic())
    return without, within


async def _room(url: str, store: Store, log: Log, until: float) -> None:
    """Keep a room open whose phones vote and follow."""
    rooms = Rooms(store.database)
    room = rooms.open(TEACHER)
    try:
        async with phones(url, room.id, room.code, PHONES) as (joined, counter):
            await asyncio.gather(
                voting(rooms, room.id, joined, counter, log, until),
                leading(rooms, room.id, joined, log, until),
            )
    finally:
        rooms.end(room.id, TEACHER)


@pytest.mark.timeout(1800)
def test_a_room_beside_ten_live_sessions(tmp_path: Path, pytestconfig: pytest.Config, report: Report) -> None:
    seconds = float(pytestconfig.getoption("--load-seconds"))
    with (
        serving(tmp_path, 1) as server,
        closing(server.store()) as store,
        trainings(store) as runs,
    ):
        meter = Meter(psutil.Process(server.process.pid))
        without, within = asyncio.run(beside_a_room(server, store, runs, seconds))
        report(told("ten live sessions beside a room of thirty phones", within, 0, meter, 1, LIVE))
    milliseconds = {name: [1000 * one for one in within.seconds(name)] for name in ("counter", "lead")}
    slower = 100 * (statistics.median(within.seconds()) / statistics.median(without.seconds()) - 1)
    figures = (
        Figure("from a vote to the counter", milliseconds["counter"], VOTE_MS, most_95=VOTE_MS),
        Figure("from the teacher’s view to the phones", milliseconds["lead"], LEAD_MS, most_95=LEAD_MS),
        Figure("pages slower with a room, in turns", [slower], ROOM_PERCENT, "%"),
    )
    for figure in figures:
        report(figure)
    assert not without.failures and not within.failures
    assert all(figure.reached for figure in figures)


async def two_hundred(url: str, rooms: Rooms) -> tuple[list[float], int, list[int]]:
    """Let all phones vote within five seconds; return seconds to each answer, votes counted, and the bars."""
    room, chance = rooms.open(TEACHER), random.Random(3)
    async with phones(url, room.id, room.code, CROWD) as (joined, counter):
        prompt = await asyncio.to_thread(rooms.ask, room.id, TEACHER, Asking("Which comes next?", OPTIONS))
        choices = [chance.randrange(len(OPTIONS)) for _ in joined]

        async def vote(phone: Phone, choice: int) -> float:
            await asyncio.sleep(chance.uniform(0, 5))
            return await phone.vote(prompt.n, choice)

        seconds = await asyncio.gather(*map(vote, joined, choices))
        await asyncio.sleep(2)
        shown = max(state["answered"] for _, state in counter.states if state.get("n") == prompt.n)
        found = await asyncio.to_thread(rooms.look, room.id)
        assert found is not None
        bars = found.bars(1)
        rooms.end(room.id, TEACHER)
    assert bars == [choices.count(option) for option in range(len(OPTIONS))], "none lost, none double"
    return list(seconds), shown, bars


@pytest.mark.timeout(600)
def test_two_hundred_vote_within_five_seconds(tmp_path: Path, report: Report) -> None:
    with serving(tmp_path, 1) as server, closing(server.store()) as store:
        seconds, shown, bars = asyncio.run(two_hundred(server.url, Rooms(store.database)))
    assert shown == sum(bars) == CROWD
    figure = Figure(
        f"{CROWD} votes within 5 s: until each is answered", [1000 * one for one in seconds], ANSWER_MS
    )
    report(figure)
    assert figure.reached
