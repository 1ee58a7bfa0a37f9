"""Attacks that once stopped the server for everybody, against the real app: another visitor does not notice them."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import httpx
import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from app.server.websocket_filter import LARGEST
from tests.benchmarks.visitor import visiting
from tests.browser.driver import serving

SECONDS = 1.5  # that the server may keep another visitor's small request waiting


async def slowest_answer(url: str, done: asyncio.Event) -> float:
    """Return the longest time in seconds of small requests, one after another, until the event is set."""
    slowest = 0.0
    async with httpx.AsyncClient(base_url=url, timeout=60, trust_env=False) as http:
        while not done.is_set():
            began = time.perf_counter()
            (await http.get("/_stcore/health")).raise_for_status()
            slowest = max(slowest, time.perf_counter() - began)
            await asyncio.sleep(0.02)
    return slowest


async def send_until_closed(socket: ClientConnection, data: bytes) -> None:
    """Send a message and read on. Raises ConnectionClosed: the server has closed the connection."""
    await socket.send(data)
    while True:
        await asyncio.wait_for(socket.recv(), 60)


async def attack(url: str) -> None:
    """Send what froze the server: from a page's connection, and from another site."""
    async with visiting(url) as visitor:
        git = BackMsg(load_git_info=True).SerializeToString()
        for _ in range(60):
            await visitor.socket.send(git)
        names = BackMsg()
        names.file_urls_request.file_names.extend([""] * 1_500_000)
        with pytest.raises(ConnectionClosed):
            await send_until_closed(visitor.socket, names.SerializeToString())
    async with visiting(url) as visitor:
        with pytest.raises(ConnectionClosed) as closed:
            await send_until_closed(visitor.socket, bytes(LARGEST + 1))
        assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
    address = url.replace("http", "ws", 1) + "/_stcore/stream"
    for number in range(20):
        with pytest.raises(InvalidStatus):
            async with connect(address, origin=Origin(f"http://evil{number}.example"), proxy=None):
                pytest.fail("another site was let in")


@pytest.mark.full(reason="starts the real app and attacks it, 15 s")
def test_messages_and_origins_that_froze_the_server(tmp_path: Path) -> None:
    async def both(url: str) -> float:
        done = asyncio.Event()
        other = asyncio.create_task(slowest_answer(url, done))
        await attack(url)
        done.set()
        return await other

    with serving(tmp_path) as app:
        assert asyncio.run(both(app.url)) < SECONDS
        assert "Traceback" not in app.output()
