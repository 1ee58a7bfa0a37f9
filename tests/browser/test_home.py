"""Home in a real browser: what the picture shows is what core computes, and it answers to hand and keyboard."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.analysis.stream.overview import overview
from core.decoding.answering import answer_with
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Once upon a time, Lily saw a"
NAME = "home"


def state(page: Page) -> Any:
    return driver.component_state(page, NAME)


def reach(page: Page, **wanted: Any) -> Any:
    """Wait until the picture's state has these values."""
    return driver.wait_for_state(
        page, NAME, lambda now: all(now[key] == value for key, value in wanted.items())
    )


def point(page: Page, part: str) -> tuple[float, float]:
    """The middle of a part of the picture, on the screen."""
    box = driver.component(page, NAME).locator(part).first.bounding_box()
    assert box is not None, part
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def agrees(shown: Any, text: str) -> None:
    """The state's numbers are core's for this text, block, head and row."""
    lm = core.load("tales-gpt")
    seen = overview(lm, text)
    trace = lm.trace(text)
    row, block = shown["row"], shown["block"]
    assert shown["tokens"] == seen.tokens
    assert shown["ids"] == trace.ids.tolist()
    near: Any = {"rtol": 1e-3, "atol": 1e-4}
    pattern = trace[f"blocks.{block}.attn.hook_pattern"][shown["head"], row]
    np.testing.assert_allclose(shown["attends"], pattern, **near)
    lengths = [trace["blocks.0.hook_resid_pre"][row].norm()]
    lengths += [trace[f"blocks.{layer}.hook_resid_post"][row].norm() for layer in range(lm.config.n_layers)]
    np.testing.assert_allclose(shown["resid"], lengths, **near)
    p = (trace.logits[row].double() / shown["temperature"]).softmax(-1)
    assert [token for token, _ in shown["top"]] == p.topk(9).indices.tolist()
    np.testing.assert_allclose([value for _, value in shown["top"]], p.topk(9).values, **near)
    assert sum(value for _, value in shown["top"]) + shown["others"] == pytest.approx(1.0, abs=1e-6)
    assert [token for token, _ in shown["lens"]] == seen.lens_ids[:, row].tolist()
    np.testing.assert_allclose([value for _, value in shown["lens"]], seen.lens_probabilities[:, row], **near)


def test_bars_numbers_pointer_and_temperature_are_those_of_core(page: Page) -> None:
    driver.open_page(page, "home", text="the the", temperature=2)
    figure = driver.component(page, NAME)
    # A bar is as long as its probability.
    lengths = figure.locator("g[data-bar] rect:nth-of-type(2)").evaluate_all(
        "all => all.map(bar => Number(bar.getAttribute('width')))"
    )
    top = [p for _, p in state(page)["top"]]
    assert max(top) < 0.5, "none of them is likely, and none may look so"
    assert lengths == pytest.approx([max(0.75, 66 * p) for p in top], abs=0.05)
    # The numbers are those of core, also for another text.
    agrees(state(page), "the the")
    page.get_by_label("Your text").first.fill(TEXT)
    page.keyboard.press("Control+Enter")
    shown = driver.wait_for_state(page, NAME, lambda now: "".join(now["tokens"]).endswith("saw a"))
    agrees(shown, TEXT)
    driver.wait_until_drawn(page)
    # The picture follows the pointer token by token.
    x, y = point(page, 'g[data-part="tokens"] .gb-chip')
    for step in range(40):
        page.mouse.move(x + step % 3, y + 32 * (step % 8))
        reach(page, row=step % 8)
    assert json.loads(figure.get_attribute("data-state") or "{}")["row"] == 39 % 8
    page.mouse.move(5, 5)
    # The temperature changes the probabilities in the browser.
    slider = page.get_by_label("Temperature")
    slider.focus()
    for _ in range(15):
        page.keyboard.press("ArrowLeft")
    agrees(reach(page, temperature=0.5), TEXT)
    for _ in range(5):
        page.keyboard.press("ArrowLeft")
    shown = reach(page, temperature=0)
    assert [value for _, value in shown["top"]] == [1, 0, 0, 0, 0, 0, 0, 0, 0] and shown["others"] == 0


