"""Connections whose requests do not come are closed; slow answers, streams and WebSockets are not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket
from websockets.asyncio.client import connect

from app.server.timeouts import with_timeouts
from tests.ports import free_port

LIMIT = 0.4  # seconds


async def answer(request: Request) -> PlainTextResponse:
    """Answer with the length of the body, after twice the limit."""
    body = await request.body()
    await asyncio.sleep(2 * LIMIT)
    return PlainTextResponse(str(len(body)))


async def echo(socket: WebSocket) -> None:
    """Send a message back."""
    await socket.accept()
    await socket.send_text(await socket.receive_text())
    await socket.close()


@asynccontextmanager
async def serving() -> AsyncIterator[int]:
    """Serve both on a free port, with time limits."""
    app = Starlette(routes=[Route("/", answer, methods=["GET", "POST"]), WebSocketRoute("/echo", echo)])
    config = uvicorn.Config(app, port=free_port(), log_level="error")
    config.load()
    config.http_protocol_class = with_timeouts(config.http_protocol_class, LIMIT, LIMIT)
    server = uvicorn.Server(config)
    running = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.02)
    yield config.port
    server.should_exit = True
    await running


async def heard(port: int, *sent: str, pause: float = 0.0) -> str:
    """Send parts of a request and return what comes until the connection is closed; "" for nothing."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for part in sent:
        writer.write(part.encode())
        await writer.drain()
        await asyncio.sleep(pause)
    try:
        return (await asyncio.wait_for(reader.read(), 30)).decode()
    finally:
        writer.close()


def test_connections_without_a_whole_request_are_closed() -> None:
    head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n"

    async def all_of_them() -> tuple[str, ...]:
        async with serving() as port:
            whole = f"{head}Connection: close\r\n\r\n"
            return await asyncio.gather(
                heard(port),
                heard(port, head),
                heard(port, f"{head}\r\nab"),
                heard(port, f"{whole}abcd"),
                heard(port, whole, "ab", "cd", pause=0.1 * LIMIT),
            )

    silent, half_head, half_body, at_once, in_parts = asyncio.run(all_of_them())
    assert (silent, half_head, half_body) == ("", "", "")
    for said in (at_once, in_parts):
        assert said.startswith("HTTP/1.1 200") and said.endswith("4"), "a slow answer is waited for"


def test_a_second_request_is_timed_too_and_a_websocket_is_not() -> None:
    first = "GET / HTTP/1.1\r\nHost: x\r\n\r\n"

    async def both() -> tuple[str, str]:
        async with serving() as port:
            halves = asyncio.create_task(heard(port, first, "GET / HT", pause=3 * LIMIT))
            async with connect(f"ws://127.0.0.1:{port}/echo") as socket:
                await asyncio.sleep(2 * LIMIT)
                await socket.send("still there")
                return str(await socket.recv()), await halves

    echoed, said = asyncio.run(both())
    assert echoed == "still there"
    assert said.count("HTTP/1.1 200") == 1
