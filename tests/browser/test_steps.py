"""Step mode in a real browser, on every page that has it: the whole picture first, a caption at each step, and back."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import driver

pytestmark = pytest.mark.full(
    reason="every step of every page; test_tours.py goes one step on each in the quick tier"
)

PAGES = {
    "home": "home", "embeddings": "embeddings", "positions": "positions", "attention": "attention",
    "multi_head": "multi_head", "feed_forward": "feed_forward", "norm_residual": "norm_residual", "loss": "loss",
    "objectives": "objectives", "regularization": "regularization", "fine_tuning": "fine_tuning",
    "break_it": "break_it", "families": "families", "decoding": "decoding", "applications": "applications",
    "compute": "compute", "bias": "bias", "interpretability": "interpretability", "scaling": "scaling",
    "efficiency": "efficiency", "multimodal": "multimodal", "adaptability": "adaptability",
}  # fmt: skip
# A full stop inside a sentence ("x. 3") is followed by no capital letter.
SENTENCE = re.compile(r"[.!?]”?(?=\s+[A-Z“]|$)")


def bar(page: Page, slug: str) -> Locator:
    """What step mode puts over the picture of a page."""
    top: Locator = driver.component(page, PAGES[slug]).locator(".gb-steps-top")
    return top


def act(page: Page, slug: str, name: str) -> Locator:
    """A button of step mode."""
    return bar(page, slug).locator(f"[data-act={name}]")


def whole(page: Page, slug: str) -> int:
    """Whether the page shows the whole picture, called so, with one button; returns how many steps it promises."""
    expect(bar(page, slug).locator(".gb-steps-count")).to_have_text("The whole picture")
    expect(bar(page, slug).locator("button:visible")).to_have_count(1)
    expect(bar(page, slug).locator(".gb-steps-said")).to_be_hidden()
    said = re.fullmatch(r"Step through it \((\d+) steps\)", act(page, slug, "next").text_content() or "")
    assert said, act(page, slug, "next").text_content()
    return int(said[1])


def test_every_page_opens_whole_and_every_step_has_a_caption(page: Page) -> None:
    driver.open_page(page, "home")
    every_step_has_a_caption(page, "home")
    for slug in PAGES:
        if slug != "home":
            driver.go_to_page(page, slug)
            every_step_has_a_caption(page, slug)


# Presses the button until the last step, in the browser: a question to the browser takes longer than a step.
WALK = """async (figure, count) => {
    const find = (selector) => figure.querySelector(`.gb-steps-top ${selector}`);
    const seen = [];
    for (let step = 1; step <= count; step++) {
        find('[data-act=next]').click();
        const begun = performance.now();
        const title = () => find('.gb-steps-said strong')?.textContent ?? '';
        while (!title().startsWith(`Step ${step} of ${count}: `) && performance.now() - begun < 60_000)
            await new Promise(requestAnimationFrame);
        const next = find('[data-act=next]');
        seen.push({
            title: title(),
            caption: find('.gb-steps-said > span')?.textContent ?? '',
            following: next.textContent,
            focused: next.getRootNode().activeElement === next,
        });
    }
    find('[data-act=next]').click();
    return seen;
}"""


def every_step_has_a_caption(page: Page, slug: str) -> None:
    """Check a page that has just been opened, step by step to its end."""
    count = whole(page, slug)
    act(page, slug, "next").focus()
    seen = driver.component(page, PAGES[slug]).evaluate(WALK, count)
    for step, one in enumerate(seen, 1):
        assert re.match(rf"Step {step} of {count}: \S", one["title"]), (step, one)
        assert one["focused"], (step, one)
        caption, following = one["caption"], one["following"]
        assert len(caption) > 25 and caption.rstrip().endswith((".", "?", "”")), (step, caption)
        assert 1 <= len(SENTENCE.findall(caption)) <= 2, (step, caption)
        assert following.startswith("Next: ") if step < count else following == "The whole picture"
    assert whole(page, slug) == count
    expect(act(page, slug, "next")).to_be_focused()
    assert len({one["title"] for one in seen}) == count
    label = driver.component(page, PAGES[slug]).get_attribute("aria-label") or ""
    assert "The whole picture." in label or slug == "home"


def test_a_caption_is_taken_away_and_the_way_back_keeps_the_focus(page: Page) -> None:
    driver.open_page(page, "loss", formula=2)
    expect(bar(page, "loss").locator(".gb-steps-said strong")).to_have_text("Step 3 of 7: Softmax")
    # The caption is part of the picture that is taken away.
    drawn = driver.taken_svg(page)
    assert "Step 3 of 7: Softmax" in drawn and "Each is divided by the sum of all" in drawn
    # The way back is a button and Escape, and the focus stays.
    act(page, "loss", "whole").click()
    whole(page, "loss")
    expect(act(page, "loss", "next")).to_be_focused()
    page.keyboard.press("Enter")
    expect(bar(page, "loss").locator(".gb-steps-said strong")).to_have_text("Step 1 of 7: Logits")
    expect(act(page, "loss", "back")).to_be_disabled()
    driver.component(page, "loss").focus()
    page.keyboard.press("Escape")
    whole(page, "loss")
    assert "/loss" in page.url
    for region in bar(page, "loss").locator("[role=status]").all():
        assert region.get_attribute("role") == "status"
    page.keyboard.press("Escape")
    page.locator('[data-component="home"]').wait_for()


def test_arrow_keys_move_the_selection_and_never_step(page: Page) -> None:
    driver.open_page(page, "home", walk=2, block=1)
    driver.component(page, "home").focus()
    before = driver.component_state(page, "home")
    page.keyboard.press("ArrowRight")
    moved = driver.wait_for_state(page, "home", lambda now: now["block"] == before["block"] + 1)
    assert moved["step"] == before["step"]
    driver.open_page(page, "loss", formula=2)
    driver.component(page, "loss").focus()
    before = driver.component_state(page, "loss")
    page.keyboard.press("ArrowLeft")
    moved = driver.wait_for_state(page, "loss", lambda now: now["follow"] != before["follow"])
    assert moved["step"] == before["step"]
    page.keyboard.press("Shift+ArrowRight")
    driver.wait_for_state(page, "loss", lambda now: now["step"] == before["step"] + 1)


def test_play_ends_at_the_whole_picture(page: Page) -> None:
    driver.open_page(page, "break_it", stage=2)
    act(page, "break_it", "play").click()
    expect(bar(page, "break_it").locator(".gb-steps-said strong")).to_have_text("Step 4 of 4: Remedy")
    expect(bar(page, "break_it").locator(".gb-steps-count")).to_have_text("The whole picture")
    whole(page, "break_it")
    expect(act(page, "break_it", "next")).to_be_focused()  # Play, which had it, is gone


def test_steps_stay_on_their_page(page: Page) -> None:
    driver.open_page(page, "feed_forward", stage=1)
    expect(bar(page, "feed_forward").locator(".gb-steps-said strong")).to_have_text("Step 2 of 5: Expand")
    driver.wait_for_link(page, "stage=1")
    page.get_by_role("link", name="Positions", exact=True).first.click()
    page.locator('[data-component="positions"]').wait_for()
    driver.wait_until_drawn(page)
    whole(page, "positions")
    driver.wait_for_link(page, without="stage")
    page.get_by_role("link", name="Feed-forward", exact=True).first.click()
    page.locator('[data-component="feed_forward"]').wait_for()
    driver.wait_until_drawn(page)
    whole(page, "feed_forward")


@pytest.mark.parametrize(("slug", "query"), [("home", "walk"), ("embeddings", "stage"), ("scaling", "stage")])
def test_a_phone_has_room_for_buttons_and_caption(page: Page, slug: str, query: str) -> None:
    page.set_viewport_size(driver.PHONE)
    driver.open_page(page, slug, **{query: 2})
    said = bar(page, slug).locator(".gb-steps-said")
    expect(said).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    boxes = [button.bounding_box() for button in bar(page, slug).locator("button:visible").all()]
    assert len(boxes) == 4
    assert all(box and box["height"] >= 44 and box["x"] + box["width"] <= 390 for box in boxes)
    svg = driver.component(page, PAGES[slug]).locator(".gb-scroll svg").first.bounding_box()
    words = said.bounding_box()
    assert svg and words and words["y"] + words["height"] <= svg["y"] + 1
    assert driver.axe_lines(driver.axe(page)) == []
