"""The cookie that says whose a run is: random, signed, unreadable for scripts, and given once."""

from __future__ import annotations

import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

from app import runs
from app.session import keys, owner
from core.runs import Store
from tests import earlier
from tests.runs import OTHER, OWNER, tiny


@pytest.fixture(autouse=True)
def own_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A data folder, and so a key, of the test's own."""
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))


def site(
    base: str = "http://glassbox.test", claim: Callable[[str], bool | None] = lambda id: False
) -> TestClient:
    """A page and an answer that is none, behind the middleware; no cookie is remembered between requests."""

    async def page(request: Request) -> Response:
        if "if-none-match" in request.headers or "if-modified-since" in request.headers:
            return Response(status_code=304)
        return HTMLResponse("<p>Hello</p>", headers={"set-cookie": "other=1"})

    async def data(request: Request) -> Response:
        return JSONResponse({})

    app = Starlette(
        routes=[Route("/", page), Route("/data", data)],
        middleware=[Middleware(owner.OwnerCookie, claim=claim)],
    )
    return TestClient(app, base_url=base)


def granted(answer: Any) -> list[str]:
    """The owner cookies that an answer sets."""
    values: list[str] = answer.headers.get_list("set-cookie")
    return [value for value in values if value.startswith(owner.COOKIE)]


def test_the_first_page_brings_an_id_that_scripts_and_other_sites_cannot_use() -> None:
    (cookie,) = granted(site().get("/"))
    first, *rest = cookie.split("; ")
    assert owner.is_owner(owner.read(first.partition("=")[2]))
    assert {"HttpOnly", "SameSite=Lax", "Path=/"} <= set(rest)
    assert "Secure" not in rest
    assert any(part.startswith("Max-Age=") and int(part[8:]) > 10**7 for part in rest)
    assert "Secure" in granted(site("https://glassbox.test").get("/"))[0].split("; ")


@pytest.mark.parametrize("condition", ["If-None-Match", "If-Modified-Since"])
def test_a_browser_that_kept_the_page_but_not_the_cookie_gets_one(condition: str) -> None:
    asks = {condition: "x", "accept": "text/html,*/*;q=0.8"}
    assert len(granted(site().get("/", headers=asks))) == 1
    known = site().get("/", headers={**asks, "cookie": f"{owner.COOKIE}={owner.signed(owner.new())}"})
    assert (known.status_code, granted(known)) == (304, [])
    assert site().get("/", headers={condition: "x", "accept": "*/*"}).status_code == 304, "files stay kept"


def test_every_browser_gets_another_id() -> None:
    assert len({granted(site().get("/"))[0] for _ in range(20)}) == 20


def test_who_has_an_id_keeps_it() -> None:
    answer = site().get("/", headers={"cookie": f"theme=dark; {owner.COOKIE}={owner.signed(owner.new())}"})
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


def brought(client: TestClient, value: str) -> list[str | None]:
    """The owners that a browser gets which comes with this cookie; none: it keeps what it has."""
    found = granted(client.get("/", headers={"cookie": f"{owner.COOKIE}={value}"}))
    return [owner.read(each.split("; ")[0].partition("=")[2]) for each in found]


def test_nobody_can_invent_an_owner() -> None:
    invented = [
        OWNER,
        f"{OWNER}.{'0' * 64}",
        f"{OTHER}.{owner.signed(OWNER).partition('.')[2]}",
        owner.signed(OWNER, b"x"),
    ]
    for value in invented:
        assert owner.read(value) is None
        (given,) = brought(site(), value)
        assert given not in (None, OWNER, OTHER), value
    assert brought(site(), owner.signed(OWNER)) == []


def test_the_key_is_kept_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    cookie = owner.signed(OWNER)
    path = tmp_path / keys.NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    keys._key.cache_clear()  # the server starts again
    assert owner.read(cookie) == OWNER
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_new_key_makes_old_cookies_worthless(tmp_path: Path) -> None:
    cookie = owner.signed(OWNER)
    (tmp_path / keys.NAME).unlink()
    keys._key.cache_clear()
    assert owner.read(cookie) is None


def test_processes_that_begin_together_have_one_key(tmp_path: Path) -> None:
    found: list[bytes] = []
    barrier = threading.Barrier(8)

    def begin() -> None:
        barrier.wait()
        keys._key.cache_clear()
        found.append(keys.key())

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert [path.name for path in tmp_path.iterdir()] == [keys.NAME]


NEW = "d" * 32  # an owner that the store of an earlier version does not know


def before_signatures(folder: Path) -> Store:
    """A store with runs of an owner, as a version before signed cookies wrote it."""
    url = f"sqlite:///{folder / 'runs.sqlite'}"
    earlier.put("runs", url)
    return Store(url)


def test_an_owner_from_before_signatures_keeps_the_runs_once(tmp_path: Path) -> None:
    store = before_signatures(tmp_path)
    runs.use(store)
    client = site(claim=runs.claim)
    assert brought(client, OWNER) == [OWNER]
    assert brought(client, OWNER) == [OWNER], "a browser opens all its pages at once"
    (stranger,) = brought(client, NEW)
    assert stranger not in (NEW, None)
    with store.database.writing() as connection:
        connection.exec_driver_sql("UPDATE glassbox_unsigned SET until = 1.0")
    (late,) = brought(client, OWNER)
    assert late not in (OWNER, None), "whoever reads an id in an old copy of the store comes too late"
    assert [run.owner for run in store.list(owner=OWNER)] == [OWNER, OWNER]
    runs.use(None)
    store.close()


def test_an_owner_with_a_signed_id_is_never_taken_over(tmp_path: Path) -> None:
    store = before_signatures(tmp_path)
    store.create(tiny(), NEW)  # of a browser that got its cookie from this server
    runs.use(store)
    assert brought(site(claim=runs.claim), NEW) != [NEW]
    runs.use(None)
    store.close()


def test_while_the_store_is_away_an_old_id_is_not_thrown_away() -> None:
    assert brought(site(claim=lambda id: None), OWNER) == []
