"""The documentation's site, built once by its command: whole, without a request to the outside, alive from a disk."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from playwright.sync_api import Browser, expect

import core
from app import theme
from app.lessons import library, sheets
from app.outside.standalone import POLICY
from tests.browser import driver
from tests.pictures import SHOWN

pytestmark = pytest.mark.full(reason="builds the whole site")

START = "index.html"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, as `make docs` builds it; the notebooks are not run, which another test does."""
    out = tmp_path_factory.mktemp("site") / "site"
    command = [sys.executable, "-m", "scripts.documentation.build", "--out", str(out), "--stored-notebooks"]
    done = subprocess.run(command, cwd=driver.ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip() == str(out / START)
    return out


class Asked(HTMLParser):
    """What a page links to, what it asks for by itself, and where in it a link may lead."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.loads: list[str] = []
        self.ids: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = {key: value or "" for key, value in attrs}
        self.ids |= {named[key] for key in ("id", "name") if key in named}
        for key in ("href", "src", "data", "poster", "action"):
            if key in named:
                (self.links if tag == "a" else self.loads).append(named[key])
        assert "srcset" not in named


def pages(site: Path) -> dict[Path, Asked]:
    """Every page of the site but the pictures' files."""
    found = [path for path in site.rglob("*.html") if path.parent.name != "pictures"]
    return {path: Asked(path.read_text(encoding="utf-8")) for path in found}


def away(address: str) -> bool:
    """Whether an address leaves the disk."""
    return bool(urlsplit(address).scheme or urlsplit(address).netloc or address.startswith("/"))


def test_every_link_and_file_is_on_the_disk_and_nothing_is_asked_outside(site: Path) -> None:
    all_pages = pages(site)
    assert len(all_pages) > len(SHOWN) + len(library.ORDER)
    wrong = []
    for path, asked in all_pages.items():
        wrong += [
            f"{path.name} asks for {one}" for one in asked.loads if away(one) and not one.startswith("data:")
        ]
        for one in [*asked.links, *asked.loads]:
            if away(one) or not one:
                continue
            parts = urlsplit(one)
            there = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if not there.is_file():
                wrong.append(f"{path.name}: {one} is not there")
            elif there in all_pages and unquote(parts.fragment) not in {"", *all_pages[there].ids}:
                wrong.append(f"{path.name}: nothing is called {one}")
    for sheet in site.rglob("*.css"):
        for one in re.findall(r"url\(\s*[\"']?([^)\"']+)", sheet.read_text(encoding="utf-8")):
            if not one.startswith("data:") and not (sheet.parent / one).is_file():
                wrong.append(f"{sheet.name}: {one}")
    assert wrong == []
    files = list((site / "pictures").glob("*.html"))
    assert {path.stem for path in files} >= set(SHOWN)
    assert all(f'content="{POLICY}"' in path.read_text(encoding="utf-8") for path in files)


def test_everything_has_its_place(site: Path) -> None:
    found = {path.relative_to(site).as_posix(): asked for path, asked in pages(site).items()}
    for name in SHOWN:
        assert f"../pictures/{name}.html" in found[f"every-picture/{name}.html"].loads
    assert {f"core.{name}" for name in core.__all__} <= found["reference/core.html"].ids
    assert {"app.show.link", "app.outside.documents.Document.save", "app.show.Show.__call__"} <= found[
        "reference/show.html"
    ].ids
    hooks = (site / "reference" / "hooks.html").read_text(encoding="utf-8")
    assert all(
        f"<code>{name}</code>" in hooks
        for name in core.load("tales-gpt").trace("Once").hooks
        if ".1." not in name and ".2." not in name and ".3." not in name
    )
    for name in library.ORDER:
        text = (site / "lessons" / f"{name}.html").read_text(encoding="utf-8")
        article = text[
            text.index('<article class="gb-document">') : text.index("</article>", text.index("gb-document"))
        ]
        assert not re.search(r"\{\w+\(", article), "a number was not measured"
    stored = sorted((driver.ROOT / "docs" / "notebooks").glob("*.ipynb"))
    assert all(f"notebooks/{path.stem}.html" in found for path in stored)


def pages_of(pdf: bytes) -> int:
    """How many pages a document has, as Chromium writes it."""
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


@pytest.fixture
def complaints(site: Path, browser: Browser) -> Iterator[list[str]]:
    """What a page complains about or asks for beside the files of the site."""
    found: list[str] = []
    yield found
    assert found == []


def test_the_start_page_is_alive_from_a_disk(site: Path, browser: Browser, complaints: list[str]) -> None:
    context = browser.new_context(viewport=driver.DESKTOP, color_scheme="light")
    try:
        page = context.new_page()
        page.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        inside = (site.as_uri() + "/", "data:", "blob:", "about:")
        page.on(
            "request",
            lambda request: None if request.url.startswith(inside) else complaints.append(request.url),
        )
        page.goto((site / START).as_uri())
        frame = page.frame_locator("iframe[src='pictures/home-own.html']")
        figure = frame.locator("figure[data-state]")
        expect(figure).to_be_visible()
        before = json.loads(figure.get_attribute("data-state") or "")
        assert before["step"] == -1
        figure.focus()
        page.keyboard.press(".")
        expect(frame.get_by_text("Step 1 of")).to_be_visible()
        after = json.loads(figure.get_attribute("data-state") or "")
        assert (after["step"], after["step_name"]) == (0, "Tokens")
        # Its model is in the page: another text is computed there.
        frame.get_by_role("textbox").fill("Tom and Anna went to the market. Anna")
        expect(frame.locator(".gb-own-status")).to_contain_text("Computed in this file")
        assert json.loads(figure.get_attribute("data-state") or "")["tokens"][-1] == " Anna"
        # It is as high as its frame, and takes the colours of the page around it.
        room = page.locator("iframe[src='pictures/home-own.html']").bounding_box()
        needed = frame.locator("body").evaluate("body => body.getBoundingClientRect().height")
        assert room is not None and abs(room["height"] - needed) <= 1
        root = frame.locator("html")
        assert root.get_attribute("data-theme") == "light"
        page.get_by_title("Dark", exact=True).click()
        expect(root).to_have_attribute("data-theme", "dark")
        # A phone: nothing is wider than the screen.
        page.set_viewport_size(driver.PHONE)
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        page.locator("iframe[src='pictures/attention-step.html']").scroll_into_view_if_needed()
        second = page.frame_locator("iframe[src='pictures/attention-step.html']").locator(
            "figure[data-state]"
        )
        expect(second).to_be_visible()
        drawn = json.loads(second.get_attribute("data-state") or "")
        assert (drawn["step"], drawn["tokens"][drawn["col"]]) == ("softmax", " ball")
        # Sheets and glossary on paper: a page each, on either side of the ocean, and black on white.
        for name in (f"{one}-{kind}" for one in sheets.names() for kind in ("sheet", "sheet-with-answers")):
            page.goto((site / "lessons" / f"{name}.html").as_uri())
            for paper in ("A4", "Letter"):
                assert pages_of(page.pdf(format=paper, prefer_css_page_size=False)) == 1, (name, paper)
            cell = page.locator(".gb-sheet td").first
            page.emulate_media(media="print")
            assert cell.evaluate("cell => getComputedStyle(cell).color") == "rgb(0, 0, 0)"
            page.emulate_media(media="null")
        page.goto((site / "glossary.html").as_uri())
        page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
        assert 2 < pages_of(page.pdf(format="A4")) < 12
        # A lesson on paper: the answers begin a sheet of their own.
        page.goto((site / "lessons" / "why-ball.html").as_uri())
        page.emulate_media(media="print")
        assert page.locator(".gb-answers").evaluate("part => getComputedStyle(part).breakBefore") == "page"
        expect(page.locator(".md-sidebar").first).to_be_hidden()
        page.evaluate(
            "document.body.dataset.mdColorScheme = 'slate'"
        )  # who reads in the dark prints on white
        ink = page.locator(".gb-answers").evaluate("part => getComputedStyle(part).color")
        assert ink == "rgb({}, {}, {})".format(*bytes.fromhex(theme.color("ink")[1:]))
    finally:
        context.close()
