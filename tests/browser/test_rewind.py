"""Rewind in a real browser: the slider by mouse and keyboard, every page's picture, and a run's checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from functools import partial
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

import core
from app import chapters
from core.runs import Run
from core.runs.worker import here
from core.training.spec import TrainSpec
from tests.browser import checks, driver, tabs
from tests.pages.conftest import SMALL

left_to_full = pytest.mark.full(
    reason="Rewind on every page; its slider is tested on one page in the quick tier"
)

TEXT = "Once upon a time, Lily saw a"
OWNER = "5" * 32
# Models of its own answer there, and the page has no slider.
APART = {"adaptability", "applications", "fine_tuning", "multimodal", "scaling"}
SHOWN = [
    chapter.slug for group in chapters.shown().values() for chapter in group if chapter.slug not in APART
]
EARLIER = [slug for slug in SHOWN if chapters.BY_SLUG[slug].section != "III. Training"]
# A vocabulary is there before the training begins, and what a model costs; fine-tuning and adaptability have models of
# their own.
STILL = {"tokenization", "compute"}
STEPS = core.snapshots("tales-gpt")


@pytest.fixture(scope="module")
def run(server: driver.Server) -> Run:
    """A run in the server's store, trained to its end, of the browser OWNER."""
    with closing(server.store()) as store:
        return here(store, TrainSpec(**SMALL), OWNER, name="<b>Small</b> **run**")


@pytest.fixture
def mine(browser: Browser, server: driver.Server, findings: driver.Findings) -> Iterator[Page]:
    """A tab of the browser OWNER."""
    with tabs.opened(browser, server, findings, OWNER) as tab:
        yield tab


def slider(page: Page) -> driver.Any:
    """The slider in the sidebar."""
    return page.locator(".st-key-rewind, [data-testid=stSidebar]").locator("input[type=range]").first


def linked(page: Page) -> str | None:
    """The step that the address names."""
    return parse_qs(urlsplit(page.url).query).get("snapshot", [None])[-1]


def pictures(page: Page) -> list[str]:
    """All that the page's pictures say they show."""
    found: list[str] = page.locator("figure[data-component]").evaluate_all(
        "all => all.map(e => e.dataset.component + e.dataset.state)"
    )
    assert found
    return found


def test_the_slider_by_keyboard_says_where_it_is(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT)
    assert driver.component_state(page, "rewind") == {
        "steps": len(STEPS), "index": len(STEPS) - 1, "step": STEPS[-1], "said": f"finished, step {STEPS[-1]:,}",
    }  # fmt: skip
    slider(page).focus()
    for key, index in [("ArrowLeft", -2), ("Home", 0), ("ArrowRight", 1), ("ArrowUp", 2), ("ArrowDown", 1)]:
        page.keyboard.press(key)
        driver.wait_for_state(page, "rewind", partial(lambda at, now: now["step"] == STEPS[at], index))
        said = driver.component_state(page, "rewind")["said"]
        assert slider(page).get_attribute("aria-valuetext") == said
        assert said == ("untrained, step 0" if index == 0 else f"step {STEPS[index]:,} of {STEPS[-1]:,}")
    driver.wait_until_drawn(page)
    page.wait_for_url(f"**snapshot={STEPS[1]}*")
    page.wait_for_timeout(1000)  # what comes in one go is one step of undo
    page.keyboard.press("End")
    page.wait_for_url(lambda url: "snapshot" not in url)
    assert page.evaluate("document.activeElement.type") == "range", "the focus stays"
    page.get_by_role("button", name="Undo").click()
    driver.wait_for_state(page, "rewind", lambda now: now["step"] == STEPS[1])


def pictures_at(page: Page, key: str) -> list[str]:
    """Move the slider by "Home" to the untrained model, or by "End" to the finished one; returns what is shown."""
    slider(page).focus()
    page.keyboard.press(key)
    page.wait_for_url(lambda url: "snapshot=0" in url if key == "Home" else "snapshot" not in url)
    driver.wait_until_drawn(page)
    return pictures(page)


@left_to_full
def test_every_picture_follows_the_slider_and_comes_back(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT)
    picture_follows_the_slider(page, "home")
    for slug in SHOWN[1:]:
        driver.go_to_page(page, slug)
        picture_follows_the_slider(page, slug)


def picture_follows_the_slider(page: Page, slug: str) -> None:
    """Check that the pictures of a page differ at the slider's two ends."""
    checks.wait_until_finished(page)
    finished = pictures(page)
    untrained = pictures_at(page, "Home")
    assert driver.component_state(page, "rewind")["step"] == 0
    assert (untrained == finished) == (slug in STILL), slug
    finished = pictures_at(page, "End")
    assert driver.component_state(page, "rewind")["index"] == len(STEPS) - 1
    assert (finished == untrained) == (slug in STILL), slug


