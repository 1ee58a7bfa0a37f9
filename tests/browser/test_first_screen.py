"""What stands around a page's picture at first sight: its question, the rest of the contents, the start token's tip."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import driver

pytestmark = pytest.mark.full(reason="details around the pictures of a few pages")

TEXT = "A red ball was lost. She found the red"
LAPTOP = {"width": 1366, "height": 768}


def test_the_question_is_told_above_the_picture_until_it_is_answered(own_page: Page) -> None:
    page = own_page
    page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    driver.open_page(page, "attention", model="tales-gpt", text=TEXT)
    question_leads_to_its_card(page)
    for slug in ("norm_residual", "tokenization", "loss"):
        page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
        driver.go_to_page(page, slug)
        question_leads_to_its_card(page)
    # An answered question is not asked above.
    page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    expect(page.locator(".gb-asked")).to_be_visible()
    page.locator(".st-key-gb-options button").first.click()
    page.get_by_role("button", name="Commit").click()
    page.locator(".st-key-gb-card-predict .gb-reveal").wait_for()
    expect(page.locator(".gb-asked")).to_be_hidden()


def question_leads_to_its_card(page: Page) -> None:
    """Check where the question stands above the claim, that a click leads to its card, and that a phone hides it."""
    asked = page.locator(".gb-asked button")
    card = page.locator(".st-key-gb-card-predict")
    question = card.locator(".gb-line span").first.inner_text()
    expect(asked.locator("span")).to_have_text(question)
    line, crumb = asked.bounding_box(), page.locator(".gb-crumb [aria-current]").bounding_box()
    claim = page.locator(".gb-claim h1").bounding_box()
    assert line and crumb and claim
    assert crumb["x"] + crumb["width"] < line["x"] and line["x"] + line["width"] <= LAPTOP["width"]
    assert line["y"] + line["height"] <= claim["y"] + 4, "above the claim, and in one line"
    asked.click()
    expect(card.locator("button").first).to_be_focused()
    page.wait_for_function(
        """() => {
          const box = document.querySelector('.st-key-gb-card-predict').getBoundingClientRect();
          return box.top >= 0 && box.bottom <= innerHeight;
        }"""
    )
    page.set_viewport_size(driver.PHONE)
    expect(asked).to_be_hidden()


def test_the_start_token_says_what_it_is_and_the_contents_how_many_pages_follow(own_page: Page) -> None:
    page = own_page
    page.set_viewport_size(LAPTOP)  # type: ignore[arg-type]
    driver.open_page(page, "home", model="tales-gpt", text=TEXT)
    chip = driver.component(page, "home").locator("svg .gb-chip", has_text="<s>").first
    driver.hover(page, chip)
    expect(driver.component(page, "home").locator(".gb-tip")).to_contain_text("the start token")
    # The contents say how many pages follow.
    more = page.locator(".gb-more-pages")
    below = """() => {
      const nav = document.querySelector('[data-testid="stSidebarNav"]').getBoundingClientRect();
      return [...document.querySelectorAll('[data-testid="stSidebarNavLink"]')]
        .filter((link) => link.getBoundingClientRect().bottom > nav.bottom + 6).length;
    }"""
    count = page.evaluate(below)
    assert count > 10
    expect(more).to_have_text(f"↓ {count} more pages")
    more.click()
    page.wait_for_function(f"({below})() < {count}")
    page.evaluate("document.querySelector('[data-testid=stSidebarNav]').scrollTop = 9999")
    expect(more).to_have_text("")


def test_a_tip_does_not_outlive_the_part_that_it_is_of(own_page: Page) -> None:
    page = own_page
    driver.open_page(page, "classroom", model="tales-gpt", text=TEXT)
    figure = driver.component(page, "classroom")
    tip = figure.locator(".gb-tip")
    driver.click(page, figure.locator("svg .gb-chip", has_text="ball").first)
    driver.wait_for_state(page, "classroom", lambda now: now["place"] == 3)
    driver.wait_until_drawn(page)
    driver.hover(page, figure.locator("svg text", has_text="the model").first)
    expect(tip).to_be_hidden()
