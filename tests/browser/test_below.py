"""A server below a path, behind a proxy that takes the path away and behind one that leaves it."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from app.server import several
from core.rooms import Asking, Rooms
from scripts import caddy
from tests.browser import driver
from tests.ports import free_port
from tests.runs import tiny
from tests.waiting import until

pytestmark = pytest.mark.full(reason="a server of its own behind each kind of proxy")

PATH = "/glassbox"
TEACHER = "7" * 32
PROXIES = {
    "takes it away": f"handle_path {PATH}/* {{\n\t\treverse_proxy 127.0.0.1:{{inner}}\n\t}}",
    "leaves it": f"handle {PATH}* {{\n\t\treverse_proxy 127.0.0.1:{{inner}}\n\t}}",
}


@contextmanager
def proxied(rule: str, folder: Path) -> Iterator[driver.Server]:
    """The app behind Caddy, which answers nothing that is not below the path."""
    outer, inner = free_port(), free_port()
    program = caddy.find()
    assert program is not None
    path = folder / "Caddyfile"
    below = rule.replace("{inner}", str(inner))
    path.write_text(
        f"{{\n\tadmin off\n\tauto_https off\n}}\nhttp://127.0.0.1:{outer} {{\n\t{below}\n\trespond 421\n}}\n",
        encoding="utf-8",
    )
    address = f"http://127.0.0.1:{outer}{PATH}"
    env = {"GLASSBOX_ADDRESS": address, "GLASSBOX_REAL": "none"}
    own = {**os.environ, "XDG_DATA_HOME": str(folder), "XDG_CONFIG_HOME": str(folder), "HOME": str(folder)}
    with (
        driver.serving(folder, env=env, port=inner, workers=1) as server,
        (folder / "caddy.log").open("wb") as log,
    ):
        command = [program, "run", "--config", str(path), "--adapter", "caddyfile"]
        process = subprocess.Popen(command, env=own, stdout=log, stderr=subprocess.STDOUT)
        try:
            until(lambda: several.listens("127.0.0.1", outer), "Caddy")
            yield driver.Server(address, server.log, server.process, server.data)
        finally:
            process.terminate()
            process.wait(60)


@contextmanager
def watched(browser: Browser, server: driver.Server) -> Iterator[Page]:
    """A tab whose requests all have to go below the path; its end fails on what the console reports."""
    root = urlsplit(server.url)
    context = browser.new_context(base_url=f"{server.url}/", viewport=driver.DESKTOP)
    page, strays = context.new_page(), []
    page.on(
        "request",
        lambda request: (
            strays.append(request.url)
            if urlsplit(request.url).netloc == root.netloc
            and not urlsplit(request.url).path.startswith(f"{PATH}/")
            else None
        ),
    )
    findings = driver.Findings()
    unwatch = findings.watch(page, f"{root.scheme}://{root.netloc}")
    try:
        yield page
    finally:
        unwatch()
        context.close()
    assert findings.messages == [] and strays == []


@pytest.fixture(scope="module", params=PROXIES)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[driver.Server]:
    """The app below a path, behind each kind of proxy."""
    with proxied(PROXIES[request.param], tmp_path_factory.mktemp("below")) as found:
        yield found


def test_pages_links_and_downloads_stay_below(server: driver.Server, browser: Browser) -> None:
    with watched(browser, server) as page:
        page.goto("attention?text=A+red+ball")
        page.wait_for_function(driver.DRAWN)
        assert urlsplit(page.url).path == f"{PATH}/attention"
        (cookie,) = [one for one in page.context.cookies() if one.get("name") == "glassbox_owner"]
        assert cookie.get("httpOnly")
        page.get_by_role("link", name="Embeddings").first.click()
        page.wait_for_url(f"**{PATH}/embeddings**")
        page.wait_for_function(driver.DRAWN)
        page.go_back()
        page.wait_for_url(f"**{PATH}/attention**")
        page.wait_for_function(driver.DRAWN)
        with page.expect_download() as downloaded:
            page.get_by_role("button", name="Notebook").click()
        assert json.loads(downloaded.value.path().read_text(encoding="utf-8"))["cells"]
        page.reload()
        page.wait_for_function(driver.DRAWN)


def test_a_run_is_followed_below(server: driver.Server, browser: Browser) -> None:
    with closing(server.store()) as store, watched(browser, server) as page:
        id = store.create(tiny(steps=4000), TEACHER).id
        page.goto(f"lab?run={id}")
        page.wait_for_function(driver.DRAWN)
        answer = page.request.get(f"{server.url}/runs/{id}/points")
        assert answer.ok and answer.json()["id"] == id
        store.command(id, TEACHER, "stop")
        until(lambda: store.get(id).over, "the end of the run")


def test_a_phone_joins_and_votes_below(server: driver.Server, browser: Browser) -> None:
    with closing(server.store()) as store, watched(browser, server) as page:
        rooms = Rooms(store.database)
        room = rooms.open(TEACHER)
        page.goto(f"join/{room.code}")
        driver.wait_for_state(page, "class_phone", lambda now: bool(now.get("number")))
        rooms.ask(room.id, TEACHER, Asking("Which?", ("one", "two")))
        page.get_by_role("button", name="two").click()
        driver.wait_for_state(page, "class_phone", lambda now: bool(now["sent"]) and now["choices"] == [1])
        until(lambda: rooms.look(room.id, -1).answered == 1, "the vote")  # type: ignore[union-attr]
        page.goto(f"room/{room.code}/screen")
        expect(page.locator(".gb-address")).to_have_text(f"{urlsplit(server.url).netloc}{PATH}/join")
        rooms.end(room.id, TEACHER)
