"""The Interpretability page in a real browser: its panels against `core`, its steps, keys, link, phone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.analysis.patching.patches import Patching
from core.analysis.patching.paths import INTO, paths
from core.analysis.patching.sweep import patched
from core.analysis.patching.text_pairs import text_pair
from core.analysis.stream.direct_attribution import attribute
from core.analysis.stream.logit_lens import logit_lens
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

NAME = "interpretability"
TEXT, TWIN = "A red ball was lost. She found the red", "A red saw was lost. She found the red"


ALL = "says patches tokens"  # every part of the page open


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's texts; returns what the picture shows."""
    driver.open_page(page, NAME, **({"v": 1, "text": TEXT, "corrupted": TWIN, "unfold": ALL} | query))
    state: dict[str, Any] = driver.component_state(page, NAME)
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the chosen cell has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, NAME, lambda now: all(now["chosen"].get(name) == value for name, value in wanted.items())
    )
    return state


def close(shown: Any, ours: Any) -> None:
    """Equal but for float32."""
    shown, ours = np.asarray(shown, dtype=float), np.ravel(np.asarray(ours, dtype=float))
    np.testing.assert_allclose(shown, ours, rtol=1e-3, atol=1e-3 * max(1e-3, np.abs(ours).max()))


def test_every_panel_is_cores(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, block=2, head=1, sight="heads")
    token, against = state["answer"]["id"], state["against"]["id"]
    logits = lm.trace(TEXT).logits[-1].detach()
    assert token == int(logits.argmax()) and against == int(lm.trace(TWIN).logits[-1].argmax())
    found = Patching.of(lm, text_pair(lm, TEXT, TWIN), token, against)
    maps = patched(found)
    assert state["whole"] and state["says"]["clean"] == pytest.approx(found.clean, rel=1e-4)
    for site in ("stream", "attention", "mlp", "head"):
        close(state["maps"][site], maps[site])
    parts = attribute(lm, TEXT, token, against)
    close([line["value"] for line in state["parts"]], [line.value for line in parts.lines])
    close(state["direct"], parts.heads)
    assert state["total"] == pytest.approx(state["logit"], abs=1e-3)
    lens = logit_lens(lm, lm.trace(TEXT), token=token)
    assert state["lens"]["first"] == lens.ids[..., 0].tolist() and state["lens"]["rank"] == lens.rank.tolist()
    close(state["lens"]["chance"], lens.chance)
    below = driver.component_state(page, "interpretability_path")
    way = paths(lm, found, 2, 1)
    assert below["senders"] == [sender.name for sender in way.senders]
    for into in INTO:
        close(below["shares"][into], way.shares[into])


def test_keys_and_clicks_choose_cells_and_controls_ask_anew(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, row=4, tier=1)
    figure = driver.component(page, NAME)
    assert state["chosen"]["sight"] == "stream"
    # The keys move the cell and the panel.
    figure.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    wait(page, row=5, tier=2)
    page.keyboard.press("]")
    wait(page, sight="attention", row=5)
    page.keyboard.press("[")
    page.keyboard.press("[")
    wait(page, sight="lens", row=5)
    page.keyboard.press("s")
    driver.wait_for_state(page, NAME, lambda now: now["shade"] == "own")
    assert driver.component_state(page, NAME)["placed"] == []
    page.keyboard.press("a")
    # One head at one place is patched when it is asked for, in each of the four blocks of a small model.
    driver.wait_for_state(page, NAME, lambda now: now["extent"] == "here" and now["placed"] == [0, 1, 2, 3])
    driver.wait_for_link(page, "shade=own", "extent=here")
    driver.wait_until_drawn(page)
    figure.focus()
    page.keyboard.press("s")
    page.keyboard.press("a")
    driver.wait_for_state(page, NAME, lambda now: now["shade"] != "own" and now["extent"] != "here")
    driver.wait_until_drawn(page)
    # Clicks choose a cell, and the controls ask anew.
    driver.click(page, figure.locator('[data-panel="lens"]'))
    wait(page, sight="lens", tier=2)  # the middle of five depths
    card = figure.locator('[data-part="card"]')
    assert "If the model stopped" in (card.text_content() or "")
    driver.click(page, figure.locator('[data-line="5"]'))
    wait(page, sight="parts", line=5)
    driver.click(page, figure.locator('[data-panel="patched"]'))
    wait(page, sight="heads")
    driver.wait_for_link(page, "sight=heads")
    page.get_by_role("radio", name="its logit alone").click()
    state = driver.wait_for_state(page, NAME, lambda now: now["against"] is None)
    assert state["logit"] == pytest.approx(float(lm.trace(TEXT).logits[-1].max()), abs=1e-3)
    page.get_by_role("button", name="Another pair").click()
    state = driver.wait_for_state(page, NAME, lambda now: now["corrupted"] != TWIN and now["whole"])
    assert state["says"]["clean"] > 0 > state["says"]["corrupted"]


