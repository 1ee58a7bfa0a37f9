"""The Efficiency page in a real browser: grid, weights, words, costs and points against `core`, keys, link, phone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.efficiency.compressing import matrix_names
from core.efficiency.frontier import front
from core.efficiency.judging import Reference, reference, tensors, yardstick
from core.efficiency.quantization import Quantization, values
from core.efficiency.quantization_report import beside
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

NAME = "efficiency"
TEXT = "A red ball was lost. She found the red"
SNAPSHOT = core.snapshots("tales-gpt")[-3]


@pytest.fixture(scope="module")
def before(lm: core.LanguageModel) -> Reference:
    return reference(lm, yardstick(lm))


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the picture shows."""
    driver.open_page(page, NAME, **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, NAME)
    return state


def stands(at: int, state: dict[str, Any]) -> bool:
    """Whether the telling has come to this step."""
    return bool(state["stage"]["step"] == at)


def same(state: dict[str, Any], before: Reference, setting: Quantization) -> None:
    """All that is drawn of a setting is what core computes."""
    found, small = beside(before, setting, TEXT)
    word = before.lm.tokenizer.display
    assert state["now"]["bytes"] == small.bytes
    for shown, mine in (
        ("loss", found.judged.loss),
        ("agreement", found.judged.agreement),
        ("kl", found.judged.kl),
    ):
        assert state["now"][shown] == pytest.approx(mine, rel=2e-3, abs=1e-4)
    assert [one["before"] for one in state["answers"]] == [word(one.before) for one in found.choices]
    assert [one["p"] for one in state["answers"]] == pytest.approx(
        [one.probability for one in found.choices], rel=1e-3
    )
    assert [one["q"] for one in state["answers"]] == pytest.approx(
        [one.now for one in found.choices], rel=2e-3
    )
    assert [one["weights"] for one in state["errors"]] == pytest.approx(
        [one.weights for one in found.matrices], rel=1e-3, abs=1e-6
    )
    assert [one["products"] for one in state["errors"]] == pytest.approx(
        [one.products for one in found.matrices], rel=2e-3, abs=1e-6
    )
    shown = state["matrix"]
    weight = tensors(before.lm)[shown["name"]]
    assert shown["before"] == pytest.approx(weight[shown["row"], : len(shown["before"])].tolist(), rel=1e-5)
    if setting.bits < 16:
        matrix = small.matrices[shown["name"]]
        first = shown["group"] * setting.group if setting.granularity == "group" else 0
        cut = slice(first, first + len(shown["before"]))
        assert shown["codes"] == matrix.codes[shown["row"], cut].tolist()
        assert shown["after"] == pytest.approx(matrix.weight()[shown["row"], cut].tolist(), rel=1e-5)
        assert shown["grid"] == pytest.approx(values(setting, shown["scale"], shown["zero"]), rel=1e-6)
    assert sum(shown["counts"]) == weight.numel()


def test_grid_words_costs_tips_and_verdict_are_cores(page: Page, before: Reference) -> None:
    opened(page)
    state = driver.wait_for_state(page, NAME, lambda now: now["passes"] and len(now["points"]) >= 4)
    same(state, before, Quantization(4))
    assert 0 < state["passes"]["agreement"] <= 1
    figure = driver.component(page, NAME)
    assert figure.locator(".gb-grid-value").count() == 15 == len(state["matrix"]["grid"])
    assert figure.locator("[data-weight]").count() == 64 and figure.locator("[data-token]").count() == len(
        state["tokens"]
    )
    drawn = driver.component_state(page, "efficiency_front")["points"]
    assert driver.marks(page, "efficiency_front", "points").count() == len(drawn) == len(state["points"]) >= 4
    for one, point in zip(drawn, state["points"]):
        assert (one["name"], one["bytes"], one["front"]) == (point["name"], point["bytes"], point["front"])
        assert (
            one["loss"] == pytest.approx(point["loss"])
            and one["low"] < one["loss"] + 1e-6
            and one["high"] > one["loss"] - 1e-6
        )
    taken = driver.taken_svg(page)
    assert "Size against loss" in taken and "What it costs" in taken, (
        "the chart is in its place in the picture"
    )
    listed = [(one["bytes"], one["loss"]) for one in state["points"]]
    assert [one["front"] for one in state["points"]] == [at in front(listed) for at in range(len(listed))]
    expect(page.locator("h1")).to_contain_text("Row by row, 4 bits keep ")
    # What lies under the pointer is said in numbers.
    tip = figure.locator(".gb-tip")
    driver.hover(page, figure.locator('[data-matrix="0 in"]').first)
    error = next(one for one in state["errors"] if (one["block"], one["piece"]) == (0, "in"))
    expect(tip).to_contain_text(f"its weights moved by {100 * error['weights']:.0f} %")
    here = next(at for at, one in enumerate(drawn) if one["here"])
    driver.hover(page, driver.marks(page, "efficiency_front", "points").nth(here))
    told = page.locator("#vg-tooltip-element.visible")
    expect(told).to_contain_text("4 bits, one scale a row, to nearest, around 0")
    expect(told).to_contain_text("nothing is smaller and as good")
    driver.hover(page, figure.locator('[data-token="3"]'))
    expect(tip).to_contain_text("original: ")
    # The verdict on int8 follows from the rounds.
    state = driver.wait_for_state(page, "efficiency_speed", lambda now: now["passes"] is not None)
    p, said = state["passes"], " ".join(state["said"])
    assert 0 < p["low"] <= p["high"] and f"{p['low']:.2f} to {p['high']:.2f} of the time" in said
    assert ("saves time as well" in said) == (p["high"] < 1)
    assert ("costs more" in said) == (p["low"] > 1)
    assert ("neither is clearly quicker" in said) == (p["low"] <= 1 <= p["high"])


