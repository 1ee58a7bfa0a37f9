"""Serve below a path, such as https://school.example/glassbox, whether the proxy in front strips that path or not.

GLASSBOX_ADDRESS names it. No Streamlit in here.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

VARIABLE = "GLASSBOX_ADDRESS"
_PATH = re.compile(r"(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*)*")


def path_of(address: str) -> str:
    """Return the path of an address, with a slash before it and none behind; "" where it has none.

    Raises:
        ValueError: it has signs that no path of a server should have.
    """
    address = address.strip()
    found = urlsplit(address if "://" in address else f"//{address}").path.rstrip("/")
    if _PATH.fullmatch(found) is None:
        raise ValueError(
            f"{VARIABLE}={address}: its path may have letters, digits and - . _ ~ between slashes, such as "
            "https://school.example/glassbox"
        )
    return found


class Below:
    """Middleware that gives each request the path that the server stands below (ASGI's `root_path`).

    Raises:
        ValueError: GLASSBOX_ADDRESS has no good path.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app, self.path = app, path_of(os.environ.get(VARIABLE, ""))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; the path itself, without a slash, leads to what is below it."""
        if not self.path or scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
        elif scope["type"] == "http" and scope["path"] == self.path:
            from starlette.responses import RedirectResponse

            query = scope["query_string"].decode("latin-1")
            await RedirectResponse(f"{self.path}/" + (f"?{query}" if query else ""))(scope, receive, send)
        else:
            await self.app(self._below(scope), receive, send)

    def _below(self, scope: Scope) -> Scope:
        """Return the scope with the path in front, where the proxy has taken it away."""
        path, raw = str(scope["path"]), scope.get("raw_path")
        if not path.startswith(f"{self.path}/"):
            path, raw = self.path + path, None if raw is None else self.path.encode("ascii") + raw
        return {**scope, "root_path": self.path, "path": path, "raw_path": raw}
