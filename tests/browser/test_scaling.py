"""The Scaling page in a real browser: what it draws against core, its hands, dark, a phone, a real run."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.runs import ladder_recordings
from core.scaling.forecast import forecast
from core.scaling.published import MODELS
from core.training import ladder
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the picture shows."""
    driver.open_page(page, "scaling", **({"v": 1} | query))
    state: dict[str, Any] = driver.component_state(page, "scaling")
    return state


def expected(against: Any, withheld: int, tables: bool = False, width: int = 96) -> Any:
    """The forecast that core computes."""
    runs = ladder_recordings.series(against, width, tables)
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


def test_the_law_and_the_forecast_are_cores_and_are_in_the_files(page: Page, tmp_path: Path) -> None:
    state = opened(page)
    assert state["stage"]["step"] == 5 and state["withheld"] == 1
    agrees(state, expected("parameters", 1))
    runs = ladder_recordings.series("parameters")
    assert driver.marks(page, "scaling_ladder", "runs").count() == len(runs)
    assert driver.marks(page, "scaling_ladder", "residuals").count() == len(runs)
    law = expected("parameters", 1).law
    shown = {one["run"]: one for one in driver.component_state(page, "scaling_ladder")["points"]}
    assert {name: one["loss"] for name, one in shown.items()} == {one.name: one.loss for one in runs}
    for one in runs:
        assert shown[one.name]["off"] == pytest.approx(
            100 * (one.loss / float(law(one.blocks)) - 1), abs=1e-3
        )
    best = [one.name for one in ladder_recordings.frontier(ladder_recordings.rungs()) if one.seed == 0]
    assert [one["name"] for one in state["best"]] == best
    drawn = driver.marks(page, "scaling_frontier", "front")
    assert drawn.count() == len(best)
    driver.hover(page, driver.marks(page, "scaling_ladder", "runs").first)
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert "mean of 3 seeds" in tip.inner_text() and "the law says" in tip.inner_text()
    page.mouse.move(5, 5)
    # The table and the files of a chart.
    driver.chart(page, "scaling_ladder").get_by_role("button", name="Table, files").press("Enter")
    page.get_by_role("region", name="Loss against parameters").wait_for()
    assert page.locator(".gb-twin tbody tr").count() == len(ladder_recordings.series("parameters"))
    for ending, begins in (("SVG", b"<svg"), ("PNG", b"\x89PNG"), ("CSV", b"# page=scaling&link=")):
        with page.expect_download() as download:
            page.locator('[data-testid="stPopoverBody"]').get_by_role(
                "button", name=ending, exact=True
            ).click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        assert file.name == f"glassbox-scaling-ladder.{ending.lower()}"
        assert file.read_bytes().startswith(begins)
    saved = driver.taken_svg(page)
    assert "foretold" in saved and "var(--" not in saved and "rgb(176, 16, 79)" in saved
    assert "Loss against compute" in saved, "the frontier, too"
    assert re.search(r'<svg [^>]*font-family="[^"]*Inter', saved), "the claim is in our type"


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
COVERED = """chart => {
  const words = [...chart.querySelectorAll('text')].filter(word => /^(foretold|came)/.test(word.textContent));
  const boxes = words.map(word => word.getBoundingClientRect());
  const within = (x, y) => boxes.some(b => x > b.left && x < b.right && y > b.top && y < b.bottom);
  const lines = [...chart.querySelectorAll('.mark-line path')]; // those of other widths are grey
  const law = lines.filter(line => line.getAttribute('stroke').includes('accent'));
  const onLine = law.some(line => {
    const [length, place] = [line.getTotalLength(), line.getScreenCTM()];
    const at = (i) => line.getPointAtLength(i * length / 399).matrixTransform(place);
    return Array.from({ length: 400 }, (_, i) => at(i)).some(p => within(p.x, p.y));
  });
  const runs = [...chart.querySelectorAll('[class*=" runs"] path')].map(run => run.getBoundingClientRect());
  return boxes.length !== 4 || onLine || !runs.length || runs.some(b => within(b.x + b.width / 2, b.y + b.height / 2));
}"""
# The boxes of the sizes that the frontier names, and of its titles.
NAMES = """chart => [...chart.querySelectorAll('.mark-text.role-mark, .role-title')].flatMap(mark =>
  [...mark.querySelectorAll('text')].map(text => { const b = text.getBoundingClientRect();
    return { text: text.textContent, left: b.left, right: b.right, top: b.top, bottom: b.bottom }; }))"""


