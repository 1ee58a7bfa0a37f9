"""Ownership of runs: each browser gets a random id in a cookie with its first page, and controls the runs it started.

No account, no name: 128 random bits that no script can read and no other site can send along, signed by this server, so
that nobody can invent an owner. Old unsigned ids are accepted once. No Streamlit in here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection

from app.session import keys

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

COOKIE = "glassbox_owner"
TAKES_OVER = 600.0  # seconds in which an unsigned id is accepted: a browser may open several pages at once
_ID = re.compile(r"[0-9a-f]{32}")
_SIGNED = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64})")
YEAR = 365 * 24 * 3600  # seconds
_CONDITIONS = (b"if-none-match", b"if-modified-since")


def new() -> str:
    """Generate a random id, 32 hexadecimal digits."""
    return secrets.token_hex(16)


def is_owner(value: object) -> bool:
    """Return whether `value` has the form of such an id."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def signed(id: str, key: bytes | None = None, purpose: str = "owner") -> str:
    """Return an id as a cookie value, signed.

    Args:
        key: another signing key than this server's.
        purpose: what the cookie is for; a value that is signed for one purpose is void for another.
    """
    return f"{id}.{_signature(id, key, purpose)}"


def read(value: object, purpose: str = "owner") -> str | None:
    """Read the id from a cookie's value; None: it is not signed by this server for this purpose."""
    found = _SIGNED.fullmatch(value) if isinstance(value, str) else None
    if found is None or not hmac.compare_digest(found[2], _signature(found[1], None, purpose)):
        return None
    return found[1]


def _signature(id: str, key: bytes | None, purpose: str) -> str:
    return hmac.new(key or keys.key(), f"{purpose} {id}".encode("ascii"), hashlib.sha256).hexdigest()


class OwnerCookie:
    """Middleware that sets the cookie in the HTML response to a browser without one.

    Args:
        claim: queries the store whether a browser with an unsigned id may continue as its owner; None: it cannot be
            decided now.
        bare: beginnings of paths whose pages set no cookie: nobody owns anything there.
    """

    def __init__(
        self,
        app: ASGIApp,
        claim: Callable[[str], bool | None] = lambda id: False,
        bare: tuple[str, ...] = (),
    ) -> None:
        self.app, self.claim, self.bare = app, claim, bare
        keys.key()  # created before the first visitor arrives

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the response's headers get the cookie."""
        brought = HTTPConnection(scope).cookies.get(COOKIE) if scope["type"] == "http" else None
        if scope["type"] != "http" or read(brought) is not None or self._is_bare(scope):
            await self.app(scope, receive, send)
            return

        async def with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start" and _is_page(message):
                id = await self._owner(brought)
                if id is not None:
                    message = {
                        **message,
                        "headers": [*message["headers"], (b"set-cookie", _grant(scope, id))],
                    }
            await send(message)

        if "text/html" in HTTPConnection(scope).headers.get("accept", ""):
            # A page in the browser's cache would be answered "not modified", without content type or cookie.
            kept = [(name, value) for name, value in scope["headers"] if name not in _CONDITIONS]
            scope = {**scope, "headers": kept}
        await self.app(scope, receive, with_cookie)

    def _is_bare(self, scope: Scope) -> bool:
        path = str(scope["path"]).removeprefix(str(scope.get("root_path", "")))
        return bool(self.bare) and path.startswith(self.bare)

    async def _owner(self, brought: str | None) -> str | None:
        """Return the browser's id: its old unsigned one, or a new one; None: cannot be decided now."""
        if brought is None or not is_owner(brought):
            return new()
        known = await run_in_threadpool(self.claim, brought)
        if (
            known is None
        ):  # the store is unavailable: the browser keeps its cookie and sends it again with its next page
            return None
        return brought if known else new()


def _is_page(message: Message) -> bool:
    return any(
        name == b"content-type" and value.startswith(b"text/html") for name, value in message["headers"]
    )


def _grant(scope: Scope, id: str) -> bytes:
    secure = "; Secure" if scope.get("scheme") == "https" else ""
    return f"{COOKIE}={signed(id)}; Path=/; Max-Age={YEAR}; HttpOnly; SameSite=Lax{secure}".encode("ascii")
