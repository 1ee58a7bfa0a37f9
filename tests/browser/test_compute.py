"""The Compute page in a real browser: bars and points against `core`, both sliders, steps, keys, link, phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.costs import flops_by_part, parameters_by_part
from core.costs.accelerators import ACCELERATORS, GB
from core.costs.memory import held, largest_batch, largest_length, training_memory, using_memory
from core.costs.roofline import attainable, decode, prefill
from core.families.presets import PRESETS
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

NAME = "compute"
TEXT = "Once upon a time, Lily saw a"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the picture shows."""
    driver.open_page(page, NAME, **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, NAME)
    return state


def same(
    state: dict[str, Any], config: core.ModelConfig, length: int, batch: int, precision: Any = "fp32"
) -> None:
    """All that is drawn is what core counts."""
    weights = {one.name: one.value for one in parameters_by_part(config)}
    flops = {one.name: one.value for one in flops_by_part(config, length, length)}
    for row in state["rows"]:
        assert row["weights"] == weights.get(row["name"], 0)
        assert row["flops"] == pytest.approx(batch * flops.get(row["name"], 0), rel=1e-12)
    assert state["total"]["weights"] == sum(weights.values())
    for mode, memory in (("training", training_memory), ("using", using_memory)):
        for shown, kind in zip(state["memory"][mode], memory(config, length, precision), strict=True):
            assert (shown["name"], shown["bytes"]) == (kind.name, kind.bytes(batch))
    card = state["card"]
    for name, pass_ in (("reading", prefill), ("writing", decode)):
        work = pass_(config, length, precision)
        point = state["passes"][name]
        assert point["intensity"] == pytest.approx(work.intensity(batch))
        assert point["most"] == pytest.approx(
            attainable(work.intensity(batch), card["peak"], card["bandwidth"])
        )


def test_parts_memory_and_passes_are_cores(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, together=6)
    length = len(lm.trace(TEXT).ids)
    assert (state["batch"], state["length"], len(state["tokens"])) == (6, length, length)
    same(state, lm.config, length, 6)
    assert driver.component(page, NAME).locator('[data-card="beyond"]').count() == 1
    state = opened(page, costed="llama3-8b", floats="bf16", card="a100", together=2)
    same(state, PRESETS["llama3-8b"].config, 8192, 2, "bf16")
    assert driver.component(page, NAME).locator('[data-card="line"]').count() == 1


SHARE = """(line, share) => {
  const at = line.getPointAtLength(share * line.getTotalLength()).matrixTransform(line.getScreenCTM());
  return [at.x, at.y];
}"""


def test_the_roof_is_cores_and_saves_itself(page: Page, tmp_path: Path) -> None:
    state = opened(page)
    shown = driver.component_state(page, "compute_roof")
    assert shown["passes"].keys() == state["passes"].keys() == {"reading", "writing"}
    for name, one in shown["passes"].items():
        assert one == pytest.approx(state["passes"][name])
    for x in (0.5, 1e3):
        most = {card.name: attainable(x, card.flops32, card.bandwidth) for card in ACCELERATORS.values()}
        assert max(most, key=lambda name: most[name]) in shown["frontier"]
    assert driver.picture_of(page, "compute_roof", tmp_path / "roof.png").startswith(b"\x89PNG")
    drawing = driver.drawing_of(page, "compute_roof")
    assert drawing.startswith("<svg") and "What sets the pace" in drawing
    taken = driver.taken_svg(page)
    assert "Feed-forward" not in taken and "MLP" in taken and "What sets the pace" in taken, (
        "picture and chart"
    )
    assert driver.picture_of(page, "compute_roof", tmp_path / "again.png").startswith(b"\x89PNG")
    checks.fits_a_phone(page)
    checks.apart(page, '[class*="st-key-gb-chart-plotly-compute_roof"]', ".modebar-group", ".infolayer text")


def test_what_lies_under_the_pointer_is_said_in_numbers(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page)
    figure = driver.component(page, NAME)
    tip = figure.locator(".gb-tip")
    (row,) = [row for row in state["rows"] if row["name"] == "attention"]
    driver.hover(page, figure.locator('[data-row="attention"]'))
    share = 100 * row["weights"] / state["total"]["weights"]
    expect(tip).to_have_text(
        f"Attention\n{row['weights']:,} weights, {share:.1f} % of all\n"
        f"{row['flops']:,} FLOP of a pass, {100 * row['flops'] / state['total']['flops']:.1f} % of all"
    )
    (kept,) = [kind["bytes"] for kind in state["memory"]["training"] if kind["name"] == "optimizer"]
    for part in ('[data-legend="training optimizer"]', '[data-mode="training"] [data-kind="optimizer"]'):
        driver.hover(page, figure.locator(part))
        expect(tip).to_contain_text(f"{kept:,} bytes")
    chart = driver.chart(page, "compute_roof")
    line = (
        chart.locator(".scatterlayer .trace").nth(1).locator("path.js-line")
    )  # the card's roof, below the best of all
    line.scroll_into_view_if_needed()
    x, y = line.evaluate(SHARE, 0.3)
    page.mouse.move(x, y)
    words = chart.locator(".hoverlayer .hovertext")
    expect(words.first).to_contain_text("operations for each byte")
    text = " ".join(words.first.locator("tspan").all_text_contents()).split()
    intensity, most = float(text[1]), float(text[text.index("most") + 1])
    unit = {"G": 1e9, "T": 1e12}[text[text.index("most") + 2][0]]
    card = state["card"]
    assert most * unit == pytest.approx(attainable(intensity, card["peak"], card["bandwidth"]), rel=0.02)
    page.mouse.move(5, 5)
    expect(tip).to_be_hidden()