def overlaps(one: dict[str, float], other: dict[str, float]) -> bool:
    """Whether two boxes share more than their edges."""
    across = min(one["right"], other["right"]) - max(one["left"], other["left"])
    down = min(one["bottom"], other["bottom"]) - max(one["top"], other["top"])
    return across > 1 and down > 2


def test_no_word_lies_on_the_curve_on_a_phone_or_a_desk(page: Page) -> None:
    opened(page)
    for against, name in (("parameters", "Parameters"), ("data", "Data"), ("compute", "Compute")):
        page.get_by_role("radio", name=name).click()
        driver.wait_for_state(page, "scaling", partial(lambda chosen, now: now["against"] == chosen, against))
        for size in (driver.PHONE, driver.DESKTOP):
            page.set_viewport_size(size)
            driver.wait_until_drawn(page)
            page.wait_for_timeout(300)  # Vega draws anew after the page has come to rest
            assert not driver.chart(page, "scaling_ladder").evaluate(COVERED), (against, size)
            names = driver.chart(page, "scaling_frontier").evaluate(NAMES)
            assert len({one["text"] for one in names}) >= 2 + len(ladder_recordings.widths())
            for i, one in enumerate(names):
                for other in names[i + 1 :]:
                    assert one["text"] == other["text"] or not overlaps(one, other), (one, other, size)


def test_a_click_on_a_run_keeps_its_size_from_the_fit_and_a_brush_links_the_runs(page: Page) -> None:
    opened(page)
    # A run that is clicked keeps its size from the fit.
    driver.click(page, driver.marks(page, "scaling_ladder", "runs").nth(9))
    agrees(
        driver.wait_for_state(page, "scaling", lambda now: now["withheld"] == 3), expected("parameters", 3)
    )
    driver.wait_until_drawn(page)
    driver.click(page, driver.marks(page, "scaling_ladder", "runs").nth(9))
    driver.wait_for_state(page, "scaling", lambda now: now["withheld"] == 2)
    driver.wait_until_drawn(page)
    driver.click(page, driver.marks(page, "scaling_ladder", "runs").nth(9))
    driver.wait_for_state(page, "scaling", lambda now: now["withheld"] == 3)
    driver.wait_until_drawn(page)
    # A brush links the runs and how far they lie off the law.
    runs = driver.middles(page, driver.chart(page, "scaling_ladder"), '[class*=" residuals"] path')
    (left, _), (right, height) = runs[3], runs[11]  # the second to the fourth size
    page.mouse.move(left - 12, height - 4)
    page.mouse.down()
    page.mouse.move(right + 12, height, steps=6)
    page.mouse.up()
    now = driver.wait_for_state(page, "scaling_ladder", lambda now: now["brush"] is not None)
    inside = [one for one in now["points"] if now["brush"][0] <= one["x"] <= now["brush"][1]]
    assert [one["run"] for one in inside] == [
        one.name for one in ladder_recordings.series("parameters")[3:12]
    ]
    page.get_by_text("Brushed: 9 runs from").wait_for()
    bright = driver.marks(page, "scaling_ladder", "runs").evaluate_all(
        "all => all.map(run => Number(run.getAttribute('opacity')) > 0.5)"
    )
    assert sum(bright) == 9, "what is brushed below is bright above"