def test_a_token_is_appended_and_a_block_a_head_and_a_row_are_chosen_by_hand(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT, block=1)
    # Append puts the chosen token into the text.
    before = state(page)
    page.mouse.click(*point(page, 'g[data-bar="1"]'))  # the second most probable
    page.get_by_role("button", name=re.compile("^Append")).click()
    shown = driver.wait_for_state(page, NAME, lambda now: len(now["ids"]) == len(before["ids"]) + 1)
    lm = core.load("tales-gpt")
    token = lm.tokenizer.display(before["top"][1][0])
    assert shown["tokens"][-1] == token and shown["row"] == len(shown["ids"]) - 1
    text = TEXT + token
    agrees(shown, text)
    expect(page.get_by_label("Your text").first).to_have_value(text)
    driver.wait_until_drawn(page)
    # A click chooses a block, a head and a row; pointing at a row shows it for as long as the pointer stays.
    page.mouse.click(*point(page, 'rect[data-block="2"]'))
    reach(page, block=2, opening=False)
    page.mouse.click(*point(page, 'g[data-part="heads 2"] g[data-head="3"]'))
    reach(page, head=3)
    last = state(page)["row"]
    page.mouse.move(*point(page, 'g[data-part="tokens"] .gb-chip:nth-child(3)'))
    agrees(reach(page, row=2), text)
    page.mouse.move(5, 5)
    reach(page, row=last)
    page.mouse.click(*point(page, 'g[data-part="tokens"] .gb-chip:nth-child(5)'))
    page.mouse.move(5, 5)
    agrees(reach(page, row=4), text)
    # The widgets, the question and the address follow.
    driver.wait_for_link(page, "block=2", "head=3", "follow=4")
    driver.wait_until_drawn(page)
    assert page.locator(".st-key-gb-card-predict").get_by_text("into row").first.is_visible()
    page.get_by_role("radiogroup", name="Open block").get_by_text("0", exact=True).click()
    agrees(reach(page, block=0, head=3, row=4), text)


def test_the_keys_step_play_and_lead_back(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT, block=2)
    figure = driver.component(page, NAME)
    figure.focus()
    page.keyboard.press("1")
    reach(page, head=1)
    page.keyboard.press("ArrowRight")
    reach(page, block=3)
    page.keyboard.press("ArrowUp")
    row = reach(page, row=len(state(page)["tokens"]) - 2)["row"]
    page.keyboard.press("s")
    shown = reach(page, step=0, step_name="Tokens")
    names = [shown["step_name"]]
    lengths = shown["resid"]
    for step in range(1, shown["steps"]):
        page.keyboard.press(".")
        shown = reach(page, step=step)
        names.append(shown["step_name"])
        if found := re.fullmatch(r"Block (\d): MLP", shown["step_name"]):
            block = int(found[1])
            assert shown["block"] == block
            assert f"now {lengths[block + 1]:.2f} long" in shown["caption"]
    assert names[:4] == ["Tokens", "Embedding", "Block 0: attention", "Block 0: MLP"]
    assert names[-1] == "Next token" and len(set(names)) == len(names)
    page.keyboard.press(",")
    reach(page, step=shown["steps"] - 2)
    page.keyboard.press(" ")
    reach(page, step=shown["steps"] - 1, playing=True)
    reach(page, step=-1, playing=False)  # plays on to the end, and stops at the whole picture
    page.keyboard.press("s")
    reach(page, step=0)
    page.keyboard.press("Escape")
    reach(page, step=-1, row=row)
    page.keyboard.press("Escape")
    reach(page, row=len(state(page)["tokens"]) - 1)
    driver.wait_until_drawn(page)
    # After the button that starts the steps, the keys step on.
    page.get_by_role("button", name="Step through").click()
    reach(page, step=0)
    follows = "(a, b) => a.compareDocumentPosition(b) === Node.DOCUMENT_POSITION_FOLLOWING"
    hint, curtain = (figure.locator(f'[data-part="{part}"]') for part in ("hint", "curtain"))
    assert curtain.evaluate(follows, hint.element_handle()), "no curtain over the caption"
    page.keyboard.press(".")
    reach(page, step=1)
    figure.get_by_role("button", name="Next: ").click()
    reach(page, step=2)
    page.keyboard.press(",")  # a button of the picture has the focus
    reach(page, step=1)


