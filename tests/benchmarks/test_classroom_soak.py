"""An hour of a class whose sessions come and go: memory, descriptors, threads and rows of the server."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest
import sqlalchemy as sa

from app import chapters
from core.rooms import Asking, Rooms
from core.runs import Store
from tests.benchmarks import pair
from tests.benchmarks.classroom import NOT_CHOSEN, Learner, Log, phones
from tests.benchmarks.visitor import Visitor, visiting
from tests.browser import driver
from tests.runs import tiny

LEARNERS, PHONES, EVERY = 8, 6, 8.0
RESULTS_MB = "40"  # what results may take: so little that it is full in the first minutes, and hides no leak
STAYS = 60.0, 300.0  # seconds that a learner stays
FIRST = 1 / 6  # of the time: until then caches fill
GROWTH = 5.0  # percent that memory may grow afterwards
LEAVING = 200.0  # seconds after which a server has forgotten a session that went (Streamlit keeps it for 120)
MOST_OPTIONS = 12  # of a row that are chosen before the soak
SLACK = 4  # threads more than before: pools that a busy moment filled
POOL = 5  # connections to the database that its pool keeps, of two files each


@dataclass(frozen=True)
class Sample:
    """What the server holds at a moment. at: seconds since the soak began."""

    at: float
    megabytes: float
    descriptors: int
    threads: int

    @classmethod
    def of(cls, process: psutil.Process, began: float) -> Sample:
        """Look at a process now."""
        memory = process.memory_info().rss / 1e6
        return cls(time.monotonic() - began, memory, process.num_fds(), process.num_threads())


def rows(store: Store) -> dict[str, int]:
    """Count the rows of every table."""
    with store.database.reading() as connection:
        names = sa.inspect(connection).get_table_names()
        return {
            name: int(connection.execute(sa.text(f'SELECT count(*) FROM "{name}"')).scalar_one()) for name in names
        }  # fmt: skip


async def coming_and_going(url: str, log: Log, number: int, ends: float) -> None:
    """Learner after learner on one chair, each as another browser and for as long as it likes."""
    chance = random.Random(number)
    while time.monotonic() < ends:
        leaves = min(ends, time.monotonic() + chance.uniform(*STAYS))
        learner = Learner(chance.randrange(10**6), url, log, EVERY)
        await learner.learn(lambda leaves=leaves: time.monotonic() > leaves)  # type: ignore[misc]


async def lessons(url: str, store: Store, log: Log, ends: float) -> None:
    """Room after room, each with phones that vote, and a run that is trained and deleted."""
    turn = 0
    while time.monotonic() < ends:
        turn += 1
        owner = f"{turn:032x}"
        run = await asyncio.to_thread(store.create, tiny(steps=200), owner)
        try:
            await one_room(url, Rooms(store.database), owner)
        except Exception as why:  # a time that ran out, a vote that was refused
            log.failures.append(f"room {turn}: {type(why).__name__}: {str(why)[:200]}")
        await asyncio.to_thread(store.delete, run.id, owner)
        await asyncio.sleep(20)


async def one_room(url: str, rooms: Rooms, owner: str) -> None:
    """Open a room, let its phones vote on three questions, and end it."""
    room = await asyncio.to_thread(rooms.open, owner)
    try:
        async with phones(url, room.id, room.code, PHONES) as (joined, _):
            for _ in range(3):
                asked = Asking("Which comes next?", ("ball", "hat", "key"))
                prompt = await asyncio.to_thread(rooms.ask, room.id, owner, asked)
                for phone in joined:
                    await phone.vote(prompt.n, random.randrange(3))
                    await asyncio.sleep(2)
                await asyncio.to_thread(rooms.close, room.id, owner, 0)
                await asyncio.to_thread(rooms.reveal, room.id, owner)
    finally:
        await asyncio.to_thread(rooms.end, room.id, owner)


async def watched(process: psutil.Process, began: float, ends: float, samples: list[Sample]) -> None:
    """Look at the server every ten seconds."""
    while time.monotonic() < ends:
        samples.append(now := Sample.of(process, began))
        print(
            f"{now.at:6.0f} s {now.megabytes:7.1f} MB {now.descriptors:4d} descriptors {now.threads:4d} threads",
            flush=True,
        )
        await asyncio.sleep(10)


async def toured(server: driver.Server, store: Store) -> Sample:
    """Open each page, choose all that it offers, vote once; look at the server when all have left.

    By then libraries are read, tables and models are in memory, pools are open: none of that comes with time.
    """
    async with visiting(server.url) as visitor:
        for section in chapters.shown().values():
            for chapter in section:
                await visitor.open(chapter.slug)
                await every_choice(visitor)
    await one_room(server.url, Rooms(store.database), "f" * 32)
    await asyncio.sleep(LEAVING)
    process = psutil.Process(server.process.pid)
    print("open before:", held(process))
    return Sample.of(process, time.monotonic())


async def every_choice(visitor: Visitor) -> None:
    """Choose each option of each row of buttons of a page, as learners do now and then."""
    for label in [label for label in visitor.labelled("button_group") if label not in NOT_CHOSEN]:
        for at in range(MOST_OPTIONS):
            row = visitor.labelled("button_group").get(label)  # other choices may have brought other options
            if row is None or at >= len(row.options):
                break
            await visitor.choose(label, row.options[at].content)


async def soaked(server: driver.Server, store: Store, minutes: float) -> tuple[list[Sample], Sample, Log]:
    """Let a class come and go for so long; return what was seen meanwhile, and after all have left."""
    process, began, log, samples = psutil.Process(server.process.pid), time.monotonic(), Log(), list[Sample]()
    ends = began + 60 * minutes
    await asyncio.gather(
        watched(process, began, ends, samples),
        lessons(server.url, store, log, ends),
        *(coming_and_going(server.url, log, number, ends) for number in range(LEARNERS)),
    )
    await asyncio.sleep(LEAVING)
    print("open at the end:", held(process))
    return samples, Sample.of(process, began), log


def held(process: psutil.Process) -> str:
    """Say which files a process holds open, and how many connections."""
    files = Counter(Path(one.path).name for one in process.open_files())
    return f"{dict(files)}, {len(process.net_connections())} connections"


def middle(samples: list[Sample]) -> float:
    """Return the median memory of these samples, in megabytes."""
    ordered = sorted(sample.megabytes for sample in samples)
    return ordered[len(ordered) // 2]


@pytest.mark.timeout(3 * 3600)
def test_nothing_grows(
    tmp_path: Path, pytestconfig: pytest.Config, report: Callable[[pair.Figure], None]
) -> None:
    minutes = float(pytestconfig.getoption("--soak-minutes"))
    with (
        driver.serving(tmp_path, workers=1, env={"GLASSBOX_RESULTS_MB": RESULTS_MB}) as server,
        closing(server.store()) as store,
    ):
        empty = rows(store)
        before = asyncio.run(toured(server, store))
        samples, after, log = asyncio.run(soaked(server, store, minutes))
        left = {
            name: (empty.get(name, 0), count)
            for name, count in rows(store).items()
            if count > empty.get(name, 0)
        }
    span = 60 * minutes * FIRST
    early = [sample for sample in samples if span <= sample.at < 2 * span]
    late = [sample for sample in samples if sample.at >= 60 * minutes - span]
    growth = pair.Figure(
        f"{minutes:.0f} minutes of a class that comes and goes: memory, after the first sixth against the end",
        [100 * (middle(late) / middle(early) - 1)], GROWTH, "%",
    )  # fmt: skip
    report(growth)
    print(f"{len(log.acts)} acts, {len(log.failures)} failures {log.failures[:5]}; rows that stay: {left}")
    report(
        pair.Figure(
            "descriptors more than before, all having left",
            [after.descriptors - before.descriptors],
            SLACK + 2 * POOL,
            "",
        )
    )
    report(
        pair.Figure("threads more than before, all having left", [after.threads - before.threads], SLACK, "")
    )
    assert not log.failures and not left
    assert growth.reached
    assert after.descriptors - before.descriptors < SLACK + 2 * POOL
    assert after.threads - before.threads < SLACK
