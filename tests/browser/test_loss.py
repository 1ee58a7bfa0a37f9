"""The Loss page in a real browser: what it draws against `core` and torch, by mouse and by keyboard."""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Browser, Page

import core
from core.training.losses import Hide, score_batch, score_text
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Once upon a time, Lily saw a big red ball."
STEPS = 7


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "loss", **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, "loss")
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, "loss", lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def words(page: Page, part: str) -> str:
    """The words in a part of the picture."""
    return driver.component(page, "loss").locator(f'[data-part="{part}"]').text_content() or ""


def handle(page: Page) -> tuple[float, float]:
    """The middle of the followed token's handle on the curve."""
    box = driver.component(page, "loss").locator("[data-handle]").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def test_every_loss_of_text_and_batch_is_torchs(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, batch="Ben ran home.\nThe red ball")
    assert state["place"] == len(lm.encode(TEXT)) - 1
    # A click follows another token.
    driver.component(page, "loss").locator('[data-row="5"]').click()
    state = wait(page, follow=5, place=6)
    assert "Lily" in words(page, "sum rows")
    page.wait_for_url(lambda url: "follow=6" in url)
    # The losses, the logits and the gradient are those of torch.
    told = score_text(lm, TEXT)
    plain = F.cross_entropy(told.logits, told.targets, reduction="none").tolist()
    assert state["losses"] == pytest.approx(plain, abs=1e-4)
    assert state["mean"] == pytest.approx(told.mean(), abs=1e-4)
    assert state["bits"] == pytest.approx(told.mean() / math.log(2), abs=1e-4)
    assert state["perplexity"] == pytest.approx(math.exp(told.mean()), rel=1e-4)
    assert (state["place"], state["step"], state["steps"]) == (6, STEPS - 1, STEPS)
    free = told.logits.detach().clone().requires_grad_()
    F.cross_entropy(free, told.targets, reduction="sum").backward()
    assert free.grad is not None
    p = told.logits[5].softmax(-1)
    for line in state["lines"]:
        assert line["logit"] == pytest.approx(float(told.logits[5, line["id"]]), abs=1e-4)
        assert line["p"] == pytest.approx(float(p[line["id"]]), abs=1e-5)
        assert line["d"] == pytest.approx(float(free.grad[5, line["id"]]), abs=1e-5)
        assert line["y"] == (1 if line["id"] == int(told.targets[5]) else 0)
    assert sum(line["p"] for line in state["lines"]) + state["rest"]["p"] == pytest.approx(1, abs=1e-5)
    assert sum(line["d"] for line in state["lines"]) + state["rest"]["d"] == pytest.approx(0, abs=1e-5)
    for row, nats in enumerate(plain):
        shown = driver.component(page, "loss").locator(f'[data-row="{row}"]').text_content() or ""
        assert f"{nats:.2f}" in shown
    # An arrow and a click on a point of the curve follow another token, too.
    driver.component(page, "loss").focus()
    page.keyboard.press("ArrowDown")
    state = wait(page, follow=6)
    assert state["loss"] == pytest.approx(float(told.surprise[6]), abs=1e-4)
    driver.click(page, driver.component(page, "loss").locator('[data-dot="8"]'))
    wait(page, follow=8)
    driver.wait_until_drawn(page)
    the_batch_is_the_mean_over_all_tokens(page, lm)


def the_batch_is_the_mean_over_all_tokens(page: Page, lm: core.LanguageModel) -> None:
    """The loss of the batch below is core's, with and without its padding."""
    texts = [(TEXT, None), ("Ben ran home.", None), ("The red ball", None)]
    expected = score_batch(lm, texts)
    state = driver.component_state(page, "loss_batch")
    assert state["mean"] == state["shown"] == pytest.approx(expected.mean(), abs=1e-4)
    assert [row["mean"] for row in state["rows"]] == pytest.approx(expected.rows, abs=1e-4)
    assert [row["pads"] for row in state["rows"]] == (~expected.scores).tolist()
    assert (state["count"], state["pads"]) == (int(expected.scores.sum()), int((~expected.scores).sum()))
    page.get_by_role("radio", name="counted").click()
    state = driver.wait_for_state(page, "loss_batch", lambda now: now["padding"] == "counted")
    assert state["shown"] == pytest.approx(expected.mean(ignore_padding=False), abs=1e-4)
    assert state["shown"] != pytest.approx(state["mean"], abs=1e-2)


