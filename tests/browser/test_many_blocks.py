"""A model of 30 blocks whose heads share keys and values: what is folded, what stays on the screen, who shares."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Page, ViewportSize

import core
from core.analysis.heads.effects import head_effects
from core.analysis.stream.overview import overview
from tests.browser import driver

pytestmark = pytest.mark.full(reason="large models; test_tours.py opens every page with a small one")

TEXT = "The fox and the crow sat in the wood and the fox"
MODEL = {"model": "./thirty-blocks-whose-heads-share-keys", "text": TEXT}
SIZES: list[ViewportSize] = [
    {"width": 1440, "height": 900},
    {"width": 1280, "height": 720},
    driver.PHONE,
]


def boxes(page: Page, selector: str, name: str = "home") -> list[list[float]]:
    """Left, right, top and bottom of parts of the picture, on the screen."""
    script = """(figure, selector) => {
      const found = [...figure.querySelectorAll(selector)].map((part) => part.getBoundingClientRect());
      return found.length && found.map(({ left, right, top, bottom }) => [left, right, top, bottom]);
    }"""
    found: list[list[float]] = driver.shown(page, driver.component(page, name), script, selector)
    return found


def reach(page: Page, name: str, **wanted: Any) -> Any:
    """Wait until the picture's state has these values."""
    return driver.wait_for_state(
        page, name, lambda now: all(now[key] == value for key, value in wanted.items())
    )


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
def test_home_folds_what_is_not_open_and_the_next_tokens_stay_on_the_screen(
    own_page: Page, models: Path, size: ViewportSize
) -> None:
    own_page.set_viewport_size(size)
    driver.open_page(own_page, "home", **MODEL, block=24, head=4)
    figure = driver.component(own_page, "home")
    state = driver.component_state(own_page, "home")
    assert state["folded"] == [block for block in range(1, 29) if block != 24]
    seen = overview(core.load(str(models / MODEL["model"])), TEXT)
    answers = [value for _, value in state["top"]]
    assert answers[0] == pytest.approx(float(seen.lens_own[-1, -1]), rel=1e-3)
    assert state["own"] == pytest.approx(seen.lens_own[:, -1].tolist(), rel=1e-3)

    bars = boxes(own_page, '[data-part="bars"] text')
    assert len(bars) >= 10 and all(left >= 0 and right <= size["width"] for left, right, _, _ in bars)
    # On a phone a sentence, the lessons' card and the steps stand above the picture: one screen holds all of that.
    top = (figure.locator("svg").first.bounding_box() or {"y": 0})["y"] if size["width"] < 800 else 0
    lowest = max(bottom for _, _, _, bottom in bars)
    assert lowest - top <= size["height"], f"the list ends at {lowest:.0f}, the picture begins at {top:.0f}"
    assert own_page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    blocks = boxes(own_page, "rect[data-block]")
    assert all(one[1] <= next[0] + 0.5 for one, next in itertools.pairwise(blocks)), "blocks overlap"
    if size["width"] < 800:
        return

    # A folded block under a resting pointer opens until the pointer leaves; the keys and a click open it for good.
    driver.hover(own_page, figure.locator('rect[data-block="10"]'))
    state = reach(own_page, "home", block=10, opening=False)
    np.testing.assert_allclose(state["attends"], seen.heads.pattern[10, 4, state["row"]], atol=1e-4)
    own_page.mouse.move(8, 8)  # beside the picture, however far the page is scrolled
    reach(own_page, "home", block=24)
    figure.focus()
    own_page.keyboard.press("ArrowRight")
    reach(own_page, "home", block=25)
    own_page.mouse.click(*driver.middles(own_page, figure, 'g[data-part="reading"] rect')[9 * 3 + 7])
    reach(own_page, "home", block=4, head=7)
    driver.wait_for_link(own_page, "block=4", "head=7")
    groups = figure.locator('g[data-part="heads 4"] g[data-keys]')
    assert groups.count() == 3
    assert driver.axe_lines(driver.axe(own_page)) == []


