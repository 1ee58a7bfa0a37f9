"""A notebook with pictures in JupyterLab and as nbconvert's HTML, in a real browser.

They draw, keys step, no request leaves, and where scripts may not run, sentence and table are there.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient
from playwright.sync_api import Browser, Frame, Page, expect

from tests.ports import free_port

pytestmark = pytest.mark.full(reason="notebooks in a browser; tests/pages runs them in the quick tier")

ROOT = Path(__file__).resolve().parents[2]
TOKEN = "a-token-of-this-test"
CELLS = (
    "import core\nfrom app import show\nlm = core.load('tales-gpt')\ntext = 'A red ball was lost. She found the red'",
    "show.attention(lm, text, layer=3, head=2, row=10)",
    "show.home(lm, text)",
    "show.multi_head(lm, text).variants(off=['', '3.2'])",
)
# Of each picture, what of its state the key "." changes.
STEPS = {"attention": "step", "home": "step", "multi_head": "whole"}


@dataclass(frozen=True)
class Lab:
    """A JupyterLab of its own, with two executed notebooks: one is trusted, the other is somebody else's."""

    url: str
    folder: Path
    env: dict[str, str]


def _notebook(title: str) -> Any:
    made = nbformat.v4.new_notebook()
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    made.cells = [nbformat.v4.new_markdown_cell(f"# {title}"), *map(nbformat.v4.new_code_cell, CELLS)]
    return made


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """JupyterLab on a free port, with folders of its own, which asks nothing of the network."""
    home = tmp_path_factory.mktemp("jupyter")
    work, config = home / "work", home / "config"
    for folder in (work, config / "labconfig"):
        folder.mkdir(parents=True)
    own = {"CONFIG": config, "DATA": home / "data", "RUNTIME": home / "runtime"}
    env = {
        **os.environ, **{f"JUPYTER_{name}_DIR": str(path) for name, path in own.items()},
        "IPYTHONDIR": str(home / "ipython"), "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
    }  # fmt: skip
    quiet = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (config / "labconfig" / "page_config.json").write_text(json.dumps(quiet), encoding="utf-8")

    mine = _notebook("Pictures")
    NotebookClient(mine, timeout=240, kernel_name="python3").execute(env=env)
    foreign = _notebook("Somebody else's pictures")
    for one, other in zip(mine.cells, foreign.cells, strict=True):
        other.update(outputs=one.get("outputs", [])) if one.cell_type == "code" else None
    nbformat.write(mine, work / "mine.ipynb")
    nbformat.write(foreign, work / "foreign.ipynb")
    trust = [sys.executable, "-m", "jupyter", "trust", str(work / "mine.ipynb")]
    subprocess.run(trust, env=env, check=True, capture_output=True)

    port = free_port()
    options = [
        "--no-browser", "--allow-root", "--ServerApp.ip=127.0.0.1", f"--ServerApp.port={port}",
        f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={work}", "--LabApp.extension_manager=readonly",
        "--LabApp.expose_app_in_browser=True",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]  # fmt: skip
    url, log = f"http://127.0.0.1:{port}", home / "server.log"
    with log.open("wb") as output:
        command = [sys.executable, "-m", "jupyterlab", *options]
        server = subprocess.Popen(command, cwd=work, env=env, stdout=output, stderr=subprocess.STDOUT)
        try:
            deadline = time.monotonic() + 120
            while not _answers(url):
                assert server.poll() is None and time.monotonic() < deadline, log.read_text(encoding="utf-8")
                time.sleep(0.2)
            yield Lab(url, work, env)
        finally:
            server.terminate()
            try:
                server.wait(timeout=20)
            except subprocess.TimeoutExpired:
                server.kill()
                server.wait()


