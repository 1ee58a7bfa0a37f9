"""The cookie that says whose a run is: random, unreadable for scripts, and given once."""

from __future__ import annotations

from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app import owner


def site(base: str = "http://glassbox.test") -> TestClient:
    """A page and an answer that is none, behind the middleware; no cookie is remembered between requests."""

    async def page(request: Request) -> Response:
        if "if-none-match" in request.headers or "if-modified-since" in request.headers:
            return Response(status_code=304)
        return HTMLResponse("<p>Hello</p>", headers={"set-cookie": "other=1"})

    async def data(request: Request) -> Response:
        return JSONResponse({})

    app = Starlette(
        routes=[Route("/", page), Route("/data", data)], middleware=[Middleware(owner.OwnerCookie)]
    )
    return TestClient(app, base_url=base)


def granted(answer: Any) -> list[str]:
    """The owner cookies that an answer sets."""
    values: list[str] = answer.headers.get_list("set-cookie")
    return [value for value in values if value.startswith(owner.COOKIE)]


def test_the_first_page_brings_an_id_that_scripts_and_other_sites_cannot_use() -> None:
    (cookie,) = granted(site().get("/"))
    first, *rest = cookie.split("; ")
    assert owner.is_owner(first.partition("=")[2])
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(rest)
    assert "Secure" not in rest
    assert any(part.startswith("Max-Age=") and int(part[8:]) > 10**7 for part in rest)
    assert "Secure" in granted(site("https://glassbox.test").get("/"))[0].split("; ")


@pytest.mark.parametrize("condition", ["If-None-Match", "If-Modified-Since"])
def test_a_browser_that_kept_the_page_but_not_the_cookie_gets_one(condition: str) -> None:
    asks = {condition: "x", "accept": "text/html,*/*;q=0.8"}
    assert len(granted(site().get("/", headers=asks))) == 1
    known = site().get("/", headers={**asks, "cookie": f"{owner.COOKIE}={owner.new()}"})
    assert (known.status_code, granted(known)) == (304, [])
    assert site().get("/", headers={condition: "x", "accept": "*/*"}).status_code == 304, "files stay kept"


def test_every_browser_gets_another_id() -> None:
    assert len({granted(site().get("/"))[0] for _ in range(20)}) == 20


def test_who_has_an_id_keeps_it() -> None:
    answer = site().get("/", headers={"cookie": f"theme=dark; {owner.COOKIE}={owner.new()}"})
    assert granted(answer) == []
    assert answer.headers["set-cookie"] == "other=1", "what the page itself sets stays"


@pytest.mark.parametrize("value", ["", "1", "a" * 31, "A" * 32, "a" * 33, "<script>", "é", '"' + "a" * 32])
def test_what_is_no_id_is_replaced(value: str) -> None:
    sent = f"{owner.COOKIE}={value}".encode()
    assert len(granted(site().get("/", headers={b"cookie": sent}))) == 1
    assert not owner.is_owner(value)


def test_only_pages_bring_it() -> None:
    assert granted(site().get("/data")) == []
    assert granted(site().get("/nowhere")) == []
    assert not owner.is_owner(None)
