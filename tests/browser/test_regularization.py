"""The Regularization page in a real browser: masks and runs against `core`, its dials, keys, link, phone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from playwright.sync_api import Browser, Page

import core
from core.analysis.stream.weights import by_matrix
from core.runs import recorded
from core.training.dropout import mean_over_masks, under_masks
from core.training.early_stopping import stop_early
from pages.regularization.figure import MASKS, PASSES
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Once upon a time, Lily saw a"
HOOK = "blocks.2.hook_mlp_out"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text and block; returns what the picture shows."""
    driver.open_page(page, "regularization", **({"v": 1, "text": TEXT, "block": 2, "draw": 5} | query))
    state: dict[str, Any] = driver.component_state(page, "regularization")
    return state


def test_the_chosen_number_the_runs_and_the_matrices_are_those_of_core(
    page: Page, lm: core.LanguageModel
) -> None:
    state = opened(page, drop=0.4, row=3, number=7, arm="decay", patience=4)
    # The page opens whole.
    assert state["stage"]["step"] == state["stage"]["steps"] - 1 and state["curves"]
    # The chosen number is torch's dropout of the model's own.
    x = lm.trace(TEXT)[HOOK].detach()
    with torch.random.fork_rng():
        torch.manual_seed(5)
        under = F.dropout(x, 0.4, training=True)
    cell = state["cell"]
    assert (cell["row"], cell["col"]) == (3, 7)
    assert cell["clean"] == pytest.approx(float(x[3, 7]), rel=1e-4)
    assert cell["value"] == pytest.approx(float(under[3, 7]), rel=1e-4)
    mean = mean_over_masks(x, 0.4, MASKS, 5)
    assert cell["mean"] == pytest.approx(float(mean.mean[3, 7]), rel=1e-3)
    np.testing.assert_allclose(state["errors"], mean.errors, rtol=1e-3)
    said = under_masks(lm, TEXT, HOOK, 0.4, range(5, 5 + PASSES))[:, -1]
    clean = lm.trace(TEXT).logits[-1].softmax(-1).detach()
    for token in state["next"]:
        assert token["clean"] == pytest.approx(float(clean[token["id"]]), abs=1e-4)
        assert token["mean"] == pytest.approx(float(said[:, token["id"]].mean()), abs=1e-4)
    the_runs_are_those_recorded(state)
    the_matrices_are_those_of_the_open_model(page, lm)


def the_runs_are_those_recorded(state: dict[str, Any]) -> None:
    """Check the curves, the stops after a patience of 4, and the sizes of the weights."""
    for at, key in enumerate(("plain", "decay")):
        run = recorded(f"regularization-{key}")
        points = run.points()
        shown = state["curves"]["runs"][at]
        assert (shown["count"], shown["step"]) == (len(points), int(points.step[-1]))
        stop = stop_early(points.step.tolist(), points.held_out.tolist(), 4)
        assert (state["stops"][at]["bestStep"], state["stops"][at]["step"]) == (stop.best_step, stop.step)
        assert state["rms"][at] == pytest.approx(run.checkpoints()[-1].health["weights"]["rms"], rel=1e-5)


def the_matrices_are_those_of_the_open_model(page: Page, lm: core.LanguageModel) -> None:
    """Check the charts below the picture."""
    shown = driver.component_state(page, "regularization_weights")
    found = by_matrix(lm.transformer, "blocks.2")
    for name, one in found.items():
        assert shown["rms"][name] == pytest.approx(one["rms"], rel=1e-5)
        assert 0.5 < shown["within"][name] < 0.95
    assert driver.chart(page, "regularization_weights").locator("svg.marks").count() == len(found)
    sizes = driver.chart(page, "regularization_sizes")
    assert not any("…" in text for text in sizes.locator("svg.marks text").all_text_contents())
    checks.apart(page, '[class*="st-key-gb-chart-vega-regularization_sizes"]', "svg.marks text", "button")
    arms = driver.component_state(page, "regularization_sizes")["arms"]
    assert [arm["name"] for arm in arms] == ["plain", "dropout", "weight decay", "both"]
    for arm, key in zip(arms, ("plain", "dropout", "decay", "both")):
        seen = [one for one in recorded(f"regularization-{key}").checkpoints() if one.health]
        assert arm["steps"] == [one.step for one in seen]
        assert arm["rms"] == pytest.approx([one.health["weights"]["rms"] for one in seen], rel=1e-5)


