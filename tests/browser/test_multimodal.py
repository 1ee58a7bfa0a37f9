"""The Multimodal page in a real browser: the drawn numbers, steps, heads, the pad by mouse and by keys, the space."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from core.multimodal import drawing, patch_ablation, pen
from core.multimodal.scenes import scenes
from core.multimodal.shipped import load_captioner, load_space
from core.multimodal.space import gallery
from pages.multimodal import strokes
from pages.multimodal.reading import FELT
from tests.browser import checks, driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

NAME, SPACE = "multimodal", "multimodal_space"
TEXT = "a two, next to a seven"


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the picture shows."""
    driver.open_page(page, NAME, **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, NAME)
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, NAME, lambda now: all(now[key] == value for key, value in wanted.items())
    )
    return state


def test_each_word_shows_where_it_looked_and_what_it_needed(
    page: Page, browser: Browser, server: driver.Server, tmp_path: Path
) -> None:
    state = opened(page, pictured=4, said=1)
    scene, model = scenes()[4], load_captioner()
    said = model.caption(scene.image)
    cost = patch_ablation.ablated(model, scene.image, said)
    assert state["words"] == list(said.words[:-1]) and state["right"] == [
        a == b for a, b in zip(said.words, scene.words)
    ]
    assert state["looked"] == pytest.approx(patch_ablation.looked_at(said)[1].tolist(), abs=2e-5)
    assert state["fell"] == pytest.approx(cost[1].tolist(), abs=2e-4)
    assert state["covered"] == pytest.approx(patch_ablation.left(said, cost)[1].tolist(), abs=2e-5)
    figure = driver.component(page, NAME)
    driver.click(page, figure.locator("[data-word='0']"))
    now = wait(page, part=0)
    assert now["looked"] == pytest.approx(patch_ablation.looked_at(said)[0].tolist(), abs=2e-5)
    driver.wait_for_link(page, "said=0")
    driver.click(page, figure.locator("[data-head='5']"))
    now = wait(page, head=5)
    one = patch_ablation.looked_at(said, 1, 1)
    assert now["looked"] == pytest.approx(one[0].tolist(), abs=2e-5)
    how = patch_ablation.agreement(one, cost, scene.image)
    felt = float(cost[0].abs().max()) >= FELT
    assert now["agreement"] == (pytest.approx(float(how.order[0]), abs=1e-4) if felt else None)
    driver.wait_for_link(page, "crossing=5")
    driver.wait_until_drawn(page)
    page.mouse.move(5, 5)
    wait(page, piece=None)
    checks.link_restores(page, browser, server, NAME)
    checks.run_notebook(page, tmp_path)


def test_the_caption_is_written_step_by_step(page: Page) -> None:
    state = opened(page, pictured=4, spoken=0)
    figure = driver.component(page, NAME)
    assert state["written"] == [] and figure.locator("[data-word]").count() == 0
    figure.focus()
    page.keyboard.press(".")
    wait(page, step=1)
    page.keyboard.press(".")
    wait(page, step=2)
    driver.hover(page, figure.locator("[data-piece='9']").first)
    wait(page, piece=9)
    page.keyboard.press(".")
    now = wait(page, step=3)
    assert now["written"] == now["words"][:1] and now["part"] == 0
    page.keyboard.press("ArrowDown")
    now = wait(page, step=4)
    assert now["part"] == 1
    page.mouse.move(5, 5)
    page.keyboard.press("Escape")
    now = wait(page, written=now["words"])
    page.keyboard.press("PageDown")
    wait(page, number=5)
    driver.wait_for_link(page, "pictured=5", without="spoken")


def test_a_picture_is_chosen_from_the_strip(page: Page) -> None:
    opened(page, pictured=3)
    driver.click(page, driver.component(page, NAME).locator("[data-scene='8']"))
    now = wait(page, number=8)
    assert now["words"] == list(load_captioner().caption(scenes()[8].image).words[:-1])
    assert now["image"] == pytest.approx(scenes()[8].image.flatten().tolist(), abs=1e-5)


