"""The Scaling page in a real browser: what it draws against core, its hands, dark, a phone, a real run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.runs import ladders
from core.scaling.forecast import forecast
from core.scaling.published import MODELS
from core.training import ladder
from tests.browser import checks, driver


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the picture shows."""
    driver.open_page(page, "scaling", **({"v": 1} | query))
    state: dict[str, Any] = driver.component_state(page, "scaling")
    return state


def expected(against: Any, withheld: int, tables: bool = False, width: int = 96) -> Any:
    """The forecast that core computes."""
    runs = ladders.series(against, width, tables)
    return forecast([one.at(against, tables) for one in runs], [one.loss for one in runs], withheld)


def agrees(state: dict[str, Any], found: Any) -> None:
    """The drawn law and forecast are these."""
    law = state["law"]
    assert (law["floor"], law["amount"], law["exponent"]) == pytest.approx(
        (found.law.floor, found.law.amount, found.law.exponent), rel=1e-5
    )
    shown = state["forecast"]
    assert (shown["at"], shown["loss"]) == pytest.approx((found.at, found.loss), rel=1e-6)
    assert (shown["low"], shown["high"]) == (found.low, found.high) or (
        shown["low"],
        shown["high"],
    ) == pytest.approx((found.low, found.high), rel=1e-5)
    assert shown["verdict"] == found.verdict


def test_the_law_and_the_forecast_are_cores(page: Page) -> None:
    state = opened(page)
    assert state["stage"]["step"] == 5 and state["withheld"] == 1
    agrees(state, expected("parameters", 1))
    figure = driver.component(page, "scaling")
    assert figure.locator("[data-run]").count() == len(ladders.series("parameters"))
    best = [one.name for one in ladders.frontier(ladders.rungs()) if one.seed == 0]
    assert [one["name"] for one in state["best"]] == best
    driver.hover(page, figure.locator("[data-x]").first)
    tip = figure.locator(".gb-tip")
    tip.wait_for()
    assert "mean of 3 seeds" in tip.inner_text()


def test_the_controls_change_the_picture(page: Page, browser: Browser, server: driver.Server) -> None:
    opened(page)
    figure = driver.component(page, "scaling")
    rows = figure.locator("[data-row]")
    rows.nth(3).click()  # this size and the two larger ones are kept from the fit
    now = driver.wait_for_state(page, "scaling", lambda now: now["withheld"] == 3)
    agrees(now, expected("parameters", 3))
    figure.focus()
    page.keyboard.press("ArrowDown")
    agrees(
        driver.wait_for_state(page, "scaling", lambda now: now["withheld"] == 2), expected("parameters", 2)
    )
    driver.wait_for_link(page, "withheld=2")
    page.get_by_role("radio", name="Compute").click()
    now = driver.wait_for_state(page, "scaling", lambda now: now["against"] == "compute")
    agrees(now, expected("compute", 2))
    page.get_by_text("Count the embeddings").click()
    agrees(driver.wait_for_state(page, "scaling", lambda now: now["tables"]), expected("compute", 2, True))
    page.get_by_role("radio", name="Data").click()
    now = driver.wait_for_state(page, "scaling", lambda now: now["against"] == "data")
    page.get_by_role("radio", name="4", exact=True).first.click()
    now = driver.wait_for_state(page, "scaling", lambda now: now["why"] != "")
    assert now["law"] is None and "give at least 3, or leave out fewer" in now["why"]
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, "scaling")


def at_step(page: Page, step: int) -> None:
    """Until this step is shown."""
    driver.wait_for_state(page, "scaling", lambda now: now["stage"]["step"] == step)


