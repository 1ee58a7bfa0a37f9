"""What a page shows can be read: no name is tiny, no button or cell lies off a phone's screen, no label is missing."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.browser import driver

pytestmark = pytest.mark.full(reason="details of three pages; test_tours.py opens them in the quick tier")

LONG = "Once upon a time there was a small house beside the park, and Cyril lived there. One day he lost a red ball"
CUT = """all => all.map(one => one.getBoundingClientRect()).filter(box => box.width && (box.left < 0 || box.right > innerWidth + 0.5)).length"""  # noqa: E501


def test_the_names_of_a_long_text_are_as_large_as_those_of_a_short_one(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    driver.open_page(page, "families", text=LONG)
    figure = driver.component(page, "families")
    sizes = figure.locator("g[data-at] > text").evaluate_all(
        "all => all.map(one => +one.getAttribute('font-size'))"
    )
    assert len(sizes) > 60 and min(sizes) >= 12
    tally = figure.locator("text", has_text=" of 12 tokens").all_text_contents()
    written = driver.component_state(page, "families")["lanes"]
    assert f"{len(set(written[0]['writes']))} different of 12 tokens" in tally


def test_each_depth_of_the_chart_of_a_word_in_two_sentences_is_named(page: Page) -> None:
    page.set_viewport_size({"width": 1440, "height": 900})
    driver.open_page(page, "embeddings")
    figure = driver.component(page, "embeddings_in_context")
    names = figure.locator('g[data-part="pair"] [data-depth]').all_text_contents()
    assert names == ["table", "in", "0", "1", "2", "3"]


def test_a_phone_shows_all_cells_of_a_batch_and_all_buttons_of_a_row(page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    driver.open_page(page, "loss")
    batch = driver.component(page, "loss_batch")
    cells = sum(len(row["tokens"]) for row in driver.component_state(page, "loss_batch")["rows"])
    assert batch.locator("[data-cell]").count() == cells > 20
    assert batch.locator("[data-cell] > rect, text").evaluate_all(CUT) == 0
    # The handle at a probability near 0 covers no number of the axis.
    curve = driver.component(page, "loss")
    numbers = curve.locator('g[data-part="curve"] text[text-anchor="end"]')
    ends = numbers.evaluate_all("all => all.map(one => [one.textContent, one.getBoundingClientRect().right])")
    handle = curve.locator('g[data-part="handle"] [data-handle]').evaluate("one => +one.getAttribute('r')")
    axis = curve.locator('g[data-part="curve"] path').first.evaluate(
        "one => one.getBoundingClientRect().left"
    )
    assert max(right for text, right in ends if text.isdigit()) < axis - handle - 1

    driver.open_page(page, "interpretability", unfold="tokens")
    reads = page.get_by_role("radiogroup", name="The probe reads").get_by_role("radio")
    assert reads.count() == 4 and reads.evaluate_all(CUT) == 0