def test_the_steps_build_the_sum_and_slider_and_keys_change_a_probability(
    page: Page, lm: core.LanguageModel
) -> None:
    opened(page, follow=6, formula=0)
    told = score_text(lm, TEXT)
    figure = driver.component(page, "loss")
    loss = f"{float(told.surprise[5]):.3f}"
    seen = []
    for step in range(STEPS):
        wait(page, step=step)
        seen.append(words(page, "words"))
        if step < STEPS - 1:
            figure.locator("[data-act=next]").click()
    assert "score for a token" in seen[0]
    assert "never negative" in seen[1]
    assert loss not in "".join(seen[:4])
    assert all(loss in text for text in seen[4:])
    assert "perplexity" not in "".join(seen[:5])
    assert all(f"{told.mean():.3f}" in text for text in seen[5:])
    assert "p − y" in seen[6]
    assert figure.locator("[data-act=next]").text_content() == "The whole picture"
    figure.focus()
    page.keyboard.press(",")
    wait(page, step=STEPS - 2)
    page.wait_for_url(lambda url: "formula=5" in url)
    page.keyboard.press("Escape")
    wait(page, step=STEPS - 1)
    page.keyboard.press(" ")
    wait(page, playing=True, step=0)
    page.keyboard.press(" ")
    wait(page, playing=False)
    page.keyboard.press("Escape")
    wait(page, step=STEPS - 1)
    driver.wait_until_drawn(page)
    # The slider and the keys change the probability; Escape and another token let go of it.
    slider = figure.locator("input[type=range]")
    slider.fill("500")
    state = wait(page, given=0.5)
    assert state["loss"] == pytest.approx(math.log(2), abs=1e-6)
    figure.focus()
    page.keyboard.press("+")
    driver.wait_for_state(page, "loss", lambda now: now["given"] == pytest.approx(0.55))
    page.keyboard.press("Escape")
    wait(page, given=None)
    slider.fill("900")
    wait(page, given=0.9)
    figure.locator('[data-row="2"]').click()
    wait(page, follow=2, given=None)


def test_a_dragged_probability_and_label_smoothing_move_the_losses(
    page: Page, lm: core.LanguageModel
) -> None:
    before = opened(page, follow=6)
    told = score_text(lm, TEXT)
    x, y = handle(page)
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 9):
        page.mouse.move(x + 20 * step, y + 18 * step)
    driver.wait_for_state(page, "loss", lambda now: now["given"] is not None and now["p"] > 0.3)
    driver.wait_until_drawn(page)  # also the last of these moves
    held = driver.component_state(page, "loss")
    page.mouse.up()
    state = driver.wait_for_state(
        page, "loss", lambda now: now["given"] == pytest.approx(held["given"], abs=1e-6)
    )
    p = state["p"]
    assert state["loss"] == pytest.approx(-math.log(p), abs=1e-6)
    surprise = told.surprise.double().clone()
    surprise[5] = -math.log(p)
    assert state["mean"] == pytest.approx(float(surprise.mean()), abs=1e-4)
    assert state["perplexity"] == pytest.approx(math.exp(float(surprise.mean())), rel=1e-3)
    assert state["mean"] < before["mean"]
    assert sum(line["p"] for line in state["lines"]) + state["rest"]["p"] == pytest.approx(1, abs=1e-5)
    assert "→" in words(page, "whole")
    page.wait_for_url(lambda url: "given=" in url)
    driver.wait_until_drawn(page)
    assert driver.component_state(page, "loss")["p"] == pytest.approx(p, abs=1e-6), (
        "the page's answer keeps it"
    )
    page.reload()
    driver.wait_until_drawn(page)
    assert driver.component_state(page, "loss")["p"] == pytest.approx(p, abs=1e-6)
    driver.component(page, "loss").locator("[data-give=model]").click()
    state = wait(page, given=None)
    assert state["mean"] == pytest.approx(before["mean"], abs=1e-6)
    driver.wait_until_drawn(page)
    # The dial of the label smoothing moves the mean, but not the perplexity.
    thumb = page.get_by_role("slider", name="Label smoothing")
    thumb.focus()
    for hundredths in range(1, 6):  # one at a time: a dial that is being drawn hears nothing
        page.keyboard.press("ArrowRight")
        state = wait(page, smoothing=pytest.approx(hundredths / 100))
    assert state["mean"] > before["mean"]
    assert state["perplexity"] == pytest.approx(before["perplexity"], rel=1e-6)


def handle_height(page: Page, state: dict[str, Any], unit: float = 1.0) -> float:
    """Return the loss at whose height the handle stands; no loss of the text is above the picture."""
    figure = driver.component(page, "loss")
    ticks = figure.locator('[data-part="curve"] text[text-anchor="end"]').evaluate_all(
        "all => all.filter(t => /^\\d+$/.test(t.textContent)).map(t => [+t.textContent, +t.getAttribute('y') - 4])"
    )
    (low, y0), (high, y1) = ticks[0], ticks[-1]
    assert max(state["losses"]) / unit <= high + (high - low) / (len(ticks) - 1), "none is above the picture"
    y = float(figure.locator("[data-handle]").get_attribute("cy") or "nan")
    return float(low + (high - low) * (y - y0) / (y1 - y0))


def test_the_handle_stands_at_the_height_of_its_loss(page: Page) -> None:
    state = opened(page, smoothing=1)
    assert handle_height(page, state) == pytest.approx(state["loss"], abs=0.02)
    state = opened(page)
    assert handle_height(page, state) == pytest.approx(state["loss"], abs=0.02)
    page.get_by_label("Probability of the right token").fill("0")
    state = driver.wait_for_state(page, "loss", lambda now: now["given"] == 0.0005)
    assert handle_height(page, state) == pytest.approx(state["loss"], abs=0.02)


