"""Messages that the app never needs do not reach Streamlit, and no other site opens a WebSocket."""

from __future__ import annotations

import asyncio

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import WebSocketRoute
from starlette.testclient import TestClient
from starlette.websockets import WebSocket, WebSocketDisconnect
from streamlit.proto.BackMsg_pb2 import BackMsg

from app.server.limits import BURST, LARGE, Paced
from app.server.websocket_filter import (
    LARGEST,
    MOST_ENTRIES,
    MOST_FILES,
    POLICY,
    TOO_LARGE,
    UNSUPPORTED,
    WebSocketFilter,
    check_message,
    is_same_site,
)


def client() -> TestClient:
    """A server that answers each message with its type, and the handshake with its Origin."""

    async def live(socket: WebSocket) -> None:
        await socket.accept()
        await socket.send_text(socket.headers.get("origin", "no origin"))
        try:
            while True:
                message = BackMsg.FromString(await socket.receive_bytes())
                await socket.send_text(str(message.WhichOneof("type")))
        except WebSocketDisconnect:
            pass

    routes = [WebSocketRoute("/_stcore/stream", live)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(WebSocketFilter)]))


def operation(name: str) -> BackMsg:
    """A request of a backend operation."""
    message = BackMsg()
    getattr(message.backend_operation_request, name).SetInParent()
    return message


def files(count: int) -> BackMsg:
    """A request for upload addresses of so many files."""
    message = BackMsg()
    message.file_urls_request.file_names.extend(["a"] * count)
    return message


def widgets(count: int) -> BackMsg:
    """A rerun with so many widgets."""
    message = BackMsg()
    for _ in range(count):
        message.rerun_script.widget_states.widgets.add()
    return message


UNUSED = [
    BackMsg(load_git_info=True), BackMsg(clear_cache=True), BackMsg(set_run_on_save=True),
    BackMsg(debug_shutdown_runtime=True), BackMsg(debug_disconnect_websocket=True), BackMsg(),
    operation("install_skills"), operation("dismiss_skills_nudge"), operation("dataframe_chunk"),
]  # fmt: skip
USED = [
    BackMsg(stop_script=True), BackMsg(app_heartbeat=True), operation("deferred_file"),
    files(MOST_FILES), widgets(MOST_ENTRIES),
]  # fmt: skip


def test_only_used_messages_reach_streamlit() -> None:
    with client().websocket_connect("/_stcore/stream") as socket:
        socket.receive_text()
        for message in [*UNUSED, *USED]:
            socket.send_bytes(message.SerializeToString())
        assert [socket.receive_text() for _ in USED] == [message.WhichOneof("type") for message in USED]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (files(MOST_FILES + 1).SerializeToString(), POLICY),
        (widgets(MOST_ENTRIES + 1).SerializeToString(), POLICY),
        (b"\xff\xff\xff", POLICY),
        (bytes(LARGEST + 1), TOO_LARGE),
        (None, UNSUPPORTED),
    ],
    ids=["files", "widgets", "malformed", "large", "text"],
)
def test_a_message_beyond_the_bounds_closes_the_connection(data: bytes | None, code: int) -> None:
    with client().websocket_connect("/_stcore/stream") as socket:
        socket.receive_text()
        if data is None:
            socket.send_text("hello")
        else:
            socket.send_bytes(data)
        assert socket.receive() == {"type": "websocket.close", "code": code}
    assert check_message(data) == (False, code)


FOREIGN = [
    "http://evil.example",
    "http://testserver:81",
    "http://testserver.evil.example",
    "null",
    "",
    "http://[",
]


@pytest.mark.parametrize("origin", FOREIGN)
def test_another_site_opens_no_websocket(origin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.net_util.get_external_ip", lambda: pytest.fail("a blocking look-up"))
    with (
        pytest.raises(WebSocketDisconnect) as refused,
        client().websocket_connect("/_stcore/stream", headers={"origin": origin}),
    ):
        pytest.fail("it was let in")
    assert refused.value.code == POLICY


def test_this_site_opens_a_websocket(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_ADDRESS", "https://School.example:8443/glassbox")
    server = client()
    for origin, seen in {
        "http://testserver": "http://testserver",
        "https://school.example:8443": "no origin",  # Streamlit would look the configured address up
    }.items():
        with server.websocket_connect("/_stcore/stream", headers={"origin": origin}) as socket:
            assert socket.receive_text() == seen
    assert not is_same_site("https://school.example", "testserver", "school.example:8443")


def test_large_messages_are_slowed_down_as_many_small_ones() -> None:
    async def receive() -> dict[str, object]:
        return {"type": "websocket.receive", "bytes": bytes(10 * LARGE)}

    slowed: list[int] = []

    async def run() -> None:
        paced = Paced(receive, lambda: slowed.append(1), lambda: 0.0)  # type: ignore[arg-type]
        for _ in range(2):
            await paced()
        assert slowed == [], "a pasted text and the next click"
        paced.left = -0.5
        await paced()

    assert BURST > 2 * 11
    asyncio.run(run())
    assert slowed == [1]