def test_the_tooltips_name_the_token_under_the_pointer_in_a_block_that_moved(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT, block=0, walk=3)
    page.emulate_media(reduced_motion="no-preference")
    figure = driver.component(page, NAME)
    figure.focus()
    for _ in range(2):  # to block 1, which slides open
        page.keyboard.press(".")
    shown = reach(page, block=1, step_name="Block 1: attention")
    driver.wait_for_state(page, NAME, lambda now: not now["opening"])
    driver.wait_until_drawn(page)
    ground = figure.locator('g[data-part="matrix 1"] rect')
    x, y, width, height = driver.shown(
        page, ground, "r => (({x, y, width, height}) => [x, y, width, height])(r.getBoundingClientRect())"
    )
    last = len(shown["tokens"]) - 1
    for column in (1, 4, last):
        page.mouse.move(x + 9 + (width - 18) * column / last, y + height * (last + 0.5) / (last + 1))
        tip = figure.locator(".gb-tip")
        read, word = f"reads {shown['tokens'][column].replace(' ', '·')}:", f"{shown['attends'][column]:.4f}"
        expect(tip).to_contain_text(read)
        expect(tip).to_contain_text(word)


def reads_the(count: int, shown: Any) -> bool:
    """Return whether the model reads the word "the" this many times."""
    return "".join(shown["tokens"]).count("the") == count


def test_a_masked_model_opens_on_a_blank_and_its_legend_keeps_clear_of_the_button(page: Page) -> None:
    driver.open_page(page, "home", model="tales-bert")
    # The blank of the model's own text is followed.
    shown = state(page)
    lm = core.load("tales-bert")
    text = lm.card["texts"][0]
    trace = lm.trace(text)
    row = trace.ids.tolist().index(lm.config.mask_id)
    assert shown["row"] == row and shown["tokens"][row] == "[MASK]"
    assert [token for token, _ in shown["top"]] == trace.logits[row].topk(9).indices.tolist()
    expect(page.get_by_label("Your text").first).to_have_value(text)
    # The legend keeps clear of the button Mask of a word.
    page.mouse.click(*point(page, 'g[data-part="tokens"] .gb-chip:nth-child(2)'))
    page.mouse.move(5, 5)
    reach(page, row=1)
    driver.wait_for_link(page, "follow=1")
    driver.wait_until_drawn(page)
    figure = driver.component(page, NAME)
    for words in (2, 4, 6, 8, 10):
        page.get_by_label("Your text").first.fill(" ".join(["the"] * words))
        page.keyboard.press("Control+Enter")
        driver.wait_for_state(page, NAME, partial(reads_the, words))
        driver.wait_until_drawn(page)
        button = figure.get_by_role("button", name="Mask").bounding_box()
        frame = figure.locator("svg").bounding_box()
        texts = figure.locator('g[data-part="legend"] text')
        assert button and frame and texts.count() == 6
        for label in texts.all():
            box = label.bounding_box()
            assert box and box["y"] + box["height"] <= frame["y"] + frame["height"] + 1, "it is cut off"
            beside = box["x"] + box["width"] < button["x"] or box["y"] > button["y"] + button["height"]
            assert beside, f"{label.inner_text()} lies under the button"


