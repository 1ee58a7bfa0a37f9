"""The Embeddings page in a real browser: the map by hand, search and analogy, steps, keys, link, phone."""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import core
from app.session.fields import BY_KEY
from core.vectors.analogies import solve
from core.vectors.contextual import compare, occurrence
from core.vectors.map_view import MOST
from core.vectors.projection import pca
from core.vectors.sentences import cosines, nearest, sentence_vectors
from core.vectors.static import glove, of_model
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "The king lost a red ball"
NAME = "embeddings"
SENTENCES = ("The plane is about to leave.", "The baby is about to leave.", "The flight departs soon.")


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, NAME, **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.wait_for_state(
        page, NAME, lambda now: now["map"] or now["stage"]["step"] < 4
    )
    return state


def word_is(page: Page, word: str) -> dict[str, Any]:
    """Until this word is looked up."""
    found: dict[str, Any] = driver.wait_for_state(page, NAME, lambda now: now["word"] == word)
    return found


def labels(page: Page) -> list[str]:
    """What is written on the map, the most important first."""
    found: list[str] = json.loads(page.locator("[data-map]").first.get_attribute("data-labels") or "[]")
    return found


def test_row_neighbours_and_context_are_cores(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page)
    table = glove()
    assert (state["word"], state["row"], state["table"]["size"]) == ("ball", table.row("ball"), 20_000)
    np.testing.assert_allclose(state["product"], table["ball"][:8], rtol=1e-5)
    assert state["oneHot"] == [float(row == state["row"]) for row in state["rows"]]
    near = table.neighbours("ball", len(state["near"]))
    assert [one["row"] for one in state["near"]] == [one.row for one in near]
    assert state["near"][0]["cosine"] == pytest.approx(near[0].cosine, abs=1e-5)
    own = of_model(lm).around(lm.encode(TEXT)[-1], 3)
    assert [one["word"] for one in state["other"]["near"]] == [one.word for one in own]
    more = driver.component_state(page, "embeddings_in_context")
    one, other = (
        occurrence(lm, text, "bank") for text in (BY_KEY["first"].default, BY_KEY["second"].default)
    )
    np.testing.assert_allclose(more["cosines"], compare(one, other).cosines, atol=1e-4)
    assert labels(page)[0] == "ball" and {"king", "red"} <= set(labels(page))


def test_the_map_pans_zooms_and_takes_a_lasso(page: Page) -> None:
    opened(page)
    place = page.locator("[data-map]").first
    box = place.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 25):
        before = place.get_attribute("data-frames")
        page.mouse.move(x + 6 * step, y + 2 * step)
        page.wait_for_function(
            "before => document.querySelector('[data-map]').dataset.frames !== before", arg=before
        )
    page.mouse.up()
    for _ in range(4):
        page.keyboard.press("+")
    page.wait_for_function("() => JSON.parse(document.querySelector('[data-map]').dataset.labels).length > 4")
    page.keyboard.press("0")
    page.keyboard.down("Shift")
    page.mouse.move(x, y)
    page.mouse.down()
    for dx, dy in ((60, 0), (60, 60), (0, 60)):
        page.mouse.move(x + dx, y + dy, steps=3)
    page.mouse.up()
    page.keyboard.up("Shift")
    state = driver.wait_for_state(page, NAME, lambda now: now["lasso"])
    assert state["map"]["lasso"] > 100 and set(state["lasso"]) <= set(glove().words)
    page.get_by_role("button", name="Clear").click()
    driver.wait_for_state(page, NAME, lambda now: not now["lasso"])


def test_a_search_offers_words_spelt_alike_and_a_click_on_the_list_walks_on(page: Page) -> None:
    opened(page)
    box = page.get_by_role("combobox", name="Search a word on the map").or_(
        page.get_by_label("Search a word on the map")
    )
    box.first.fill("queeen")
    box.first.press("Enter")
    state = driver.wait_for_state(page, NAME, lambda now: now["offers"])
    assert "did you mean 'queen'" in state["said"] and state["word"] == "ball"
    page.locator(".gb-map-said").get_by_role("button", name="queen", exact=True).click()
    near = word_is(page, "queen")["near"][0]["word"]
    driver.wait_for_link(page, "seek=queen")
    driver.component(page, NAME).locator("[data-near]").first.click()
    word_is(page, near)
    driver.component(page, NAME).locator("[data-piece='1']").click()
    assert word_is(page, "king")["at"] == 1


def test_an_analogy_is_written_into_the_picture(page: Page) -> None:
    opened(page)
    for which, word in ((1, "paris"), (0, "france"), (2, "italy")):
        page.locator(f"[data-analogy='{which}']").fill(word)
    page.locator("[data-analogy='2']").press("Enter")
    state = driver.wait_for_state(
        page, NAME, lambda now: now["analogy"]["answers"] and now["analogy"]["answers"][0]["word"] == "rome"
    )
    found = solve(glove(), "france", "paris", "italy")
    assert state["analogy"]["answers"][0]["cosine"] == pytest.approx(found.answers[0].cosine, abs=1e-5)
    driver.wait_for_link(page, "gaze=analogy", "analogy=france")
    driver.wait_for_state(page, NAME, lambda now: now["gaze"] == "analogy")
    assert {"france", "paris", "italy", "rome"} <= set(labels(page))
    page.locator("[data-analogy='2']").fill("france")
    page.locator("[data-analogy='2']").press("Enter")
    driver.wait_for_state(page, NAME, lambda now: "stands twice" in now["analogy"]["said"])


