"""Upload limits: the bytes that one visitor, and all together, may keep in this server's memory.

Streamlit bounds a file (maxUploadSize) and keeps every file of a session until that ends, however many there are.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from streamlit import runtime

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MB = 2**20
OF_ONE = 16 * MB  # bytes of files per session
OF_ALL = 256 * MB
LARGEST = 6 * MB  # size assumed for a request without Content-Length: more than maxUploadSize allows
_ADDRESS = re.compile(r".*/_stcore/upload_file/([^/]{1,200})/([^/]{1,200})")


class Uploads:
    """Middleware that refuses an upload beyond the limits before it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._coming: Counter[str] = Counter()  # bytes in transfer, by session

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        found = (
            _ADDRESS.fullmatch(scope["path"])
            if scope["type"] == "http" and scope["method"] == "PUT"
            else None
        )
        if found is None:
            await self.app(scope, receive, send)
            return
        session, size = found[1], _size(HTTPConnection(scope).headers.get("content-length"))
        held = kept()
        mine = held[session] + self._coming[session] + size
        if mine > OF_ONE or held.total() + self._coming.total() + size > OF_ALL:
            whose = "you have" if mine > OF_ONE else "visitors have"
            answer = PlainTextResponse(
                f"Too much: {whose} uploaded as much as is kept. Remove a file first.\n", 413
            )
            await answer(scope, receive, send)
            return
        self._coming[session] += size
        try:
            await self.app(scope, receive, send)
        finally:
            self._coming[session] -= size
            self._coming += Counter()  # forget sessions without transfers


def kept() -> Counter[str]:
    """Return the bytes of stored files by session."""
    if not runtime.exists():
        return Counter()
    stored = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
    sizes = {
        session: sum(len(file.data) for file in list(files.values()))
        for session, files in list(stored.items())
    }
    return Counter(sizes)


def _size(said: str | None) -> int:
    return min(int(said), LARGEST) if said and said.isdecimal() else LARGEST
