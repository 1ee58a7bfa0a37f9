"""Pages beside the chapters in a real browser: accessible, on a phone, on paper, and with links that lead somewhere."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.browser import driver

pytestmark = pytest.mark.full(reason="glossary and guide; tests/pages opens both in the quick tier")


def test_the_glossary_is_read_followed_and_printed(page: Page) -> None:
    driver.open_page(page, "glossary", model="tales-gpt", text="Tom saw a dog. The")
    page.locator(".gb-glossary dt").first.wait_for()
    for theme in ("dark", "light"):
        driver.set_theme(page, theme)
        assert driver.axe_lines(driver.axe(page)) == []
    page.locator(".gb-glossary dd a[href='#word-softmax']").first.click()
    expect(page.locator("#word-softmax")).to_be_in_viewport()
    page.emulate_media(media="print", color_scheme="dark")
    ink = page.locator(".gb-glossary dd").first.evaluate("line => getComputedStyle(line).color")
    assert max(int(part) for part in ink.removeprefix("rgb(").removesuffix(")").split(",")) < 100, (
        "dark on white paper"
    )
    expect(page.locator('[data-testid="stSidebar"]')).to_be_hidden()
    page.emulate_media(media="null", color_scheme="light")
    page.set_viewport_size(driver.PHONE)
    page.wait_for_function("document.documentElement.scrollWidth <= innerWidth")
    page.locator(".gb-where a", has_text="Attention").first.click()
    page.wait_for_url("**/attention*")
    page.locator('[data-component="attention"]').wait_for()
    assert driver.wait_for_state(page, "attention", bool)["tokens"][-1] == " The"


def test_the_guide_for_teachers_leads_from_the_classroom_to_a_lesson(page: Page) -> None:
    driver.open_page(page, "classroom", model="tales-gpt", text="A red ball was lost. She found the red")
    page.get_by_text("For teachers: an hour").first.click()
    page.get_by_role("heading", name="One hour").wait_for()
    driver.wait_until_drawn(page)
    assert driver.axe_lines(driver.axe(page)) == []
    link = page.get_by_role("link", name="Why “ball”?").first
    page.goto(str(link.evaluate("link => link.href")))
    page.locator('[data-component="home"]').wait_for()
    expect(page.locator(".gb-lesson h1")).to_have_text("It is sure")
