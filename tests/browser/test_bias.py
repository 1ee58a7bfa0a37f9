"""The Bias page in a real browser: words, tests and chance against `core`, steps, keys, own lists, the removal."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

from core.vectors.association import measure
from core.vectors.debiasing import gender_direction
from core.vectors.residual_bias import leftover
from core.vectors.static import glove
from core.vectors.word_lists import ten_tests
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "The nurse helped the engineer."


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "bias", **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, "bias")
    return state


def test_the_picture_is_cores(page: Page, tmp_path: Path) -> None:
    state = opened(page)
    assert (state["test"], state["stage"]["step"]) == ("8", 6)
    done = measure(glove(), ten_tests()[7].lists)
    shown = state["shown"]
    assert [tuple(words) for words in shown["lists"]] == [one.words for one in done.lists]
    assert shown["x"] + shown["y"] == pytest.approx([*done.x.tolist(), *done.y.tolist()])
    assert (shown["d"], shown["p"], shown["far"]) == (
        pytest.approx(done.d), pytest.approx(done.chance.two_sided), done.chance.far,
    )  # fmt: skip
    assert sum(shown["counts"]) == done.chance.splits and shown["exact"]
    for test, row in zip(ten_tests(), state["tests"]):
        one = measure(glove(), test.lists)
        assert (row["d"], row["conclusive"]) == (pytest.approx(one.d), one.conclusive)
    figure = driver.component(page, "bias")
    assert figure.locator("[data-word]").count() == 16
    drawn = driver.component_state(page, "bias_tests")
    assert driver.marks(page, "bias_tests", "tests").count() == len(drawn["tests"]) == 10
    for test, row in zip(ten_tests(), drawn["tests"]):
        one = measure(glove(), test.lists)
        far = np.quantile(np.abs(one.chance.values), 0.95, method="inverted_cdf") / one.spread
        assert (row["d"], row["low"], row["high"]) == pytest.approx((one.d, -far, far))
        beyond = one.conclusive and abs(one.d) > far
        assert (row["kind"] == "beyond chance") == beyond, "a dot within chance is no finding"
    assert drawn["splits"]["counts"] == shown["counts"]
    heads = driver.chart(page, "bias_tests").locator("svg.marks text").all_text_contents()
    assert {"d", "found", "◇ published, bar: 95 % of chance"} <= set(heads), "each over its own column"
    taken = driver.taken_svg(page)
    assert "flowers | insects" in taken and "Shakespeare" in taken, "the chart stands beside the picture"
    driver.hover(page, driver.marks(page, "bias_tests", "tests").nth(0))
    told = page.locator("#vg-tooltip-element.visible")
    told.wait_for()
    for words in ("flowers: 7 of 25 found", "not conclusive, under 70 % of a list", "published", "d = 1.50"):
        assert words in told.inner_text()
    driver.hover(page, figure.locator("[data-word='2']"))
    tip = figure.locator(".gb-tip")
    tip.wait_for(state="visible")
    said = tip.inner_text()
    assert f"{done.lists[0].words[2]}: s = " in said and f"= {done.x[2]:.3f}".replace("-", "−") in said
    for side in done.lists[2:]:
        for word in side.words:
            assert f"{word} " in said
    checks.run_notebook(page, tmp_path)


def test_tests_are_chosen_by_hand_and_by_key(page: Page, browser: Browser, server: driver.Server) -> None:
    opened(page)
    figure = driver.component(page, "bias")
    driver.click(page, driver.marks(page, "bias_tests", "tests").first)
    now = driver.wait_for_state(page, "bias", lambda now: now["test"] == "1" and len(now["shown"]["x"]) == 7)
    assert not now["tests"][0]["conclusive"]
    assert any(
        line.startswith("Not conclusive: of GloVe") and "among them 7 of 25 of “flowers”" in line
        for line in now["verdict"]
    )
    figure.focus()
    page.keyboard.press("ArrowDown")
    driver.wait_for_state(page, "bias", lambda now: now["test"] == "2" and now["shown"]["exact"] is False)
    driver.wait_for_link(page, "weat=2")
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, "bias")


def test_the_steps_write_their_numbers(page: Page) -> None:
    opened(page, stage=0, weat="7", subject=1, mate=3)
    done = measure(glove(), ten_tests()[6].lists)
    state = driver.component_state(page, "bias")
    assert state["pair"] == pytest.approx(float(done.cosines[1, 3]), abs=1e-6)
    figure = driver.component(page, "bias")
    figure.focus()
    page.keyboard.press("ArrowDown")
    driver.wait_for_state(
        page, "bias", lambda now: now["pair"] and abs(now["pair"] - float(done.cosines[1, 4])) < 1e-6
    )
    for step, written in [(1, f"{done.x[1]:.4f}"), (2, f"{done.x.mean():.4f}"), (3, f"{done.d:.4f}")]:
        page.keyboard.press(".")
        driver.wait_for_state(page, "bias", partial(lambda at, now: now["stage"]["step"] == at, step))
        assert written.replace("-", "−") in figure.locator("svg").inner_html()
    page.keyboard.press(".")
    driver.wait_for_state(page, "bias", lambda now: now["stage"]["step"] == 4)
    driver.wait_for_link(page, "stage=4")
    page.keyboard.press("Escape")
    driver.wait_for_state(page, "bias", lambda now: now["stage"]["step"] == 6)


def test_the_direction_is_taken_out_and_the_rest_is_probed(page: Page) -> None:
    before = opened(page, weat="7")
    page.get_by_role("radio", name="taken out").click()
    now = driver.wait_for_state(page, "bias", lambda now: now["removed"])
    direction = gender_direction(glove())
    assert now["shown"]["d"] == pytest.approx(measure(glove(), ten_tests()[6].lists, direction=direction).d)
    assert abs(now["shown"]["d"]) < abs(before["shown"]["d"])
    driver.wait_for_link(page, "direction=removed")
    driver.component(page, "bias").focus()
    page.keyboard.press(",")  # the last step
    page.keyboard.press(",")
    now = driver.wait_for_state(page, "bias", lambda now: now["removal"] is not None)
    rest = leftover(glove(), direction)
    assert [bar["share"] for bar in now["removal"]["bars"]] == pytest.approx(
        [rest.before.share, rest.after.share, rest.control[1]]
    )


def test_own_lists_are_typed(page: Page) -> None:
    opened(page)
    page.get_by_role("button", name="Your lists").click()
    page.get_by_label("Targets X").fill("rose, lily zzzq <b>x</b>")
    page.keyboard.press("Control+Enter")
    now = driver.wait_for_state(page, "bias", lambda now: now["test"] == "own")
    assert now["shown"]["lists"][0] == ["rose", "lily"]
    assert now["tests"][-1]["number"] == "own" and not now["tests"][-1]["conclusive"]
