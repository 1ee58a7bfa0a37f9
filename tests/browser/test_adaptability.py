"""The Adaptability page in a real browser: the curves against their records, steps, places, own text, a real run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core.analysis.tasks.in_context import weigh
from core.runs import adaptations
from core.training import adapting
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Nora lost her red kite in the storm. She looked for it all day."


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "adaptability", **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, "adaptability")
    return state


def stage(page: Page, step: int) -> dict[str, Any]:
    """Until this step is shown."""
    return driver.wait_for_state(page, "adaptability", lambda now: now["stage"]["step"] == step)


def test_the_curves_are_those_recorded(page: Page, tmp_path: Path) -> None:
    state = opened(page)
    assert state["stage"]["step"] == 4, "the question comes first"
    for study, shown in state["studies"].items():
        for one in shown:
            means = [place.interval.mean for place in adaptations.curve(study, one["key"])]
            assert one["means"] == pytest.approx(means)
    context = [spread.mean for _, _, spread in adaptations.played("pairs", "context")]
    assert state["game"]["context"] == pytest.approx(context)
    label, chance = adaptations.adapted("lora4-300-0").classify(TEXT)[0]
    judged = next(one for one in state["judged"]["examples"] if one["at"] == 300)
    assert (judged["says"], judged["probability"]) == (label, pytest.approx(chance, abs=1e-5))
    drawn = driver.component_state(page, "adaptability_chart")["studies"]
    assert set(drawn) == {"examples"} and set(drawn["examples"]) == {*adapting.WAYS, "shuffled"}
    for way, points in drawn["examples"].items():
        curve = adaptations.shuffled() if way == "shuffled" else adaptations.curve("examples", way)
        expected = [[p.at, p.interval.mean, p.interval.low, p.interval.high] for p in curve]
        np.testing.assert_allclose(points, expected, rtol=1e-6)
    assert driver.chart(page, "adaptability_chart").locator("svg.marks").count() == 1
    written = driver.chart(page, "adaptability_chart").locator("svg.marks text").all_text_contents()
    assert "enough: 80%" in written and not any("…" in text for text in written)
    for row in state["answer"]["rows"]:
        curve = (
            adaptations.shuffled() if row["key"] == "shuffled" else adaptations.curve("examples", row["key"])
        )
        place = next(one for one in curve if one.at == state["answer"]["at"])
        assert (row["numbers"], row["mean"]) == (place.trained, pytest.approx(place.interval.mean))
    taken = driver.taken_svg(page)
    assert taken.count("mark-group role-frame root") == 1 and "Your text, by LoRA" in taken
    clips = re.findall(r'<clipPath id="([^"]+)"', taken)
    assert len(set(clips)) == len(clips) and "var(--" not in taken
    checks.run_notebook(page, tmp_path)
    driver.component(page, "adaptability").get_by_role(
        "button", name="In the prompt against by steps"
    ).click()
    stage(page, 3)
    driver.wait_for_link(page, "stage=3")
    driver.wait_until_drawn(page)
    drawn = driver.component_state(page, "adaptability_chart")["studies"]["context"]
    for how, points in drawn.items():
        expected = [[at, one.mean, one.low, one.high] for at, _, one in adaptations.played("pairs", how)]
        np.testing.assert_allclose(points, expected, rtol=1e-6)
    told = str(driver.component(page, "adaptability").get_attribute("aria-label"))
    assert "Control: did reading code teach it?" in told and "n = 20 rounds" in told
    checks.fits_a_phone(page)
    checks.steps_above(page, "adaptability", "adaptability_chart")


def test_what_lies_under_the_pointer_is_said_in_numbers(page: Page) -> None:
    opened(page)
    figure = driver.component(page, "adaptability")
    tip = figure.locator(".gb-tip:not(.gb-curves-tip)")
    places = driver.marks(page, "adaptability_chart", "places")
    told = page.locator("#vg-tooltip-element.visible")
    curve = adaptations.curve("examples", "full")
    for k in (0, len(curve) - 1):
        driver.hover(page, places.nth(k))
        expect(told).to_contain_text(f"{100 * curve[k].interval.mean:.1f} %")
        expect(told).to_contain_text(f"{curve[k].at:,}")
    mixed = next(one for one in adaptations.shuffled() if one.at == 100)
    driver.hover(page, figure.locator('[data-way="shuffled"]'))
    expect(tip).to_contain_text(f"{100 * mixed.interval.mean:.1f} %")
    state = opened(page, stage=0)
    place = adaptations.curve("rank", "lora")[2]
    driver.hover(page, figure.locator(f'[data-row="{place.at}"]'))
    expect(tip).to_contain_text(f"{place.trained:,} numbers, a file of {place.bytes:,} bytes")
    (judged,) = [one for one in state["judged"]["rank"] if one["at"] == place.at]
    expect(tip).to_contain_text(f"{judged['says']}, {judged['probability']:.4f}")
    option = opened(page, stage=3)["game"]["shown"]["options"][0]
    driver.hover(page, figure.locator(f'[data-option="{option["text"]}"]'))
    expect(tip).to_contain_text(f"{100 * option['share']:.2f} % of what these get")


def test_places_are_chosen_by_hand_and_by_key(page: Page, browser: Browser, server: driver.Server) -> None:
    opened(page, stage=2, front=1)
    figure = driver.component(page, "adaptability")
    figure.locator('[data-row="8"]').click()
    now = driver.wait_for_state(
        page, "adaptability", lambda now: now["near"] is not None and len(now["near"]) == 8
    )
    assert now["chosen"] == 8
    driver.wait_until_drawn(page)
    driver.click(page, driver.marks(page, "adaptability_chart", "places").nth(2))
    driver.wait_for_state(page, "adaptability", lambda now: now["chosen"] == adapting.places("prompt")[2])
    driver.wait_until_drawn(page)
    figure.locator('[data-row="8"]').click()
    driver.wait_for_state(page, "adaptability", lambda now: now["chosen"] == 8)
    figure.focus()
    page.keyboard.press("ArrowUp")
    driver.wait_for_state(
        page, "adaptability", lambda now: now["near"] is not None and len(now["near"]) == 16
    )
    driver.wait_for_link(page, "front=16")
    driver.wait_until_drawn(page)
    checks.link_restores(page, browser, server, "adaptability")
    figure.focus()
    page.keyboard.press(".")
    stage(page, 3)
    page.keyboard.press("Escape")
    stage(page, 4)


def test_another_sentence_is_judged_anew(page: Page) -> None:
    before = opened(page, stage=0)["judged"]["rank"]
    other = "Sara won the race. Her friends made a cake for her."
    page.get_by_label("Your text", exact=True).first.fill(other)
    page.keyboard.press("Control+Enter")
    now = driver.wait_for_state(
        page, "adaptability", lambda now: now["judged"]["rank"][0]["probability"] != before[0]["probability"]
    )
    for one in now["judged"]["rank"]:
        label, chance = adaptations.adapted(f"lora{one['at']}-{adapting.SOME}-0").classify(other)[0]
        assert (one["says"], one["probability"]) == (label, pytest.approx(chance, abs=1e-5))


def test_the_prompt_is_answered_now(page: Page) -> None:
    state = opened(page, stage=3, told=8)
    shown = state["game"]["shown"]
    options = [one["text"] for one in shown["options"]]
    expected = weigh(core.load("code-gpt", device="cpu"), shown["prompt"], options).tolist()
    assert [one["share"] for one in shown["options"]] == pytest.approx(expected, abs=1e-5)
    page.get_by_role("button", name="Other words").click()
    driver.wait_for_state(page, "adaptability", lambda now: now["game"]["shown"]["prompt"] != shown["prompt"])
    page.get_by_role("radio", name="An unsaid rule").click()
    driver.wait_for_state(page, "adaptability", lambda now: now["game"]["key"] == "kinds")
    assert "Cannot" in str(driver.component(page, "adaptability").get_attribute("aria-label"))


def test_a_point_is_trained_and_stopped(training_page: Page) -> None:
    page = training_page
    opened(page, stage=1, way="frozen", few=20)
    page.get_by_role("button", name="Train this point now").click()
    driver.wait_for_state(page, "adaptability", lambda now: len(now["own"]) == 1)
    now = driver.wait_for_state(
        page, "adaptability", lambda now: now["own"][0]["value"] is not None, seconds=120
    )
    assert (now["own"][0]["at"], now["own"][0]["way"]) == (20, "frozen")
    drawn = driver.wait_for_state(page, "adaptability_chart", lambda now: len(now["own"]) == 1)
    assert drawn["own"] == [now["own"][0]["id"]]
    page.get_by_role("button", name="Without mine").click()
    driver.wait_for_state(page, "adaptability", lambda now: now["own"] == [])
