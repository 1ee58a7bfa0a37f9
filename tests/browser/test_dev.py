"""`make dev`: a changed script, style sheet or Python file of a page is seen after a refresh of the browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page

from app.server import launch
from tests.browser import driver
from tests.ports import free_port
from tests.waiting import until

pytestmark = pytest.mark.full(
    reason="two starts of a server of its own; tests/unit/test_development.py covers the parts"
)
ROOT = Path(__file__).resolve().parents[2]
CLAIM = "A token’s loss is −log of the probability it was given."
NEW_CLAIM = "A changed line of Python."
START = """
import sys
from app.server import development
sys.exit(development.serve(sys.executable, int(sys.argv[1]), []))
"""


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, beside the checkout's own assets."""
    root = tmp_path_factory.mktemp("checkout")
    for name in ("app", "core", "pages"):
        shutil.copytree(ROOT / name, root / name, ignore=shutil.ignore_patterns("__pycache__"))
    (root / "assets").symlink_to(ROOT / "assets", target_is_directory=True)
    return root


@pytest.fixture(scope="module")
def server(checkout: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app of that copy as `make dev` starts it."""
    folder, port = tmp_path_factory.mktemp("served"), free_port()
    env = {
        **os.environ, "OMP_NUM_THREADS": "1", "GLASSBOX_DATA": str(folder), "GLASSBOX_DB": "", "GLASSBOX_WORKERS": "0",
        "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    log = folder / "server.log"
    with log.open("wb") as output:
        command = [sys.executable, "-c", START, str(port)]
        process = subprocess.Popen(command, cwd=checkout, env=env, stdout=output, stderr=subprocess.STDOUT)
        running = driver.Server(f"http://127.0.0.1:{port}", log, process, folder)
        try:
            until(lambda: "Glassbox for development" in running.output() or process.poll(), "the server")
            assert process.poll() is None, running.output()
            yield running
        finally:
            launch.stop(process)


def append_line(path: Path, line: str) -> None:
    """Add a line at the end of a file."""
    path.write_text(f"{path.read_text(encoding='utf-8')}{line}\n", encoding="utf-8")


def test_each_change_is_seen_after_a_refresh(page: Page, server: driver.Server, checkout: Path) -> None:
    said = server.output()
    assert server.url.rpartition(":")[2] in said
    assert "Not for visitors" in said
    driver.open_page(page, "loss")
    assert page.get_by_role("heading", name=CLAIM).is_visible()
    figure = driver.component(page, "loss")
    offset = "element => getComputedStyle(element).outlineOffset"
    assert page.evaluate("document.documentElement.dataset.changed") is None
    assert figure.evaluate(offset) != "7px"

    append_line(checkout / "pages/loss/figure.js", 'document.documentElement.dataset.changed = "yes";')
    append_line(checkout / "app/kit/glass.css", "[data-component=loss] { outline-offset: 7px !important; }")
    page.reload()
    driver.wait_until_drawn(page)
    assert page.evaluate("document.documentElement.dataset.changed") == "yes"
    assert figure.evaluate(offset) == "7px"
    assert "restarting" not in server.output(), "scripts and style sheets need no new process"

    page.goto("about:blank")  # an open page would complain of the server that is away
    export = checkout / "pages/loss/export.py"
    export.write_text(export.read_text(encoding="utf-8").replace(CLAIM, NEW_CLAIM), encoding="utf-8")
    until(lambda: "Restarted in" in server.output(), "the new process")
    assert "pages/loss/export.py changed: restarting." in server.output()
    driver.open_page(page, "loss")
    assert page.get_by_role("heading", name=NEW_CLAIM).is_visible()
    assert page.evaluate("document.documentElement.dataset.changed") == "yes"
