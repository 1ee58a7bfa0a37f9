"""The lower half of the Interpretability page in a real browser: what is drawn is `core`s; keys, steps, link, phone."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import core
from core.analysis.explaining.explainers import NAMES, explain
from core.analysis.explaining.faithfulness import SIDES, faithfulness
from core.analysis.explaining.integrated_gradients import integrated_gradients
from core.analysis.explaining.readout import Readout, baseline
from core.analysis.explaining.selectivity import Layer, selectivity
from core.analysis.patching.circuit_walk import walk
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="a part below one page; test_tours.py opens that page")

PAGE, MORE, WALK = "interpretability", "interpretability_explainers", "interpretability_circuit"
PATH = "interpretability_path"
TEXT = "Once upon a time, Lily saw a"

# Whether all of these lie in the window and none upon another.
APART = """texts => {
  const boxes = texts.map((text) => text.getBoundingClientRect());
  const upon = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
  return boxes.every((a, i) => a.left >= 0 && a.right <= innerWidth && !boxes.slice(i + 1).some((b) => upon(a, b)));
}"""


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; what the explainers' picture shows."""
    driver.open_page(page, PAGE, **({"v": 1, "text": TEXT, "unfold": "tokens"} | query))
    state: dict[str, Any] = driver.component_state(page, MORE)
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the explainers' picture has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, MORE, lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def walked(page: Page) -> dict[str, Any]:
    """Wait for the walk to be measured."""
    state: dict[str, Any] = driver.wait_for_state(page, WALK, lambda now: now["known"])
    return state


def test_explainers_curves_and_walk_are_cores(page: Page, lm: core.LanguageModel) -> None:
    state = opened(page, quadrature=12, says="logit", blank="mean")
    of = Readout.of(lm, TEXT, says="logit")
    assert state["asked"] == lm.tokenizer.display(of.token)
    base = baseline(of, "mean")
    shown = state["integrated"]
    assert shown["steps"] in (12, 24, 48) and shown["addsUp"]
    one = integrated_gradients(of, base, shown["steps"])
    assert (shown["at"], shown["base"], shown["total"]) == pytest.approx(
        (one.at, one.base, one.total), abs=1e-3
    )
    assert shown["delta"] == pytest.approx(one.delta, abs=1e-3)
    values = explain(of, base, one.steps)
    assert set(state["values"]) == set(NAMES)
    for name, each in values.items():
        assert state["values"][name] == pytest.approx(each.tolist(), abs=1e-3)
    judged = faithfulness(of, base, values)
    for side in SIDES:
        for name, curve in judged.side(side).items():
            drawn = state["judged"][side][name]
            assert drawn["area"] == pytest.approx(curve.area, abs=0.05)
            assert drawn["verdict"] == curve.verdict
    found = walk(lm)
    circuit = walked(page)
    assert circuit["reader"] == list(found.reader) and circuit["writer"]["name"] == found.writer.name
    np.testing.assert_allclose(circuit["look"], found.look, atol=1e-3)
    assert circuit["worth"] == pytest.approx(found.worth, abs=1e-2)
    assert (circuit["content"], circuit["place"]) == pytest.approx((found.content, found.place), abs=1e-3)
    assert circuit["findings"] == found.findings and circuit["found"] == found.found
    left = circuit["off"]["reader"]
    assert f"{abs(100 * left):.0f} %" in circuit["verdict"] and "of the gain is left" in circuit["verdict"]
    for name, losses in found.off.items():
        assert circuit["off"][name] == pytest.approx(found.gain(losses), abs=0.02)


def test_shares_that_do_not_add_up_are_not_drawn(page: Page) -> None:
    state = opened(page, blank="zero")
    assert not state["integrated"]["addsUp"] and state["integrated"]["steps"] == 256
    assert set(state["values"]) == set(NAMES[1:])
    figure = driver.component(page, MORE)
    said = " ".join((figure.locator('[data-part="adds up"]').text_content() or "").split())
    assert "even with 256 steps" in said and "not drawn" in said


