"""Time limits for requests that come slowly or not at all: uvicorn waits for them without end.

A connection that sends nothing takes a file descriptor of the server. Some hundreds of them, from anybody, would leave
none for the pages.
"""

from __future__ import annotations

import asyncio
from typing import Any

HEADERS = 20.0  # seconds from the opening of a connection, or from the first byte of its next request, to its headers
BODY = 120.0  # further seconds for the body: uploads are small, but networks of schools are slow


def with_timeouts(
    protocol: type[asyncio.Protocol], headers: float = HEADERS, body: float = BODY
) -> type[asyncio.Protocol]:
    """Return uvicorn's HTTP protocol with time limits: it closes a connection whose request is not complete by then.

    Answers, event streams and WebSockets may take as long as they like.

    Args:
        headers, body: seconds.
    """
    base: Any = protocol

    class TimedProtocol(base):
        """An HTTP connection that does not wait without end."""

        def connection_made(self, transport: Any) -> None:
            """Begin to wait for a request."""
            super().connection_made(transport)
            self._expected: Any = None
            self._expect()

        def data_received(self, data: bytes) -> None:
            """Begin to wait for the rest of a request with its first bytes."""
            if self._expected is None and (self.cycle is None or self.cycle.response_complete):
                self._expect()
            super().data_received(data)

        def connection_lost(self, error: Exception | None) -> None:
            """Stop waiting."""
            if self._expected is not None:
                self._expected.cancel()
            super().connection_lost(error)

        def _expect(self) -> None:
            self._expected = self.loop.call_later(headers, self._check_headers, self.cycle)

        def _check_headers(self, before: Any) -> None:
            self._expected = None
            if self.transport.get_protocol() is not self:  # a WebSocket now
                return
            if self.cycle is before:
                self.transport.close()
            elif self.cycle.more_body:
                self._expected = self.loop.call_later(body, self._check_body, self.cycle)

        def _check_body(self, cycle: Any) -> None:
            self._expected = None
            if self.cycle is cycle and cycle.more_body:
                self.transport.close()

    return TimedProtocol