def test_the_steps_lead_from_a_word_to_its_neighbours(page: Page) -> None:
    state = opened(page, stage=0)
    figure = driver.component(page, NAME)
    assert state["map"] is None and figure.locator("[data-map]").count() == 0
    figure.focus()
    for step in range(1, 7):
        page.keyboard.press(".")
        driver.wait_for_state(page, NAME, partial(lambda at, now: now["stage"]["step"] == at, step))
        assert figure.locator("[data-map]").count() == (step >= 4)
        assert figure.locator("[data-near]").count() == (14 if step >= 5 else 0)
    page.keyboard.press("ArrowUp")
    word_is(page, "red")
    page.keyboard.press("ArrowUp")
    word_is(page, "a")


def test_the_open_models_table_in_its_place(page: Page, lm: core.LanguageModel) -> None:
    opened(page)
    page.get_by_role("radio", name="tales-gpt").first.click()
    state = driver.wait_for_state(
        page, NAME, lambda now: now["table"]["id"] == "model" and now["map"]["words"] == 1024
    )
    table = of_model(lm)
    row = lm.encode(TEXT)[-1]
    assert state["row"] == row and state["pieces"][-1] == table.words[row]
    assert [one["row"] for one in state["near"]] == [one.row for one in table.around(row, len(state["near"]))]


def test_answer_notebook_and_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    opened(page, gaze="analogy", vectors="glove", seek="lily")
    assert "The cosine with" in checks.answered(page)
    checks.run_notebook(page, tmp_path)
    drawn = driver.component(page, NAME).evaluate("figure => glassbox.exportSVG(figure)")
    assert "<image" in drawn and ">queen<" in drawn
    assert "NaN" not in re.sub("base64,[^)]*", "", drawn), "letters of a font file may spell anything"
    checks.link_restores(page, browser, server, NAME)


def test_it_is_accessible_and_fits_the_first_screen_and_a_phone(page: Page) -> None:
    opened(page, probed=0)
    for theme in ("dark", "light"):
        checks.accessible(page, NAME, theme, "man is to king as woman is to queen")
    checks.first_screen(page)


def test_the_words_in_three_dimensions_are_cores(page: Page, tmp_path: Path) -> None:
    state = opened(page, seek="king")
    driver.chart(page, "embeddings_space").scroll_into_view_if_needed()
    driver.chart(page, "embeddings_space").locator("canvas").first.wait_for()
    shown = driver.wait_for_state(
        page, "embeddings_space", lambda now: now["groups"]["looked up"] == ["king"]
    )
    table = glove()
    plane = pca(table.unit(slice(0, MOST)), 3)
    assert shown["shares"] == pytest.approx(plane.shares.tolist(), rel=1e-4)
    near = [one["word"] for one in state["near"]]
    assert set(shown["groups"]["its neighbours"]) == set(near)
    places = plane.place(
        table.unit(np.array([table.row(word) for word in shown["groups"]["its neighbours"]]))
    )
    np.testing.assert_allclose(shown["places"]["its neighbours"], places, atol=1e-4)
    assert driver.picture_of(page, "embeddings_space", tmp_path / "words.png").startswith(b"\x89PNG")
    driver.set_theme(page, "dark")
    ink = driver.chart(page, "embeddings_space").locator(".legendtext").first
    assert ink.evaluate("text => getComputedStyle(text).fill") not in ("rgb(24, 28, 36)", "rgb(0, 0, 0)")


def test_sentences_are_compared_by_each_reader_and_a_pair_is_chosen(
    page: Page, lm: core.LanguageModel
) -> None:
    driver.open_page(page, "embeddings", sentences="\n".join(SENTENCES))
    state = driver.component_state(page, "embeddings_sentences")
    assert state["sentences"] == list(SENTENCES) and state["pair"] is None
    own = next(one for one in state["readers"] if one["name"] == "tales-gpt")
    wanted = cosines(sentence_vectors(lm, SENTENCES))
    assert np.allclose(own["cosines"], wanted, atol=1e-4) and own["best"] == [0, 1]
    assert own["nearest"] == nearest(wanted)
    driver.click(page, page.locator('[data-part="reader 0"] [data-cell="2 0"]'))
    state = driver.wait_for_state(page, "embeddings_sentences", lambda s: s["pair"] == [0, 2])
    assert f"the cosine {wanted[0, 2]:.3f}" in state["written"][0]
    driver.wait_for_link(page, "alike=0+2")
    driver.component(page, "embeddings_sentences").press("ArrowDown")
    driver.wait_for_state(page, "embeddings_sentences", lambda s: s["pair"] == [1, 2])
    driver.component(page, "embeddings_sentences").press("Escape")
    driver.wait_for_state(page, "embeddings_sentences", lambda s: s["pair"] is None)
