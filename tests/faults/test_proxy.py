"""Caddy as we tell it, before two small servers: who stays where, who moves, what is passed on and how."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from app.server import proxy, several
from scripts import caddy
from tests.ports import free_port
from tests.waiting import until

SCRIPT = b"export const numbers = [1, 2, 3];\n" * 200


class Small(ThreadingHTTPServer):
    """A server that says who it is and what it was asked.

    Attributes:
        sick: whether it says that it is not well. more: lets an open stream go on.
    """

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, port: int) -> None:
        super().__init__(("127.0.0.1", port), Answers)
        self.sick = False
        self.more = threading.Event()
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """Answer nobody any more."""
        self.shutdown()
        self.server_close()


class Answers(BaseHTTPRequestHandler):
    """What the small servers answer."""

    protocol_version = "HTTP/1.1"
    server: Small

    def do_GET(self) -> None:
        """Say who and what, or stream, or give a script as Streamlit does."""
        if self.path == proxy.HEALTH:
            self._say(503 if self.server.sick else 200, b"ok", "text/plain")
        elif self.path == "/static/a.js":
            self._say(
                200, SCRIPT, "text/javascript", {"Cache-Control": "public, max-age=31536000, immutable"}
            )
        elif self.path == "/runs/1/events":
            self._stream()
        else:
            told = {"port": self.server.server_port, "headers": dict(self.headers), "path": self.path}
            self._say(200, json.dumps(told).encode(), "application/json", {"Set-Cookie": "other=1; Path=/a"})

    def do_PUT(self) -> None:
        """Say how much came."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self._say(200, str(len(body)).encode(), "text/plain")

    def _say(self, status: int, body: bytes, kind: str, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(name, value)
        self.send_header("Connection", "close")  # so that nothing is left of a server that is closed
        self.end_headers()
        self.wfile.write(body)

    def _stream(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"data: first\n\n")
        self.wfile.flush()
        self.server.more.wait(60)
        self.wfile.write(b"data: second\n\n")

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@contextmanager
def fronted(front: proxy.Front, folder: Path) -> Iterator[several.Part]:
    """Caddy before these ports."""
    program = caddy.find()
    assert program is not None, caddy.MISSING
    path = folder / "Caddyfile"
    path.write_text(proxy.caddyfile(front, "secret", folder / "caddy.log"), encoding="utf-8")
    own = {"XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    part = several.Part("Caddy", [program, "run", "--config", str(path), "--adapter", "caddyfile"], own)
    part.start()
    try:
        until(lambda: part.status is not None or several.listens(front.host, front.port), "Caddy")
        assert part.status is None
        yield part
    finally:
        assert part.process is not None
        part.process.terminate()
        part.process.wait(60)  # whoever has a stream open


@pytest.fixture
def pair() -> Iterator[list[Small]]:
    """Two small servers; a test may put another in one's place."""
    both = [Small(free_port()), Small(free_port())]
    yield both
    for each in both:
        each.close()


@pytest.fixture
def front(pair: list[Small], tmp_path: Path) -> Iterator[proxy.Front]:
    """Caddy before both of them."""
    found = proxy.Front("127.0.0.1", free_port(), tuple(each.server_port for each in pair))
    with fronted(found, tmp_path):
        yield found


def visitor(front: proxy.Front) -> httpx.Client:
    """A browser without cookies."""
    return httpx.Client(base_url=f"http://127.0.0.1:{front.port}", trust_env=False, timeout=30)


def where(client: httpx.Client) -> int:
    """The port of the server that answers a visitor."""
    return int(client.get("/who").json()["port"])


def places(answer: httpx.Response, front: proxy.Front) -> list[str]:
    """The cookies of an answer that keep a visitor at a server."""
    return [each for each in answer.headers.get_list("set-cookie") if each.startswith(front.cookie)]


def test_a_visitor_stays_and_the_cookie_is_no_scripts(front: proxy.Front) -> None:
    with visitor(front) as one:
        first = one.get("/who")
        mine = f"{front.cookie}={proxy.mark('secret', '127.0.0.1:' + str(first.json()['port']))}"
        assert first.headers.get_list("set-cookie") == [
            "other=1; Path=/a",
            f"{mine}; Path=/; HttpOnly; SameSite=Lax",
        ]
        again = [one.get("/who") for _ in range(20)]
        assert {each.json()["port"] for each in again} == {first.json()["port"]}
        assert {tuple(each.headers.get_list("set-cookie")) for each in again} == {("other=1; Path=/a",)}
        told = first.json()["headers"]
        assert told["X-Forwarded-For"] == "127.0.0.1" and told["X-Forwarded-Proto"] == "http"
        assert told["Host"] == f"127.0.0.1:{front.port}", "by which the app knows requests of its own pages"
        forged = one.get("/who", headers={"X-Forwarded-For": "198.51.100.1"}).json()["headers"]
        assert forged["X-Forwarded-For"] == "127.0.0.1"


def test_each_server_tells_its_own_figures(front: proxy.Front, pair: list[Small]) -> None:
    with visitor(front) as one:
        for number, server in enumerate(pair, start=1):
            answer = one.get(f"/metrics/{number}")
            assert answer.json()["port"] == server.server_port and answer.json()["path"] == "/metrics"
            assert places(answer, front) == []
        nobodys = one.get("/metrics")
        assert nobodys.status_code == 404 and "/metrics/1 to /metrics/2" in nobodys.text
        assert one.get("/metrics/3").json()["path"] == "/metrics/3", "the app's, which has no such page"


def test_visitors_go_where_fewer_are(front: proxy.Front, pair: list[Small]) -> None:
    """Those who come while somebody is connected go to the other server."""
    with visitor(front) as one, one.stream("GET", "/runs/1/events") as stream:
        assert stream.status_code == 200
        for _ in range(5):
            with visitor(front) as other:
                assert where(other) != where(one)
        for each in pair:
            each.more.set()


def test_a_stream_arrives_as_it_is_sent(front: proxy.Front, pair: list[Small]) -> None:
    with visitor(front) as one, one.stream("GET", "/runs/1/events") as stream:
        lines = stream.iter_lines()
        assert next(lines) == "data: first"
        assert "content-encoding" not in stream.headers
        for each in pair:  # not before the first line was here
            each.more.set()
        assert "data: second" in list(lines)


@pytest.mark.parametrize("encoding", ["zstd", "gzip"])
def test_scripts_are_packed_and_stay_in_caches(encoding: str, front: proxy.Front) -> None:
    with (
        visitor(front) as one,
        one.stream("GET", "/static/a.js", headers={"Accept-Encoding": encoding}) as answer,
    ):
        packed = b"".join(answer.iter_raw())
        assert answer.headers["content-encoding"] == encoding and len(packed) < len(SCRIPT) / 10
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"


def test_what_is_too_large_is_refused_in_words(front: proxy.Front) -> None:
    with visitor(front) as one:
        assert one.put("/_stcore/upload_file/a/b", content=bytes(5 * 2**20)).text == str(5 * 2**20)
        large = one.put("/_stcore/upload_file/a/b", content=bytes(7 * 2**20))
        assert large.status_code == 413 and large.text.startswith("That is too large")


def test_visitors_of_a_server_that_is_gone_are_with_the_other_one(
    front: proxy.Front, pair: list[Small]
) -> None:
    with visitor(front) as one:
        gone = next(at for at, each in enumerate(pair) if each.server_port == where(one))
        port = pair[gone].server_port
        pair[gone].close()
        moved = one.get("/who")  # the next request already, whatever the last look at its health said
        assert moved.json()["port"] != port
        (place,) = places(moved, front)
        assert place.endswith("; Path=/; HttpOnly; SameSite=Lax")
        pair[gone] = Small(port)
        assert {where(one) for _ in range(5)} == {moved.json()["port"]}, "nobody is moved twice"
        with one.stream("GET", "/runs/1/events"):

            def comes_back() -> bool:
                with visitor(front) as other:
                    return where(other) == port

            until(comes_back, "the server that is there again to get visitors")
            pair[1 - gone].more.set()


@pytest.mark.full(reason="starts processes and waits for them, 4 s")
def test_when_nobody_answers_a_page_says_so(front: proxy.Front, pair: list[Small]) -> None:
    for each in pair:
        each.sick = True
    with visitor(front) as one:
        until(lambda: one.get("/who").status_code == 503, "both to be left out")
        assert one.get("/who").text == "Glassbox does not answer just now. Reload this page in a few seconds."
        for each in pair:
            each.sick = False
        until(lambda: one.get("/who").status_code == 200, "both to be back")


def test_an_https_address_is_caddys_own(pair: list[Small], tmp_path: Path) -> None:
    """A name that nobody outside can vouch for gets a certificate of Caddy's own authority, kept in our folder."""
    front = proxy.Front("127.0.0.1", free_port(), tuple(each.server_port for each in pair), name="localhost")
    with fronted(front, tmp_path):
        root = until(lambda: next(tmp_path.rglob("root.crt"), None), "the authority")
        trusted = ssl.create_default_context(cafile=str(root))
        with httpx.Client(verify=trusted, trust_env=False, timeout=60) as one:

            def asked() -> httpx.Response | None:
                try:
                    return one.get(f"{front.address}/who")
                except httpx.ConnectError:  # its certificate is on its way
                    return None

            answer = until(asked, "an encrypted answer")
            assert answer.json()["headers"]["X-Forwarded-Proto"] == "https"
            assert answer.headers.get_list("set-cookie")[-1].endswith("; HttpOnly; SameSite=Lax; Secure")
            answer = one.get(f"{front.address}/who")
            assert answer.headers.get_list("set-cookie") == ["other=1; Path=/a"]


def test_what_a_known_proxy_forwards_is_believed(pair: list[Small], tmp_path: Path) -> None:
    ports = tuple(each.server_port for each in pair)
    front = proxy.Front("127.0.0.1", free_port(), ports, proxies=("127.0.0.1",))
    came = {"X-Forwarded-For": "198.51.100.1", "X-Forwarded-Proto": "https"}
    with fronted(front, tmp_path), visitor(front) as one:
        answer = one.get("/who", headers=came)
        told = answer.json()["headers"]
        assert told["X-Forwarded-For"] == "198.51.100.1, 127.0.0.1" and told["X-Forwarded-Proto"] == "https"
        assert answer.headers.get_list("set-cookie")[-1].endswith("; HttpOnly; SameSite=Lax; Secure")