def test_below_the_fold_are_the_published_models_and_the_metrics(page: Page) -> None:
    opened(page, inarow=8)
    more = driver.component_state(page, "scaling_metrics")
    assert more["length"] == 8
    runs = {
        one.name: {k: share for k, share, *_ in one.exact} for one in ladder_recordings.series("parameters")
    }
    assert {one["name"]: one["exact"] for one in more["metrics"]} == {
        name: exact[8] for name, exact in runs.items()
    }
    for mark in ("log", "exact"):
        assert driver.marks(page, "scaling_metrics", mark).count() == len(runs)
    known = driver.component_state(page, "scaling_published")["models"]
    models = driver.marks(page, "scaling_published", "models")
    assert models.count() == len(known) == len(MODELS)
    names = driver.chart(page, "scaling_published").locator("svg.marks text").all_text_contents()
    assert {one.name for one in MODELS} <= set(names)
    driver.hover(page, models.nth([one["name"] for one in known].index("GPT-3")))
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert "GPT-3 (2020)" in tip.inner_text() and "Brown et al. 2020" in tip.inner_text()
    page.mouse.move(5, 5)
    page.get_by_role("radio", name="32", exact=True).click()
    now = driver.wait_for_state(page, "scaling_metrics", lambda now: now["length"] == 32)
    assert {one["name"]: one["exact"] for one in now["metrics"]} == {
        name: exact[32] for name, exact in runs.items()
    }
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    page.wait_for_timeout(300)  # Vega draws anew after the page has come to rest
    for name in ("scaling_metrics", "scaling_published"):
        outside = driver.chart(page, name).evaluate(driver.OUTSIDE)
        assert outside == [], name


def test_a_size_is_trained_and_measured(training_page: Page) -> None:
    page = training_page
    opened(page, width=16, portion="1/8", against="compute")
    page.get_by_role("button", name="Train it now").click()
    driver.wait_for_state(page, "scaling", lambda now: len(now["own"]) == 1)
    now = driver.wait_for_state(
        page, "scaling", lambda now: now["own"] and now["own"][0]["loss"] is not None, seconds=120
    )
    mine = now["own"][0]
    assert mine["d"] == ladder.FULL // 8 and mine["alike"] and 0.5 < mine["loss"] < 3
    drawn = driver.wait_for_state(
        page, "scaling_ladder", lambda now: any(one["kind"] == "yours" for one in now["points"])
    )
    (name,) = [one["run"] for one in drawn["points"] if one["kind"] == "yours"]
    driver.chart(page, "scaling_ladder").get_by_text(name, exact=True).first.wait_for()


def test_the_steps_by_key_their_bar_and_the_notebook(page: Page, tmp_path: Path) -> None:
    opened(page, stage=0)
    figure = driver.component(page, "scaling")
    figure.focus()
    for step in (1, 2, 3, 4, 5):
        page.keyboard.press(".")
        at_step(page, step)
    page.keyboard.press(",")
    at_step(page, 4)
    driver.wait_for_link(page, "stage=4")
    page.keyboard.press("Escape")
    at_step(page, 5)
    driver.wait_until_drawn(page)
    # The bar of steps and the charts' own buttons lie on no title.
    ladder = driver.chart(page, "scaling_ladder")
    ladder.locator("svg.marks").hover(position={"x": 200, "y": 120})
    tools = ladder.locator('[data-testid="stElementToolbar"]').first
    tools.wait_for()
    tool, claim = tools.bounding_box(), page.locator(".gb-claim h1").bounding_box()
    assert tool and claim and tool["y"] >= claim["y"] + claim["height"], "they lie on no title"
    page.mouse.move(5, 5)
    checks.fits_a_phone(page)
    checks.steps_above(page, "scaling", "scaling_ladder")
    page.set_viewport_size(driver.DESKTOP)
    driver.wait_until_drawn(page)
    bar = driver.component(page, "scaling").locator(".gb-steps").bounding_box()
    assert bar and bar["x"] > 600, "beside the claim again"
    checks.run_notebook(page, tmp_path)
