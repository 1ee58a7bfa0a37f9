"""What is asked of every page alike, in a real browser: its answer, notebook, link, first screen, accessibility."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Browser, Page

from tests.browser import driver, tabs
from tests.pages.conftest import execute

# Some pages draw their picture at once and draw it again when a longer computation has ended. For each such component,
# a test of its state after the last drawing.
FINISHED: dict[str, Callable[[Any], bool]] = {
    "efficiency": lambda state: bool(state["passes"]) and len(state["points"]) >= 4,
    "embeddings": lambda state: bool(state["map"]) or state["stage"]["step"] < 4,
    "norm_residual_gradients": lambda state: state["done"] == state["total"],
    "tokenization": lambda state: state["key"] is not None,
}


def wait_until_finished(page: Page) -> None:
    """Wait until every component of an opened page shows its last state."""
    present = page.locator("[data-component]").evaluate_all("all => all.map(e => e.dataset.component)")
    for name in FINISHED.keys() & set(present):
        driver.wait_for_state(page, name, FINISHED[name])


def answered(page: Page) -> str:
    """Commit to the first option of the page's question; what the card says then."""
    card = page.locator(".st-key-gb-card-predict")
    card.get_by_role("radio").first.click()
    card.get_by_role("button", name="Commit").click()
    card.locator(".gb-reveal").wait_for()
    driver.wait_until_drawn(page)  # a list that is opened while the page is drawn may be closed by it
    return card.locator(".gb-reveal").inner_text()


def run_notebook(page: Page, folder: Path) -> None:
    """Save the page's notebook in `folder` and run its cells; an assertion in it that fails raises.

    Not in Jupyter, which takes seconds to start and does so once for all pages (tests/pages/test_every_page.py).
    """
    with page.expect_download() as download:
        page.get_by_role("button", name="Notebook").click()
    file = folder / "page.ipynb"
    download.value.save_as(file)
    book = nbformat.read(file, as_version=4)
    nbformat.validate(book)
    execute(book)


def quickly(page: Page, name: str, *keys: str) -> None:
    """Press keys in the picture `name` in one go, before it is drawn and before the page hears of the first."""
    driver.component(page, name).evaluate(
        """(figure, keys) => {
          for (const key of keys) {
            const shift = { key: key.replace("Shift+", ""), shiftKey: key.startsWith("Shift+") };
            figure.dispatchEvent(new KeyboardEvent("keydown", { ...shift, bubbles: true, cancelable: true }));
          }
        }""",
        list(keys),
    )


def link_restores(page: Page, browser: Browser, server: driver.Server, name: str) -> None:
    """The page's address, opened in a fresh browser, shows the picture `name` in the very same state."""
    shown = driver.component_state(page, name)
    with tabs.opened(browser, server) as tab:
        tab.goto(page.url)
        driver.wait_until_drawn(tab)
        wait_until_finished(tab)
        again = driver.component_state(tab, name)
    assert json.dumps(again, sort_keys=True) == json.dumps(shown, sort_keys=True)


def accessible(page: Page, name: str, theme: str, said: str) -> None:
    """In `theme`, the picture `name` follows it, says `said` to a screen reader, and axe-core finds nothing."""
    driver.set_theme(page, theme)
    figure = driver.component(page, name)
    assert figure.get_attribute("data-theme") == theme
    assert said in (figure.get_attribute("aria-label") or "")
    assert driver.axe_lines(driver.axe(page)) == []


def steps_above(page: Page, figure: str, chart: str) -> None:
    """The bar of steps stands above the first chart, wherever the picture does that it belongs to."""
    bar = driver.component(page, figure).locator(".gb-steps").bounding_box()
    drawn = driver.chart(page, chart).locator("svg.marks").first.bounding_box()
    assert bar and drawn and bar["y"] + bar["height"] <= drawn["y"] + 1, (bar, drawn)


def apart(page: Page, within: str, one: str, other: str) -> None:
    """No part `one` of what stands within lies on a part `other`; both are there."""
    touching = page.locator(within).first.evaluate(
        """(all, [one, other]) => {
          const boxes = (parts) => [...all.querySelectorAll(parts)].map(e => e.getBoundingClientRect())
            .filter(b => b.width);
          const [some, others] = [boxes(one), boxes(other)];
          const on = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left) > 1
            && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 1;
          if (!some.length || !others.length) return 'nothing there';
          return some.some(a => others.some(b => on(a, b)));
        }""",
        [one, other],
    )
    assert touching is False, (one, other, touching)


def labels_are_whole(page: Page) -> None:
    """No label of a picture is cut, and none ends beyond its drawing.

    A letter before “…” means that a word was cut; a space before it, or a word after it, that something follows.
    """
    cut = page.locator(".gb-figure svg text").evaluate_all(
        """texts => texts.filter((text) => {
          const [own, all] = [text.getBoundingClientRect(), text.closest('svg').getBoundingClientRect()];
          return /[\\p{L}\\p{N}]…/u.test(text.textContent) || own.right > all.right + 2;
        }).map((text) => text.textContent)"""
    )
    assert cut == []


def first_screen(page: Page) -> None:
    """The cards at the foot are whole on a 1366 x 768 screen; on a phone nothing is wider than the screen."""
    cards_on_first_screen(page)
    fits_a_phone(page)


def cards_on_first_screen(page: Page) -> None:
    """The cards at the foot are whole on a 1366 x 768 screen.

    While steps are told, the caption above the picture takes its room from the cards.
    """
    told = page.locator(".gb-steps-told .gb-steps-row")
    room = sum((row.bounding_box() or {"height": 0})["height"] + 12 for row in told.all())
    for card in ("predict", "code", "take"):
        box = page.locator(f".st-key-gb-card-{card}").bounding_box()
        assert box
        end = round(box["y"] + box["height"])
        assert end <= driver.DESKTOP["height"] + room, f"the {card} card ends at {end}"


def fits_a_phone(page: Page) -> None:
    """On a phone nothing is wider than the screen."""
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
