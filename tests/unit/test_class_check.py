"""The check before a class: a class that works is found to work, and each fault is named with what to do."""

from __future__ import annotations

import asyncio
import http.server
import sqlite3
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from app.kit import modules
from app.rooms import addresses
from app.rooms import routes as room_routes
from app.session import owner as owners
from app.session.owner import OwnerCookie
from app.session.visitors import Visitor
from core.rooms import Answer, Asking, Counted, Rooms, states
from core.runs import Store
from scripts.class_check import __main__ as command
from scripts.class_check import address, lesson_hour, server
from scripts.class_check.browsers import Browser
from scripts.class_check.findings import Fails, Finding, verdict
from scripts.class_check.lesson_hour import LessonHour
from tests.ports import free_port

ASKING = Asking("Which?", ("one", "two", "three"), answer=Answer(1, "it looks", "0.9"))
PHONES = 6
Answers = Callable[[Request], Awaitable[Response | None]]


@contextmanager
def answering(rooms: Rooms, fault: Answers | None = None) -> Iterator[str]:
    """The routes of rooms at an address of this machine; `fault` may answer in their place."""

    class Faulty:
        def __init__(self, app: Any) -> None:
            self.app = app

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            found = None
            if fault is not None and scope["type"] == "http":
                found = await fault(Request(scope, receive))
            await (self.app if found is None else found)(scope, receive, send)

    async def start(request: Request) -> Response:
        return HTMLResponse("<p>Glassbox</p>")

    async def health(request: Request) -> Response:
        return PlainTextResponse("ok")

    app = Starlette(
        routes=[
            Route("/", start),
            Route("/_stcore/health", health),
            *room_routes.routes(lambda: rooms),
            *modules.routes(),
        ],
        middleware=[
            Middleware(Faulty),
            Middleware(Visitor),
            Middleware(OwnerCookie, bare=("/join", "/room/")),
        ],
    )
    port = free_port()
    running = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", port, log_level="error", lifespan="off"))
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        running.should_exit = running.force_exit = True
        thread.join(60)
        assert not thread.is_alive()


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    """A store of the test's own, and votes that close quickly."""
    monkeypatch.setitem(room_routes.ACTS, "close", lambda rooms, id, owner: rooms.close(id, owner, 0.1))
    with closing(Store(f"sqlite:///{tmp_path}/runs.sqlite")) as store:
        yield Rooms(store.database)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not come is given up soon."""
    monkeypatch.setattr(lesson_hour, "ARRIVES", 1.0)


def an_hour(rooms: Rooms, base: str) -> LessonHour:
    """A room at this address, whose questions are asked from here."""
    teacher = Browser(base)
    teacher.get("/", "text/html")
    hour = command.opened(teacher)
    owner = owners.read(teacher.cookies[owners.COOKIE])
    assert owner is not None
    hour.ask = lambda: rooms.ask(hour.room, owner, ASKING)
    return hour


def held(rooms: Rooms, fault: Answers | None = None, phones: int = PHONES) -> list[Finding]:
    """What a whole class comes to."""
    with answering(rooms, fault) as base:
        hour = an_hour(rooms, base)
        try:
            return [*hour.hold(phones), hour.end()]
        finally:
            hour.close()


def rows(rooms: Rooms) -> int:
    """How many rows of rooms there are."""
    from core.rooms.schema import meta

    with rooms.database.reading() as connection:
        return sum(len(connection.execute(table.select()).all()) for table in meta.sorted_tables)


def test_a_class_that_works_is_found_to_work_and_leaves_no_row(rooms: Rooms) -> None:
    found = held(rooms)
    assert [one.level for one in found] == ["works"] * len(found)
    said = " ".join(one.said for one in found)
    for words in (
        f"{PHONES} phones joined",
        "votes of the first vote",
        "votes of the second vote",
        "Reveal",
        "has ended",
    ):
        assert words in said
    assert rows(rooms) == 0
    assert "READY" in verdict(found) and "NOT" not in verdict(found)


@pytest.mark.full(reason="takes more than a second")
def test_one_phone_alone_is_a_class(rooms: Rooms) -> None:
    assert {one.level for one in held(rooms, phones=1)} == {"works"}


async def silent(request: Request) -> Response | None:
    """Events that never come, as a proxy does that waits for the end of an answer."""

    async def nothing() -> Any:
        await asyncio.sleep(30)
        yield b""

    return StreamingResponse(nothing()) if request.url.path.endswith("/events") else None


async def deaf(request: Request) -> Response | None:
    """Neither events nor states."""
    return JSONResponse({"why": "no"}, 503) if request.url.path.endswith(("/events", "/state")) else None


async def lossy(request: Request) -> Response | None:
    """Votes that are confirmed and not counted."""
    return JSONResponse({}) if request.method == "PUT" and request.url.path.endswith("/vote") else None


async def endless(request: Request) -> Response | None:
    """A room that says it has ended, and has not."""
    return JSONResponse({}) if request.method == "DELETE" else None


async def shut(request: Request) -> Response | None:
    """Nobody is let in."""
    return (
        JSONResponse({"why": "Many wrong codes came from here."}, 429)
        if request.url.path == "/rooms/join"
        else None
    )


@pytest.mark.full(reason="starts processes and waits for them, 7 s")
def test_where_no_events_come_phones_ask_and_it_is_said(rooms: Rooms) -> None:
    found = held(rooms, silent, phones=2)
    (looked,) = [one for one in found if one.level != "works" and "Events" in one.said]
    assert looked.level == "look" and "every two seconds" in looked.said and "proxy" in looked.todo
    assert not [one for one in found if one.level == "fails"]


@pytest.mark.full(reason="each case takes 7 s")
@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    ("fault", "says"),
    [
        (deaf, "hear nothing from the room"),
        (lossy, "Only 0 of 6 votes were counted"),
        (endless, "did not hear that the room has ended"),
        (shut, "6 of 6 phones could not join: Many wrong codes came from here"),
    ],
)
def test_a_class_that_would_fail_is_refused_in_words(fault: Answers, says: str, rooms: Rooms) -> None:
    with pytest.raises(Fails) as why:
        held(rooms, fault)
    assert says in str(why.value) and why.value.finding.level == "fails"


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("screen", "extra", "says"),
    [
        ("member_state", {"answer": {"index": 1}}, "told the answer before"),
        ("screen_state", {"bars": [[1, 0, 0]]}, "showed votes before"),
    ],
)
def test_a_screen_that_knows_too_much_is_noticed(
    screen: str, extra: dict[str, Any], says: str, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    true = getattr(states, screen)
    monkeypatch.setattr(states, screen, lambda *given: true(*given) | extra)
    with pytest.raises(Fails, match=says):
        held(rooms)


@pytest.mark.full(reason="takes more than a second")
def test_a_vote_that_comes_too_late_must_be_refused(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    true = Rooms.vote

    def lenient(self: Rooms, id: str, member: str, n: int, round: int, choice: int, word: str) -> Counted:
        found = self.look(id)
        if found is not None and found.room.phase == "open":
            return true(self, id, member, n, round, choice, word)
        return Counted(choice, 0)

    monkeypatch.setattr(Rooms, "vote", lenient)
    with pytest.raises(Fails, match="too late was counted"):
        held(rooms)


@pytest.mark.full(reason="takes 5 s")
def test_a_store_that_another_program_holds_is_named(rooms: Rooms, tmp_path: Path) -> None:
    with answering(rooms) as base, closing(sqlite3.connect(tmp_path / "runs.sqlite")) as other:
        other.execute("BEGIN EXCLUSIVE")
        teacher = Browser(base)
        teacher.get("/", "text/html")
        with pytest.raises(Fails, match="No room can be opened") as why:
            command.opened(teacher)
    assert "GLASSBOX_DATA" in why.value.finding.todo


# ------------------------------------------------------------------------------------------------- where phones join


def test_phones_join_where_the_projector_says(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(rooms) as base:
        monkeypatch.setenv(addresses.VARIABLE, base)
        hour = an_hour(rooms, base)
        joined, found = address.joined_at(hour.teacher, hour.code)
        assert joined == base and [one.level for one in found] == ["works"]
        assert base.removeprefix("http://") + "/join" in found[0].said
        address.answers(joined)
        hour.close()


def test_a_server_that_listens_alone_is_told_how_to_open(
    rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(addresses, "_listens_alone", lambda: True)
    with answering(rooms) as base:
        hour = an_hour(rooms, base)
        joined, found = address.joined_at(hour.teacher, hour.code)
        hour.close()
    assert joined == base, "the rest is tried all the same"
    assert [one.level for one in found] == ["fails"] and "HOST=0.0.0.0 make check-class" in found[0].todo


def test_a_machine_without_a_network_is_told_so(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses, "network_address", lambda: None)
    with answering(rooms) as base:
        hour = an_hour(rooms, base)
        found = address.joined_at(hour.teacher, hour.code)[1]
        hour.close()
    assert found[0].level == "fails" and "network" in found[0].todo


def test_an_address_that_leads_nowhere_is_named(rooms: Rooms) -> None:
    with pytest.raises(Fails, match="Not even this machine reaches") as why:
        address.answers(f"http://127.0.0.1:{free_port()}")
    assert addresses.VARIABLE in why.value.finding.todo
    with somebody_else() as base, pytest.raises(Fails, match="is not the page of phones"):
        address.answers(base)


# -------------------------------------------------------------------------------------------------------- the server


@contextmanager
def somebody_else() -> Iterator[str]:
    """A server that is not ours."""

    class Quiet(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b"hello")

        def log_message(self, *args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as other:
        threading.Thread(target=other.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{other.server_address[1]}"
        finally:
            other.shutdown()


def test_a_running_glassbox_is_taken_and_nothing_else(rooms: Rooms) -> None:
    with answering(rooms) as base:
        assert server.taken(base.removeprefix("http://") + "/").base == base
    with somebody_else() as base, pytest.raises(Fails, match="is not Glassbox"):
        server.taken(base)
    with pytest.raises(Fails, match="Nobody answers"):
        server.taken(f"127.0.0.1:{free_port()}")
    for wrong in ("http://", "localhost:99999", "ftp://here"):
        with pytest.raises(Fails, match="is no address"):
            server.taken(wrong)


def test_a_port_that_is_taken_is_named() -> None:
    with somebody_else() as base, ExitStack() as stack:
        port = int(base.rpartition(":")[2])
        with pytest.raises(Fails, match=f"Port {port} is in use") as why:
            stack.enter_context(server.started("127.0.0.1", port))
    assert f"--address http://localhost:{port}" in why.value.finding.todo


def test_an_app_that_does_not_start_says_its_last_words(monkeypatch: pytest.MonkeyPatch) -> None:
    dies = [sys.executable, "-c", "raise SystemExit('The store was written by another version')"]
    monkeypatch.setattr(server, "_command", lambda host, port: dies)
    with (
        pytest.raises(Fails, match="does not start: The store was written by another version"),
        ExitStack() as stack,
    ):
        stack.enter_context(server.started("127.0.0.1", free_port()))


# -------------------------------------------------------------------------------------------------------- the report


def test_what_fails_makes_the_verdict_and_the_exit_status(capsys: pytest.CaptureFixture[str]) -> None:
    report = command.Report()

    def findings() -> Iterator[Finding]:
        yield Finding("works", "One.")
        yield Finding("look", "Two.", "Do this.")
        raise Fails("Three.", "Do that.")

    report.tell(findings())
    assert report.failed and "One thing would fail" in report.end() and "sudo" not in report.end()
    printed = capsys.readouterr().out
    assert (
        "works  One." in printed
        and "look   Two." in printed
        and "FAILS  Three." in printed
        and "-> Do that." in printed
    )


def test_a_class_that_is_ready_is_told_how_to_try_one_phone() -> None:
    report = command.Report([Finding("works", "All.")], "http://10.0.0.7:8501")
    said = report.end()
    assert not report.failed and said.startswith("READY")
    assert "http://10.0.0.7:8501/join" in said and "port 8501" in said and "client isolation" in said


def test_more_phones_than_a_room_holds_are_refused() -> None:
    with pytest.raises(SystemExit):
        command.main(["--phones", "201"])
