"""The lower half of the Bias page in a real browser: drawn gaps and doses, keys, own lists, a real run of the lab."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import core
from core.analysis.tasks.pronoun_gap import TEMPLATES, measured, parsed
from core.data.toyland.words import PROFESSIONS
from core.runs import bias_recordings
from core.training.corpus_lab import MEASURED
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="a part below one page; test_tours.py opens that page")

NAME = "bias_corpus_lab"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the lower picture shows."""
    driver.open_page(page, "bias", **({"v": 1} | query))
    state: dict[str, Any] = driver.component_state(page, NAME)
    return state


def test_the_gaps_and_doses_are_cores(page: Page) -> None:
    state = opened(page)
    for one in state["series"]:
        found = measured(core.load(one["name"], device="cpu"), state["tokens"], parsed(TEMPLATES))
        assert one["means"] == pytest.approx([gap.mean for gap in found.gaps], abs=1e-3)
        assert one["values"] == pytest.approx(found.gaps[state["row"]].values, abs=1e-3)
    assert [one["name"] for one in state["series"]] == ["tales-gpt", "tales-bert"]
    for shown, one in zip(state["doses"], bias_recordings.curve(), strict=True):
        assert shown["dialled"] == pytest.approx(one.spread("dialled").mean)
        assert shown["others"] == pytest.approx(one.spread("others").mean)
    figure = driver.component(page, NAME)
    assert figure.locator("[data-dose]").count() == len(bias_recordings.curve())
    assert figure.locator("[data-remedy]").count() == 4
    job, recorded = state["tokens"][state["row"]], bias_recordings.recorded()
    she, of = recorded["told"][job]
    drawn = " ".join(figure.locator("svg text").all_text_contents())
    assert f"In {recorded['stories']:,} tales of the same world, of {of} people" in drawn
    assert f"“{job}” {she} are “she”." in drawn


def test_a_profession_is_chosen_by_hand_and_by_key(
    page: Page, browser: Browser, server: driver.Server
) -> None:
    state = opened(page)
    figure = driver.component(page, NAME)
    driver.click(page, figure.locator('[data-job="4"] text').first)
    now = driver.wait_for_state(page, NAME, lambda now: now["row"] == 4)
    assert now["series"][0]["values"] != state["series"][0]["values"]
    figure.focus()
    page.keyboard.press("ArrowDown")
    driver.wait_for_state(page, NAME, lambda now: now["row"] == 5)
    driver.wait_for_link(page, "profession=5")
    driver.wait_until_drawn(page)
    assert state["tokens"][5] in str(figure.get_attribute("aria-label"))
    checks.link_restores(page, browser, server, NAME)


def test_own_professions_are_drawn(page: Page) -> None:
    state = opened(page, jobs="pilot, doctor", frames="The {job} lost {her/his} hat.")
    assert state["tokens"] == ["pilot", "doctor"]
    found = measured(
        core.load("tales-gpt", device="cpu"), ("pilot", "doctor"), parsed(["The {job} lost {her/his} hat."])
    )
    assert state["series"][0]["means"] == pytest.approx([gap.mean for gap in found.gaps], abs=1e-3)


def test_a_dose_is_trained_and_its_gap_followed(training_page: Page) -> None:
    page = training_page
    opened(page, dose=100, dosed=", ".join(sorted(PROFESSIONS)))  # nobody is left untouched
    page.get_by_role("button", name="Retrain under this dose").click()
    driver.wait_for_state(page, NAME, lambda now: len(now["own"]) == 1)
    now = driver.wait_for_state(page, NAME, lambda now: len(now["own"][0]["trace"]) >= 2, seconds=120)
    assert now["own"][0]["at"] == 1 and now["own"][0]["jobs"] == len(PROFESSIONS)
    assert now["own"][0]["trace"][0]["step"] == 0 and len(now["own"][0]["trace"]) <= MEASURED
    assert driver.component(page, NAME).locator("[data-own]").count() == 1
    traces = driver.component(page, NAME).locator("[data-trace]")
    assert traces.count() == 1 and str(traces.first.get_attribute("d")).count("L") >= 1, "no empty path"
    page.get_by_role("button", name="Stop", exact=True).click()
    driver.wait_for_state(page, NAME, lambda now: not now["own"][0]["going"])
    page.get_by_role("button", name="Without mine").click()
    driver.wait_for_state(page, NAME, lambda now: now["own"] == [])


def test_the_picture_fits_a_phone_and_the_dark(page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    page.emulate_media(color_scheme="dark")
    opened(page)
    figure = driver.component(page, NAME)
    assert figure.get_attribute("data-theme") == "dark"
    box = figure.evaluate("f => [f.scrollWidth, f.clientWidth, f.querySelector('svg').width.baseVal.value]")
    assert box[0] <= box[1] and box[2] <= box[1] + 1
    right = figure.evaluate(
        "f => Math.max(...[...f.querySelectorAll('svg text')].map((t) => t.getBoundingClientRect().right))"
        " - f.getBoundingClientRect().right"
    )
    assert right <= 1, "nothing is cut off"
    assert driver.axe_lines(driver.axe(page)) == []
