"""Words at the place where they are used: a term is underlined, and pointer, tap and keys open what it means."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from app import words
from tests.browser import driver

left_to_full = pytest.mark.full(reason="words by pointer and keys; a tap opens one in the quick tier")

TEXT = "A red ball was lost. She found the red"
INSIDE = """tip => {
  const box = tip.getBoundingClientRect();
  return box.width > 0 && box.left >= 0 && box.right <= innerWidth && box.top >= 0 && box.bottom <= innerHeight;
}"""


def term(page: Page, within: str, text: str) -> Locator:
    """The underlined `text` in a part of the page."""
    return page.locator(f"{within} .gb-term", has_text=text).first


def opened(page: Page, name: str) -> None:
    """Wait until the definition of `name` is open, whole on the screen."""
    tip = page.locator(".gb-term-tip")
    expect(tip).to_be_visible()
    expect(tip).to_contain_text(words.WORDS[name])
    assert tip.evaluate(INSIDE)


@left_to_full
def test_the_pointer_opens_words_and_parts_and_a_screen_reader_is_given_the_definitions(page: Page) -> None:
    driver.open_page(page, "home", model="tales-gpt", text=TEXT)
    # A screen reader is given the definition.
    for word in page.locator(".gb-claim .gb-term").all():
        described = page.locator(f"#{word.get_attribute('aria-describedby')}")
        assert described.text_content() in words.WORDS.values()
        assert (word.get_attribute("role"), word.get_attribute("tabindex")) == ("button", "0")
    # The pointer opens a word and leaves it.
    block = term(page, ".gb-claim", "block")
    driver.hover(page, block)
    opened(page, "block")
    driver.hover(page, page.locator(".gb-term-tip"))  # it can be read, and reached
    page.wait_for_timeout(400)
    opened(page, "block")
    page.mouse.move(700, 400)
    expect(page.locator(".gb-term-tip")).to_be_hidden()
    # Ribbons, dots and plus signs say what they are.
    figure = driver.component(page, "home")
    for name in ("plus sign", "query", "dot"):
        driver.hover(page, figure.locator(f'svg [data-word="{name}"]').first)
        opened(page, name)
        page.mouse.move(5, 5)
        expect(page.locator(".gb-term-tip")).to_be_hidden()
    assert figure.locator('svg [data-word="ribbon"]').count() > 10
    # Words of the picture itself, which have no markup: where they stand in a sentence of it.
    hint = figure.locator('g[data-part="legend"] text', has_text="MLP adds")
    box = hint.bounding_box()
    assert box
    page.mouse.move(box["x"] + 8, box["y"] + box["height"] / 2)
    expect(page.locator(".gb-term-tip")).to_be_visible()


@left_to_full
def test_keys_open_a_word_and_escape_closes_it_alone_and_no_file_has_words(page: Page) -> None:
    driver.open_page(page, "home", model="tales-gpt", text=TEXT, walk=2)
    # What is taken away holds no markup of words.
    assert page.locator('[data-component="home"] .gb-steps-said .gb-term').count() > 0
    assert "gb-term" not in driver.taken_svg(page)
    assert "gb-term" not in (driver.component(page, "home").get_attribute("data-state") or "")
    # Keys open a word, and Escape closes it alone.
    word = term(page, ".gb-claim", "token")
    word.focus()
    expect(page.locator(".gb-term-tip")).to_be_hidden()
    for key in ("Enter", "Space"):
        page.keyboard.press(key)
        opened(page, "token")
        expect(word).to_have_attribute("aria-expanded", "true")
        page.keyboard.press("Escape")
        expect(page.locator(".gb-term-tip")).to_be_hidden()
    # Neither was taken for one of the picture's keys: Space plays its steps, Escape leaves them.
    state = driver.component_state(page, "home")
    assert (state["step"], state["playing"]) == (1, False)
    # A word of its caption leaves it all other keys.
    page.locator(".gb-steps-said .gb-term").first.focus()
    page.keyboard.press(".")
    driver.wait_for_state(page, "home", lambda s: s["step"] == 2)


@left_to_full
def test_a_term_is_marked_once_in_a_block_and_takes_no_focus_where_it_is_not_read(page: Page) -> None:
    driver.open_page(page, "attention", model="tales-gpt", text=TEXT)
    twice = page.locator(".gb-claim h1, .gb-line span, .gb-words p").evaluate_all(
        """all => all.flatMap(block => {
          const marked = [...block.querySelectorAll('.gb-term')].map(word => word.dataset.word);
          return marked.length === new Set(marked).size ? [] : [block.textContent];
        })"""
    )
    assert twice == []
    assert page.locator(".gb-term .gb-term, button .gb-term, a .gb-term, summary .gb-term").count() == 0
    # A word that a screen reader does not read takes no focus.
    hidden = page.locator('[aria-hidden="true"] .gb-term')
    assert (
        hidden.count() and hidden.locator("xpath=self::*[@tabindex or @role or @aria-expanded]").count() == 0
    )
    word = hidden.locator("visible=true").first
    driver.click(page, word)
    expect(page.locator(".gb-term-tip")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".gb-term-tip")).to_be_hidden()


@left_to_full
def test_a_label_says_its_word_and_leaves_its_field_alone(page: Page) -> None:
    driver.open_page(page, "decoding", model="tales-gpt", text=TEXT)
    before = driver.component_state(page, "decoding")
    word = term(page, '[data-testid="stWidgetLabel"]', "Tokens")
    driver.click(page, word)
    expect(page.locator(".gb-term-tip")).to_be_visible()
    assert driver.component_state(page, "decoding") == before


@left_to_full
def test_words_stay_through_runs_of_the_page_and_another_page_has_its_own(page: Page) -> None:
    driver.open_page(page, "home", model="tales-gpt", text=TEXT)
    word = page.locator(".gb-claim .gb-term").first
    word.focus()
    page.keyboard.press("Enter")
    expect(page.locator(".gb-term-tip")).to_be_visible()
    said = page.locator(".gb-term-tip").text_content()
    page.evaluate("window.was = document.querySelector('.gb-claim .gb-term');")
    driver.component(page, "home").evaluate(
        "figure => figure.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowUp', bubbles: true }))"
    )
    driver.wait_for_link(page, "follow=")
    driver.wait_until_drawn(page)
    assert page.evaluate("window.was.isConnected")  # nothing that stayed the same was drawn anew
    expect(page.locator(".gb-term-tip")).to_be_visible()
    assert page.locator(".gb-term-tip").text_content() == said
    # Another page has its own words.
    page.get_by_role("link", name="Loss", exact=True).first.click()
    expect(page.locator('[data-component="loss"]')).to_be_visible()
    driver.wait_until_drawn(page)
    assert "label smoothing" in driver.component_state(page, "words")["terms"]
    driver.hover(page, term(page, ".gb-claim", "loss"))
    opened(page, "loss")
    assert page.locator(".gb-term-tip").count() == 1
    page.mouse.move(5, 5)
    expect(page.locator(".gb-term-tip")).to_be_hidden()
    # An open word is accessible.
    for theme in ("light", "dark"):
        driver.set_theme(page, theme)
        term(page, ".gb-claim", "loss").focus()
        page.keyboard.press("Enter")
        opened(page, "loss")
        assert driver.axe_lines(driver.axe(page)) == []
        page.keyboard.press("Escape")


@pytest.fixture
def phone(browser: Browser, server: driver.Server) -> Iterator[Page]:
    """A phone: 390 pixels, and fingers."""
    context = browser.new_context(
        base_url=server.url, viewport=driver.PHONE, has_touch=True, is_mobile=True, reduced_motion="reduce"
    )
    yield context.new_page()
    context.close()


def test_a_tap_opens_a_word_on_a_phone(phone: Page) -> None:
    driver.open_page(phone, "home", model="tales-gpt", text=TEXT)
    for within in (".gb-claim", ".gb-lead", ".gb-line"):
        word = phone.locator(f"{within} .gb-term").last
        word.scroll_into_view_if_needed()
        word.tap()
        tip = phone.locator(".gb-term-tip")
        expect(tip).to_be_visible()
        assert tip.evaluate(INSIDE)
        word.tap()
        expect(tip).to_be_hidden()
    word.tap()
    phone.locator(".gb-words h2").last.tap()
    expect(phone.locator(".gb-term-tip")).to_be_hidden()
    assert phone.evaluate("document.documentElement.scrollWidth <= innerWidth")
