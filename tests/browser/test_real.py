"""The real model in a browser: a first visit opens on it, a switch leads to the small one and back, the text stays."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

import core
from app import models
from core import real
from core.language_model import LanguageModel
from tests import real as published
from tests.browser import driver

pytestmark = pytest.mark.full(reason="a published model with a server of its own")


@pytest.fixture(scope="module")
def server(real_server: driver.Server) -> driver.Server:
    """The app as everybody has it."""
    return real_server


@pytest.fixture(scope="module")
def smol(server: driver.Server) -> LanguageModel:
    with pytest.MonkeyPatch.context() as patch:
        published.here(patch)
        return core.load(models.REAL)


def test_a_first_visit_meets_a_real_model_and_what_it_says_next_is_on_the_screen(
    page: Page, smol: LanguageModel
) -> None:
    driver.open_page(page, "home")
    (token, sure), *_ = driver.component_state(page, "home")["top"]
    card = real.card(models.REAL)["examples"][0]
    assert smol.tokenizer.display(token) == card["next"] and sure == pytest.approx(card["p"], abs=0.02)
    for size in (driver.DESKTOP, driver.PHONE):
        page.set_viewport_size(size)
        driver.wait_until_drawn(page)
        first = driver.component(page, "home").get_by_text(f"{sure:.3f}", exact=True).first
        box = first.bounding_box()
        assert box is not None and box["x"] + box["width"] <= size["width"] and box["y"] < size["height"]
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        view = "-phone" if size is driver.PHONE else ""
        whole = "all => all.every(one => one.scrollWidth <= one.clientWidth)"
        assert page.locator(f".st-key-small_or_real{view} button").evaluate_all(whole), "both words are whole"


def test_the_switch_and_the_badge_lead_to_the_other_model_with_the_same_text(page: Page) -> None:
    driver.open_page(
        page, "loss", model=models.REAL, text="Quantum computers factor integers in polynomial time."
    )
    badge = page.locator(".st-key-gb-badge")
    expect(badge).to_have_count(0)
    page.locator(".st-key-small_or_real").get_by_role("radio", name="Small").click()
    driver.wait_for_link(page, f"model={models.SMALL}", "Quantum")
    driver.wait_until_drawn(page)
    expect(badge).to_contain_text("nats a character")
    badge.get_by_role("button", name=f"Read it with {models.REAL}").click()
    driver.wait_for_link(page, f"model={models.REAL}", "Quantum")
    driver.wait_until_drawn(page)
    expect(badge).to_have_count(0)


def test_on_a_phone_own_lines_are_written_over_the_whole_width(page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    driver.open_page(page, "fine_tuning")
    page.get_by_role("button", name=f"Open {models.REAL}").click()
    page.locator(".st-key-gb-own-lines-asked textarea").wait_for()
    driver.wait_until_drawn(page)
    fields = page.locator(".st-key-gb-own-lines-asked").locator("textarea, input[type=text]")
    widths = fields.evaluate_all("all => all.map(one => one.getBoundingClientRect().width)")
    assert len(widths) == 2 and min(widths) > 300