def test_heads_are_grouped_by_shared_keys_and_put_in_order(own_page: Page, models: Path) -> None:
    own_page.set_viewport_size(SIZES[0])
    driver.open_page(own_page, "multi_head", **MODEL, block=24, head=4)
    figure = driver.component(own_page, "multi_head")

    def fills() -> None:
        left, right, top, bottom = boxes(own_page, '[data-part="grid"] image', "multi_head")[0]
        panel = boxes(own_page, ".mh-panels:not(.mh-order)", "multi_head")[0][0]
        assert right - left > 0.8 * (panel - left), "the grid leaves the space beside it empty"
        assert bottom - top > 330

    fills()
    assert figure.locator('g[data-part="grid"] path[data-keys]').count() >= 3
    assert "with heads 3 and 5" in (figure.locator('g[data-part="header"]').text_content() or "")

    figure.locator("[data-order=kind]").click()
    state = reach(own_page, "multi_head", order="kind")
    kinds = [state["roles"][i] for i in state["listed"]]
    assert len(kinds) == 270 and len(set(kinds)) == sum(
        a != b for a, b in zip(kinds, [None, *kinds], strict=False)
    )
    fills()
    assert len(set(kinds)) > 2
    kind = min(set(kinds), key=kinds.count)
    figure.locator(f"text[data-role={json.dumps(kind)}]").click()
    listed = driver.wait_for_state(own_page, "multi_head", lambda now: len(now["listed"]) < 270)["listed"]
    assert [state["roles"][i] for i in listed] == [kind] * kinds.count(kind)
    x, y = driver.middles(own_page, figure, '[data-part="grid"] rect')[0]
    own_page.mouse.click(x, y)
    reach(own_page, "multi_head", block=listed[0] // 9, head=listed[0] % 9)

    figure.locator(f"text[data-role={json.dumps(kind)}]").click()
    figure.locator("[data-order=effect]").click()
    reach(own_page, "multi_head", panel="effect")
    if own_page.get_by_role("button", name="Measure 270 heads").count():
        own_page.get_by_role("button", name="Measure 270 heads").click()
    listed = driver.wait_for_state(
        own_page, "multi_head", lambda now: now["order"] == "effect" and now["effect"]["measured"], 60
    )["listed"]
    change = np.abs(head_effects(core.load(str(models / MODEL["model"])), TEXT).change.ravel())
    assert np.all(np.diff(change[listed]) <= 1e-4)
    driver.wait_for_link(own_page, "order=effect")

    driver.open_page(own_page, "attention", **MODEL, block=24, head=4)
    said = "Head 4 shares keys and values with heads 3 and 5"
    assert driver.component_state(own_page, "attention")["shared"] == said
    head = driver.component(own_page, "attention").locator('g[data-part="heads"]')
    assert said in (head.text_content() or "")
    own_page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(own_page)
    brief = boxes(own_page, '[data-part="sharing"] text', "attention")[0]
    doors = boxes(own_page, "[data-door=home], [data-door=multi_head]", "attention")
    assert all(brief[0] >= door[1] for door in doors) and brief[1] <= driver.PHONE["width"]


def test_names_labels_and_facts_keep_clear_of_each_other(own_page: Page) -> None:
    own_page.set_viewport_size(SIZES[0])
    touching: list[str] = []

    def apart(slug: str, name: str, selector: str, least: int) -> None:
        driver.open_page(own_page, slug, **MODEL)
        found = boxes(own_page, selector, name)
        assert len(found) >= least
        for one, other in itertools.combinations(found, 2):
            beside = one[1] + 2 <= other[0] or other[1] + 2 <= one[0]
            if not (beside or one[3] <= other[2] + 4 or other[3] <= one[2] + 4):
                touching.append(f"{slug}: {one} and {other}")

    apart("interpretability", "interpretability", '[data-part="lens"] > text[text-anchor="middle"]', 8)
    apart("multi_head", "multi_head_composition", '[data-part="fit map"] > text[text-anchor]', 20)
    if len(boxes(own_page, '[data-part="heads"] > text[font-weight]', "multi_head_composition")) < 9:
        touching.append("multi_head: a head of the block is left out")
    apart("tokenization", "bytes", '[data-part="all"] text', 12)
    driver.open_page(own_page, "efficiency", **MODEL)
    facts = own_page.locator(".gb-claim p").evaluate(
        "p => { const r = document.createRange(); r.selectNodeContents(p); const b = r.getBoundingClientRect();"
        " return [b.left, b.right, b.top, b.bottom]; }"
    )
    for left, right, top, bottom in boxes(own_page, ".gb-steps > *", "efficiency"):
        beside = facts[1] < left or facts[0] > right
        if not (beside or facts[3] <= top or facts[2] >= bottom):
            touching.append("efficiency: the facts lie under the steps")
    assert sorted({line.split(":")[0] for line in touching}) == []


@pytest.mark.parametrize("size", [SIZES[0], driver.PHONE], ids=lambda size: str(size["width"]))
def test_a_ledger_of_many_blocks_stays_on_the_screen_and_all_of_its_lines_are_reached(
    own_page: Page, models: Path, size: ViewportSize
) -> None:
    own_page.set_viewport_size(size)
    driver.open_page(own_page, "norm_residual", **MODEL)
    figure = driver.component(own_page, "norm_residual")
    state = driver.component_state(own_page, "norm_residual")
    names = [line["name"] for line in state["lines"]]
    assert len(names) == 61

    def seen() -> list[str]:
        """The names of the lines in view, as the picture has them."""
        script = "all => all.filter(one => one.dataset.line < 61).map(one => +one.dataset.line)"
        return [names[at] for at in figure.locator("[data-line]").evaluate_all(script)]

    assert 10 < len(seen()) < 25
    rows = boxes(own_page, "[data-line]", "norm_residual")
    assert max(bottom for _, _, _, bottom in rows) - min(top for _, _, top, _ in rows) < 460

    # The keys choose a line, and it comes into view; pressing what is below brings the next ones in.
    figure.focus()
    for _ in range(3):
        own_page.keyboard.press("ArrowUp")
    chosen = driver.wait_for_state(own_page, "norm_residual", lambda now: now["line"] != state["line"])[
        "line"
    ]
    assert chosen in seen()
    found = set(seen())
    for _ in range(5):
        below = figure.get_by_role("button", name="below", exact=False)
        if not below.count():
            break
        assert below.inner_text().split()[0] == str(60 - names.index(seen()[-1]))
        below.click()
        own_page.wait_for_timeout(100)
        found |= set(seen())
    assert found >= set(names[names.index(chosen) :]) and seen()[-1] == names[-1]

    text = driver.taken_svg(own_page)
    assert all(f">{name}<" in text for name in names), "the file has every line"