def test_an_encoder_decoder_opens_on_its_decoder_is_appended_to_writes_and_is_accessible(
    own_page: Page, models: Path
) -> None:
    text, lm = "The fox and the crow", core.load(models / "pair")
    driver.open_page(own_page, "home", model="./pair", text=text)
    shown = state(own_page)
    assert (shown["stack"], shown["attention"], len(shown["tokens"])) == ("decoder", "cross", 1)
    trace = lm.trace(text)
    pattern = trace[f"decoder.blocks.{shown['block']}.cross_attn.hook_pattern"][shown["head"], 0]
    np.testing.assert_allclose(shown["attends"], pattern, atol=1e-4)
    assert [token for token, _ in shown["top"]] == trace.logits[0].topk(9).indices.tolist()
    expect(own_page.get_by_text("Nothing is written yet")).to_be_visible()

    own_page.get_by_role("button", name=re.compile("^Append")).click()
    shown = driver.wait_for_state(own_page, NAME, lambda now: len(now["ids"]) == 2)
    assert shown["ids"][1] == int(trace.logits[0].argmax())
    own_page.get_by_role("button", name="Clear").click()
    driver.wait_for_state(own_page, NAME, lambda now: len(now["ids"]) == 1)

    own_page.get_by_role("button", name="Let the model write it").click()
    ids = lm.generate(text, max_new_tokens=63).ids
    written = answer_with(lm, "", ids)
    read = lm.tokenizer.encode(written, add_special_tokens=False)
    shown = driver.wait_for_state(own_page, NAME, lambda now: len(now["ids"]) == 1 + len(read))
    assert shown["ids"][1:] == read
    expect(own_page.get_by_label("Answer so far")).to_have_value(written)
    driver.wait_until_drawn(own_page)
    own_page.get_by_role("button", name="Undo").click()
    driver.wait_for_state(own_page, NAME, lambda now: len(now["ids"]) == 1)
    driver.wait_until_drawn(own_page)

    # With an answer that was typed, the page is accessible and fits both screens.
    own_page.get_by_label("Answer so far").fill("A dog saw")
    own_page.keyboard.press("Enter")
    driver.wait_for_state(own_page, NAME, lambda now: "".join(now["tokens"]).endswith("A dog saw"))
    for size in (driver.DESKTOP, driver.PHONE):
        own_page.set_viewport_size(size)
        for theme in ("dark", "light"):
            driver.set_theme(own_page, theme)
            assert own_page.evaluate("document.documentElement.scrollWidth <= innerWidth"), theme
            assert driver.axe_lines(driver.axe(own_page)) == [], theme


def test_enter_reads_the_text_and_shift_enter_begins_a_line(page: Page) -> None:
    driver.open_page(page, "home", model="tales-gpt", text="A red ball")
    box = page.get_by_test_id("stSidebar").get_by_label("Your text")
    box.fill("A green ball")
    box.press("End")
    box.press("Shift+Enter")
    box.press_sequentially("was")
    assert box.input_value() == "A green ball\nwas"
    told = page.locator(".st-key-text [data-testid=InputInstructions]")
    words = told.evaluate("told => getComputedStyle(told, '::after').content")
    over, area = told.bounding_box(), box.bounding_box()
    assert "Enter" in words and over and area and over["y"] + over["height"] <= area["y"]
    box.press("Enter")
    driver.wait_for_link(page, "text=A+green+ball%0Awas")
    driver.wait_until_drawn(page)
    assert box.input_value() == "A green ball\nwas"
    expect(box).to_be_focused()
    assert not told.evaluate_all("all => all.some((told) => told.checkVisibility())"), "it has been read"
    box.press_sequentially(" lost")
    expect(told).to_be_visible()


def test_what_is_typed_and_clicked_in_a_hurry_is_all_heard(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT)
    walk = driver.component(page, "home").locator('[data-act="next"]')
    for number in range(8):
        said, text = walk.inner_text(), f"Lily saw {number} cats"
        box = page.get_by_test_id("stSidebar").get_by_label("Your text")
        box.click()
        page.keyboard.press("Control+a")
        page.keyboard.insert_text(text)
        page.keyboard.press("Control+Enter")
        page.wait_for_timeout(10 * number)  # the page is at work on the text, further every time
        walk.click()
        expect(walk).not_to_have_text(said)
        driver.wait_until_drawn(page)
        assert "".join(state(page)["tokens"]).endswith(text)
        assert box.input_value() == text


