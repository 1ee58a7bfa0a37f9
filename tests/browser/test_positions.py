"""The Positions page in a real browser: every kind against `core`, hover, keys, steps, the other order, link, phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.analysis.positions.distance_bias import alibi_bias
from core.analysis.positions.extrapolation import recorded
from core.analysis.positions.rotation import one_by_distance, turning
from core.analysis.positions.shuffle import shuffle
from core.analysis.positions.tables import similarity_by_distance, sinusoidal
from core.analysis.positions.tiny import tiny_bias, tiny_table
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Once upon a time, Lily saw a"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text and head; returns what the picture shows."""
    driver.open_page(
        page, "positions", **({"v": 1, "text": TEXT, "block": 1, "head": 3, "kind": "own"} | query)
    )
    state: dict[str, Any] = driver.component_state(page, "positions")
    return state


def until(page: Page, **cell: Any) -> dict[str, Any]:
    """Until the chosen or pointed-at cell has these values."""
    found: dict[str, Any] = driver.wait_for_state(
        page, "positions", lambda now: all(now["cell"][key] == value for key, value in cell.items())
    )
    return found


def choose(page: Page, kind: str) -> None:
    """Press a kind's button."""
    page.get_by_role("radiogroup", name="Kind of position").get_by_text(kind, exact=True).click()


def test_rotary_is_the_models_and_begins_wherever_it_is_put(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, row=6, col=2, number=3)
    found = turning(lm, TEXT, 1, 3)
    pair = found.pairs(6, 2)
    cell = state["cell"]
    assert state["source"] == "own" and state["kind"] == "rotary"
    assert cell["pair"] == pytest.approx(pair.score, rel=1e-4, abs=1e-3)
    assert cell["product"] == pytest.approx(pair.products[3], rel=1e-4, abs=1e-4)
    assert cell["angle"] == pytest.approx(found.angles[6, 3])
    mine = one_by_distance(found, 6, 2, 63).mean
    np.testing.assert_allclose(state["curve"]["mine"]["values"], mine, rtol=1e-4, atol=1e-3)
    assert mine[4] == pytest.approx(cell["pair"], abs=1e-2), "the curve at its distance is the score"
    page.get_by_label("Text begins at position").fill("30")
    page.keyboard.press("Enter")
    later = driver.wait_for_state(page, "positions", lambda now: now["begins"] == 30)["cell"]
    assert later["place"] == 36 and later["angle"] == pytest.approx(36 * found.rates[3])
    assert later["pair"] == pytest.approx(cell["pair"], abs=1e-2), "both turn, the score stays"
    driver.wait_for_link(page, "begins=30")
    driver.component(page, "positions").locator("[data-door=attention]").click()
    page.wait_for_url(lambda url: "/attention?" in url and "block=1" in url and "head=3" in url)
    driver.wait_until_drawn(page)


def test_the_other_kinds_are_their_formulas_or_a_tiny_models_and_accessible(page: Page) -> None:
    opened(page, row=5, col=1, number=8)
    said = "without positions and mask: the vectors do not change"
    checks.accessible(page, "positions", "light", said)
    choose(page, "Sinusoidal")
    state = driver.wait_for_state(page, "positions", lambda now: now["kind"] == "sinusoidal")
    table = sinusoidal(64, 128)
    assert state["source"] == "formula"
    assert state["cell"]["value"] == pytest.approx(table[5, 8], abs=1e-6)
    np.testing.assert_allclose(state["curve"]["mean"], similarity_by_distance(table).mean, atol=1e-6)
    choose(page, "Learned")
    state = driver.wait_for_state(page, "positions", lambda now: now["kind"] == "learned")
    assert state["source"] == "tiny" and "tiny model" in state["badge"]
    assert state["cell"]["value"] == pytest.approx(tiny_table()[5, 8], abs=1e-6)
    choose(page, "ALiBi")
    state = driver.wait_for_state(page, "positions", lambda now: now["kind"] == "alibi")
    np.testing.assert_allclose(state["bias"]["values"], alibi_bias(4, 64).values[3], atol=1e-6)
    assert state["cell"]["pair"] == pytest.approx(-4 * 2.0**-8)
    choose(page, "T5 relative")
    state = driver.wait_for_state(page, "positions", lambda now: now["kind"] == "relative")
    np.testing.assert_allclose(state["bias"]["values"], tiny_bias(64).values[3], atol=1e-6)
    driver.wait_until_drawn(page)
    checks.accessible(page, "positions", "dark", said)
    choose(page, "None")
    state = driver.wait_for_state(page, "positions", lambda now: now["kind"] == "none")
    assert state["curve"] is None and state["badge"] == "taken away"
    driver.wait_for_link(page, "kind=none")