@pytest.mark.parametrize("width", [1180, 390])
def test_the_chosen_picture_is_in_the_strip_where_it_has_no_room_for_the_dozen(
    page: Page, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    opened(page, pictured=11)
    figure = driver.component(page, NAME)
    assert figure.locator("[data-scene]").count() < 12
    assert figure.locator("[data-scene='11']").count() == 1
    driver.click(page, figure.locator("[data-scene='10']"))
    now = wait(page, number=10)
    assert now["image"] == pytest.approx(scenes()[10].image.flatten().tolist(), abs=1e-5)


def test_what_the_looking_leaves_goes_to_the_start_and_the_words(page: Page) -> None:
    opened(page, pictured=4, said=0)
    figure = driver.component(page, NAME)
    svg = figure.locator("svg").first
    assert "the rest to the start." in " ".join(svg.locator("text").all_text_contents())
    driver.click(page, figure.locator("[data-word='1']"))
    wait(page, part=1)
    driver.wait_until_drawn(page)
    assert "the rest to the start and the words before." in " ".join(svg.locator("text").all_text_contents())


def test_the_legend_of_the_map_is_as_wide_as_a_phone(page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    opened(page)
    driver.component_state(page, SPACE)
    beyond = driver.component(page, SPACE).evaluate(
        """figure => {
            const svg = figure.querySelector("svg"), edge = svg.getBoundingClientRect().right;
            const lines = [...svg.querySelectorAll("text")];
            const over = (line) => line.getBoundingClientRect().right > edge + 1;
            return {lines: lines.length, beyond: lines.filter(over).map((line) => line.textContent)};
        }"""
    )
    assert beyond["lines"] > 10 and not beyond["beyond"]


def stroke(page: Page, *places: tuple[float, float]) -> None:
    """Draw a line on the pad through places, as shares of its width and height."""
    box = driver.component(page, NAME).locator(".mm-pad").bounding_box()
    assert box
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in places]
    page.mouse.move(*at[0])
    page.mouse.down()
    for place in at[1:]:
        page.mouse.move(*place, steps=6)
    page.mouse.up()


def test_a_drawing_is_captioned_undone_and_cleared(
    page: Page, browser: Browser, server: driver.Server
) -> None:
    state = opened(page, sketched=1)
    figure = driver.component(page, NAME)
    assert "blank" in state["message"] and state["strokes"] == 0
    assert "blank" in str(figure.get_attribute("aria-label"))
    stroke(page, (0.15, 0.15), (0.38, 0.15), (0.22, 0.9))
    now = driver.wait_for_state(page, NAME, lambda now: now["strokes"] == 1 and not now["message"])
    assert driver.component(page, NAME).locator("[data-stroke]").count() == 1
    seen = drawing.seen(pen.ink(strokes.read(now["drawing"])))
    assert now["image"] == pytest.approx(seen.image.flatten().tolist(), abs=1e-5)
    assert now["words"] == list(load_captioner().caption(seen.image).words[:-1])
    driver.wait_for_link(page, "drawing=", "sketched=1")
    driver.wait_until_drawn(page)
    page.mouse.move(5, 5)
    wait(page, piece=None, part=now["part"])
    checks.link_restores(page, browser, server, NAME)
    driver.wait_for_state(page, SPACE, lambda now: now["rows"] == 101)
    stroke(page, (0.75, 0.1), (0.75, 0.9))
    driver.wait_for_state(page, NAME, lambda now: now["strokes"] == 2 and len(now["words"]) > 4)
    figure.get_by_role("button", name="Undo stroke").click()
    driver.wait_for_state(page, NAME, lambda later: later["strokes"] == 1 and later["words"] == now["words"])
    figure.get_by_role("button", name="Clear").click()
    driver.wait_for_state(page, NAME, lambda now: now["strokes"] == 0 and "blank" in now["message"])
    page.get_by_role("button", name="Undo", exact=True).click()
    driver.wait_for_state(page, NAME, lambda now: now["strokes"] == 1 and not now["message"])


def test_the_pen_goes_by_keys(page: Page) -> None:
    opened(page, sketched=1)
    pad = driver.component(page, NAME).locator(".mm-pad")
    pad.focus()
    page.keyboard.press("Space")
    for _ in range(4):
        page.keyboard.press("Shift+ArrowDown")
    page.keyboard.press("Space")
    now = driver.wait_for_state(page, NAME, lambda now: now["strokes"] == 1)
    (line,) = strokes.read(now["drawing"])
    assert len(line) == 2, "points that a straight line implies are left out"
    assert line[1][1] - line[0][1] == pytest.approx(20 / 45) and line[0][0] == line[1][0]
    pad.focus()
    page.keyboard.press("Backspace")
    driver.wait_for_state(page, NAME, lambda now: now["strokes"] == 0 and "blank" in now["message"])
    page.keyboard.press("Escape")
    page.wait_for_function("document.activeElement.dataset.component === 'multimodal'")


def test_a_finger_draws(page: Page) -> None:
    page.set_viewport_size(driver.PHONE)
    opened(page, sketched=1)
    pad = driver.component(page, NAME).locator(".mm-pad")
    pad.scroll_into_view_if_needed()
    box = pad.bounding_box()
    assert box
    touch = page.context.new_cdp_session(page)
    for kind, y in (
        ("touchStart", 0.1),
        *(("touchMove", 0.1 + 0.1 * k) for k in range(1, 9)),
        ("touchEnd", None),
    ):
        points = (
            [] if y is None else [{"x": box["x"] + 0.3 * box["width"], "y": box["y"] + y * box["height"]}]
        )
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    driver.wait_for_state(page, NAME, lambda now: now["strokes"] == 1 and not now["message"])


def test_the_space_finds_pictures_for_captions(page: Page) -> None:
    opened(page)
    state = driver.component_state(page, SPACE)
    space, shown = load_space(), gallery(0).scenes
    shown = shown.rows(shown.captions.argsort())
    cosines = space.images(shown.images) @ space.texts([TEXT]).T
    assert state["columns"] == 101 and state["column"] == 100, "the text is a caption and is looked at first"
    found = [float(cosines[row, 0]) for row in state["images"]]
    assert found == pytest.approx(cosines[:, 0].topk(5).values.tolist(), abs=1e-5)
    figure = driver.component(page, SPACE)
    driver.click(page, figure.locator("[data-image]").nth(1))
    now = driver.wait_for_state(page, SPACE, lambda now: now["row"] == state["images"][1])
    assert now["cosine"] == pytest.approx(float(cosines[now["row"], 0]), abs=1e-5)
    figure.focus()
    page.keyboard.press("ArrowUp")
    driver.wait_for_state(page, SPACE, lambda later: later["row"] == now["row"] - 1)
    page.get_by_label("Your text", exact=True).first.fill("no caption")
    page.keyboard.press("Control+Enter")
    driver.wait_for_state(
        page, SPACE, lambda now: now["columns"] == 100 and "none of the captioner" in now["told"][-1]
    )
