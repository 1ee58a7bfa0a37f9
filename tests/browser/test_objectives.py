"""The Objectives page in a real browser: examples against `core`, curves against recorded and own runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page

import core
from core.runs import recorded
from core.training.examples import Lesson, lesson_losses, lessons, marks
from pages.objectives.falling import RECORDED
from pages.objectives.figure import naming
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Once upon a time, Lily saw a big red ball."
DRAW = {"mask_rate": 0.4, "span_length": 2, "seed": 5}
STEPS = 6


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text and draw; returns what the picture shows."""
    driver.open_page(page, "objectives", **({"v": 1, "text": TEXT} | DRAW | query))
    state: dict[str, Any] = driver.component_state(page, "objectives")
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, "objectives", lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def three(
    lm: core.LanguageModel, text: str = TEXT, rate: float = 0.4, length: float = 2.0, seed: int = 5
) -> list[Lesson]:
    """The examples that the page should show."""
    ids = lm.encode(text)
    return list(lessons(ids[1:], marks(lm).specials, before=ids[:1], rate=rate, length=length, seed=seed))


def same(state: dict[str, Any], expected: list[Lesson], lm: core.LanguageModel) -> None:
    """Whether the picture shows these examples."""
    word = naming(lm, marks(lm))
    for lane, lesson in zip(state["lanes"], expected):
        assert lane["objective"] == lesson.objective
        assert [one["id"] for one in lane["reads"]] == lesson.inputs
        gaps = (marks(lm).specials.mask_id, *marks(lm).specials.sentinels)
        signs = [id in gaps and row in lesson.hidden for id, row in zip(lesson.inputs, lesson.reads)]
        texts = [(word if sign else lm.tokenizer.display)(id) for id, sign in zip(lesson.inputs, signs)]
        assert [one["text"] for one in lane["reads"]] == texts
        assert [one["row"] for one in lane["reads"]] == list(lesson.reads)
        assert [one["id"] if one["score"] else -100 for one in lane["answers"]] == lesson.targets
        assert [one["row"] for one in lane["answers"]] == list(lesson.answers)
        assert lane["decoder"] == lesson.decoder_inputs
        assert lane["hidden"] == lesson.hidden


def test_the_three_examples_and_the_first_curves_are_those_of_core(
    page: Page, lm: core.LanguageModel
) -> None:
    state = opened(page)
    expected = three(lm)
    same(state, expected, lm)
    losses = lesson_losses(lm, expected[0])
    lane = state["lanes"][0]
    assert [one["loss"] for one in lane["answers"]] == pytest.approx(losses.tolist(), abs=1e-4)
    assert lane["mean"] == pytest.approx(float(losses.mean()), abs=1e-4)
    assert [one["own"] for one in state["lanes"]] == [True, False, False]
    shown = driver.component(page, "objectives").locator('[data-part="lane 0"]').text_content() or ""
    assert all(f"{nats:.2f}" in shown for nats in losses)
    the_curves_are_the_recorded_runs(page, state)
    # Pointing at a token pairs its positions and what they see.
    row = expected[2].hidden[0]
    figure = driver.component(page, "objectives")
    for lane in range(3):
        figure.locator(f'[data-part="lane {lane}"] rect[data-row="{row}"]').hover()
        state = wait(page, hover=row, row=row)
        page.mouse.move(5, 5)
        driver.wait_for_state(page, "objectives", lambda now: now["hover"] is None)
    following, masked, spans = state["lanes"]
    assert following["positions"]["asked"] == expected[0].answers.index(row)
    assert f"the {row + 1} tokens before" in following["sees"]
    assert masked["positions"]["read"] == expected[1].reads.index(row)
    assert f"all {len(expected[1].inputs)}" in masked["sees"]
    asked = spans["positions"]["asked"]
    assert expected[2].answers[asked] == row
    assert not expected[2].marks[asked]
    assert spans["sees"] == f"sees {asked + 1} tokens written, {len(expected[2].inputs)} read"
    figure.locator(f'[data-part="lane 1"] [data-row="{row}"]').first.click()
    page.wait_for_url(lambda url: f"follow={row + 1}" in url)
    figure.focus()
    page.keyboard.press("ArrowUp")
    wait(page, row=row - 1)


def the_curves_are_the_recorded_runs(page: Page, state: dict[str, Any]) -> None:
    """Check the counts, the first and the last loss of each recorded run."""
    for shown, row, name in zip(state["chart"]["runs"], state["rows"], RECORDED.values()):
        run = recorded(name)
        points = run.points()
        assert (shown["count"], shown["step"]) == (len(points), run.spec.steps)
        measured = points.held_out[np.isfinite(points.held_out)]
        assert row["first"] == pytest.approx(float(measured[0]), abs=1e-4)
        assert row["last"] == pytest.approx(float(measured[-1]), abs=1e-4)
    text = driver.component(page, "objectives").locator('[data-part="falling rows"]').text_content() or ""
    assert f"{state['rows'][0]['last']:.2f}" in text
    assert not state["mine"]