def same_order(shown: dict[str, Any], lm: core.LanguageModel, seed: int) -> None:
    """What is shown of the other order is what `core` finds by this seed."""
    found = shuffle(lm, TEXT, seed=seed, keep_last=True)
    assert shown["order"] == list(found.order)
    for way, expected in zip(shown["ways"], found.ways):
        np.testing.assert_allclose(way["change"], expected.change, rtol=1e-3, atol=1e-5)
        rows = [p[-1, shown["token"]["id"]] for p in (expected.before, expected.after)]
        np.testing.assert_allclose(way["pair"], rows, atol=1e-5)
    assert [way["same"] for way in shown["ways"]] == [False, False, True]


def test_the_words_in_another_order_and_another_task(
    page: Page, lm: core.LanguageModel, tmp_path: Path
) -> None:
    first = opened(page)["order"]
    same_order(first, lm, 0)
    driver.component(page, "positions").locator("[data-act=another]").click()
    state = driver.wait_for_state(page, "positions", lambda now: now["order"]["order"] != first["order"])
    same_order(state["order"], lm, 1)
    driver.wait_until_drawn(page)
    assert "of their length with positions" in checks.answered(page)
    checks.run_notebook(page, tmp_path)
    # Another task has another example.
    below = driver.component(page, "positions_extrapolation")
    expect(below).to_contain_text("(copy the letters)")
    page.get_by_role("radiogroup", name="A tiny model’s task").get_by_text("Say them backwards").click()
    driver.wait_for_state(page, "positions_extrapolation", lambda now: now["task"] == "reverse")
    expect(below).to_contain_text("(say them backwards)")
    expect(below).not_to_contain_text("(copy the letters)")


def test_the_steps_tell_how_a_row_is_made_and_a_hover_pairs_it_with_its_wave(
    page: Page, browser: Browser, server: driver.Server
) -> None:
    state = opened(page, kind="sinusoidal", row=5, number=8, stage=0)
    figure = driver.component(page, "positions")
    assert figure.locator('[data-part="waves"]').count() == 0
    figure.locator("[data-act=next]").click()
    driver.wait_for_state(page, "positions", lambda now: now["stage"]["step"] == 1)
    said = figure.locator('[data-part="step"]').text_content() or ""
    assert "5 × 0.562 = 2.812 rad" in said and state["cell"]["angle"] == pytest.approx(
        5 * 10_000 ** (-8 / 128)
    )
    figure.focus()
    page.keyboard.press(".")
    page.keyboard.press("Shift+ArrowRight")
    now = driver.wait_for_state(page, "positions", lambda now: now["stage"]["step"] == 3)
    total = now["cell"]["embed"] + now["cell"]["value"]
    assert f"= {abs(total):.3f}" in (figure.locator('[data-part="step"]').text_content() or "").replace(
        "= −", "= "
    )
    driver.wait_for_link(page, "stage=3")
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, "positions")
    page.keyboard.press("Escape")
    driver.wait_for_state(page, "positions", lambda now: now["stage"]["step"] == now["stage"]["steps"] - 1)
    driver.wait_until_drawn(page)
    # A hover pairs the table with its wave, and a click keeps it.
    box = figure.locator("[data-heat]").bounding_box()
    assert box
    rows = len(driver.component_state(page, "positions")["tokens"])
    spot = box["x"] + box["width"] * 20.5 / 128, box["y"] + box["height"] * 2.5 / rows
    page.mouse.move(*spot)
    now = until(page, row=2, column=20)
    assert "Column 20: sin" in (figure.locator('[data-part="waves"]').text_content() or "")
    page.mouse.click(*spot)
    page.mouse.move(5, 5)
    assert until(page, row=2, column=20)["cell"]["value"] == now["cell"]["value"]
    driver.wait_for_link(page, "number=20", "row=2")
    figure.locator('[data-chip="4"]').click(modifiers=["Shift"])
    page.mouse.move(5, 5)
    until(page, row=2, col=4)
    figure.focus()
    checks.quickly(page, "positions", "ArrowDown", "ArrowRight", "ArrowRight", "ArrowRight", "Shift+ArrowUp")
    until(page, row=3, col=3, column=23)
    driver.wait_until_drawn(page)
    until(page, row=3, col=3, column=23)


def test_the_first_screen_holds_it_all_and_below_are_the_shift_and_the_charts(page: Page) -> None:
    opened(page, shift=7)
    shown = driver.component_state(page, "positions_extrapolation")
    assert shown["by"] == 7
    sine, learned = shown["tables"]
    assert sine["error"] < 1e-10 and learned["error"] > 0.1
    for chart in shown["charts"]:
        for one, run in zip(chart["kinds"], recorded(chart["task"])):
            assert one["kind"] == run.kind
            np.testing.assert_allclose(one["mean"], np.mean(run.exact, axis=0))
    checks.first_screen(page)
    figure = driver.component(page, "positions")
    for text, first in (("My dog is happy because the sun is out of", "0"), ("the " * 19, None)):
        opened(page, text=text)
        rows = figure.locator('[data-part="chips"] text').all_text_contents()
        told = figure.locator('[data-part="heat"] text').first.text_content() or ""
        assert (rows[0] == first) if first else ": tokens " in told, "all rows, or which ones"
