"""A server below a path: what it answers whether the proxy strips the path or not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app.server import launch
from app.server.below import VARIABLE, Below, path_of


@pytest.mark.parametrize(
    ("address", "path"),
    [
        ("", ""),
        ("https://school.example", ""),
        ("https://school.example/", ""),
        ("https://school.example/glassbox", "/glassbox"),
        ("https://school.example:8443/it/glassbox/", "/it/glassbox"),
        ("school.example/glassbox", "/glassbox"),
        ("192.168.1.5:8501", ""),
    ],
)
def test_the_path_of_an_address(address: str, path: str) -> None:
    assert path_of(address) == path


@pytest.mark.parametrize("path", ["/../x", "/a//b", "/.hidden", "/a b", '/a"b', "/é", "/a;b"])
def test_a_path_that_no_server_should_have_is_refused(path: str) -> None:
    with pytest.raises(ValueError, match="GLASSBOX_ADDRESS"):
        path_of(f"https://school.example{path}")


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """A server below /glassbox that says what it was asked."""

    async def told(request: Request) -> Response:
        scope = request.scope
        found = {"id": request.path_params["id"], "root": scope["root_path"], "url": str(request.url)}
        return JSONResponse(found)

    monkeypatch.setenv(VARIABLE, "https://school.example/glassbox")
    app = Starlette(routes=[Route("/runs/{id}", told)], middleware=[Middleware(Below)])
    return TestClient(app, base_url="http://school.example", follow_redirects=False)


@pytest.mark.parametrize("asked", ["/runs/7?x=1", "/glassbox/runs/7?x=1"])
def test_both_kinds_of_proxies_reach_the_same(client: TestClient, asked: str) -> None:
    assert client.get(asked).json() == {
        "id": "7", "root": "/glassbox", "url": "http://school.example/glassbox/runs/7?x=1",
    }  # fmt: skip


def test_the_path_without_a_slash_leads_below(client: TestClient) -> None:
    answer = client.get("/glassbox?text=a%20b")
    assert (answer.status_code, answer.headers["location"]) == (307, "/glassbox/?text=a%20b")


def test_what_only_begins_like_the_path_is_not_below_it(client: TestClient) -> None:
    assert client.get("/glassboxes/runs/7").status_code == 404


@pytest.mark.full(reason="takes 2 s")
@given(some.lists(some.from_regex(r"[a-z0-9_~-][a-z0-9._~-]{0,9}", fullmatch=True), max_size=4))
def test_a_path_is_read_as_it_was_written(parts: list[str]) -> None:
    path = "".join(f"/{part}" for part in parts)
    assert path_of(f"https://school.example{path}/") == path


def test_who_starts_it_reads_where_visitors_open_it(capsys: pytest.CaptureFixture[str]) -> None:
    launch.greet("http://localhost:8501", ["Ctrl+C stops it."], {VARIABLE: "https://school.example/glassbox"})
    said = capsys.readouterr().out
    assert "Glassbox is running:  http://localhost:8501\n" in said
    assert "Visitors open it at:  https://school.example/glassbox\n" in said and "Ctrl+C" in said
    launch.greet("http://localhost:8501", [], {})
    assert "Visitors" not in capsys.readouterr().out
