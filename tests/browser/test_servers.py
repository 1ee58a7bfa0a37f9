"""Two real server processes behind Caddy, as `glassbox run` starts them: one address, one store, one trainer."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from app.session import owner
from core.rooms import Asking, Rooms
from core.runs.serving import NAME
from tests.browser import driver
from tests.faults.runs import gone, small
from tests.servers import Crew, several_processes
from tests.waiting import until

pytestmark = pytest.mark.full(reason="several server processes behind a proxy")

STOPS = 10.0  # seconds that all of them may take to end
TEACHER = "7" * 32
TEXT = "The fox saw a grape.\n\nThe crow had a cheese.\n\n" * 40


@pytest.fixture(scope="module")
def crews(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Crew]]:
    """Return two server processes and Caddy; others, when a test has ended the last ones."""
    with ExitStack() as stack:
        found: list[Crew] = []

        def running() -> Crew:
            if not found or found[-1].process.poll() is not None:
                folder = tmp_path_factory.mktemp("servers")
                found.append(stack.enter_context(several_processes(folder, 2, workers=1)))
            return found[-1]

        yield running


@pytest.fixture
def crew(crews: Callable[[], Crew]) -> Crew:
    """Two running server processes and Caddy."""
    return crews()


def test_two_browsers_are_at_two_processes_with_all_that_is_theirs(
    crew: Crew, browser: Browser, tmp_path: Path
) -> None:
    """Pages, uploads and downloads of a browser are where its WebSocket is."""
    text = tmp_path / "own.txt"
    text.write_text(TEXT, encoding="utf-8")
    contexts = [driver.new_context(browser, crew) for _ in range(2)]
    at: list[int] = []
    for context in contexts:  # the second comes while the first is connected
        page = context.new_page()
        driver.open_page(page, "lab")
        (mine,) = [each for each in context.cookies() if each.get("name") == crew.cookie]
        assert mine.get("httpOnly") and mine.get("sameSite") == "Lax" and not mine.get("secure")
        at.append([mark for _, mark in crew.marks].index(str(mine.get("value"))))
        until(lambda: crew.sockets(at[-1]) >= 1, "its WebSocket at its process")
        page.locator(".st-key-gb-lab-more button").first.click()
        page.get_by_role("tab", name="Own text").click()
        page.locator(".st-key-lab-upload input[type=file]").set_input_files(text)
        page.get_by_text(f"Own text: {len(TEXT):,} characters in use.").wait_for()
        page.keyboard.press("Escape")
        driver.wait_until_drawn(page)  # a run of the page replaces its files
        with page.expect_download() as downloaded:
            page.get_by_role("button", name="Notebook").click()
        assert json.loads(downloaded.value.path().read_text(encoding="utf-8"))["cells"]
    assert sorted(at) == [0, 1]
    for context in contexts:
        context.close()


def test_a_visitor_stays_and_a_new_one_gets_a_place(crew: Crew) -> None:
    with crew.visitor() as one:
        first = one.get("/", headers={"Accept": "text/html"})
        places = [each for each in first.headers.get_list("set-cookie") if each.startswith(crew.cookie)]
        assert len(places) == 1 and places[0].endswith("; Path=/; HttpOnly; SameSite=Lax")
        assert owner.COOKIE in one.cookies
        for _ in range(20):
            assert crew.cookie not in one.get("/", headers={"Accept": "text/html"}).headers.get(
                "set-cookie", ""
            )


def test_one_process_trains_and_the_other_shows_the_curve_as_it_grows(crew: Crew) -> None:
    with closing(crew.store()) as store, crew.visitor(1) as one:
        id = store.create(small(4000), TEACHER).id
        with one.stream("GET", f"/runs/{id}/events") as stream:
            lines = stream.iter_lines()
            assert next(line for line in lines if line == "event: points")
            assert not store.get(id).over, "the first points come before the last ones are made"
        trainers = [[each.name() for each in crew.server(at).children(recursive=True)] for at in (0, 1)]
        assert NAME in trainers[0] and trainers[1] == []
        store.command(id, TEACHER, "stop")
        until(lambda: store.get(id).over, "the end of the run")
        with crew.visitor(0) as other:  # a download that either can make
            whole = other.get(f"/runs/{id}/points", params={"format": "csv"})
            assert whole.headers["content-disposition"].startswith("attachment")
            assert whole.text.startswith("# page=")
            assert whole.text.splitlines()[2].startswith("1,")


def test_a_vote_at_one_process_is_on_a_screen_of_the_other(crew: Crew) -> None:
    ours = {"Origin": crew.url}
    with closing(crew.store()) as store, crew.visitor(0) as screen, crew.visitor(1) as phone:
        rooms = Rooms(store.database)
        room = rooms.open(TEACHER)
        assert phone.post("/rooms/join", json={"code": room.code}, headers=ours).status_code == 200
        rooms.ask(room.id, TEACHER, Asking("Which?", ("one", "two")))
        with screen.stream("GET", f"/rooms/{room.id}/events", params={"as": "screen"}) as stream:
            states = (json.loads(line[6:]) for line in stream.iter_lines() if line.startswith("data: {"))

            def shown(count: int) -> dict[str, Any]:
                return next(state for state in states if state.get("answered") == count)

            shown(0)
            choice = {"n": 1, "round": 1, "choice": 1}
            assert phone.put(f"/rooms/{room.id}/vote", json=choice, headers=ours).status_code == 200
            shown(1)
        rooms.end(room.id, TEACHER)


def test_a_process_that_is_killed_is_started_again_and_its_visitors_are_served_meanwhile(crew: Crew) -> None:
    with crew.visitor(0) as one:
        assert one.get("/").status_code == 200
        before, family = crew.server(0), crew.server(0).children(recursive=True)
        before.kill()
        assert one.get("/").status_code == 200
        assert one.cookies[crew.cookie] == crew.marks[1][1], "at the other one"
        until(
            lambda: "Server process 1 of 2 ended (by SIGKILL) and is started again" in crew.output(),
            "word of it",
        )
        gone(family)
        direct = f"http://127.0.0.1:{crew.marks[0][0]}"
        until(lambda: driver.is_healthy(direct), "the process to be there again", 120)
        assert crew.server(0).pid != before.pid


def test_asked_to_end_all_of_them_end_in_time(crew: Crew) -> None:
    """While somebody is connected and something trains."""
    with closing(crew.store()) as store, crew.visitor(1) as one:
        id = store.create(small(20_000), TEACHER).id
        until(lambda: store.get(id).step > 0, "a run that trains")
        with one.stream("GET", f"/runs/{id}/events") as stream:
            assert next(stream.iter_lines()) is not None
            family = crew.family()
            assert len(family) >= 6, "supervisor, Caddy, two servers, the one that forks, a worker"
            begun = time.monotonic()
            crew.process.send_signal(signal.SIGTERM)
            assert crew.process.wait(2 * STOPS) == 0
            assert time.monotonic() - begun < STOPS
            gone(family, 1.0)
    assert "Traceback" not in crew.output()