@pytest.mark.parametrize("smoothing", [0.1, 0.5])
def test_label_smoothing_is_torchs(page: Page, lm: core.LanguageModel, smoothing: float) -> None:
    state = opened(page, follow=6, smoothing=smoothing, unit="bits")
    assert handle_height(page, state, math.log(2)) == pytest.approx(state["loss"] / math.log(2), abs=0.02)
    told = score_text(lm, TEXT)
    expected = F.cross_entropy(told.logits, told.targets, label_smoothing=smoothing, reduction="none")
    assert state["losses"] == pytest.approx(expected.tolist(), abs=1e-4)
    assert state["mean"] == pytest.approx(float(expected.mean()), abs=1e-4)
    assert state["perplexity"] == pytest.approx(math.exp(told.mean()), rel=1e-4), (
        "perplexity is of plain labels"
    )
    driver.component(page, "loss").locator("input[type=range]").fill("800")
    given = wait(page, given=0.8)
    # The others keep their proportions: the same logits with the right one moved.
    logits = told.logits[5].double().clone()
    right = int(told.targets[5])
    rest = float(logits[torch.arange(len(logits)) != right].logsumexp(-1))
    logits[right] = rest + math.log(0.8 / 0.2)
    loss = F.cross_entropy(logits[None], told.targets[5][None], label_smoothing=smoothing)
    assert given["loss"] == pytest.approx(float(loss), abs=1e-4)
    shown = (driver.component(page, "loss").locator('[data-row="0"]').text_content() or "").split()
    assert f"{float(expected[0]) / math.log(2):.2f}" in "".join(shown)


def test_an_encoder_hides_one_token_or_all(own_page: Page, models: Path) -> None:
    text, lm = "The cat saw the dog", core.load(str(models / "both"))
    opened(own_page, model="./both", text=text, hide="one")
    hides: tuple[Hide, ...] = ("one", "all")
    for hide in hides:
        if hide == "all":
            own_page.get_by_role("radio", name="all at once").click()
            driver.wait_for_link(own_page, "hide=all")
            driver.wait_until_drawn(own_page)
        state = driver.component_state(own_page, "loss")
        told = score_text(lm, text, hide=hide)
        assert state["kind"] == f"masked {hide}"
        assert state["losses"] == pytest.approx(told.surprise.tolist(), abs=1e-3)
        assert "In the place of" in driver.component(own_page, "loss").inner_text()


def test_an_encoder_decoder_is_scored_on_its_answer(own_page: Page, models: Path) -> None:
    state = opened(own_page, model="./pair", text="The cat saw", target="A dog ran")
    lm = core.load(str(models / "pair"))
    told = score_text(lm, "The cat saw", "A dog ran")
    assert state["kind"] == "target"
    assert state["losses"] == pytest.approx(told.surprise.tolist(), abs=1e-3)
    own_page.get_by_label("Answer to be scored").fill("")
    own_page.keyboard.press("Enter")
    state = driver.wait_for_state(own_page, "loss", lambda now: now["kind"] != "target")
    assert state["kind"] == "copy"
    assert own_page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_links_carry_text_and_token_along(page: Page) -> None:
    opened(page, follow=6)
    for door in ("tokenization", "decoding", "lab"):
        driver.component(page, "loss").locator(f"[data-door={door}]").click()
        driver.wait_for_link(page, f"/{door}", "follow=6", "Lily")
        driver.wait_until_drawn(page)
        if door != "lab":
            page.go_back()
            driver.component(page, "loss").wait_for()
            driver.wait_until_drawn(page)


def test_predict_notebook_and_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    opened(page, follow=6, smoothing=0.1, formula=4)
    checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "loss")


def test_accessible_and_whole_on_the_first_screen(page: Page) -> None:
    opened(page, smoothing=0.2, unit="bits", follow=3)
    figure = driver.component(page, "loss")
    for step in (STEPS - 1, 0):
        page.set_viewport_size(driver.DESKTOP)
        driver.wait_until_drawn(page)
        if step == 0:  # from the whole picture to the first step
            figure.locator("[data-act=next]").click()
        wait(page, step=step)
        for theme in ("dark", "light"):
            checks.accessible(page, "loss", theme, "Loss of")
        checks.first_screen(page)
        small = figure.locator("button:visible, input:visible").evaluate_all(
            "all => all.filter(b => b.offsetHeight < 44 && !b.matches('.gb-door')).map(b => b.outerHTML)"
        )
        assert not small


def test_a_long_text_keeps_its_rows_apart(page: Page) -> None:
    opened(
        page,
        text="Once upon a time, Lily saw a big red ball in the park and ran to it with Ben and her dog. " * 3,
    )
    rows = driver.component(page, "loss").locator('[data-part="rows"] [data-row]')
    assert rows.count() == 31
    tops = rows.evaluate_all("all => all.map(e => e.querySelector('text').getBoundingClientRect().top)")
    assert min(b - a for a, b in itertools.pairwise(tops)) >= 12
