"""Limits on what visitors take of a server: who is refused, in which words, and who is not."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response, StreamingResponse
from starlette.routing import Route, WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect

from app.rooms.cookies import MEMBER
from app.server.limits import AGAIN, BURST, EACH, HIDDEN, Limited, Limits, Open, Paced, Place, Refused
from app.session import language, owner
from app.session.visitors import Visitor

FIRST, SECOND = "1" * 32, "2" * 32


def server(limits: Limits, refused: Counter[str] | None = None) -> Starlette:
    """A small server with a page, a live page, a stream that does not end, and a request."""

    async def page(request: Request) -> Response:
        return HTMLResponse("<p>Hello</p>")

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text("hello")
        try:
            while True:
                await socket.receive_text()
        except WebSocketDisconnect:
            pass

    async def events(request: Request) -> Response:
        async def told() -> Any:
            yield b"event: state\ndata: {}\n\n"
            await asyncio.sleep(600)

        return StreamingResponse(told(), media_type="text/event-stream")

    async def points(request: Request) -> Response:
        return JSONResponse([1, 2])

    count = Counter[str]() if refused is None else refused
    routes = [
        Route("/", page), WebSocketRoute("/_stcore/stream", live), Route("/runs/1/events", events),
        Route("/runs/1/points", points), Route(HIDDEN, page),
    ]  # fmt: skip
    told = lambda what: count.update([what])  # noqa: E731
    return Starlette(
        routes=routes, middleware=[Middleware(Visitor), Middleware(Limited, limits=limits, refused=told)]
    )


def cookies(id: str) -> dict[str, str]:
    """The cookie of a browser."""
    return {"cookie": f"{owner.COOKIE}={owner.signed(id)}"}


HTML = {"accept": "text/html"}


def test_a_full_server_says_so_on_a_page_that_asks_again() -> None:
    refused = Counter[str]()
    client = TestClient(server(Limits(pages=2), refused))
    with client.websocket_connect("/_stcore/stream"), client.websocket_connect("/_stcore/stream"):
        answer = client.get("/", headers=HTML)
        assert answer.status_code == 503 and "This Glassbox is full" in answer.text
        assert '<a href="">Try again</a>' in answer.text
        assert answer.headers["retry-after"] == str(AGAIN)
        with pytest.raises(WebSocketDisconnect), client.websocket_connect("/_stcore/stream"):
            pytest.fail("it was let in")
        assert client.get("/").status_code == 200, "what is no page of a browser is no visit"
    assert client.get("/", headers=HTML).status_code == 200, "who leaves makes room"
    assert refused == {"page": 2}


def test_a_visitor_with_many_tabs_keeps_nobody_else_out() -> None:
    client = TestClient(server(Limits(pages_visitor=1)))
    with client.websocket_connect("/_stcore/stream", headers=cookies(FIRST)):
        answer = client.get("/", headers={**HTML, **cookies(FIRST)})
        assert answer.status_code == 503 and "close some" in answer.text
        assert client.get("/", headers={**HTML, **cookies(SECOND)}).status_code == 200
        forged = {**HTML, "cookie": f"{owner.COOKIE}={FIRST}.{'0' * 64}"}
        assert client.get("/", headers=forged).status_code == 200, "nobody is kept out in another's name"


def test_pages_without_cookies_count_as_one_visitor_of_their_address() -> None:
    client = TestClient(server(Limits(pages_visitor=2)))
    stream = "/_stcore/stream"
    with client.websocket_connect(stream), client.websocket_connect(stream):
        with pytest.raises(WebSocketDisconnect), client.websocket_connect(stream):
            pytest.fail("a third one was let in")
        with client.websocket_connect(stream, headers=cookies(FIRST)):
            assert client.get("/", headers=HTML).status_code == 200, "a new browser gets its cookie first"


def test_a_stream_that_is_refused_says_why_and_when_to_come_again() -> None:
    """A browser tells a page nothing of an EventSource that was answered by an error."""
    refused = Counter[str]()
    limited = Limited(
        server(Limits(), refused), Limits(streams_visitor=1), lambda what: refused.update([what])
    )

    async def asked() -> tuple[int, str]:
        transport = httpx.ASGITransport(limited)
        async with httpx.AsyncClient(transport=transport, base_url="http://here", timeout=60) as http:
            with limited.streams.held(Place(FIRST, "")):
                answer = await http.get("/runs/1/events", headers=cookies(FIRST))
            return answer.status_code, answer.text

    status, text = asyncio.run(asked())
    assert status == 200 and "event: away" in text and f"retry: {1000 * AGAIN}" in text
    assert "close some; this is tried again by itself" in text and refused == {"stream": 1}
    assert limited.streams.total == 0


def test_who_is_refused_reads_why_in_the_language_of_the_browser() -> None:
    client = TestClient(server(Limits(pages=1, requests_address=1)))
    with client.websocket_connect("/_stcore/stream"):
        page = client.get("/", headers={**HTML, "cookie": f"{language.COOKIE}=es"}).text
        assert "Este Glassbox está lleno" in page and ">Intentar otra vez</a>" in page
        assert "This Glassbox is full" in client.get("/", headers=HTML).text, "the next one reads English"
    client.get("/runs/1/points")
    refused = client.get("/runs/1/points", headers={"accept-language": "es-MX, en;q=0.5"})
    assert refused.status_code == 429 and "espera un momento" in refused.json()["why"]


def test_requests_of_a_minute_are_counted_by_browser_and_by_network() -> None:
    client = TestClient(server(Limits(requests_visitor=3, requests_address=5)))

    def status(id: str) -> int:
        return int(client.get("/runs/1/points", headers=cookies(id)).status_code)

    assert [status(FIRST) for _ in range(4)] == [200, 200, 200, 429]
    assert [status(SECOND) for _ in range(3)] == [200, 200, 429], "the network has asked five times"
    said = client.get("/runs/1/points", headers=cookies(SECOND)).json()["why"]
    assert said.endswith("wait a moment.") and client.get("/", headers=HTML).status_code == 200


def test_the_phones_of_a_class_are_many_visitors() -> None:
    """They have no cookie of the app's pages, and share an address."""
    client = TestClient(server(Limits(requests_visitor=2, requests_address=100)))

    def status(phone: str) -> int:
        headers = {"cookie": f"{MEMBER}={owner.signed(phone, purpose=MEMBER)}"} if phone else {}
        return int(client.get("/runs/1/points", headers=headers).status_code)

    assert [status(phone) for phone in ("a" * 32, "b" * 32) for _ in range(3)] == [200, 200, 429] * 2
    assert [status("") for _ in range(5)] == [200] * 5, "before they have joined"