def test_sliders_move_the_bars_and_what_fits_is_said(page: Page) -> None:
    opened(page, costed="gpt2", floats="bf16")
    config, room = PRESETS["gpt2"].config, 24 * GB
    figure = driver.component(page, NAME)
    figure.locator('[data-range="batch"]').focus()
    for _ in range(5):
        page.keyboard.press("ArrowRight")
    driver.wait_for_state(page, NAME, lambda now: now["batch"] == 8)
    figure.locator('[data-range="context"]').focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    state = driver.wait_for_state(
        page, NAME, lambda now: now["length"] == 512 and now["fits"]["training"].get("length") is not None
    )
    driver.wait_for_link(page, "together=8", "long=512")
    same(state, config, 512, 8, "bf16")
    for mode, memory in (("training", training_memory), ("using", using_memory)):
        found = state["fits"][mode]
        assert found["batch"] == largest_batch(memory(config, 512, "bf16"), room)
        assert found["length"] == largest_length(lambda n, m=memory: m(config, n, "bf16"), 8, room)  # type: ignore[misc]
        said = figure.locator('[data-part="fits"]').text_content() or ""
        assert f"{found['batch']:,} texts of 512 tokens" in said
        assert found["length"] >= config.n_ctx and f"8 texts of all {config.n_ctx:,} tokens" in said


def test_the_controls_change_configuration_precision_and_card(page: Page) -> None:
    before = opened(page, costed="gpt2")
    page.get_by_role("radio", name="8 bits").click()
    state = driver.wait_for_state(page, NAME, lambda now: now["precision"] == "8 bits")
    assert held(using_memory(PRESETS["gpt2"].config, 1024, "int8"), 1) == sum(
        one["bytes"] for one in state["memory"]["using"]
    )
    assert sum(one["bytes"] for one in before["memory"]["using"]) > sum(
        one["bytes"] for one in state["memory"]["using"]
    )
    page.get_by_role("button", name="Sizes").click()
    box = page.get_by_label("Blocks", exact=True)
    box.fill("24")
    box.press("Enter")
    state = driver.wait_for_state(page, NAME, lambda now: now["total"]["weights"] > 200_000_000)
    assert state["total"]["weights"] == 124_439_808 + 12 * 7_087_872
    page.keyboard.press("Escape")
    assert ACCELERATORS["rtx4090"].name == state["card"]["name"]


def test_steps_add_part_by_part(page: Page, browser: Browser, server: driver.Server) -> None:
    state = opened(page)
    figure = driver.component(page, NAME)
    figure.locator('[data-row="attention"]').click()
    state = driver.wait_for_state(page, NAME, lambda now: now["focus"] == "attention")
    row = next(one for one in state["rows"] if one["name"] == "attention")
    assert any(f"= {row['weights']:,}" in line for line in state["lines"])
    assert "so far" in (figure.locator('[data-part="parts"]').text_content() or "")
    figure.focus()
    page.keyboard.press(".")
    state = driver.wait_for_state(page, NAME, lambda now: now["focus"] == "scores")
    driver.wait_for_link(page, f"counted={state['stage']['step']}")
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, NAME)
    figure.focus()
    page.keyboard.press("+")
    driver.wait_for_state(page, NAME, lambda now: now["batch"] == 2)
    page.keyboard.press("]")
    longer = driver.wait_for_state(page, NAME, lambda now: now["length"] > state["length"])
    assert longer["rows"][0]["weights"] == state["rows"][0]["weights"]
    page.keyboard.press("Escape")
    driver.wait_for_state(page, NAME, lambda now: now["focus"] == "")


def test_measured_points_stand_beside_the_formula(page: Page, lm: core.LanguageModel) -> None:
    opened(page)
    page.get_by_role("button", name="Measure on this machine").click()
    state = driver.wait_for_state(page, NAME, lambda now: now["machine"] is not None)
    length = len(lm.trace(TEXT).ids)
    work = decode(lm.config, length)
    point = state["machine"]["points"]["writing"]
    assert point["intensity"] == pytest.approx(work.intensity(1))
    assert point["flops"] == pytest.approx(work.flops(1) / point["seconds"])
    shown = driver.wait_for_state(page, "compute_roof", lambda now: len(now["measured"]) == 2)
    assert shown["measured"] == state["machine"]["points"]
    more = driver.wait_for_state(
        page, "compute_at_scale", lambda now: all(row["measured"] is not None for row in now["rows"])
    )
    rows = {row["name"]: row for row in more["rows"]}
    for kind in training_memory(lm.config, length):
        assert rows[kind.name]["measured"] == rows[kind.name]["formula"] == kind.bytes(1)
    assert rows["step"]["measured"] > 0
    page.locator("[data-testid=stSidebar] input[type=range]").first.press("Home")
    driver.wait_for_state(page, "rewind", lambda now: now["step"] == 0)
    page.wait_for_url("**snapshot=0*")
    driver.wait_until_drawn(page)
    earlier = driver.component_state(page, "compute_at_scale")
    assert earlier["rows"] == more["rows"], "another moment of the same model takes no other time"


def test_answer_and_notebook(page: Page, tmp_path: Path) -> None:
    opened(page, together=64)
    assert "Every token of every text leaves activations" in checks.answered(page)
    checks.run_notebook(page, tmp_path)