# Whether a word of the forecast lies on the law or on a run.
COVERED = """figure => {
  const boxes = [...figure.querySelectorAll('[data-said]')].map(word => word.getBBox());
  const within = (x, y) => boxes.some(b => x > b.x && x < b.x + b.width && y > b.y && y < b.y + b.height);
  const onLine = [...figure.querySelectorAll('[data-law]')].some(line => {
    const length = line.getTotalLength();
    return Array.from({ length: 400 }, (_, i) => line.getPointAtLength(i * length / 399)).some(p => within(p.x, p.y));
  });
  const runs = [...figure.querySelectorAll('[data-run]')];
  return boxes.length !== 2 || onLine || runs.some(run => within(run.cx.baseVal.value, run.cy.baseVal.value));
}"""


@pytest.mark.parametrize("against", ["parameters", "data", "compute"])
def test_no_word_lies_on_the_curve_on_a_phone_or_a_desk(against: str, page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    opened(page, against=against)
    figure = driver.component(page, "scaling")
    for size in (driver.PHONE, driver.DESKTOP):
        page.set_viewport_size(size)
        driver.wait_until_drawn(page)
        assert not figure.evaluate(COVERED), (against, size)
        part = figure.locator("[data-part=frontier]")
        title = part.get_by_text("Loss against compute").bounding_box()
        smallest = part.locator("[data-size]").first.bounding_box()
        assert title and smallest and smallest["y"] >= title["y"] + title["height"] - 1


def test_the_steps_by_key(page: Page) -> None:
    opened(page, stage=0)
    figure = driver.component(page, "scaling")
    figure.focus()
    for step in (1, 2, 3, 4, 5):
        page.keyboard.press("ArrowRight")
        at_step(page, step)
    page.keyboard.press("ArrowLeft")
    at_step(page, 4)
    driver.wait_for_link(page, "stage=4")
    page.keyboard.press("Escape")
    at_step(page, 5)


def test_below_the_fold_are_the_published_models_and_the_metrics(page: Page) -> None:
    opened(page, inarow=8)
    more = driver.component_state(page, "scaling_more")
    assert more["length"] == 8
    runs = {one.name: {k: share for k, share, *_ in one.exact} for one in ladders.series("parameters")}
    assert {one["name"]: one["exact"] for one in more["metrics"]} == {
        name: exact[8] for name, exact in runs.items()
    }
    figure = driver.component(page, "scaling_more")
    assert figure.locator("[data-model]").count() == len(MODELS)
    driver.hover(page, figure.locator('[data-model="GPT-3"] circle'))
    tip = figure.locator(".gb-tip")
    tip.wait_for()
    assert "GPT-3 (2020)" in tip.inner_text() and "Brown et al. 2020" in tip.inner_text()
    page.get_by_role("radio", name="32", exact=True).click()
    now = driver.wait_for_state(page, "scaling_more", lambda now: now["length"] == 32)
    assert {one["name"]: one["exact"] for one in now["metrics"]} == {
        name: exact[32] for name, exact in runs.items()
    }


def test_a_size_is_trained_and_measured(browser: Browser, training_server: driver.Server) -> None:
    context = driver.new_context(browser, training_server, owner="d" * 32)
    page = context.new_page()
    opened(page, width=16, portion="1/8", against="compute")
    page.get_by_role("button", name="Train a size").click()
    page.get_by_role("button", name="Train it now").click()
    driver.wait_for_state(page, "scaling", lambda now: len(now["own"]) == 1)
    now = driver.wait_for_state(
        page, "scaling", lambda now: now["own"] and now["own"][0]["loss"] is not None, seconds=120
    )
    mine = now["own"][0]
    assert mine["d"] == ladder.FULL // 8 and mine["alike"] and 0.5 < mine["loss"] < 3
    assert driver.component(page, "scaling").locator("[data-own]").count() == 1
    context.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_accessible(page: Page, theme: str) -> None:
    opened(page)
    checks.accessible(page, "scaling", theme, "Loss against parameters. L(N) =")


def test_the_first_screen_and_the_notebook(page: Page, tmp_path: Path) -> None:
    opened(page)
    checks.first_screen(page)
    checks.run_notebook(page, tmp_path)