def at(page: Page, row: int, col: int) -> None:
    """Until this number is the chosen one."""
    driver.wait_for_state(
        page, "regularization", lambda now: (now["cell"]["row"], now["cell"]["col"]) == (row, col)
    )


def stage(page: Page, step: int) -> dict[str, Any]:
    """Until this step is shown."""
    found: dict[str, Any] = driver.wait_for_state(
        page, "regularization", lambda now: now["stage"]["step"] == step
    )
    return found


def test_keys_dials_and_buttons_move_the_picture_and_a_door_leads_to_the_lab(page: Page) -> None:
    state = opened(page, row=3, number=7)
    # Arrows walk over the numbers.
    before = state["cell"]
    driver.component(page, "regularization").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    at(page, before["row"] - 1, 8)
    checks.quickly(page, "regularization", "ArrowRight", "ArrowRight", "ArrowUp", "ArrowRight")
    at(page, before["row"] - 2, 11)
    driver.wait_until_drawn(page)
    at(page, before["row"] - 2, 11)
    page.wait_for_url(lambda url: "number=11" in url)
    page.keyboard.press("n")
    driver.wait_for_state(page, "regularization", lambda now: now["seed"] == 6)
    # Dials and buttons.
    assert state["kept"] == pytest.approx(0.7, abs=0.06)
    page.get_by_role("button", name="Another mask").click()
    driver.wait_for_state(page, "regularization", lambda now: now["seed"] == 7)
    page.get_by_text("In use", exact=True).click()
    used = driver.wait_for_state(page, "regularization", lambda now: now["evaluate"])
    assert used["kept"] == 1.0 and used["cell"]["value"] == used["cell"]["clean"]
    assert all(token["mean"] == pytest.approx(token["clean"]) for token in used["next"])
    driver.component(page, "regularization").get_by_role("button", name="Dropout 0.3").click()
    driver.wait_for_state(page, "regularization", lambda now: now["runs"] == ["plain", "dropout"])
    driver.wait_for_link(page, "arm=dropout", "evaluate=1")
    # A door leads to the training lab.
    driver.component(page, "regularization").locator("[data-door=lab]").click()
    page.wait_for_url("**/lab?*")
    driver.wait_until_drawn(page)
    assert f"text={TEXT.split()[0]}" in page.url


def test_the_steps_lead_from_the_numbers_to_training_and_to_the_notebook(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    state = opened(page, drop=0.4, stage=0)
    figure = driver.component(page, "regularization")
    last = state["stage"]["steps"] - 1
    assert state["curves"] is None and figure.locator('[data-part="panel 1"]').count() == 0
    figure.locator("[data-act=next]").click()
    stage(page, 1)
    assert figure.locator('[data-part="panel 2"]').count() == 0
    dropped = f"{100 * (1 - state['kept']):.0f} % fall out"
    assert dropped in (figure.locator('[data-part="step"]').text_content() or "")
    figure.focus()
    page.keyboard.press(".")
    cell = stage(page, 2)["cell"]
    assert cell["value"] == pytest.approx(cell["clean"] * cell["factor"], rel=1e-5)
    page.keyboard.press("Shift+ArrowRight")
    said = f"{100 * stage(page, 3)['errors'][-1]:.1f} % off"
    assert said in (figure.locator('[data-part="step"]').text_content() or "")
    figure.locator("[data-act=next]").click()
    used = stage(page, 4)["cell"]
    assert used["factor"] == 1 and used["value"] == used["clean"], "in use nothing is dropped"
    page.wait_for_url(lambda url: "stage=4" in url)
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, "regularization")
    figure.focus()
    page.keyboard.press("Escape")
    assert stage(page, last)["curves"]
    driver.wait_for_link(page, without="stage=")
    driver.wait_until_drawn(page)
    # The answer, the notebook and the link.
    assert "with nothing dropped" in checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "regularization")


def test_four_runs_are_trained_with_one_click_and_stopped_with_another(
    training_page: Page, training_server: driver.Server
) -> None:
    page = training_page
    opened(page, arm="dropout")
    train, stop = (page.get_by_role("button", name=name) for name in ("Train all four now", "Stop all four"))
    with driver.busy(training_server):
        train.click()
        driver.wait_for_state(page, "regularization", lambda now: now["own"])
        stop.click()
        train.wait_for()
    train.click()
    state = driver.wait_for_state(
        page,
        "regularization",
        lambda now: now["own"] and now["curves"] and now["curves"]["runs"][0]["count"] >= 3,
        seconds=120,
    )
    driver.wait_for_link(page, "quartet=")
    assert state["runs"] == ["plain", "dropout"]