def test_keys_and_clicks_choose_explainer_token_and_step(
    page: Page, browser: Browser, server: driver.Server
) -> None:
    state = opened(page, quadrature=8)
    steps = state["integrated"]["steps"]
    figure = driver.component(page, MORE)
    added = (figure.locator('[data-part="adds up"]').text_content() or "").replace(" ", "")
    assert ",4:" in added and f",{steps}:" not in added, "fewer steps than were taken"
    figure.focus()
    checks.quickly(page, MORE, "ArrowRight", "ArrowRight", "ArrowLeft")
    wait(page, explainer=NAMES[1])
    figure.locator('[data-explainer="0"]').click()
    wait(page, explainer=NAMES[0])
    figure.focus()
    page.keyboard.press("ArrowDown")
    wait(page, hover=0)
    page.keyboard.press(",")
    partly = wait(page, along=steps - 2)
    assert partly["shown"] != pytest.approx(state["values"][NAMES[0]], abs=1e-6)
    page.keyboard.press(".")
    whole = wait(page, along=-1)
    assert whole["shown"] == pytest.approx(state["values"][NAMES[0]])
    figure.locator('[data-row="3"]').click()
    wait(page, explainer=NAMES[3])
    driver.wait_for_link(page, "explainer=3")
    driver.wait_until_drawn(page)
    page.keyboard.press("Escape")
    wait(page, hover=None)
    checks.link_restores(page, browser, server, MORE)


def test_the_walk_goes_step_by_step_on_every_screen_and_controls_change_the_picture(page: Page) -> None:
    before = opened(page, circuit=0, explainer=2, unfold="patches tokens")
    state = walked(page)
    assert state["stage"]["step"] == 0
    figure = driver.component(page, WALK)
    assert figure.locator('[data-part^="rung"]').count() == 1
    figure.locator("[data-act=next]").click()
    driver.wait_for_state(page, WALK, lambda now: now["stage"]["step"] == 1)
    figure.focus()
    page.keyboard.press(".")
    driver.wait_for_state(page, WALK, lambda now: now["stage"]["step"] == 2)
    driver.wait_for_link(page, "circuit=2")
    page.keyboard.press("Escape")
    driver.wait_for_state(page, WALK, lambda now: now["stage"]["step"] == len(now["rungs"]) - 1)
    assert figure.locator('[data-part^="rung"]').count() == len(state["rungs"])
    assert state["verdict"][:20] in (figure.get_attribute("aria-label") or "")
    driver.wait_until_drawn(page)
    # The page is accessible in both themes.
    for theme in ("dark", "light"):
        checks.accessible(page, MORE, theme, "Explained is the logit of")
        assert driver.component(page, WALK).get_attribute("data-theme") == theme
    nothing_is_wider_than_a_phone(page)
    # The controls change the picture.
    page.set_viewport_size(driver.DESKTOP)
    driver.wait_until_drawn(page)
    page.get_by_role("radio", name="Probability").click()
    after = wait(page, says="probability")
    assert after["integrated"]["at"] != pytest.approx(before["integrated"]["at"])
    page.get_by_role("radio", name="zeros").click()
    assert wait(page, blank="zero")["integrated"]["base"] != pytest.approx(after["integrated"]["base"])


def nothing_is_wider_than_a_phone(page: Page) -> None:
    """On a phone nothing is wider than the screen, and the verdicts are whole."""
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for name in (MORE, WALK):
        figure = driver.component(page, name)
        assert figure.evaluate("f => f.querySelector('svg').getBoundingClientRect().width <= innerWidth")
    rows = driver.component(page, MORE).locator("[data-row]")
    for row in (rows.nth(at) for at in range(5)):  # each explainer's two verdicts, whole and apart
        texts = row.locator("text")
        assert sum(text in ("better", "like random", "worse") for text in texts.all_text_contents()) == 2
        assert texts.evaluate_all(APART), texts.all_text_contents()
    end = driver.component(page, PATH).evaluate(
        "f => [[...f.querySelectorAll('svg text')].at(-1).getBoundingClientRect().bottom, "
        "f.querySelector('svg').getBoundingClientRect().bottom]"
    )
    assert end[0] <= end[1]
    gone = page.get_by_role("radio", name="zeros").bounding_box()
    assert gone and gone["x"] + gone["width"] <= driver.PHONE["width"]


def test_probes_are_measured_at_a_click(page: Page) -> None:
    opened(page, model="tales-bert", truth="holder")
    said = walked(page)["rungs"][0]["text"]
    assert "after another list" in said and "the first time" not in said, "an encoder says no first list"
    page.get_by_role("button", name="Probe every depth").click()
    state = driver.wait_for_state(
        page, MORE, lambda now: len(now["probe"]["layers"]) == now["probe"]["depth"]
    )
    layers = [one for one in selectivity(core.load("tales-bert"), "holder") if isinstance(one, Layer)]
    for drawn, one in zip(state["probe"]["layers"], layers, strict=True):
        assert drawn["task"][0] == pytest.approx(one.task.share, abs=0.02)
        assert drawn["selectivity"][0] == pytest.approx(one.selectivity, abs=0.03)