def test_the_steps_tell_lens_parts_and_patches(page: Page, browser: Browser, server: driver.Server) -> None:
    opened(page, stage=0)
    figure = driver.component(page, NAME)
    panels = figure.locator("[data-panel]")
    card = figure.locator('[data-part="card"]')
    assert panels.count() == 0 and "The model answers ·ball with chance" in (card.text_content() or "")
    for step, count, said in (
        (1, 1, "its chance by depth"), (2, 2, "add up to"), (3, 3, "of the way to the clean"),
        (4, 5, "alone bring back half or more"), (5, 6, "brings back"),
    ):  # fmt: skip
        figure.locator("[data-act=next]").click()
        driver.wait_for_state(page, NAME, partial(lambda at, now: now["stage"]["step"] == at, step))
        told = card.text_content() or ""
        assert panels.count() == count and said in told, step
        assert ("as it was given, asks for another answer" in told) == (step == 3)
    driver.wait_for_link(page, "stage=5")
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, NAME)
    figure.focus()
    page.keyboard.press("Escape")
    driver.wait_for_state(page, NAME, lambda now: now["stage"]["step"] == 6)


def test_nothing_of_patching_shows_before_it_is_opened(page: Page) -> None:
    driver.open_page(page, NAME, v=1, text=TEXT, sight="lens")
    main = page.locator('[data-testid="stMain"]')
    figure = driver.component(page, NAME)
    for step in (6, 0, 1):  # the whole picture, and its first two steps
        if step != 6:
            figure.locator("[data-act=next]").click()
        driver.wait_for_state(page, NAME, partial(lambda at, now: now["stage"]["step"] == at, step))
        driver.wait_until_drawn(page)
        shown = f"{figure.inner_text()} {figure.text_content()}"
        assert "orrupted" not in shown and "second text" not in shown and "saw" not in shown
        for label in ("Corrupted text", "Another pair", "Measure"):
            assert main.get_by_text(label, exact=True).filter(visible=True).count() == 0, label
        assert main.get_by_role("progressbar").count() == 0
        assert "from the clean text" not in page.locator(".st-key-gb-card-predict").inner_text()
    driver.open_page(page, NAME, v=1, text=TEXT, unfold="patches")
    expect(page.locator("input[aria-label='Corrupted text']")).to_be_visible()
    expect(main.get_by_role("button", name="Another pair")).to_be_visible()


def test_answer_notebook_and_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    opened(page, sight="heads", block=3)
    assert "comes back" in checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, NAME)


def test_it_is_accessible_whole_on_the_first_screen_and_on_a_phone(page: Page) -> None:
    opened(page)
    for theme in ("dark", "light"):
        checks.accessible(page, NAME, theme, "of the way to the clean")
    checks.first_screen(page)


def test_models_of_other_shapes_draw(own_page: Page) -> None:
    state = opened(own_page, model="./both", text="The cat saw the dog", corrupted="The cat had the dog")
    assert len(state["maps"]["stream"]) == 3 * len(state["tokens"])
    pair = {"model": "./pair", "text": "The cat saw", "corrupted": "The cat had", "target": "A dog"}
    state = opened(own_page, **pair, stack="encoder")
    assert state["rows"] != state["tokens"] and state["direct"] is None
    state = opened(own_page, **pair, stack="decoder", attention="cross", sight="cross")
    assert state["chosen"]["sight"] == "cross" and "cross" in state["maps"]


def test_the_first_look_is_the_lens_and_parts_open_and_close(page: Page) -> None:
    state = opened(page, unfold="")
    assert (state["opened"], state["chosen"]["sight"]) == ([], "lens")
    figure = driver.component(page, NAME)
    assert figure.locator('[data-panel="lens"]').count() == 1
    assert figure.locator('[data-panel="stream"]').count() == 0
    checks.first_screen(page)
    page.set_viewport_size(driver.DESKTOP)
    driver.wait_until_drawn(page)
    says = figure.get_by_role("button", name="Who says it")
    expect(says).to_have_attribute("aria-expanded", "false")
    says.click()
    driver.wait_for_state(page, NAME, lambda now: now["opened"] == ["says"])
    expect(says).to_have_attribute("aria-expanded", "true")
    driver.wait_for_link(page, "unfold=says")
    figure.get_by_role("button", name="Where it comes from").click()
    driver.wait_for_state(page, NAME, lambda now: now["opened"] == ["says", "patches"])
    driver.wait_until_drawn(page)
    assert figure.locator('[data-panel="stream"]').count() == 1
    assert driver.component(page, "interpretability_path").count() == 1
    figure.get_by_role("button", name="Where it comes from").click()
    driver.wait_for_state(page, NAME, lambda now: now["opened"] == ["says"])
    driver.wait_until_drawn(page)
    page.get_by_text("five explainers, probes and a circuit").click()
    driver.wait_for_link(page, "tokens")
    driver.wait_until_drawn(page)
    assert driver.component_state(page, "interpretability_explainers")["judged"]
    page.get_by_text("five explainers, probes and a circuit").click()
    driver.wait_for_link(page, without="tokens")
    expect(driver.component(page, "interpretability_explainers")).to_have_count(0)


def test_a_text_that_cannot_be_patched_says_so_beside_its_lens_in_every_step(page: Page) -> None:
    opened(page, corrupted=TEXT, unfold="", sight="lens", stage=2)
    figure = driver.component(page, NAME)
    figure.focus()
    for step in (3, 4, 5):
        page.keyboard.press(".")
        driver.wait_for_state(page, NAME, partial(lambda at, now: now["stage"]["step"] == at, step))
        why = figure.locator("[data-part=why]")
        why.wait_for()
        lens, told = figure.locator("[data-part=lens]").bounding_box(), why.bounding_box()
        assert lens and told and lens["x"] + lens["width"] <= told["x"] + 1
        if step == 3:  # twins are told without numbers
            card = figure.locator('[data-part="card"]').text_content() or ""
            assert "change a word of it" in card and "0.00" not in card and "asks for" not in card
