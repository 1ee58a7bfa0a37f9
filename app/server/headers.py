"""Security headers: what a page may load, who may show it in a frame, what other sites learn of its address.

Pages need `unsafe-eval`, as Vega compiles the expressions of a chart, and `blob:`, as Streamlit imports the scripts of
components from there; both come from this server alone. Scripts written into a page run only where their hash is known.
No Streamlit in here but for its page.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

FRAMES = "GLASSBOX_FRAMES"
_INLINE = re.compile(r"<script>(.*?)</script>", re.DOTALL)
_ORIGIN = re.compile(r"https?://(\*\.)?[A-Za-z0-9.-]+(:[0-9]{1,5}|:\*)?|\[[0-9a-f:]+\]|\*")
_HOST = re.compile(r"([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:[0-9]{1,5})?")
_ALWAYS = {
    b"x-content-type-options": b"nosniff",
    b"referrer-policy": b"same-origin",  # links have what somebody typed in them
    b"permissions-policy": b"camera=(), geolocation=(), microphone=()",
}
_POLICY = b"content-security-policy"


def frames(written: str | None = None) -> tuple[str, ...]:
    """Read the sites that may show a page in a frame, beside this server: GLASSBOX_FRAMES, with commas between them.

    Raises:
        ValueError: one of them is no site.
    """
    written = os.environ.get(FRAMES, "") if written is None else written
    found = tuple(filter(None, map(str.strip, written.split(","))))
    for each in found:
        if _ORIGIN.fullmatch(each) is None:
            raise ValueError(
                f"{FRAMES}: {each!r} is no site: write one as https://moodle.school.example, with commas between "
                "several, or * for all"
            )
    return found


def policy(inside: tuple[str, ...] = (), host: str = "") -> str:
    """Return the Content-Security-Policy of a page.

    Args:
        inside: sites that may show it in a frame, beside this server.
        host: this server's, with its port, as the browser has it: Safari before 15.4 takes 'self' for no WebSocket.
    """
    sockets = [f"ws://{host}", f"wss://{host}"] if _HOST.fullmatch(host) else []
    rules = {
        "default-src": "'self'",
        "script-src": " ".join(["'self'", "'unsafe-eval'", "blob:", *_hashes()]),
        "style-src": "'self' 'unsafe-inline'",
        "img-src": "'self' data: blob:",
        "font-src": "'self' data:",
        "media-src": "'self' data: blob:",
        "connect-src": " ".join(["'self'", *sockets, "data:", "blob:"]),
        "worker-src": "'self' blob:",
        "frame-src": "'self' blob: data:",
        "object-src": "'none'",
        "base-uri": "'self'",
        "form-action": "'self'",
        "frame-ancestors": " ".join(["'self'", *inside]),
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@lru_cache(maxsize=1)
def _hashes() -> tuple[str, ...]:
    """Return the hashes of the scripts that Streamlit has written into its page."""
    import streamlit

    page = Path(streamlit.__file__).parent / "static" / "index.html"
    scripts = _INLINE.findall(page.read_text(encoding="utf-8"))
    return tuple(
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode('ascii')}'"
        for script in scripts
    )


class Headers:
    """Middleware that adds the security headers to each answer that does not have its own.

    Raises:
        ValueError: GLASSBOX_FRAMES names what is no site.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.frames = app, frames()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the answer's head gets what it lacks."""

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                host = HTTPConnection(scope).headers.get("host", "")
                message = {**message, "headers": self._completed(list(message.get("headers", [])), host)}
            await send(message)

        await self.app(scope, receive, with_headers if scope["type"] == "http" else send)

    def _completed(self, headers: list[tuple[bytes, bytes]], host: str) -> list[tuple[bytes, bytes]]:
        there = {name.lower(): value for name, value in headers}
        wanted = dict(_ALWAYS)
        if there.get(b"content-type", b"").startswith(b"text/html"):
            wanted[_POLICY] = policy(self.frames, host).encode("ascii")
        return headers + [(name, value) for name, value in wanted.items() if name not in there]
