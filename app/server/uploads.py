"""Upload limits: the bytes that one visitor, one network and all together may keep in this server's memory.

Streamlit bounds a file (maxUploadSize) and keeps every file of a session until that ends, however many there are.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from streamlit import runtime

from app.session import language, visitors
from core.messages import mark, say, speaking

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

MB = 2**20
OF_ONE = 16 * MB  # bytes of files per session
OF_ADDRESS = 128 * MB  # of all sessions from one network address: a class
OF_ALL = 256 * MB
LARGEST = 6 * MB  # size assumed for a request without Content-Length: more than maxUploadSize allows
ENTRY = 4096  # bytes that a stored file takes beside its content, name and type
_UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_ADDRESS = re.compile(rf"/_stcore/upload_file/({_UUID})/({_UUID})")


_TOO_MUCH = {
    "visitor": mark("Too much: you have uploaded as much as is kept. Remove a file first."),
    "network": mark("Too much: your network has uploaded as much as is kept. Remove a file first."),
    "all": mark("Too much: visitors have uploaded as much as is kept. Remove a file first."),
}


class Uploads:
    """Middleware that refuses an upload beyond the limits before it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self._coming: Counter[str] = Counter()  # bytes in transfer, by session
        self._from: dict[str, str] = {}  # network address of each session with files

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it."""
        if scope["type"] != "http" or scope["method"] != "PUT" or "/_stcore/" not in scope["path"]:
            await self.app(scope, receive, send)  # a room's votes are put, too
            return
        found = _ADDRESS.fullmatch(str(scope["path"]).removeprefix(str(scope.get("root_path", ""))))
        if found is None:  # Streamlit takes any ids; its own are UUIDs
            await PlainTextResponse("Not found.\n", 404)(scope, receive, send)
            return
        headers = HTTPConnection(scope).headers
        session, size = found[1], _size(headers.get("content-length"))
        if whose := self._over(session, size, headers.get(visitors.HEADER, "")):
            with speaking(language.of_request(HTTPConnection(scope))):
                said = say(_TOO_MUCH[whose])
            await PlainTextResponse(f"{said}\n", 413)(scope, receive, send)
            return
        self._coming[session] += size
        try:
            await self.app(scope, receive, send)
        finally:
            self._coming[session] -= size
            self._coming += Counter()  # forget sessions without transfers

    def _over(self, session: str, size: int, address: str) -> str:
        """Return who would have too much with this upload, a key of `_TOO_MUCH`; "": nobody."""
        held = kept() + self._coming
        self._from = {one: place for one, place in self._from.items() if one in held} | {session: address}
        if held[session] + size > OF_ONE:
            return "visitor"
        if sum(held[one] for one, place in self._from.items() if place == address) + size > OF_ADDRESS:
            return "network"
        return "all" if held.total() + size > OF_ALL else ""


def kept() -> Counter[str]:
    """Return the bytes of stored files by session."""
    if not runtime.exists():
        return Counter()
    stored = getattr(runtime.get_instance().uploaded_file_mgr, "file_storage", {})
    sizes = {
        session: sum(
            len(file.data) + len(file.name) + len(file.type) + ENTRY for file in list(files.values())
        )
        for session, files in list(stored.items())
    }
    return Counter(sizes)


def _size(said: str | None) -> int:
    return min(int(said), LARGEST) if said and said.isdecimal() else LARGEST
