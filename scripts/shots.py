"""Photographs every page in light, dark and on a phone, and says what the console and axe-core found on each.

python -m scripts.shots [SLUG ...]      all pages, or only these; the pictures go into .shots/
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize

from app.chapters import CHAPTERS
from tests.browser import driver

FOLDER = driver.ROOT / ".shots"
VIEWS: dict[str, tuple[str, ViewportSize]] = {
    "light": ("light", driver.DESKTOP),
    "dark": ("dark", driver.DESKTOP),
    "phone": ("light", driver.PHONE),
}


@dataclass(frozen=True)
class Shot:
    """One page in one view: how long it took to be drawn, and what was wrong with it."""

    slug: str
    view: str
    seconds: float
    errors: list[str]
    accessibility: list[str]

    def line(self) -> str:
        """The table's row."""
        errors, found = len(self.errors), len(self.accessibility)
        return f"{self.slug:<18}{self.view:<8}{self.seconds:6.1f} s{errors:9}{found:8}"


def content_height(page: Page) -> int:
    """The height in pixels that the page would have without scrolling."""
    height = page.locator('[data-testid="stMain"]').evaluate("main => main.scrollHeight")
    return min(int(height), 8000)


def photograph(browser: Browser, server: driver.Server, slug: str, view: str) -> Shot:
    """Open a page, check it, and save what one sees first and the whole of it: SLUG-VIEW.png and SLUG-VIEW-full.png."""
    theme, viewport = VIEWS[view]
    context = driver.new_context(browser, server, theme, viewport)
    page, findings = context.new_page(), driver.Findings()
    findings.watch(page, server.url)
    start = time.monotonic()
    accessibility: list[str] = []
    try:
        driver.open_page(page, slug)
        accessibility = driver.axe_lines(driver.axe(page))
    except AssertionError as error:
        findings.messages.append(str(error))
    seconds = time.monotonic() - start
    page.screenshot(path=FOLDER / f"{slug}-{view}.png")
    size: ViewportSize = {"width": viewport["width"], "height": max(content_height(page), viewport["height"])}
    page.set_viewport_size(size)
    page.wait_for_timeout(500)
    page.screenshot(path=FOLDER / f"{slug}-{view}-full.png")
    context.close()
    return Shot(slug, view, seconds, findings.messages, accessibility)


def table(shots: list[Shot]) -> str:
    """All rows, then every finding under the page that it belongs to."""
    lines = [f"{'page':<18}{'view':<8}{'drawn in':>8}{'errors':>9}{'axe':>8}"]
    lines += [shot.line() for shot in shots]
    for shot in shots:
        lines += [f"\n{shot.slug}, {shot.view}: {text}" for text in (*shot.errors, *shot.accessibility)]
    return "\n".join(lines)


def main(slugs: list[str]) -> int:
    existing = [chapter.slug for chapter in CHAPTERS if chapter.exists]
    unknown = [slug for slug in slugs if slug not in existing]
    if unknown or not existing:
        print(f"There is no page {', '.join(unknown)}; there are: {', '.join(existing) or 'none yet'}")
        return 2
    if not slugs:
        shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir(exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as folder,
        driver.serving(Path(folder)) as server,
        driver.launched() as browser,
    ):
        shots = [photograph(browser, server, slug, view) for slug in slugs or existing for view in VIEWS]
        log = server.output()
    print(table(shots))
    wrong = any(shot.errors or shot.accessibility for shot in shots)
    if any(shot.errors for shot in shots):
        print(f"\nThe server printed:\n{log}")
    print(f"\n{2 * len(shots)} pictures in {FOLDER}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
