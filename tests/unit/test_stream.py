"""A run's stream: everything once and in order, one look at the store for all watchers, and an end in every case."""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, cast

import numpy as np
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from app.runs import feed
from app.server import stream
from core.runs import Checkpoint, NoSuchRun, Points, Run, Store, StoreAway
from core.training.spec import TrainSpec

ID, OWNER = "0123456789abcdef01234567", "f" * 32
RUN = Run(
    id=ID, owner=OWNER, name="<b>a & b</b>", spec=TrainSpec(), group="", state="running", control="run", step=0,
    steps=100, created=1.0, started=2.0, finished=None, ended="", parent="", revision="abc", seed=7,
)  # fmt: skip


def curve(first: int, last: int) -> Points:
    """Points of steps `first` to `last`; every tenth has a held-out loss."""
    steps = np.arange(first, last + 1)
    rows = [(s, 5 - s / 100, 0.1, 1.5, 0.5, 512 * s, s / 10, 4.5 if s % 10 == 0 else None) for s in steps]
    return Points.of(rows)


@dataclass
class Told:
    """A store whose one run grows when the test says so; counts how often it is looked at."""

    run: Run | None = RUN
    known: int = 0
    made: list[Checkpoint] = field(default_factory=list)
    away: bool = False
    broken: bool = False
    looks: int = 0

    def get(self, id: str) -> Run:
        self.looks += 1
        assert not self.broken or 1 / 0
        if self.away:
            raise StoreAway(
                "the run store does not answer (connection to db.school.example, port 5432, failed)"
            )
        if self.run is None or id != ID:
            raise NoSuchRun("there is no such run")
        return self.run

    def points(self, id: str, after: int = -1) -> Points:
        self.get(id)
        return curve(max(1, after + 1), self.known)

    def checkpoints(self, id: str) -> list[Checkpoint]:
        self.get(id)
        return list(self.made)

    def list(self, **asked: Any) -> Sequence[Run]:
        """The runs that an estimate is corrected by: none."""
        return ()

    def grow(self, step: int, **changes: Any) -> None:
        """The run reaches a step."""
        self.known = step
        self.run = replace(RUN, step=step, **changes)


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Many looks a second."""
    for name in ("FIRST", "EVERY", "RESTING"):
        monkeypatch.setattr(feed, name, 0.01)
    monkeypatch.setattr(feed, "CHECKPOINTS", 1)


Event = tuple[str, Any]
Events = AsyncGenerator[bytes, None]


def hub_of(told: Told) -> stream.Hub:
    """The feeds over a store."""
    return stream.Hub(cast(Callable[[], Store], lambda: told))


def parse(raw: bytes) -> Event:
    """An event as a browser reads it: its name, and its data; points as a dict of columns."""
    lines = [line.partition(": ") for line in raw.decode().strip().splitlines()]
    fields = {name: value for name, _, value in lines}
    data = json.loads(fields.get("data", "null"))
    if fields.get("event") == "points":
        assert fields["id"] == str(data["to"])
        kinds = {"i32": "<i4", "f32": "<f4"}
        columns = {
            name: np.frombuffer(base64.b64decode(column["b64"]), kinds[column["dtype"]])
            for name, column in data["cols"].items()
        }
        assert {len(column) for column in columns.values()} == {data["count"]}
        assert (columns["step"][0], columns["step"][-1]) == (data["from"], data["to"])
        data = columns
    return fields.get("event", "comment"), data


@asynccontextmanager
async def watching(hub: stream.Hub, id: str = ID, after: int = -1, spoken: str = "en") -> Any:
    """`await next(name)` gives the data of the next event with this name."""
    seen: list[Event] = []

    async with aclosing(cast(Events, hub.watch(id, after, spoken))) as events:

        async def following(name: str) -> Any:
            while True:
                seen.append(parse(await asyncio.wait_for(anext(events), 5)))
                if seen[-1][0] == name:
                    return seen[-1][1]

        following.seen = seen  # type: ignore[attr-defined]
        yield following


def steps(events: list[Event]) -> list[int]:
    """All steps that were sent, in order."""
    return [int(step) for name, data in events if name == "points" for step in data["step"]]


def all_of(told: Told, after: int = -1) -> list[Event]:
    """Every event of a run that has ended."""

    async def listen() -> list[Event]:
        hub = hub_of(told)
        async with aclosing(cast(Events, hub.watch(ID, after))) as events:
            found = [parse(raw) async for raw in events]
        assert hub.feeds == {}
        return found

    return asyncio.run(asyncio.wait_for(listen(), 20))


def test_an_ended_run_is_told_whole_and_the_stream_ends() -> None:
    told = Told(made=[Checkpoint(0, 5.0, "x <i>", {}), Checkpoint(25, float("nan"), "y", {})])
    told.grow(25, state="done", ended="All steps done.", seconds=2.5)
    events = all_of(told)
    assert [name for name, _ in events] == ["comment", "state", "checkpoint", "checkpoint", "points", "end"]
    assert steps(events) == list(range(1, 26))
    state, points = events[1][1], events[4][1]
    assert (state["state"], state["ended"], state["name"]) == ("done", "All steps done.", "<b>a & b</b>")
    expected = curve(1, 25)
    for name, column in points.items():
        np.testing.assert_array_equal(column, getattr(expected, name).astype(column.dtype))
    assert np.isnan(points["held_out"][0]) and points["held_out"][9] == 4.5
    assert [data["held_out"] for name, data in events if name == "checkpoint"] == [5.0, None]
    assert OWNER not in json.dumps([data for name, data in events if name != "points"])


@pytest.mark.parametrize(("after", "first"), [(-1, 1), (0, 1), (7, 8), (24, 25), (25, 26), (999, 26)])
def test_a_reconnected_browser_gets_what_it_missed_and_nothing_twice(after: int, first: int) -> None:
    told = Told()
    told.grow(25, state="stopped")
    events = all_of(told, after)
    assert steps(events) == list(range(first, 26))
    assert events[-1][0] == "end"


def test_a_long_curve_comes_in_several_events() -> None:
    told = Told()
    told.grow(45_000, state="done")
    events = all_of(told)
    assert [len(data["step"]) for name, data in events if name == "points"] == [20_000, 20_000, 5_000]
    assert steps(events) == list(range(1, 45_001))


def test_points_come_as_they_are_made_and_one_look_serves_all_watchers() -> None:
    async def listen() -> None:
        told = Told()
        hub = hub_of(told)
        async with watching(hub) as one, watching(hub) as other:
            assert (await one("state"))["state"] == (await other("state"))["state"] == "running"
            for step in (1, 4, 9):
                told.grow(step)
                assert (await one("points"))["step"][-1] == (await other("points"))["step"][-1] == step
            told.made = [Checkpoint(9, 4.5, "z", {})]
            told.grow(10, control="pause", state="paused")
            assert (await one("checkpoint"))["step"] == (await other("checkpoint"))["step"] == 9
            assert (await one("points"))["step"][-1] == (await other("points"))["step"][-1] == 10
            assert steps(one.seen) == steps(other.seen) == list(range(1, 11))
            assert len(hub.feeds) == 1 and hub.feeds[ID].watchers == 2
            before = told.looks
            await asyncio.sleep(0.3)
            assert told.looks - before < 45, "thirty looks at the most, however many watch"
            told.grow(12, state="done")
            assert (await one("end")) == (await other("end")) == {}
        assert hub.feeds == {}

    asyncio.run(asyncio.wait_for(listen(), 20))


def test_when_the_last_page_goes_away_nobody_looks_any_more() -> None:
    async def listen() -> None:
        told = Told()
        hub = hub_of(told)
        async with watching(hub) as one:
            await one("state")
            async with watching(hub) as other:
                await other("state")
            assert hub.feeds[ID].watchers == 1
        assert hub.feeds == {}
        await asyncio.sleep(0.05)
        before = told.looks
        await asyncio.sleep(0.2)
        assert told.looks == before

    asyncio.run(asyncio.wait_for(listen(), 20))


def test_a_run_deleted_while_it_is_watched_is_gone() -> None:
    async def listen() -> None:
        told = Told()
        hub = hub_of(told)
        async with watching(hub) as one:
            await one("state")
            told.run = None
            assert "no such run" in (await one("gone"))["why"]
            with pytest.raises(StopAsyncIteration):
                await one("anything")

    asyncio.run(asyncio.wait_for(listen(), 20))


@pytest.mark.parametrize("id", ["nobody", "<script>", "../../etc", ID[:-1]])
def test_a_garbage_id_is_gone_at_once(id: str) -> None:
    async def listen() -> list[Event]:
        told = Told()
        return [parse(raw) async for raw in hub_of(told).watch(id)]

    assert [name for name, _ in asyncio.run(asyncio.wait_for(listen(), 20))] == ["comment", "gone"]


def test_a_store_that_is_away_is_said_and_nothing_is_lost() -> None:
    async def listen() -> None:
        told = Told()
        hub = hub_of(told)
        async with watching(hub) as one:
            told.grow(3)
            await one("points")
            told.away = True
            why = (await one("away"))["why"]
            assert "does not answer" in why and "school" not in why, "nobody has to know where it is"
            told.away = False
            told.grow(8)
            assert (await one("state"))["step"] == 8
            await one("points")
            assert steps(one.seen) == list(range(1, 9))

    asyncio.run(asyncio.wait_for(listen(), 20))


def test_each_watcher_of_a_run_hears_of_trouble_in_its_own_language() -> None:
    async def listen() -> None:
        told = Told()
        hub = hub_of(told)
        async with watching(hub) as one, watching(hub, spoken="es") as other:
            told.away = True
            assert "does not answer" in (await one("away"))["why"]
            assert "no responde" in (await other("away"))["why"]

    asyncio.run(asyncio.wait_for(listen(), 20))


def test_a_look_that_fails_for_no_known_reason_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    async def listen() -> None:
        told = Told()
        hub = hub_of(told)
        told.broken = True
        async with watching(hub) as one:
            assert "division" not in (await one("away"))["why"], "details belong into the log"
            told.broken = False
            assert (await one("state"))["state"] == "running"

    asyncio.run(asyncio.wait_for(listen(), 20))
    assert "ZeroDivisionError" in caplog.text


def test_progress_alone_is_told_once_a_second_a_change_of_state_at_once() -> None:
    async def listen() -> list[Event]:
        told = Told()
        hub = hub_of(told)
        async with watching(hub) as one:
            await one("state")
            for step in range(1, 30):
                told.grow(step)
                await one("points")
            told.grow(29, state="paused")
            assert (await one("state"))["state"] == "paused"
            return list(one.seen)

    events = asyncio.run(asyncio.wait_for(listen(), 20))
    assert sum(name == "state" for name, _ in events) <= 4
    assert steps(events) == list(range(1, 30))


def test_a_run_that_waits_says_while_the_workers_are_still_starting() -> None:
    async def listen() -> list[bool]:
        told, cold = Told(), [True]
        told.grow(0, state="queued")
        hub = stream.Hub(cast(Callable[[], Store], lambda: told), lambda: cold[0])
        async with watching(hub) as one:
            said = [(await one("state"))["starting"]]
            cold[0] = False  # they stand; the run still waits for one
            said.append((await one("state"))["starting"])
            cold[0] = True
            told.grow(1, state="running")
            return [*said, (await one("state"))["starting"]]

    assert asyncio.run(asyncio.wait_for(listen(), 20)) == [True, False, False]


# ------------------------------------------------------------------------------------------------- the routes


def site(told: Told) -> TestClient:
    """The two addresses over a store."""
    return TestClient(Starlette(routes=stream.routes(cast(Callable[[], Store], lambda: told))))


def test_the_stream_over_http() -> None:
    told = Told()
    told.grow(25, state="done")
    answer = site(told).get(f"/runs/{ID}/events?after=20")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert answer.headers["cache-control"] == "no-store"
    events = [parse(part.encode()) for part in answer.text.replace("\r\n", "\n").strip().split("\n\n")]
    assert steps(events) == [21, 22, 23, 24, 25]
    again = site(told).get(f"/runs/{ID}/events?after=20", headers={"last-event-id": "23"})
    assert '"from": 24' in again.text


@pytest.mark.parametrize("after", ["x", "", "1.5", "9" * 40, "<b>", "--3", "-"])
def test_a_garbage_step_means_from_the_beginning(after: str) -> None:
    told = Told()
    told.grow(3, state="done")
    assert '"from": 1,' in site(told).get(f"/runs/{ID}/events", params={"after": after}).text


def test_the_curve_as_json_and_csv() -> None:
    told = Told()
    told.grow(12, state="done", ended="All steps done.")
    whole = site(told).get(f"/runs/{ID}/points").json()
    assert whole["cols"]["step"] == list(range(1, 13))
    assert whole["cols"]["held_out"] == [None] * 9 + [4.5] + [None] * 2
    assert TrainSpec.from_dict(whole["spec"]) == RUN.spec
    assert (whole["seed"], whole["revision"], whole["state"]) == (7, "abc", "done")
    assert OWNER not in json.dumps(whole)
    answer = site(told).get(f"/runs/{ID}/points?format=csv")
    origin, _, table = answer.text.partition("\n")
    assert f"&model=run:{ID}&" in origin
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [float(row["loss"]) for row in rows] == whole["cols"]["loss"]
    assert [row["held_out"] for row in rows] == [""] * 9 + ["4.5"] + [""] * 2
    assert answer.headers["content-disposition"] == 'attachment; filename="glassbox-run-01234567.csv"'


def test_no_such_run_and_no_store_are_said_in_the_status() -> None:
    assert site(Told()).get("/runs/nobody/points").status_code == 404
    answer = site(Told(away=True)).get(f"/runs/{ID}/points")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "does not answer" in answer.json()["why"] and "school" not in answer.text