def test_predict_reveals_what_the_model_does_and_the_map_leads_to_the_pages(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT)
    page.locator(".st-key-gb-card-predict").get_by_role("radio", name="Attention", exact=True).click()
    page.get_by_role("button", name="Commit").click()
    said = page.locator(".gb-reveal")
    said.wait_for()
    assert said.get_attribute("data-right") == "1"
    assert "With all attention off by 0.0 %" in said.inner_text()
    was = state(page)["tokens"]
    page.get_by_role("button", name="Show it").click()
    now = driver.wait_for_state(page, NAME, lambda now: now["tokens"] != was)["tokens"]
    assert now[-1] == was[-1], "another token stands in the place of an earlier one"
    page.get_by_role("button", name="Undo").click()
    driver.wait_for_state(page, NAME, lambda now: now["tokens"] == was)
    expect(said).to_have_attribute("data-right", "1")
    driver.wait_until_drawn(page)
    # The map has a card for each page that exists, and leads there with the text.
    cards = page.locator(".gb-map article")
    assert cards.count() == 13
    page.locator(".gb-map").get_by_role("link", name="Attention").click()
    page.wait_for_url(re.compile("/attention.*Lily"))


def test_link_notebook_and_pictures_of_a_head_that_leads_to_its_own_page(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    driver.open_page(page, "home", text="Ben had a ball", block=2, head=3, follow=2, temperature=0.7, walk=5)
    # The link restores the page in a fresh browser.
    reach(page, block=2, head=3, row=2, step=4)
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, NAME)
    # Outside the steps, the notebook runs and the picture is saved.
    driver.component(page, NAME).focus()
    page.keyboard.press("Escape")
    reach(page, block=2, head=3, row=2, step=-1)
    driver.wait_until_drawn(page)
    checks.run_notebook(page, tmp_path)
    with page.expect_download() as picture:
        page.get_by_role("button", name="SVG", exact=True).click()
    svg = Path(picture.value.path()).read_text(encoding="utf-8")
    assert svg.startswith("<svg") and "var(--" not in svg and "L2H3" in svg and "data:image/png" in svg
    with page.expect_download() as image:
        page.get_by_role("button", name="PNG", exact=True).click()
    assert Path(image.value.path()).read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"
    # Enter leads to the page of the chosen head.
    driver.component(page, NAME).focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/attention"))
    driver.wait_for_link(page, "block=2", "head=3")
    driver.wait_until_drawn(page)


def test_it_is_accessible_and_a_phone_shows_all_of_it(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT, block=3)
    figure = driver.component(page, NAME)
    for theme in ("dark", "light"):
        driver.set_theme(page, theme)
        assert figure.get_attribute("data-theme") == theme
        said = figure.get_attribute("aria-label") or ""
        shown = state(page)
        assert (
            f"{shown['blocks']} blocks of {shown['heads']} heads over {len(shown['tokens'])} tokens" in said
        )
        assert f"{shown['top'][0][1]:.3f}" in said
        assert driver.axe_lines(driver.axe(page)) == [], theme
    # A phone shows all of the picture.
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    box = figure.bounding_box()
    assert box is not None and box["width"] <= 390
    assert figure.locator('g[data-part="phone open"]').count() == 1  # the opened block, one screen down
    figure.get_by_role("button", name="Step through").click()
    reach(page, step=0)
    for button in figure.locator("button").all():  # a word within a sentence is as tall as its line
        assert (button.bounding_box() or {"height": 0})["height"] >= 44
    agrees(state(page), TEXT)


def test_a_long_text_scrolls_and_markup_stays_text(page: Page) -> None:
    text = "<b>Once</b> upon a $time$ " + "the dog saw the cat and " * 12
    driver.open_page(page, "home", text=text)
    figure = driver.component(page, NAME)
    shown = state(page)
    assert len(shown["tokens"]) > 60
    assert figure.locator('g[data-part="scroll"]').count() == 1
    assert figure.locator("svg b, svg script").count() == 0
    figure.focus()
    for _ in range(40):
        page.keyboard.press("ArrowUp")
    assert reach(page, row=len(shown["tokens"]) - 41)["block"] == shown["block"]
    assert figure.locator('g[data-part="followed token"] text').count() == 1  # scrolled into view