def test_a_click_takes_a_matrix_and_a_weight_and_steps_tell_it_part_by_part(
    page: Page, before: Reference, lm: core.LanguageModel
) -> None:
    opened(page)
    figure = driver.component(page, NAME)
    driver.click(page, figure.locator('[data-matrix="1 o"]').first)
    state = driver.wait_for_state(page, NAME, lambda now: now["matrix"]["name"] == "blocks.1.attn.weight_o")
    assert state["matrix"]["name"] in matrix_names(lm)[1]
    driver.wait_for_link(page, "block=1", "piece=o")
    driver.click(page, figure.locator('[data-turn="next"]'))
    state = driver.wait_for_state(page, NAME, lambda now: now["matrix"]["row"] == 1)
    same(state, before, Quantization(4))
    figure.focus()
    page.keyboard.press("n")
    page.keyboard.press("n")
    state = driver.wait_for_state(page, NAME, lambda now: now["picked"] == 2)
    m = state["matrix"]
    assert f"code {m['codes'][2]}".replace("-", "−") in state["said"]
    assert f"= {m['before'][2] / m['scale']:.2f};".replace("-", "−") in state["said"]
    page.keyboard.press("ArrowDown")
    driver.wait_for_state(page, NAME, lambda now: now["matrix"]["block"] == 2)
    page.keyboard.press("]")
    driver.wait_for_state(page, NAME, lambda now: now["matrix"]["piece"] == "in")
    page.keyboard.press("ArrowLeft")
    driver.wait_for_state(page, NAME, lambda now: now["matrix"]["row"] == 0)
    driver.wait_until_drawn(page)
    # The steps tell it part by part.
    figure.focus()
    for _ in range(7):  # the last step comes before the whole picture
        page.keyboard.press("Shift+ArrowLeft")
    driver.wait_for_state(page, NAME, lambda now: now["stage"]["step"] == 0)
    assert figure.locator(".gb-grid-value").count() == 0 and figure.locator("[data-matrix]").count() == 0
    for part, selector in (
        (1, ".gb-grid-value"),
        (3, "[data-matrix]"),
        (4, "[data-token]"),
    ):
        while driver.component_state(page, NAME)["stage"]["step"] < part:
            assert figure.locator(selector).count() == 0
            to = driver.component_state(page, NAME)["stage"]["step"] + 1
            page.keyboard.press(".")
            driver.wait_for_state(page, NAME, partial(stands, to))
        assert figure.locator(selector).count() > 0
    expect(page.locator('[data-component="efficiency_front"]')).to_have_count(0)
    page.keyboard.press("Escape")
    driver.wait_for_state(page, NAME, lambda now: now["stage"]["step"] == 6)
    driver.marks(page, "efficiency_front", "points").first.wait_for(state="attached")


# A line of a chart: its corners, and whether it is dashed.
LINE = """line => ({ dash: line.getAttribute('stroke-dasharray'),
  points: line.getAttribute('d').slice(1).split('L').map(point => point.split(',').map(Number)) })"""
# What is written beside the points, with its box on the screen.
NAMES = """chart => [...chart.querySelectorAll('.mark-text.role-mark text')].map(text => {
  const b = text.getBoundingClientRect();
  return { text: text.textContent, left: b.left, right: b.right, top: b.top, bottom: b.bottom };
})"""


