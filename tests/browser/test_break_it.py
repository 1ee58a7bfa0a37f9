"""The Break it page in a real browser: what it draws against `core`, a pair trained live, keys, link, phone."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import core
from core.analysis.health.diagnosis import diagnose
from core.analysis.health.evidence import of_run
from core.config import WITHOUT
from core.runs import recorded
from pages.break_it.figure import NAMES, judged, see
from pages.break_it.pair import recorded_names
from tests.browser import checks, driver, tabs

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Once upon a time, Lily saw a"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "break_it", **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, "break_it")
    return state


def take_out(page: Page, part: str) -> None:
    """Choose another part below the picture (the question offers the same names)."""
    page.get_by_role("radiogroup", name="Take out").get_by_role("radio", name=NAMES[part]).click()


def close(shown: list[Any], values: Any) -> None:
    """Numbers of the picture against those of `core`; None stands for what is no number."""
    expected = [value if math.isfinite(value) else None for value in map(float, values)]
    assert [value is None for value in shown] == [value is None for value in expected]
    known = [(one, two) for one, two in zip(shown, expected, strict=True) if one is not None]
    np.testing.assert_allclose([one for one, _ in known], [two for _, two in known], rtol=2e-3, atol=1e-6)


def the_open_model_is_cores(state: dict[str, Any], lm: core.LanguageModel, part: Any) -> None:
    """Every number of the open model, with and without the part, is that of core."""
    whole, other = see(lm, TEXT, None, part)
    close([one["whole"] for one in state["said"]], whole.losses)
    close([one["without"] for one in state["said"]], other.losses)
    for key in ("activation", "gradient"):
        close(state["charts"][key]["whole"], getattr(whole.depth, key))
        close(state["charts"][key]["without"], getattr(other.depth, key))
    close(state["charts"]["entropy"]["whole"], [np.mean(heads) for heads in whole.depth.entropy])
    close(
        [one["without"] for one in state["next"]], other.probabilities[[one["id"] for one in state["next"]]]
    )
    assert state["findings"] == [finding.sentence for finding in judged(whole, other).findings]
    assert "".join(state["tokens"][1:]) == TEXT


def the_pair_is_the_recorded_one(pair: dict[str, Any], part: Any) -> None:
    """The curves, the charts and the diagnosis of the trained pair are those of its recorded runs."""
    runs = [recorded(name) for name in recorded_names(part).values()]
    assert not pair["own"] and [run["name"] for run in pair["curves"]["runs"]] == ["whole", "without"]
    for shown, run in zip(pair["curves"]["runs"], runs, strict=True):
        points = run.points()
        assert (shown["count"], shown["step"]) == (len(points), int(points.step[-1]))
        assert shown["held_out"] == pytest.approx(
            float(points.held_out[np.isfinite(points.held_out)][-1]), abs=1e-4
        )
    said = diagnose(*(of_run(run.points(), run.checkpoints()) for run in runs))
    assert pair["findings"] == [finding.sentence for finding in said.findings]
    last = [run.checkpoints()[-1].health for run in runs]
    for chart in pair["charts"]:
        if chart["key"] != "entropy":
            close(chart["whole"], last[0][chart["key"]])
            close(chart["without"], last[1][chart["key"]])


def test_every_number_is_cores_whichever_part_is_taken_out_after_another(
    page: Page, lm: core.LanguageModel
) -> None:
    opened(page)
    assert set(NAMES) == set(WITHOUT)
    for part in [*NAMES, *NAMES]:
        take_out(page, part)
        driver.wait_for_state(page, "break_it", lambda now, part=part: now["part"] == part)  # type: ignore[misc]
        driver.wait_until_drawn(page)
        state = driver.component_state(page, "break_it")
        the_open_model_is_cores(state, lm, part)
        the_pair_is_the_recorded_one(state["pair"], part)


def test_a_click_and_the_arrows_take_out_another_part_and_a_link_leads_to_the_loss(page: Page) -> None:
    opened(page, part="residual")
    take_out(page, "mask")
    state = driver.wait_for_state(page, "break_it", lambda now: now["part"] == "mask")
    assert any("later tokens" in sentence for sentence in state["findings"])
    driver.wait_until_drawn(page)
    driver.component(page, "break_it").focus()
    page.keyboard.press("ArrowRight")
    driver.wait_for_state(page, "break_it", lambda now: now["part"] == "nothing")
    page.keyboard.press("ArrowRight")
    driver.wait_for_state(page, "break_it", lambda now: now["part"] == "residual")
    driver.wait_for_link(page, without="part=")  # back at the default
    driver.wait_until_drawn(page)
    checks.quickly(page, "break_it", "ArrowRight", "ArrowRight", "ArrowRight")
    driver.wait_for_state(page, "break_it", lambda now: now["part"] == "position")
    driver.wait_until_drawn(page)
    assert driver.component_state(page, "break_it")["part"] == "position"
    # The link to the page of the loss carries the text along.
    driver.component(page, "break_it").locator("[data-door=loss]").click()
    page.wait_for_url("**/loss?*")
    driver.wait_until_drawn(page)
    assert "".join(driver.component_state(page, "loss")["tokens"][1:]) == TEXT


def test_from_symptom_to_remedy_step_by_step_answer_and_notebook(page: Page, tmp_path: Path) -> None:
    state = opened(page, part="norm", stage=0)
    figure = driver.component(page, "break_it")
    assert state["stage"]["step"] == 0
    assert "What it costs" in (figure.locator('[data-part="diagnosis"]').text_content() or "")
    assert figure.locator('[data-part="pair 0"]').count() == 0
    figure.locator("[data-act=next]").click()
    driver.wait_for_state(page, "break_it", lambda now: now["stage"]["step"] == 1)
    assert figure.locator('[data-part="pair 0"]').count() == 1
    figure.focus()
    page.keyboard.press("Shift+ArrowRight")
    driver.wait_for_state(page, "break_it", lambda now: now["stage"]["step"] == 2)
    said = figure.locator('[data-part="diagnosis"]').text_content() or ""
    assert state["pair"]["findings"][0].split()[0] in said
    assert figure.locator('[data-part="remedy"]').count() == 0
    page.keyboard.press(".")
    state = driver.wait_for_state(page, "break_it", lambda now: now["stage"]["step"] == 3)
    assert state["pair"]["remedy"].startswith("Norms")
    assert "Norms" in (figure.locator('[data-part="remedy"]').text_content() or "")
    driver.wait_for_link(page, "stage=3")
    driver.wait_until_drawn(page)
    # The question is answered, and the notebook runs.
    said = checks.answered(page)
    assert "with positions; without them" in said, "the part that follows the norms"
    checks.run_notebook(page, tmp_path)


def test_two_whole_models_are_found_to_differ_in_nothing_and_screens_hold_it_all(page: Page) -> None:
    state = opened(page, part="nothing")
    assert state["findings"] == [] and state["pair"]["findings"] == []
    assert "Nothing found" in state["cost"] and "Nothing found" in state["pair"]["cost"]
    assert [run["name"] for run in state["pair"]["curves"]["runs"]] == ["whole", "other seed"]
    for chart in state["charts"].values():
        assert chart["whole"] == chart["without"]
    ends = [run["held_out"] for run in state["pair"]["curves"]["runs"]]
    assert ends[0] != ends[1] and abs(ends[0] - ends[1]) < 0.25
    # Another part is on the first screen whole, and on a phone.
    take_out(page, "mask")
    driver.wait_for_state(page, "break_it", lambda now: now["part"] == "mask")
    driver.wait_until_drawn(page)
    checks.first_screen(page)
    assert driver.component_state(page, "break_it")["part"] == "mask"


def test_both_are_trained_live_with_one_click_and_stopped_with_another(
    browser: Browser, training_page: Page, training_server: driver.Server
) -> None:
    page = training_page
    opened(page, part="scale")
    train, stop = (page.get_by_role("button", name=name) for name in ("Train both now", "Stop both"))
    with driver.busy(training_server):
        train.click()
        driver.wait_for_state(page, "break_it", lambda now: now["pair"]["own"])
        stop.click()
        train.wait_for()
    train.click()
    state = driver.wait_for_state(
        page,
        "break_it",
        lambda now: now["pair"]["own"] and all(run["count"] >= 3 for run in now["pair"]["curves"]["runs"]),
        seconds=120,
    )
    driver.wait_for_link(page, "duo=")
    assert state["pair"]["curves"]["runs"][0]["name"] == "whole"
    # The first checkpoints bring the first diagnosis, without a click: no scale shows before the first step.
    driver.wait_for_state(
        page,
        "break_it",
        lambda now: any("all but decided" in said for said in now["pair"]["findings"]),
    )
    driver.wait_for_state(
        page,
        "break_it",
        lambda now: all(run["state"] == "done" for run in now["pair"]["curves"]["runs"]),
        seconds=120,
    )
    train.wait_for()
    counts = [run["count"] for run in driver.component_state(page, "break_it")["pair"]["curves"]["runs"]]
    with tabs.opened(browser, training_server) as visitor:
        visitor.goto(page.url)
        driver.wait_until_drawn(visitor)
        driver.wait_for_state(
            visitor,
            "break_it",
            lambda now: (
                now["pair"]["own"] and [run["count"] for run in now["pair"]["curves"]["runs"]] == counts
            ),
        )
