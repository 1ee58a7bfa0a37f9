"""The lower half of the Efficiency page in a browser: what it draws against core, hands, dark, a phone, a run."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from core.efficiency import judging
from core.efficiency.removal import by_level
from core.efficiency.shrink_lab import LEVELS, LONGER
from core.runs import compression_recordings
from core.zoo import load
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="a part below one page; test_tours.py opens that page")

NAME = "efficiency_smaller"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the lower picture shows when all of it is measured."""
    driver.open_page(page, "efficiency", **({"v": 1} | query))
    state: dict[str, Any] = driver.wait_for_state(page, NAME, lambda now: not now["waits"])
    return state


def test_the_curves_are_those_recorded_and_the_open_model_is_measured(page: Page) -> None:
    state = opened(page, removed=80)
    levels = compression_recordings.curve("magnitude")
    assert [one["sparsity"] for one in state["levels"]] == [one.sparsity for one in levels]
    for one, level in zip(state["levels"], levels, strict=True):
        assert one["before"]["rise"] == level.before["rise"]
        assert one["after"]["rise"]["mean"] == pytest.approx(level.spread("rise").mean)
        assert one["numbers"] == level.numbers
    for one, arm in zip(
        state["students"],
        (
            compression_recordings.arm("alone"),
            compression_recordings.arm("distilled"),
            compression_recordings.arm("alone", LONGER),
        ),
        strict=True,
    ):
        assert one["trace"][-1]["loss"]["mean"] == pytest.approx(arm.spread("loss").mean)
    lm = load("tales-gpt", device="cpu")
    (wanted,) = by_level(judging.reference(lm, judging.yardstick(lm)), "magnitude", [0.8])
    found = next(one for one in state["mine"] if one["sparsity"] == 0.8)
    assert (found["rise"], found["numbers"], found["bytes"]) == pytest.approx(
        (wanted["rise"], wanted["numbers"], wanted["bytes"]), abs=1e-4
    )
    figure = driver.component(page, NAME)
    drawn = driver.component_state(page, "efficiency_pruned")
    after = [row for row in drawn["rise"] if row[2] is not None]
    for (share, mean, low, high), level in zip(after, levels, strict=True):
        spread = level.spread("rise")
        assert (share, mean, low, high) == pytest.approx(
            (level.sparsity, spread.mean, spread.low, spread.high)
        )
    both = len(drawn["rise"]) + len(drawn["agreement"])
    assert (
        driver.marks(page, "efficiency_pruned", "levels").count()
        == both
        == 2 * (2 * len(LEVELS) + len(state["mine"]))
    )
    assert driver.marks(page, "efficiency_pruned", "chosen").count() == 2
    driver.wait_until_drawn(page)  # what is above may still have grown
    dots = driver.marks(page, "efficiency_taught", "arms")
    traces = [len(one["trace"]) for one in state["students"]]
    assert dots.count() == sum(traces)
    driver.hover(page, dots.nth(traces[0] + traces[1] - 1))
    tip = page.locator("#vg-tooltip-element.visible")
    tip.wait_for()
    assert "student taught" in tip.inner_text() and "400" in tip.inner_text()
    chart = driver.chart(page, "efficiency_pruned")
    words = " ".join(chart.locator("svg.marks text").all_text_contents())
    assert f"as pruned, now, {found['texts']} texts" in words and "as pruned, 48 texts" in words
    assert "share of the blocks’ weights removed, the smallest first" in words and "…" not in words
    words = " ".join(figure.locator("text").all_text_contents())
    assert f"on 48 texts ({state['base']['places']:,} tokens)" in words
    assert f"on {found['texts']} texts ({found['places']:,} tokens)" in words
    assert "weights, published" in words and "66M" in words


def test_accessible_on_a_phone_and_the_share_is_chosen_by_hands_and_keys(page: Page) -> None:
    opened(page, removed=80)
    figure = driver.component(page, NAME)
    checks.accessible(page, NAME, "dark", "Pruning the blocks’ weights, the smallest first: tales-gpt.")
    # On a phone nothing is cut off.
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    wide = figure.evaluate(
        """figure => {
          const room = figure.getBoundingClientRect();
          return [...figure.querySelectorAll("text")].filter(word => {
            const box = word.getBoundingClientRect();
            return box.right > room.right + 1 || box.left < room.left - 1;
          }).map(word => word.textContent);
        }"""
    )
    assert wide == []
    page.wait_for_timeout(300)  # Vega draws anew after the page has come to rest
    for name in ("efficiency_pruned", "efficiency_taught"):
        outside = driver.chart(page, name).evaluate(driver.OUTSIDE)
        assert outside == [], name
    page.set_viewport_size(driver.DESKTOP)
    driver.wait_until_drawn(page)
    # A click on a point, a key and a control choose what is removed.
    driver.click(page, driver.marks(page, "efficiency_pruned", "levels").nth(2))  # of 50 %, not retrained
    driver.wait_for_state(page, NAME, lambda now: now["share"] == 0.5 and not now["waits"])
    driver.wait_for_link(page, "removed=50")
    figure.focus()
    page.keyboard.press("ArrowRight")
    now = driver.wait_for_state(page, NAME, lambda now: any(one["sparsity"] == 0.55 for one in now["mine"]))
    assert now["share"] == 0.55
    page.get_by_role("radio", name="Heads and neurons").click()
    now = driver.wait_for_state(page, NAME, lambda now: now["cut"] == "structured" and not now["waits"])
    assert [one["sparsity"] for one in now["levels"]] == [
        one.sparsity for one in compression_recordings.curve("structured")
    ]
    (found,) = [one for one in now["mine"] if one["sparsity"] == 0.55]
    assert (found["heads"], found["neurons"]) == ([2, 4], [230, 512])
    driver.wait_until_drawn(page)
    words = " ".join(figure.locator("text").all_text_contents())
    assert "2 of 4 heads and 230 of 512 neurons of each block stay" in words
    chart = driver.chart(page, "efficiency_pruned").locator("svg.marks text").all_text_contents()
    assert "share of heads and of neurons removed" in chart
    assert "the blocks’ weights removed, the smallest first" not in words


def test_a_student_is_trained_and_measured(training_page: Page) -> None:
    page = training_page
    opened(page, shrunk="alone", lessons=5)
    page.get_by_role("button", name="Train your own").click()
    page.get_by_role("button", name="Train it now").click()
    driver.wait_for_state(page, NAME, lambda now: len(now["own"]) == 1)
    now = driver.wait_for_state(
        page, NAME, lambda now: now["own"] and now["own"][0]["end"] is not None, seconds=120
    )
    mine = now["own"][0]
    assert mine["student"] and mine["steps"] == 5 and mine["end"]["numbers"] == 229_888
    assert 2 < mine["end"]["loss"] < 8
    driver.wait_until_drawn(page)
    assert driver.component_state(page, "efficiency_taught")["own"] == [mine["id"]]
    assert driver.marks(page, "efficiency_taught", "students").count() == 1