@left_to_full
def test_a_dragged_slider_ends_where_it_was_let_go(page: Page) -> None:
    driver.open_page(page, "attention", text=TEXT)
    box = slider(page).bounding_box()
    assert box
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] - 7, middle)
    page.mouse.down()
    for share in range(95, 20, -3):
        page.mouse.move(box["x"] + box["width"] * share / 100, middle)
    page.mouse.up()
    step = driver.component_state(page, "rewind")["step"]
    assert 0 < step < STEPS[-1]
    page.wait_for_url(f"**snapshot={step}*")
    driver.wait_until_drawn(page)
    assert driver.component_state(page, "rewind")["step"] == step
    likely = core.load("tales-gpt", device="cpu", snapshot=step).trace(TEXT).logits[-1].softmax(-1)
    shown = driver.component_state(page, "attention")["next"]
    assert len(shown) >= 4
    for token in shown:
        assert token["before"] == pytest.approx(float(likely[token["id"]]), abs=1e-5)


@left_to_full
def test_the_moment_goes_along_to_every_page(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT, snapshot=STEPS[4])
    for slug in SHOWN[1:]:
        driver.go_to_page(page, slug)
        assert linked(page) == str(STEPS[4])
        assert driver.component_state(page, "rewind")["step"] == STEPS[4]


@left_to_full
def test_every_earlier_page_works_on_a_runs_checkpoints(mine: Page, run: Run) -> None:
    driver.open_page(mine, "home", model=f"run:{run.id}", text=TEXT)
    ends = ["End", "Home"]
    for slug in EARLIER:
        if slug != "home":
            driver.go_to_page(mine, slug)
        assert mine.locator("[data-testid=stAlert]").count() == 0
        shown = []
        for key in ends:
            shown.append(pictures_at(mine, key))
            if key == "End":
                assert driver.component_state(mine, "rewind")["said"] == f"finished, step {run.steps}"
        assert (shown[0] == shown[1]) == (slug in STILL), slug
        ends.reverse()  # the moment goes along: the next page begins where this one ended


@left_to_full
def test_own_runs_are_in_the_list_and_anothers_only_by_its_link(
    browser: Browser, server: driver.Server, mine: Page, page: Page, run: Run
) -> None:
    label = "<b>Small</b> **run** (training run)"
    driver.open_page(mine, "home", text=TEXT)
    mine.get_by_role("combobox", name="Model").first.click()
    mine.get_by_role("option", name=label, exact=True).click()
    mine.wait_for_url(f"**model=run%3A{run.id}*")
    driver.wait_until_drawn(mine)
    assert driver.component_state(mine, "rewind")["steps"] >= 3
    assert mine.locator("[data-testid=stSidebar] b").count() == 0, "a name is no markup"
    driver.open_page(page, "home", text=TEXT)
    page.get_by_role("combobox", name="Model").first.click()
    assert page.get_by_role("option", name=label, exact=True).count() == 0
    driver.open_page(page, "home", text=TEXT, model=f"run:{run.id}")
    assert page.get_by_role("combobox", name="Model").first.input_value() == label
    assert pictures(page) == pictures(mine)


@left_to_full
def test_the_owners_cookie_is_out_of_reach_of_scripts_and_links(page: Page, browser: Browser) -> None:
    driver.open_page(page, "home")
    (cookie,) = [found for found in page.context.cookies() if found["name"] == driver.COOKIE]
    assert cookie["httpOnly"] and cookie["sameSite"] == "Lax"
    assert cookie["value"] not in page.evaluate("document.cookie")
    assert cookie["value"] not in page.url and cookie["value"] not in page.content()
    page.reload()
    driver.wait_until_drawn(page)
    (same,) = [found for found in page.context.cookies() if found["name"] == driver.COOKIE]
    assert same["value"] == cookie["value"]


@left_to_full
@pytest.mark.parametrize("slug", ["home", "attention", "lab"])
def test_a_class_is_taken_back_in_projector_mode(slug: str, page: Page) -> None:
    driver.open_page(page, slug, text=TEXT, view="projector")
    knob = page.locator(".st-key-gb-phone input[type=range]")
    expect(knob).to_be_visible()
    assert not page.locator(".st-key-gb-phone .stTextInput, .st-key-gb-phone .stSelectbox").first.is_visible()
    crumb, claim, way_out = (
        page.locator(part).bounding_box()
        for part in (".gb-crumb span:last-child", ".gb-claim h1", ".st-key-tool-leave")
    )
    box = page.locator(".st-key-gb-phone .gb-rewind").bounding_box()
    assert box and crumb and claim and way_out
    assert (
        crumb["x"] < box["x"]
        and box["x"] + box["width"] <= way_out["x"]
        and box["y"] + box["height"] <= claim["y"]
    )
    finished = pictures(page)
    knob.press("Home")
    page.wait_for_url("**snapshot=0*")
    driver.wait_until_drawn(page)
    assert pictures(page) != finished
    assert driver.axe_lines(driver.axe(page)) == []


@left_to_full
def test_the_slider_is_accessible_and_fits_a_phone(page: Page) -> None:
    driver.open_page(page, "home", text=TEXT, snapshot=STEPS[3])
    for theme in ("dark", "light"):
        driver.set_theme(page, theme)
        assert driver.axe_lines(driver.axe(page)) == []
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    touched = page.locator(".st-key-gb-phone input[type=range]")
    box = touched.bounding_box()
    assert box and box["height"] >= 44 and box["x"] + box["width"] <= driver.PHONE["width"]
    touched.press("Home")
    page.wait_for_url("**snapshot=0*")
    driver.wait_until_drawn(page)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for theme in ("light", "dark"):
        driver.set_theme(page, theme)
        assert driver.axe_lines(driver.axe(page)) == []
