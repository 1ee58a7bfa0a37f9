"""Another language in a real browser: chosen by the link or in the sidebar, remembered, said by pictures and files."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from app import show
from core import messages
from core.language_model import LanguageModel
from core.messages import speaking
from tests.browser import driver

left_to_full = pytest.mark.full(
    reason="Spanish beyond the choice of the language, which the quick tier tests"
)

ENGLISH = re.compile(r"\b(?:the|each|which|with|from|its|what|how)\b", re.I)
STORIES = re.compile(r"“[^”]*”|\bthe\b(?= red\b)")


def words(page: Page) -> str:
    """What the picture says, in its order, without tokens and code."""
    found: str = page.evaluate(
        """() => {
          const figure = document.querySelector("figure").cloneNode(true);
          for (const one of figure.querySelectorAll('[font-family*="Mono"], code, title, style')) one.remove();
          return figure.textContent;
        }"""
    )
    return STORIES.sub("", found)


def test_the_link_chooses_and_the_browser_remembers(page: Page) -> None:
    driver.open_page(page, "loss", lang="es")
    expect(page.locator("html")).to_have_attribute("lang", "es")
    expect(page.locator(".gb-claim h1")).to_contain_text("token")
    said = words(page)
    assert "pérdida" in said.lower() and not ENGLISH.search(said), said
    assert page.get_by_role("link", name="Tokenización").count() == 1
    assert "Ningún hablante nativo" in page.locator(".gb-doubt").inner_text()
    driver.open_page(page, "loss")  # an address without a language
    expect(page.locator("html")).to_have_attribute("lang", "es")
    page.locator(".gb-language").click()
    page.wait_for_url(re.compile("lang=en"))
    driver.wait_until_drawn(page)
    expect(page.locator("html")).to_have_attribute("lang", "en")
    assert "loss" in words(page).lower()
    assert not page.locator(".gb-doubt").count()
    driver.open_page(page, "loss")
    expect(page.locator("html")).to_have_attribute("lang", "en")


@left_to_full
def test_a_text_longer_than_a_link_is_there_in_the_other_language(page: Page) -> None:
    text = "the cat sat. " * 400
    driver.open_page(page, "loss")
    box = page.get_by_test_id("stSidebar").get_by_label("Your text")
    box.fill(text)
    box.press("Control+Enter")
    expect(page.get_by_test_id("stMain").get_by_text("carries the first 2,000")).to_be_visible()
    driver.wait_until_drawn(page)
    page.locator(".gb-language").click()
    expect(page.locator("html")).to_have_attribute("lang", "es")
    driver.wait_until_drawn(page)
    assert page.get_by_test_id("stSidebar").locator("textarea").first.input_value() == text
    assert "held=" not in page.url


@left_to_full
def test_a_step_of_the_picture_is_told_in_the_language_of_the_link(page: Page) -> None:
    driver.open_page(page, "attention", lang="es", step=5)
    figure = page.locator("figure").first
    expect(figure).to_have_attribute("aria-label", re.compile("puntuación|Puntuación"))
    assert not ENGLISH.search(STORIES.sub("", str(figure.get_attribute("aria-label")))), figure.get_attribute(
        "aria-label"
    )


@left_to_full
def test_without_its_words_a_picture_speaks_english(page: Page, findings: driver.Findings) -> None:
    page.route("**/words/es.json", lambda route: route.abort())
    driver.open_page(page, "loss", lang="es")
    assert "loss" in words(page).lower()
    assert findings.messages and all("es.json" in message for message in findings.messages)
    findings.messages.clear()


@left_to_full
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_file_carries_its_language(
    language: str, browser: Browser, tmp_path: Path, lm: LanguageModel
) -> None:
    with speaking(language):
        show.loss(lm, "A red ball was lost.").save(tmp_path / "loss.html")
    page = browser.new_page()
    try:
        page.goto((tmp_path / "loss.html").as_uri() + "?lang=es")  # its own language counts
        page.wait_for_selector("figure[data-state]")
        assert page.evaluate("document.documentElement.lang") == language
        assert bool(ENGLISH.search(words(page))) == (language == messages.ENGLISH)
    finally:
        page.close()