def test_streamlits_own_figures_are_told_to_nobody() -> None:
    assert TestClient(server(Limits())).get(HIDDEN).status_code == 404


def test_nothing_is_remembered_of_who_left() -> None:
    found = Open("pages", 2, 2, 2)
    with found.held(Place(FIRST, "10.0.0.1")), found.held(Place("", "10.0.0.2")):
        assert found.total == 2
        with pytest.raises(Refused):
            found.check(Place(SECOND, "10.0.0.3"))
    assert not found.by_address and not +found.by_visitor
    assert FIRST not in found.by_visitor


def test_a_person_is_not_slowed_down_and_a_program_is() -> None:
    now, slept, told = [0.0], list[float](), list[float]()

    async def receive() -> Any:
        return {"type": "websocket.receive", "bytes": b""}

    async def run(pause: float, messages: int) -> float:
        paced = Paced(receive, lambda: told.append(now[0]), lambda: now[0])
        slept.clear()
        told.clear()
        for _ in range(messages):
            now[0] += pause
            await paced()
        return sum(slept)

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        now[0] += seconds

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("app.server.limits.asyncio", SimpleNamespace(sleep=sleep))
        assert asyncio.run(run(0.15, 1000)) == 0, "a slider that is dragged for minutes"
        assert asyncio.run(run(0.0, BURST)) == 0 and told == []
        assert asyncio.run(run(0.0, BURST + 50)) == pytest.approx(50 * EACH, rel=0.05)
        assert len(told) == 50


@pytest.mark.parametrize("written", ["0", "many", "-3", "2.5"])
def test_a_limit_that_is_no_number_is_refused(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_LIMIT_PAGES", written)
    with pytest.raises(ValueError, match="GLASSBOX_LIMIT_PAGES"):
        Limits.from_environment()


def test_limits_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_LIMIT_PAGES_ADDRESS", "7")
    assert Limits.from_environment() == Limits(pages_address=7)