def _answers(url: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with suppress(OSError), opener.open(f"{url}/api?token={TOKEN}", timeout=5) as answer:
        return bool(answer.status == 200)
    return False


class Tab:
    """An empty tab that notes what it asks for outside of `base`, and every error that a picture throws."""

    def __init__(self, browser: Browser, base: str) -> None:
        self.context = browser.new_context(
            viewport={"width": 1400, "height": 3600}, color_scheme="light", reduced_motion="reduce"
        )
        self.page = self.context.new_page()
        self.complaints: list[str] = []
        inside = (base, base.replace("http", "ws", 1), "data:", "blob:", "about:")
        self.page.on(
            "request",
            lambda one: (
                None if one.url.startswith(inside) else self.complaints.append(f"request: {one.url[:90]}")
            ),
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))


def pictures(page: Page) -> list[Frame]:
    """The frames of the notebook's three pictures, each scrolled into view and drawn."""
    places = page.locator(".glassbox iframe")
    expect(places).to_have_count(len(STEPS))
    found = []
    for i in range(len(STEPS)):
        places.nth(i).scroll_into_view_if_needed()
        handle = places.nth(i).element_handle()
        frame = handle.content_frame() if handle else None
        assert frame is not None
        frame.wait_for_selector("figure[data-state]")
        found.append(frame)
    return found


def draws_and_steps(page: Page) -> None:
    """Every picture draws, grows as high as it is, and follows a key."""
    frames = pictures(page)
    names = [frame.get_attribute("figure", "data-component") for frame in frames]
    assert names == list(STEPS)
    for frame, key in zip(frames, STEPS.values(), strict=True):
        state = "JSON.parse(document.querySelector('figure').dataset.state)"
        before = frame.evaluate(f"{state}[{key!r}]")
        frame.focus("figure")
        page.keyboard.press(".")
        frame.wait_for_function(f"was => JSON.stringify({state}[{key!r}]) !== was", arg=json.dumps(before))
        height = frame.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")
        frame.wait_for_function("tall => Math.abs(innerHeight - tall) <= 1", arg=height)
    switch = frames[2]
    switch.check("input[type=radio][value='1']")
    switch.wait_for_function(
        "() => JSON.parse(document.querySelector('figure').dataset.state).off.length === 1"
    )


def test_jupyterlab_shows_the_pictures_of_a_trusted_notebook_and_the_words_of_another(
    lab: Lab, browser: Browser
) -> None:
    tab = Tab(browser, lab.url)
    try:
        tab.page.goto(f"{lab.url}/lab/tree/mine.ipynb?token={TOKEN}")
        draws_and_steps(tab.page)
        tab.page.evaluate(
            "jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })"
        )
        for frame in pictures(tab.page):
            frame.wait_for_selector("html.gb-clear figure[data-theme=dark]")
        tab.page.goto(f"{lab.url}/lab/tree/foreign.ipynb?token={TOKEN}&reset")
        words = tab.page.locator(".jp-OutputArea .glassbox")
        expect(words).to_have_count(len(STEPS))
        expect(words.first).to_contain_text("row 10 “·red” reads column 3 “·ball” 0.995")
        expect(words.first).to_contain_text("Trust this notebook, or run the cell")
        expect(words.first.locator("table")).to_contain_text("ball")
        expect(tab.page.locator(".jp-OutputArea iframe")).to_have_count(0)
        assert tab.complaints == []
    finally:
        tab.context.close()


def test_nbconvert_s_html_shows_the_pictures(lab: Lab, browser: Browser) -> None:
    # What nbconvert itself would fetch, for formulas and for old widgets, is left out.
    bare = [f"--HTMLExporter.{name}_url=" for name in ("mathjax", "require_js", "jquery", "mermaid_js")]
    command = [sys.executable, "-m", "nbconvert", "--to", "html", *bare, "mine.ipynb"]
    subprocess.run(command, cwd=lab.folder, env=lab.env, check=True, capture_output=True)
    there = lab.folder / "mine.html"
    tab = Tab(browser, there.as_uri())
    try:
        tab.context.set_offline(True)
        tab.page.goto(there.as_uri())
        draws_and_steps(tab.page)
        words = tab.page.locator(".glassbox").first
        expect(words).to_contain_text("row 10 “·red” reads column 3 “·ball” 0.995")
        words.locator("summary").click()
        expect(words.locator("table")).to_be_visible()
        assert tab.complaints == []
    finally:
        tab.context.close()
