"""Browsers without a window: requests with their cookies, and the states of a room as one screen hears them."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any
from urllib.parse import urlsplit

SECONDS = 20.0  # the longest that a request may take
QUIET = 60.0  # seconds without a byte after which a stream is given up: a living one says something every 15
ASKS = 2.0  # seconds between two questions for the state where events do not come (app/rooms/connection.js)
PATIENCE = 5.0  # seconds in which the first event should have come (likewise)

State = dict[str, Any]


class Unreachable(OSError):
    """Raised where nobody answers at an address; the message says why."""


@dataclass(frozen=True)
class Reply:
    """What a server answered: status 200 and the like, and the bytes."""

    status: int
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """Its JSON object; {} where it is none."""
        with suppress(ValueError):
            found = json.loads(self.body)
            if isinstance(found, dict):
                return found
        return {}

    @property
    def text(self) -> str:
        """Its text."""
        return self.body.decode("utf-8", "replace")

    @property
    def why(self) -> str:
        """Why it was refused, in the server's words."""
        return str(self.json.get("why") or f"it answered with status {self.status}")


@dataclass
class Browser:
    """One browser.

    Attributes:
        base: the address of Glassbox as this browser reaches it, without a slash at the end.
    """

    base: str
    cookies: dict[str, str] = field(default_factory=dict)

    def get(self, path: str, accept: str = "*/*") -> Reply:
        """Ask for a page or a file. Raises Unreachable."""
        return self._ask("GET", path, None, {"Accept": accept})

    def send(self, method: str, path: str, body: dict[str, Any] | None = None) -> Reply:
        """Send what a page of ours sends, as one of its scripts does. Raises Unreachable."""
        return self._ask(method, path, json.dumps(body or {}).encode(), {"Content-Type": "application/json"})

    def connection(self, seconds: float = SECONDS) -> http.client.HTTPConnection:
        """Return a connection to the server, not yet opened; no proxy stands between."""
        parts = urlsplit(self.base)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        return kind(parts.hostname or "", parts.port, timeout=seconds)

    def headers(self) -> dict[str, str]:
        """Return what every request of this browser carries."""
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return {"Origin": self.base, **({"Cookie": cookies} if cookies else {})}

    def address(self, path: str) -> str:
        """Return the path of a page below the address that this browser uses."""
        return f"{urlsplit(self.base).path}{path}"

    def _ask(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        connection = self.connection()
        try:
            connection.request(method, self.address(path), body, {**self.headers(), **headers})
            answer = connection.getresponse()
            for written in answer.headers.get_all("Set-Cookie") or ():
                self._keep(written)
            return Reply(answer.status, answer.read())
        except (OSError, http.client.HTTPException) as why:
            raise Unreachable(reason(why)) from why
        finally:
            connection.close()

    def _keep(self, written: str) -> None:
        with suppress(CookieError):
            for name, one in SimpleCookie(written).items():
                self.cookies[name] = one.value


class Stream:
    """The states of a room as one screen hears them, each with the moment when it came.

    Where events do not come, the state is asked for every two seconds, as the pages of phones do.

    Attributes:
        asks: whether it asks, because no event came in time.
        ended: whether the room said that it has ended.
    """

    def __init__(self, browser: Browser, room: str, role: str) -> None:
        self.browser = browser
        self._path = f"/rooms/{room}/{{}}?as={role}"
        self.asks = self.ended = False
        self._heard: list[tuple[float, State]] = []
        self._news = threading.Condition()
        self._over = False
        self._connection = browser.connection(QUIET)
        for work in (self._listen, self._ask):
            threading.Thread(target=work, daemon=True).start()

    def wait(self, holds: Callable[[State], bool], seconds: float) -> float | None:
        """Return when the first state came for which this holds, by `time.perf_counter`; None: not in time."""
        until = time.perf_counter() + seconds
        with self._news:
            while True:
                found = next((at for at, state in self._heard if holds(state)), None)
                left = until - time.perf_counter()
                if found is not None or left <= 0:
                    return found
                self._news.wait(left)

    def wait_for_end(self, seconds: float) -> bool:
        """Return whether the room says within this time that it has ended."""
        with self._news:
            return self._news.wait_for(lambda: self.ended, seconds)

    def states(self) -> list[State]:
        """Return all states that came."""
        with self._news:
            return [state for _, state in self._heard]

    def close(self) -> None:
        """Stop listening."""
        self._over = True
        sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _take(self, state: State) -> None:
        with self._news:
            self._heard.append((time.perf_counter(), state))
            self._news.notify_all()

    def _end(self) -> None:
        with self._news:
            self.ended = True
            self._news.notify_all()

    def _listen(self) -> None:
        name = ""
        try:
            self._connection.request(
                "GET", self.browser.address(self._path.format("events")), headers=self.browser.headers()
            )
            answer = self._connection.getresponse()
            while answer.status == 200 and not self._over and (line := answer.readline()):
                if line.startswith(b"event:"):
                    name = line[6:].strip().decode()
                elif line.startswith(b"data:") and name == "state":
                    self._take(json.loads(line[5:]))
                elif line.startswith(b"data:") and name == "end":
                    self._end()
                    return
        except (OSError, ValueError, http.client.HTTPException, AttributeError):
            return  # no events: the state is asked for
        finally:
            self._connection.close()

    def _ask(self) -> None:
        time.sleep(PATIENCE)
        with self._news:
            self.asks = not self._heard
        while self.asks and not self._over and not self.ended:
            try:
                reply = self.browser.get(self._path.format("state"))
            except Unreachable:
                reply = Reply(0, b"")
            if reply.status == 404:
                self._end()
            elif reply.status == 200:
                self._take(reply.json)
            time.sleep(ASKS)


def reason(why: Exception) -> str:
    """Say in a few words why nobody answered."""
    if isinstance(why, ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(why, TimeoutError):
        return "no answer came in time"
    if isinstance(why, socket.gaierror):
        return "this name is not known here"
    return str(why) or type(why).__name__
