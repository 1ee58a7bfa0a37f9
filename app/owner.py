"""Whose run is it? A browser gets a random id in a cookie with its first page; what it starts, it may command.

No account, no name: 128 random bits that no script can read and no other site can send along. No Streamlit in here.
"""

from __future__ import annotations

import re
import secrets
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "glassbox_owner"
_ID = re.compile(r"[0-9a-f]{32}")
_YEAR = 365 * 24 * 3600  # seconds
_CONDITIONS = (b"if-none-match", b"if-modified-since")


def new() -> str:
    """A random id, 32 hexadecimal digits."""
    return secrets.token_hex(16)


def is_owner(value: object) -> bool:
    """Whether this is an id as `new` makes them; whatever else a browser sends is worth nothing."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


class OwnerCookie:
    """Middleware: an HTML answer to a browser without an id brings it one."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the answer's head gets the cookie."""
        if scope["type"] != "http" or is_owner(HTTPConnection(scope).cookies.get(COOKIE)):
            await self.app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                message = {**message, "headers": [*message["headers"], (b"set-cookie", _grant(scope))]}
            await send(message)

        if "text/html" in HTTPConnection(scope).headers.get("accept", ""):
            # A page that the browser still has would be answered "not modified", without a body's type or a cookie.
            kept = [(name, value) for name, value in scope["headers"] if name not in _CONDITIONS]
            scope = {**scope, "headers": kept}
        await self.app(scope, receive, with_cookie)


def _is_page(message: Message) -> bool:
    return any(
        name == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"]
    )


def _grant(scope: Scope) -> bytes:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{COOKIE}={new()}; Path=/; Max-Age={_YEAR}; HttpOnly; SameSite=Lax{secure}".encode("ascii")
