"""Uploads are bounded: of one session, and of all."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager
from streamlit.runtime.uploaded_file_manager import UploadedFileRec

from app.server import uploads
from app.server.uploads import ENTRY, LARGEST, MB, OF_ADDRESS, OF_ALL, OF_ONE
from app.session.visitors import HEADER


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Bytes that are kept, by session."""
    kept: Counter[str] = Counter()
    monkeypatch.setattr(uploads, "kept", lambda: kept)
    return kept


def site() -> TestClient:
    """An app that takes uploads, behind the middleware."""

    async def take(request: Request) -> Response:
        await request.body()
        return PlainTextResponse("taken", 204)

    routes = [Route("/{rest:path}", take, methods=["PUT", "DELETE", "GET"])]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(uploads.Uploads)]))


FILE = str(UUID(int=1))


def session_id(name: object) -> str:
    """The id of a session, a UUID as Streamlit gives it."""
    return str(uuid5(NAMESPACE_URL, str(name)))


def address(name: object) -> str:
    """The upload address of a session's file."""
    return f"/_stcore/upload_file/{session_id(name)}/{FILE}"


def put(client: TestClient, session: object, size: int) -> int:
    """Upload so many bytes; the answer's status."""
    return int(client.put(address(session), content=bytes(size)).status_code)


@pytest.mark.parametrize(
    "path",
    [
        f"/_stcore/upload_file/{UUID(int=2)}/{'f' * 201}",
        f"/_stcore/upload_file/{UUID(int=2)}/file",
        f"/_stcore/upload_file/mine/{UUID(int=1)}",
        f"/_stcore/upload_file/{UUID(int=2)}/{UUID(int=1)}%0A",
        f"/_stcore/upload_file/{UUID(int=2)}%0A/{UUID(int=1)}",
        f"/elsewhere/_stcore/upload_file/{UUID(int=2)}/{UUID(int=1)}",
    ],
)
def test_only_addresses_that_streamlit_gives_take_uploads(path: str, held: Counter[str]) -> None:
    assert site().put(path, content=b"x").status_code == 404


def test_other_put_requests_pass() -> None:
    async def vote(request: Request) -> PlainTextResponse:
        return PlainTextResponse("counted")

    app = Starlette(
        routes=[Route("/rooms/{id}/vote", vote, methods=["PUT"])], middleware=[Middleware(uploads.Uploads)]
    )
    assert TestClient(app).put("/rooms/1/vote", content=b"{}").text == "counted"


def test_a_site_below_a_path_takes_uploads(held: Counter[str]) -> None:
    below = TestClient(site().app, root_path="/glassbox")
    assert below.put(f"/glassbox{address('mine')}", content=b"x").status_code != 404
    assert below.put(f"/glassbox{address('mine')}x", content=b"x").status_code == 404


def test_a_session_keeps_so_much(held: Counter[str]) -> None:
    client = site()
    held[session_id("mine")] = OF_ONE - MB
    assert put(client, "mine", MB) == 204
    assert put(client, "mine", MB + 1) == 413
    assert put(client, "other", MB + 1) == 204
    held[session_id("mine")] = 0
    assert put(client, "mine", MB + 1) == 204


def test_the_sessions_of_a_network_keep_so_much(held: Counter[str]) -> None:
    app = site().app
    client, other = (TestClient(app, headers={HEADER: place}) for place in ("10.0.0.1", "10.0.0.2"))
    for number in range(OF_ADDRESS // OF_ONE):
        assert put(client, number, MB) == 204
        held[session_id(number)] = OF_ONE
    answer = client.put(address("new"), content=bytes(MB))
    assert answer.status_code == 413 and answer.text.startswith("Too much: your network has")
    assert put(other, "another's", MB) == 204, "others have room"
    held.clear()
    assert put(client, "new", MB) == 204


def test_all_sessions_keep_so_much(held: Counter[str]) -> None:
    client = site()
    for number in range(OF_ALL // OF_ONE):
        held[session_id(number)] = OF_ONE
    assert put(client, "new", MB) == 413
    assert client.get(address("new")).status_code == 204
    assert client.delete(address(0)).status_code == 204


def test_a_request_that_hides_its_length_counts_as_the_largest(held: Counter[str]) -> None:
    held[session_id("mine")] = OF_ONE - LARGEST + 1
    answer = site().put(address("mine"), content=iter([b"x"]))
    assert answer.status_code == 413
    assert "Remove a file first" in answer.text


def test_files_on_their_way_count(held: Counter[str]) -> None:
    answers: list[int] = []

    async def both() -> None:
        arrived, go_on = asyncio.Event(), asyncio.Event()

        async def slow(scope: Any, receive: Any, send: Any) -> None:
            arrived.set()
            await go_on.wait()

        async def send(message: Any) -> None:
            answers.extend([message["status"]] if "status" in message else [])

        scope = {
            "type": "http", "method": "PUT", "path": address("mine"),
            "headers": [(b"content-length", str(5 * MB).encode())],
        }  # fmt: skip
        bounded = uploads.Uploads(slow)
        coming = [asyncio.create_task(bounded(scope, None, send)) for _ in range(OF_ONE // (5 * MB))]
        await arrived.wait()
        await bounded(scope, None, send)
        go_on.set()
        await asyncio.gather(*coming)
        assert not bounded._coming

    asyncio.run(both())
    assert answers == [413]


def test_what_streamlit_keeps_is_what_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    manager = MemoryUploadedFileManager("/_stcore/upload_file")
    for session, name, size in (("mine", "a", 10), ("mine", "b", 5), ("other", "a", 7)):
        manager.add_file(session, UploadedFileRec(name, name, "text/plain", bytes(size)))
    monkeypatch.setattr(uploads.runtime, "exists", lambda: True)
    monkeypatch.setattr(uploads.runtime, "get_instance", lambda: SimpleNamespace(uploaded_file_mgr=manager))
    beside = len("a") + len("text/plain") + ENTRY  # a name, a type and an entry
    assert uploads.kept() == {"mine": 15 + 2 * beside, "other": 7 + beside}
    manager.remove_session_files("mine")
    assert uploads.kept() == {"other": 7 + beside}
