"""Below the Embeddings picture in a real browser: the recorded run, an own one that moves as it learns, a t-SNE."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import core.runs
from core.runs.word_recordings import recorded_words
from core.runs.word_specs import MapSpec
from core.vectors.maps import project
from core.vectors.static import glove
from tests.browser import checks, driver, tabs

pytestmark = pytest.mark.full(reason="a part below one page; test_tours.py opens that page")

LEARN, SETTLE = "embeddings_learning", "embeddings_settle"
QUICK = {"corpus": "fables", "dims": 16, "epochs": 12, "rare": 3, "learnword": "fox"}


@pytest.fixture(scope="module")
def server(training_server: driver.Server) -> driver.Server:
    """A server with workers."""
    return training_server


def opened(page: Page, name: str, **query: Any) -> Any:
    """Open the page, and bring one of the two pictures into view."""
    driver.open_page(page, "embeddings", v=1, **query)
    driver.component(page, name).scroll_into_view_if_needed()
    return driver.component(page, name)


def test_the_recorded_run_from_its_first_moment_to_its_last(page: Page) -> None:
    figure, words = opened(page, LEARN, learnword="anna"), recorded_words()
    state = driver.component_state(page, LEARN)
    assert (state["said"], state["steps"], state["at"]) == (
        "Recorded",
        list(words.steps),
        len(words.steps) - 1,
    )

    def agrees(now: dict[str, Any], moment: int) -> None:
        table = words.table(moment)
        near = [(one.word, one.cosine) for one in table.neighbours(now["word"], 8)]
        assert [one["word"] for one in now["near"]] == [word for word, _ in near]
        assert [one["cosine"] for one in now["near"]] == pytest.approx([c for _, c in near], abs=1e-5)
        assert now["kin"] == pytest.approx(list(words.kin[moment]))
        assert now["first"] == pytest.approx(words.places[moment].ravel()[:20].tolist(), abs=1e-6)

    agrees(state, len(words.steps) - 1)
    assert state["chart"]["runs"][0]["loss"] == pytest.approx(words.points.loss[-1], abs=1e-4)
    figure.locator("[data-act=moment]").fill("0")
    agrees(driver.wait_for_state(page, LEARN, lambda now: now["step"] == 0), 0)
    figure.focus()
    page.keyboard.press(".")
    agrees(driver.wait_for_state(page, LEARN, lambda now: now["at"] == 1), 1)
    driver.wait_for_link(page, "glimpse=1", "learnword=anna")
    figure.locator('[data-part="near"] .gb-hot').first.click()
    agrees(driver.wait_for_state(page, LEARN, lambda now: now["word"] != "anna" and now["near"]), 1)
    figure.locator("[data-act=play]").click()
    driver.wait_for_state(page, LEARN, lambda now: now["playing"] and now["at"] > 1)
    figure.focus()
    page.keyboard.press(" ")
    driver.wait_for_state(page, LEARN, lambda now: not now["playing"])


def test_an_own_run_moves_as_it_learns(page: Page, browser: Browser, server: driver.Server) -> None:
    figure = opened(page, LEARN, **QUICK)
    figure.locator("[data-act=run]").click()
    state = driver.wait_for_state(
        page, LEARN, lambda now: now["own"] and now["words"] and len(now["steps"]) > 2, 60
    )
    first = state["first"]
    state = driver.wait_for_state(page, LEARN, lambda now: not now["going"] and now["step"] == 200)
    assert state["first"] != first and state["said"].startswith("200 steps in ")
    with closing(server.store()) as store:
        table = core.runs.table(store, state["run"])
        assert state["steps"] == store.steps(state["run"])
        near = table.neighbours("fox", 8)
        assert [one["word"] for one in state["near"]] == [one.word for one in near]
        assert [one["cosine"] for one in state["near"]] == pytest.approx(
            [one.cosine for one in near], abs=1e-5
        )
        places = store.places(state["run"], 200).points
        assert state["first"] == pytest.approx(places.ravel()[:20].tolist(), abs=1e-6)
        assert state["chart"]["runs"][0]["count"] == len(store.points(state["run"]))
    figure.locator("[data-act=moment]").fill("0")
    driver.wait_for_state(page, LEARN, lambda now: now["step"] == 0)
    driver.wait_for_link(page, f"learned={state['run']}", "glimpse=0")
    with tabs.opened(browser, server) as other:  # somebody else's browser
        other.goto(page.url)
        driver.wait_until_drawn(other)
        seen = driver.wait_for_state(other, LEARN, lambda now: now["step"] == 0)
    assert (seen["mine"], seen["run"], seen["word"]) == (False, state["run"], "fox")


def test_stop(page: Page, server: driver.Server) -> None:
    with driver.busy(server):
        figure = opened(page, LEARN, **QUICK)
        figure.locator("[data-act=run]").click()
        state = driver.wait_for_state(page, LEARN, lambda now: now["own"] and now["going"])
        figure.locator("[data-act=run]").click()
        driver.wait_for_state(page, LEARN, lambda now: now["own"] and not now["going"])
        with closing(server.store()) as store:
            assert store.get(state["run"]).state == "stopped"
    figure.locator("[data-act=back]").click()
    driver.wait_for_state(page, LEARN, lambda now: not now["own"] and now["said"] == "Recorded")


def test_a_map_settles_and_the_page_is_accessible(page: Page, server: driver.Server) -> None:
    figure = opened(page, SETTLE, laid=500)
    before = driver.component_state(page, SETTLE)
    assert (before["step"], before["words"], before["run"]) == (0, 500, None)
    figure.locator("[data-act=run]").click()
    state = driver.wait_for_state(
        page, SETTLE, lambda now: now["own"] and not now["going"] and now["step"] == 500, 60
    )
    # Rounding decides where words are after 500 steps of t-SNE, so the maps of two processes differ. The first moment
    # is core's, and the page shows the worker's last. tests/unit/test_runs_kinds.py compares all in one process.
    driver.wait_for_link(page, "settled=")
    run = page.url.partition("settled=")[2].partition("&")[0]
    with closing(server.store()) as store:
        first, last, loss = store.places(run, 0), store.places(run, 500), store.points(run).loss[-1]
    assert first is not None and last is not None
    expected = next(project(glove().unit(slice(0, 500)), "tsne", steps=500, near=MapSpec(words=500).near))
    np.testing.assert_allclose(first.points, expected.points, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(state["first"], last.points.ravel()[:20], rtol=1e-5)
    kept, flat = state["kin"]
    assert kept > flat + 0.2 and state["chart"]["runs"][0]["loss"] == pytest.approx(loss, rel=1e-4)
    for theme in ("light", "dark"):
        checks.accessible(page, SETTLE, theme, "are among its 10 nearest on the map")
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= driver.PHONE["width"]
