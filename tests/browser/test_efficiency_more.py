"""The lower half of the Efficiency page in a browser: what it draws against core, hands, dark, a phone, a run."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.efficiency import judging
from core.efficiency.removal import by_level
from core.runs import shrunk
from core.training.shrink_lab import LEVELS, LONGER
from core.zoo import load
from tests.browser import checks, driver

NAME = "efficiency_more"
# Whether each mark lies inside the rectangle that its chart is cut off at.
WITHIN = """marks => marks.map(mark => {
  const id = mark.closest("[clip-path]").getAttribute("clip-path").slice(5, -1);
  const room = mark.ownerSVGElement.querySelector(`[id="${id}"] rect`);
  const [x, y, w, h] = ["x", "y", "width", "height"].map(name => Number(room.getAttribute(name)));
  const box = mark.getBBox();
  return box.x >= x && box.y >= y && box.x + box.width <= x + w && box.y + box.height <= y + h;
})"""


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the lower picture shows when all of it is measured."""
    driver.open_page(page, "efficiency", **({"v": 1} | query))
    state: dict[str, Any] = driver.wait_for_state(page, NAME, lambda now: not now["waits"], seconds=60)
    return state


def test_the_curves_are_those_recorded_and_the_open_model_is_measured(page: Page) -> None:
    state = opened(page, removed=80)
    levels = shrunk.curve("magnitude")
    assert [one["sparsity"] for one in state["levels"]] == [one.sparsity for one in levels]
    for one, level in zip(state["levels"], levels, strict=True):
        assert one["before"]["rise"] == level.before["rise"]
        assert one["after"]["rise"]["mean"] == pytest.approx(level.spread("rise").mean)
        assert one["numbers"] == level.numbers
    for one, arm in zip(
        state["students"],
        (shrunk.arm("alone"), shrunk.arm("distilled"), shrunk.arm("alone", LONGER)),
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
    assert figure.locator("[data-level]").count() == 4 * len(LEVELS)
    driver.wait_until_drawn(page)  # what is above may still have grown
    driver.hover(page, figure.locator('[data-arm="distilled"]').last)
    tip = figure.locator(".gb-tip")
    tip.wait_for()
    assert "student taught, step 400" in tip.inner_text()
    arms = figure.locator("[data-arm]")
    assert arms.count() == sum(len(one["trace"]) for one in state["students"])
    assert arms.evaluate_all(WITHIN) == [True] * arms.count(), "the untrained ones, too"
    words = " ".join(figure.locator("text").all_text_contents())
    assert f"on 48 texts ({state['base']['places']:,} tokens)" in words
    assert f"on {found['texts']} texts ({found['places']:,} tokens)" in words
    assert f"as pruned, now, {found['texts']} texts" in words and "as pruned, 48 texts" in words
    assert "share of the blocks’ weights removed, the smallest first" in words
    assert "weights, published" in words and "66M" in words


def test_hands_and_keys_choose_the_share(page: Page) -> None:
    opened(page, removed=80)
    figure = driver.component(page, NAME)
    driver.click(page, figure.locator('[data-level="0.5"]').first)
    driver.wait_for_state(page, NAME, lambda now: now["share"] == 0.5 and not now["waits"])
    driver.wait_for_link(page, "removed=50")
    figure.focus()
    page.keyboard.press("ArrowRight")
    now = driver.wait_for_state(
        page, NAME, lambda now: any(one["sparsity"] == 0.55 for one in now["mine"]), seconds=30
    )
    assert now["share"] == 0.55
    page.get_by_role("radio", name="Heads and neurons").click()
    now = driver.wait_for_state(
        page, NAME, lambda now: now["cut"] == "structured" and not now["waits"], seconds=30
    )
    assert [one["sparsity"] for one in now["levels"]] == [one.sparsity for one in shrunk.curve("structured")]
    (found,) = [one for one in now["mine"] if one["sparsity"] == 0.55]
    assert (found["heads"], found["neurons"]) == ([2, 4], [230, 512])
    driver.wait_until_drawn(page)
    words = " ".join(figure.locator("text").all_text_contents())
    assert "2 of 4 heads and 230 of 512 neurons of each block stay" in words
    assert "share of heads and of neurons removed" in words
    assert "the blocks’ weights removed, the smallest first" not in words


def test_a_student_is_trained_and_measured(browser: Browser, training_server: driver.Server) -> None:
    context = driver.new_context(browser, training_server, owner="e" * 32)
    page = context.new_page()
    opened(page, shrunk="alone", lessons=5)
    page.get_by_role("button", name="Train your own").click()
    page.get_by_role("button", name="Train it now").click()
    driver.wait_for_state(page, NAME, lambda now: len(now["own"]) == 1, seconds=30)
    now = driver.wait_for_state(
        page, NAME, lambda now: now["own"] and now["own"][0]["end"] is not None, seconds=120
    )
    mine = now["own"][0]
    assert mine["student"] and mine["steps"] == 5 and mine["end"]["numbers"] == 229_888
    assert 2 < mine["end"]["loss"] < 8
    driver.wait_until_drawn(page)
    assert driver.component(page, NAME).locator("[data-own]").evaluate_all(WITHIN) == [True]
    context.close()


def test_accessible_in_the_dark(page: Page) -> None:
    opened(page)
    checks.accessible(page, NAME, "dark", "Pruning the blocks’ weights, the smallest first: tales-gpt.")


def test_on_a_phone_nothing_is_cut_off(page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    opened(page)
    figure = driver.component(page, NAME)
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
