"""The Models page in a real browser: the list against `core`, picking, opening, filters, keys, both themes, a phone."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import core
from core.parts import parts
from core.survey import memory_needed
from pages.models.figure import use
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Once upon a time, Lily saw a big red ball."


@pytest.fixture
def page(own_page: Page) -> Page:
    """A tab of the app that offers folders, too."""
    return own_page


@pytest.fixture
def server(own_server: driver.Server) -> driver.Server:
    """That app."""
    return own_server


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "models", **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, "models")
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, "models", lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def further(than: int, state: dict[str, Any]) -> bool:
    """Whether the list has been scrolled on."""
    return bool(state["first"] > than)


def test_the_list_and_the_text_are_those_of_core(page: Page, models: Path, lm: core.LanguageModel) -> None:
    state = opened(page)
    shown = {one["name"]: one for one in state["entries"]}
    for name in ("tales-gpt", "tales-bert", "./both", "./pair", "./large"):
        config = core.load(str(models / name[2:]) if name.startswith("./") else name).config
        assert shown[name]["parts"] == list(parts(config).values())
        assert shown[name]["bytes"] == memory_needed(config)
    found = use(lm, TEXT, "")
    assert state["used"] == list(found.used.values()) and state["share"] == pytest.approx(found.share)
    assert state["sizes"] == pytest.approx(found.rows, rel=1e-4)
    figure = driver.component(page, "models")
    text = figure.locator('[data-part="text"]').text_content() or ""
    assert f"{sum(found.used.values()):,} of {sum(found.whole.values()):,} weights used" in text
    gpt2 = figure.locator('[data-row="openai-community/gpt2"]').text_content() or ""
    assert "124 M" in gpt2 and "513 MB" in gpt2 and "↓" in gpt2


def test_a_model_is_looked_at_before_it_is_opened(page: Page) -> None:
    opened(page, kin="encoder-decoder")  # few enough to be in sight together
    figure = driver.component(page, "models")
    assert figure.locator("[data-act=open]").count() == 0, "the open model needs no opening"
    figure.locator('[data-row="google-t5/t5-small"]').click()
    wait(page, picked="google-t5/t5-small", current="tales-gpt")
    driver.wait_for_link(page, "picked=google-t5")
    card = figure.locator('[data-part="card"]').text_content() or ""
    assert all(
        words in card for words in ("60,506,624", "252 MB", "apache-2.0", "encoder-decoder, 6 + 6 blocks")
    )
    section = page.locator(".gb-model-card")
    section.get_by_text("The card of google-t5/t5-small").wait_for()
    figure.locator('[data-row="./pair"]').click()
    wait(page, picked="./pair")
    driver.wait_for_link(page, "picked=.%2Fpair")
    figure.locator("[data-act=open]").click()
    driver.wait_for_link(page, "model=.%2Fpair")
    state = wait(page, picked="./pair", current="./pair")
    assert next(one for one in state["entries"] if one["name"] == "./pair")["open"]
    page.get_by_role("button", name="Undo").click()
    wait(page, current="tales-gpt")


def test_a_model_that_names_classes_is_asked_on_applications(page: Page) -> None:
    """It says no words, so it is not opened for all pages. Nothing is fetched in a test: the page says why not."""
    opened(page, stock="hub")
    name = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
    figure = driver.component(page, "models")
    figure.locator(f'[data-row="{name}"]').click()
    wait(page, picked=name)
    card = figure.locator('[data-part="card"]').text_content() or ""
    assert "Applications asks it" in " ".join(card.split())
    figure.get_by_role("button", name=f"Ask it: {name}").click()
    page.wait_for_url(lambda url: "/applications" in url and "use=sentiment" in url)
    page.locator('[data-component="applications"]').wait_for()
    state = driver.wait_for_state(page, "applications", lambda now: now["model"] == name)
    assert state["use"] == "sentiment" and "cannot be reached" in state["failed"]
    page.get_by_role("button", name=f"{name} would answer here").click()
    page.wait_for_url(lambda url: "/models" in url)
    page.locator('[data-component="models"]').wait_for()
    wait(page, picked=name, current="tales-gpt")


def test_keys_walk_the_list_and_open(page: Page) -> None:
    state = opened(page)
    names = [one["name"] for one in state["entries"]]
    figure = driver.component(page, "models")
    figure.focus()
    page.keyboard.press("End")
    last = wait(page, picked=names[-1])
    assert last["first"] == max(0, len(names) - 15), "the list moves under the chosen one"
    page.keyboard.press("Home")
    wait(page, picked=names[0], first=0)
    page.keyboard.press("ArrowDown")
    wait(page, picked=names[1])
    page.keyboard.press("End")
    wait(page, picked=names[-1])
    page.keyboard.press("Escape")
    wait(page, picked="tales-gpt")
    page.keyboard.press("ArrowUp")
    wait(page, picked="tales-bert")
    page.keyboard.press("Enter")
    driver.wait_for_link(page, "model=tales-bert")
    wait(page, current="tales-bert", picked="tales-bert")


def test_both_cards_are_of_the_same_model_when_the_list_is_empty(page: Page) -> None:
    opened(page, picked="tales-bert", stock="run")
    state = wait(page, entries=[])
    assert (state["picked"], state["current"]) == ("tales-bert", "tales-gpt")
    side = driver.component(page, "models").locator('[data-part="picked"]')
    assert side.text_content() == "tales-bert"
    assert page.locator(".gb-model-card h2").text_content() == "The card of tales-bert"


def test_filters_and_scale(page: Page) -> None:
    opened(page)
    page.get_by_role("radio", name="Folders", exact=True).click()
    driver.wait_for_link(page, "stock=folder")
    state = driver.wait_for_state(page, "models", lambda now: len(now["entries"]) == 4)
    assert {one["name"] for one in state["entries"]} == {
        "./both",
        "./pair",
        "./large",
        "./thirty-blocks-whose-heads-share-keys",
    }
    figure = driver.component(page, "models")

    def ends() -> list[float]:
        rows = [figure.locator(f'[data-row="./{name}"] rect') for name in ("pair", "large")]
        return [max(row.nth(i).bounding_box()["width"] for i in range(1, row.count())) for row in rows]

    small, large = ends()
    page.get_by_role("radio", name="Linear", exact=True).click()
    wait(page, ruler="linear")
    thin, wide = ends()
    assert thin / wide < small / large, "a small model looks smaller to a linear scale"
    page.get_by_role("radio", name="Trained here", exact=True).click()
    driver.wait_for_state(page, "models", lambda now: not now["entries"])
    assert "No model of this kind" in (figure.locator('[data-part="rows"]').text_content() or "")


def test_predict_notebook_and_link(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    opened(page, picked="FacebookAI/roberta-base", ruler="linear")
    assert "Your text uses" in checks.answered(page)
    checks.run_notebook(page, tmp_path)
    checks.link_restores(page, browser, server, "models")


@pytest.mark.parametrize("picked", ["", "openai-community/gpt2"])
def test_accessible_and_whole_on_the_first_screen(page: Page, picked: str) -> None:
    opened(page, picked=picked)
    for theme in ("dark", "light"):
        checks.accessible(page, "models", theme, "models that can be opened, to one scale")
    driver.open_page(page, "models", stock="hub", text=TEXT)
    figure = driver.component(page, "models")
    hub = driver.component_state(page, "models")["entries"]
    names = figure.locator("[data-row]").all_text_contents()
    assert len(names) == len(hub) and not any("…" in name for name in names), "as many as said, none cut"
    opened(page, picked=picked)
    checks.first_screen(page)
    rows = driver.component(page, "models").locator("[data-row]").first.bounding_box()
    assert rows and rows["height"] >= 43, "a row can be hit with a finger"
    small = (
        driver.component(page, "models")
        .locator("button:visible")
        .evaluate_all(
            "all => all.filter(b => b.offsetHeight < 44 && !b.matches('.gb-door')).map(b => b.outerHTML)"
        )
    )
    assert not small


def test_the_sidebar_leads_here_and_back(page: Page) -> None:
    driver.open_page(page, "attention", text=TEXT, block=1, head=3)
    page.get_by_role("button", name="All models").click()
    page.wait_for_url(lambda url: "/models?" in url and "block=1" in url and "Lily" in url)
    driver.wait_until_drawn(page)
    driver.component(page, "models").locator("[data-door=tokenization]").click()
    page.wait_for_url(lambda url: "/tokenization?" in url and "Lily" in url)
    driver.wait_until_drawn(page)


def test_what_of_the_list_is_out_of_view_comes_in_by_a_press(page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    driver.open_page(page, "models")
    figure = driver.component(page, "models")
    names = [one["name"] for one in driver.component_state(page, "models")["entries"]]
    rows = figure.locator("[data-row]")
    shown = rows.count()
    assert shown < len(names)
    seen, first = names[:shown], 0
    while (left := len(names) - first - shown) > 0:
        figure.get_by_role("button", name=f"{left} more below").click()
        first = driver.wait_for_state(page, "models", partial(further, first))["first"]
        seen += [name for name in (row.get_attribute("data-row") for row in rows.all()) if name not in seen]
    assert seen == names
    figure.get_by_role("button", name=f"{first} more above").click()
    driver.wait_for_state(page, "models", lambda now: now["first"] < first)
    text = driver.taken_svg(page)
    assert all(f'data-row="{name}"' in text for name in names), "the file has all of them"
