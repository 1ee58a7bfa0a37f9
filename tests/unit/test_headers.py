"""Security headers: on every answer, and none in the place of an answer's own."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.server.headers import FRAMES, Headers, frames, policy


def rules(written: str) -> dict[str, list[str]]:
    """A policy's sources, by rule."""
    return {name: sources for name, *sources in (rule.split() for rule in written.split(";"))}


def client() -> TestClient:
    """A server with a page, a text and a page that has its own policy."""

    async def page(request: Request) -> Response:
        return HTMLResponse("<p>Hello</p>")

    async def text(request: Request) -> Response:
        return PlainTextResponse("Hello")

    async def own(request: Request) -> Response:
        return HTMLResponse("<p>Hello</p>", headers={"Content-Security-Policy": "sandbox"})

    routes = [Route("/page", page), Route("/text", text), Route("/own", own)]
    return TestClient(Starlette(routes=routes, middleware=[Middleware(Headers)]))


def test_every_answer_has_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FRAMES, raising=False)
    server = client()
    for path in ("/page", "/text", "/own", "/nowhere"):
        found = server.get(path).headers
        assert found["x-content-type-options"] == "nosniff" and found["referrer-policy"] == "same-origin"
    assert "content-security-policy" not in server.get("/text").headers
    assert server.get("/own").headers.get_list("content-security-policy") == ["sandbox"]
    assert rules(server.get("/page").headers["content-security-policy"])["frame-ancestors"] == ["'self'"]


def test_a_page_loads_nothing_from_elsewhere_and_runs_no_script_that_is_written_into_it() -> None:
    found = rules(policy())
    assert found["default-src"] == ["'self'"] and found["object-src"] == ["'none'"]
    assert not any(source.startswith(("http", "*")) for sources in found.values() for source in sources)
    assert "'unsafe-inline'" not in found["script-src"]


@pytest.mark.parametrize(
    ("host", "sockets"),
    [
        ("school.example:8501", ["ws://school.example:8501", "wss://school.example:8501"]),
        ("[2001:db8::1]", ["ws://[2001:db8::1]", "wss://[2001:db8::1]"]),
        ("x; script-src *", []),
        ("a b", []),
    ],
)
def test_an_old_safari_may_open_this_servers_websocket(host: str, sockets: list[str]) -> None:
    found = client().get("/page", headers={"host": host}).headers["content-security-policy"]
    assert rules(found)["connect-src"] == ["'self'", *sockets, "data:", "blob:"]
    assert rules(found)["script-src"] == rules(policy())["script-src"]


def test_the_scripts_of_streamlits_page_are_known() -> None:
    import streamlit

    written = (Path(streamlit.__path__[0]) / "static" / "index.html").read_text(encoding="utf-8")
    script = written.split("<script>")[1].split("</script>")[0]
    mark = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"'sha256-{mark}'" in rules(policy())["script-src"]


def test_other_sites_show_it_in_a_frame_as_configured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FRAMES, "https://moodle.school.example, https://*.example.org:8443")
    found = client().get("/page").headers["content-security-policy"]
    assert rules(found)["frame-ancestors"] == [
        "'self'", "https://moodle.school.example", "https://*.example.org:8443",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "written", ["moodle.school.example", "https://a b", "https://x; script-src *", "'none'"]
)
def test_what_is_no_site_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=FRAMES):
        frames(written)
