"""Where a visitor comes from: a forwarded address counts only where a known proxy says it."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app import runs
from app.session import owner, visitors


def found(peer: str, *forwarded: str, known: str = "") -> str:
    """The address of a connection from `peer` with these headers."""
    headers = [(b"x-forwarded-for", each.encode()) for each in forwarded]
    scope: Any = {"type": "http", "client": (peer, 5000), "headers": headers}
    return visitors.address_of(scope, visitors.proxies(known))


PROXY = "10.0.0.0/24, 2001:db8::1"
CASES = [
    (("203.0.113.7",), "", "203.0.113.7"),
    (("203.0.113.7", "198.51.100.1"), "", "203.0.113.7"),  # anybody can write that
    (("203.0.113.7", "198.51.100.1"), PROXY, "203.0.113.7"),
    (("10.0.0.5", "198.51.100.1"), PROXY, "198.51.100.1"),
    (("10.0.0.5", "192.0.2.9, 198.51.100.1"), PROXY, "198.51.100.1"),  # the first was written by the visitor
    (("10.0.0.5", "192.0.2.9", "198.51.100.1, 10.0.0.6"), PROXY, "198.51.100.1"),  # through two proxies
    (("10.0.0.5", "nonsense"), PROXY, "10.0.0.5"),
    (("10.0.0.5", "198.51.100.1:4711"), PROXY, "198.51.100.1"),
    (("2001:db8::1", "[2001:db8:7:8:1::9]:80"), PROXY, "2001:db8:7:8::"),
    (("::ffff:203.0.113.7",), "", "203.0.113.7"),
    (("2001:db8:1:2:3:4:5:6",), "", "2001:db8:1:2::"),  # a household has as many addresses as it likes
    # uvicorn has put the forwarded address in the place of a process of this machine.
    (("198.51.100.1", "198.51.100.1"), "", "127.0.0.1"),
    (("198.51.100.1", "192.0.2.9, 198.51.100.1"), "127.0.0.1", "198.51.100.1"),
    (("unknown",), "", ""),
]


@pytest.mark.parametrize(("came", "known", "address"), CASES)
def test_the_address_that_counts(came: tuple[str, ...], known: str, address: str) -> None:
    assert found(*came, known=known) == address


def test_a_proxy_that_is_none_is_said() -> None:
    with pytest.raises(ValueError, match="'proxy' is no address"):
        visitors.proxies("10.0.0.5, proxy")


def test_no_browser_can_say_where_it_comes_from(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(visitors.VARIABLE, raising=False)

    async def told(request: Request) -> Response:
        return PlainTextResponse(",".join(request.headers.getlist(visitors.HEADER)))

    app = Starlette(routes=[Route("/", told)], middleware=[Middleware(visitors.Visitor)])
    client = TestClient(app, client=("203.0.113.7", 5000))
    assert client.get("/", headers={visitors.HEADER: "192.0.2.1"}).text == "203.0.113.7"


def test_the_store_keeps_no_address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    one, other = visitors.name_of("203.0.113.7"), visitors.name_of("203.0.113.8")
    assert one != other and one == visitors.name_of("203.0.113.7")
    assert visitors.name_of("") == ""


@pytest.mark.parametrize(
    ("peer", "said", "known", "scheme"),
    [
        ("203.0.113.7", ["https"], "", "http"),  # anybody can write that
        ("203.0.113.7", ["https"], "203.0.113.0/24", "https"),
        ("127.0.0.1", ["https"], "", "https"),
        ("::1", ["https"], "", "https"),  # the server itself believes no proxy of this address
        ("::1", ["http", "HTTPS"], "", "https"),  # the last one was added by our proxy
        ("::1", ["https", "http"], "", "http"),
        ("::1", [], "", "http"),
    ],
)
def test_a_visit_is_encrypted_where_a_proxy_of_ours_says_so(
    peer: str, said: list[str], known: str, scheme: str
) -> None:
    headers = [(b"x-forwarded-proto", each.encode()) for each in said]
    scope: Any = {"type": "http", "client": (peer, 5000), "headers": headers, "scheme": "http"}
    networks = visitors.proxies(known)
    assert visitors.scheme_of(scope, networks) == scheme
    encrypted = {"http": "ws", "https": "wss"}
    assert visitors.scheme_of({**scope, "scheme": "ws"}, networks) == encrypted[scheme]


def test_pages_without_a_cookie_share_the_turns_of_their_address(monkeypatch: pytest.MonkeyPatch) -> None:
    def seen(cookies: dict[str, str], address: str) -> str:
        context = SimpleNamespace(cookies=cookies, headers={visitors.HEADER: address})
        monkeypatch.setattr(runs.st, "context", context)
        return runs.visitor()

    assert seen({}, "10.0.0.1") == seen({}, "10.0.0.1") != seen({}, "10.0.0.2")
    one, other = owner.new(), owner.new()
    assert seen({owner.COOKIE: owner.signed(one)}, "10.0.0.1") == one
    assert seen({owner.COOKIE: owner.signed(other)}, "10.0.0.1") == other
    forged = {owner.COOKIE: f"{one}.{'0' * 64}"}
    assert seen(forged, "10.0.0.1") == seen({}, "10.0.0.1")
