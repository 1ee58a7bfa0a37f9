"""Uploads are bounded: of one session, and of all."""

from __future__ import annotations

import asyncio
from collections import Counter
from types import SimpleNamespace
from typing import Any

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
from app.server.uploads import LARGEST, MB, OF_ADDRESS, OF_ALL, OF_ONE
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


def put(client: TestClient, session: str, size: int) -> int:
    """Upload so many bytes; the answer's status."""
    return int(client.put(f"/_stcore/upload_file/{session}/file", content=bytes(size)).status_code)


def test_a_session_keeps_so_much(held: Counter[str]) -> None:
    client = site()
    held["mine"] = OF_ONE - MB
    assert put(client, "mine", MB) == 204
    assert put(client, "mine", MB + 1) == 413
    assert put(client, "other", MB + 1) == 204
    held["mine"] = 0
    assert put(client, "mine", MB + 1) == 204


def test_the_sessions_of_a_network_keep_so_much(held: Counter[str]) -> None:
    app = site().app
    client, other = (TestClient(app, headers={HEADER: place}) for place in ("10.0.0.1", "10.0.0.2"))
    for number in range(OF_ADDRESS // OF_ONE):
        assert put(client, str(number), MB) == 204
        held[str(number)] = OF_ONE
    answer = client.put("/_stcore/upload_file/new/file", content=bytes(MB))
    assert answer.status_code == 413 and answer.text.startswith("Too much: your network has")
    assert put(other, "another's", MB) == 204, "others have room"
    held.clear()
    assert put(client, "new", MB) == 204


def test_all_sessions_keep_so_much(held: Counter[str]) -> None:
    client = site()
    for number in range(OF_ALL // OF_ONE):
        held[str(number)] = OF_ONE
    assert put(client, "new", MB) == 413
    assert client.get("/_stcore/upload_file/new/file").status_code == 204
    assert client.delete("/_stcore/upload_file/0/file").status_code == 204


def test_a_request_that_hides_its_length_counts_as_the_largest(held: Counter[str]) -> None:
    held["mine"] = OF_ONE - LARGEST + 1
    answer = site().put("/_stcore/upload_file/mine/file", content=iter([b"x"]))
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
            "type": "http", "method": "PUT", "path": "/_stcore/upload_file/mine/file",
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
    assert uploads.kept() == {"mine": 15, "other": 7}
    manager.remove_session_files("mine")
    assert uploads.kept() == {"other": 7}