def a_point_above_the_chart_is_named(page: Page) -> None:
    """With 2 bits, the point above the chart is named, and not joined as if it lay inside."""
    state = driver.wait_for_state(page, NAME, lambda now: now["passes"] and len(now["points"]) >= 4)
    figure = driver.component(page, NAME)
    chosen = next(one for one in state["points"] if one["here"])
    best = [one for one in state["points"] if one["front"]]
    inside = [one for one in best if one["loss"] < 1.5 * state["original"]["loss"]]
    assert chosen["loss"] > 5 and chosen["front"] and chosen not in inside
    chart = driver.chart(page, "efficiency_front")
    lines = [line.evaluate(LINE) for line in chart.locator(".mark-line path").all()]
    front, stub = (next(one for one in lines if bool(one["dash"]) == dashed) for dashed in (False, True))
    assert len(front["points"]) == len(inside)
    (x0, y0), (x1, y1) = stub["points"]
    assert abs(y0 - y1) > 3 * abs(x1 - x0)  # as steep as the loss is
    expect(chart.get_by_text(f"2: {chosen['loss']:.1f}", exact=True).first).to_be_visible()
    beaten = len(state["points"]) - len(best)
    expect(
        chart.get_by_text(f"{len(state['points'])} settings measured, {beaten} beaten", exact=True)
    ).to_be_visible()
    boxes = chart.evaluate(NAMES)
    assert len(boxes) >= len(driver.component_state(page, "efficiency_front")["names"])
    for i, one in enumerate(boxes):
        for other in boxes[i + 1 :]:
            apart = one["right"] <= other["left"] or other["right"] <= one["left"]
            apart = apart or one["bottom"] <= other["top"] + 2 or other["bottom"] <= one["top"] + 2
            assert apart or one["text"] == other["text"], f"{one['text']} lies on {other['text']}"
    expect(
        figure.get_by_text(f"loss, {state['original']['places']} tokens held out", exact=True)
    ).to_be_visible()


def test_controls_change_the_grid_the_model_and_the_chart(page: Page, before: Reference) -> None:
    opened(page)
    page.get_by_role("radio", name="2", exact=True).click()
    state = driver.wait_for_state(page, NAME, lambda now: now["setting"]["bits"] == 2)
    same(state, before, Quantization(2))
    a_point_above_the_chart_is_named(page)
    page.get_by_text("Grid around 0").click()
    state = driver.wait_for_state(page, NAME, lambda now: len(now["matrix"]["grid"]) == 4)
    page.get_by_role("radio", name="GPTQ").click()
    driver.wait_for_state(page, NAME, lambda now: now["setting"]["method"] == "gptq")
    page.get_by_role("radio", name="Group").click()
    state = driver.wait_for_state(page, NAME, lambda now: now["setting"]["granularity"] == "group")
    driver.wait_for_link(page, "bits=2", "rounding=gptq", "per=group", "centred=0")
    assert state["now"]["loss"] < 4  # 8 nats with neither of the three
    page.get_by_role("radio", name="1", exact=True).click()
    state = driver.wait_for_state(page, NAME, lambda now: now["setting"]["bits"] == 1)
    assert len(state["matrix"]["grid"]) == 2


def test_a_small_share_is_not_said_to_be_nothing(page: Page) -> None:
    state = opened(page, bits=16, snapshot=0)  # of the finished model every weight is a float16 already
    figure = driver.component(page, NAME)
    error = next(one for one in state["errors"] if (one["block"], one["piece"]) == (0, "in"))
    assert 1e-4 < error["weights"] < 9.9e-4
    driver.hover(page, figure.locator('[data-matrix="0 in"]').first)
    expect(figure.locator(".gb-tip")).to_contain_text(f"its weights moved by {100 * error['weights']:.3f} %")


def test_all_settings_and_products_are_measured(page: Page) -> None:
    opened(page, snapshot=SNAPSHOT)  # of which nobody else has timed or measured anything
    page.get_by_role("button", name="Time int8 products").click()
    state = driver.wait_for_state(page, "efficiency_speed", lambda now: len(now["speeds"]) == 20)
    assert {one["kernel"] for one in state["speeds"]} == {
        "float32",
        "bfloat16",
        "int8",
        "int8 weights",
        "int4 weights",
    }
    assert all(one["seconds"] for one in state["speeds"] if not one["why"])
    assert driver.component(page, "efficiency_speed").locator("[data-products]").count() == 4
    assert any("4,096 × 4,096" in line for line in state["said"])
    page.get_by_role("button", name="Measure all settings").click()
    page.get_by_role("button", name="Stop").click()  # as soon as it is there
    page.get_by_role("button", name="Go on").click()
    driver.wait_for_state(page, NAME, lambda now: len(now["points"]) >= 8)


def test_answer_notebook_and_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    opened(page, bits=2, centred=0, piece="qkv", output=5)
    assert "with one scale for each row it is" in checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, NAME)