def test_draws_follow_the_dials_and_doors_carry_text_and_token_along(
    page: Page, lm: core.LanguageModel
) -> None:
    opened(page, follow=6)
    page.get_by_role("button", name="Draw again").click()
    driver.wait_for_link(page, "seed=6")
    driver.wait_until_drawn(page)
    same(driver.component_state(page, "objectives"), three(lm, seed=6), lm)
    driver.component(page, "objectives").focus()
    page.keyboard.press("r")
    page.wait_for_url(lambda url: "seed=7" in url)
    driver.wait_until_drawn(page)
    same(driver.component_state(page, "objectives"), three(lm, seed=7), lm)
    slider = page.get_by_role("slider", name="Hidden share")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(lambda url: "mask_rate=0.45" in url)
    driver.wait_until_drawn(page)
    same(driver.component_state(page, "objectives"), three(lm, seed=7, rate=0.45), lm)
    # Doors carry text and token along.
    follow_door(page, "tokenization")
    page.get_by_role("link", name="Objectives", exact=True).first.click()
    page.locator('[data-component="objectives"]').wait_for()
    driver.wait_until_drawn(page)
    follow_door(page, "lab")


def follow_door(page: Page, door: str) -> None:
    """Click a link below the picture, which takes the text and the token along."""
    driver.component(page, "objectives").locator(f"[data-door={door}]").click()
    page.wait_for_url(lambda url: f"/{door}" in url and "follow=6" in url and "Lily" in url)
    driver.wait_until_drawn(page)


def test_the_steps_build_the_examples_and_lead_to_the_notebook_and_a_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    opened(page, lesson=0, follow=6)
    figure = driver.component(page, "objectives")
    seen = []
    for step in range(STEPS):
        wait(page, step=step)
        seen.append([figure.locator(f'[data-part="lane {lane}"]').text_content() or "" for lane in range(3)])
        maps = figure.locator('[data-part^="maps"] image').count()
        assert maps == (5 if step >= 4 else 0)
        if step < STEPS - 1:
            figure.locator("[data-act=next]").click()
    assert seen[0] == seen[1] == ["", "", ""]
    assert "[MASK]" in seen[2][1]
    assert "<x0>" in seen[2][2]
    assert "–" not in seen[2][1]
    assert "–" in seen[3][1]
    assert seen[4] == seen[3]
    assert seen[5][0] != seen[4][0]
    assert seen[5][1:] == seen[4][1:], "only the open model has losses to show"
    figure.focus()
    page.keyboard.press(",")
    wait(page, step=STEPS - 2)
    page.keyboard.press("Escape")
    wait(page, step=STEPS - 1)
    page.keyboard.press(" ")
    wait(page, playing=True, step=0)
    page.keyboard.press(" ")
    wait(page, playing=False)
    # The answer, the notebook and the link at the fourth step.
    page.keyboard.press("Escape")
    wait(page, step=STEPS - 1)
    for _ in range(3):  # from the whole picture to the last step, and two steps back
        page.keyboard.press(",")
    wait(page, step=3, whole=False)
    driver.wait_for_link(page, "lesson=3")
    driver.wait_until_drawn(page)
    checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "objectives")


@pytest.mark.parametrize(("model", "own"), [("./both", 1), ("./pair", 2)])
def test_another_shape_has_losses_in_its_own_lane(own_page: Page, models: Path, model: str, own: int) -> None:
    text = "The cat saw the dog and the crow"
    state = opened(own_page, model=model, text=text)
    lm = core.load(str(models / model.removeprefix("./")))
    expected = three(lm, text)
    same(state, expected, lm)
    losses = lesson_losses(lm, expected[own])
    shown = [np.nan if one["loss"] is None else one["loss"] for one in state["lanes"][own]["answers"]]
    np.testing.assert_allclose(shown, losses, atol=1e-3)
    assert [lane["own"] for lane in state["lanes"]] == [at == own for at in range(3)]
    assert own_page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("query", [{"lesson": 1, "mask_rate": 0.9}])
def test_accessible_and_whole_on_the_first_screen(page: Page, query: dict[str, Any]) -> None:
    opened(page, **query)
    for theme in ("dark", "light"):
        checks.accessible(page, "objectives", theme, "three training examples")
    checks.first_screen(page)
    small = (
        driver.component(page, "objectives")
        .locator("button:visible")
        .evaluate_all(
            "all => all.filter(b => b.offsetHeight < 44 && !b.matches('.gb-door')).map(b => b.outerHTML)"
        )
    )
    assert not small


def test_the_three_are_trained_here_by_a_button(training_page: Page) -> None:
    """Three real runs as one group: their curves come live, stop together, and the link shows them to others."""
    page = training_page
    opened(page)
    figure = driver.component(page, "objectives")
    button = figure.locator("[data-act=train]")
    driver.wait_for_state(page, "objectives", lambda now: not now["going"])
    for _ in range(20):  # a server that has just started begins without its engine
        if button.is_enabled():
            break
        page.wait_for_timeout(500)
        page.reload()
        driver.wait_until_drawn(page)
    button.click()
    page.wait_for_url(lambda url: "triple=" in url)
    state = driver.wait_for_state(
        page,
        "objectives",
        lambda now: now["mine"] and now["going"] and max(row["step"] for row in now["rows"]) >= 3,
        120,
    )
    assert [run["id"] for run in state["chart"]["runs"]] != list(RECORDED.values())
    button.click()
    state = driver.wait_for_state(page, "objectives", lambda now: not now["going"])
    assert {row["state"] for row in state["rows"]} <= {"stopped", "done"}
    ended = [(run["id"], run["count"]) for run in state["chart"]["runs"]]
    page.reload()
    driver.wait_until_drawn(page)
    again = driver.wait_for_state(
        page,
        "objectives",
        lambda now: [(run["id"], run["count"]) for run in now["chart"]["runs"]] == ended,
        30,
    )
    assert not again["going"]
