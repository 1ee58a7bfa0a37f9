"""WebSocket filter: refuse other sites, and drop the messages that this app never needs, before Streamlit reads them.

Streamlit answers every message type to everybody: `load_git_info` runs git inside the event loop, `clear_cache` clears
the caches of all visitors, and `file_urls_request` builds an answer of any length. It also looks up the server's
external address, inside the event loop, before it refuses another site's Origin.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from starlette.requests import HTTPConnection
from streamlit.proto.BackMsg_pb2 import BackMsg

from app.server.below import VARIABLE as ADDRESS

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

USED = frozenset(
    {"rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request"}
)
LARGEST = (
    6_000_000  # bytes of a message, as maxWidgetStateSize in config.toml: a pasted text has 5 MB at most
)
MOST_FILES = 10  # file names in one request for upload addresses
MOST_ENTRIES = 5000  # widgets, or hashes of cached messages, in one message
LONGEST_QUERY = 200_000  # characters of a link
POLICY, TOO_LARGE, UNSUPPORTED = 1008, 1009, 1003  # codes of a closed WebSocket (RFC 6455, section 7.4.1)


def is_same_site(origin: str, host: str, configured: str = "") -> bool:
    """Return whether an Origin header names this server.

    Args:
        origin: the header's value, such as http://127.0.0.1:8501. host: the Host header, with its port.
        configured: the host, with its port, of GLASSBOX_ADDRESS; "": none.
    """
    try:
        found = urlsplit(origin).netloc.lower()
    except ValueError:
        return False
    return bool(found) and found in (host.lower(), configured)


def configured_host() -> str:
    """Return the host, with its port, of GLASSBOX_ADDRESS; "": it is not set."""
    address = os.environ.get(ADDRESS, "").strip()
    return urlsplit(address if "://" in address else f"//{address}").netloc.lower()


def check_message(data: bytes | None) -> tuple[bool, int]:
    """Check a message from a browser.

    Returns:
        Whether Streamlit gets the message, and the code with which the connection is closed; 0: it stays open.
    """
    if data is None:  # a text message, which Streamlit answers with an exception
        return False, UNSUPPORTED
    if len(data) > LARGEST:
        return False, TOO_LARGE
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except DecodeError:
        return False, POLICY
    kind = message.WhichOneof("type")
    if kind == "rerun_script":
        state = message.rerun_script
        entries = max(len(state.widget_states.widgets), len(state.cached_message_hashes))
        is_small = entries <= MOST_ENTRIES and len(state.query_string) <= LONGEST_QUERY
        return is_small, 0 if is_small else POLICY
    if kind == "file_urls_request":
        is_small = len(message.file_urls_request.file_names) <= MOST_FILES
        return is_small, 0 if is_small else POLICY
    if kind == "backend_operation_request":  # a file made at a click; nothing else is used
        return message.backend_operation_request.WhichOneof("payload") == "deferred_file", 0
    return kind in USED, 0


class WebSocketFilter:
    """Middleware before Streamlit's WebSocket. It stands behind `Limited`, which slows a flood of messages down."""

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.configured = app, configured_host()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the connection on, without the messages that are not used; refuse the one of another site."""
        if scope["type"] != "websocket":
            await self.app(scope, receive, send)
            return
        headers = HTTPConnection(scope).headers
        origin, host = headers.get("origin"), headers.get("host", "")
        if origin is not None and not is_same_site(origin, host, self.configured):
            await receive()  # the request to connect
            await send({"type": "websocket.close", "code": POLICY})
            return
        if origin is not None and not is_same_site(origin, host):
            # The configured address: Streamlit would look it up, so it does not see this header.
            kept = [(name, value) for name, value in scope["headers"] if name.lower() != b"origin"]
            scope = {**scope, "headers": kept}
        closed = False

        async def receive_used() -> Message:
            nonlocal closed
            while True:
                message = await receive()
                if message["type"] != "websocket.receive":
                    return message
                passes, code = check_message(message.get("bytes"))
                if passes:
                    return message
                if code:
                    closed = True
                    await send({"type": "websocket.close", "code": code})
                    return {"type": "websocket.disconnect", "code": code}

        async def send_open(message: Message) -> None:
            if not closed:
                await send(message)

        await self.app(scope, receive_used, send_open)
