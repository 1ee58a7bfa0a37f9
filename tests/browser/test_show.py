"""A picture as one file, from disk and in a sandboxed frame: it shows what its page shows, and asks for nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

import core
from app import show
from tests.browser import driver
from tests.browser.saved_pictures import PictureTab, frame_picture, offline_tabs, picture_state, save_picture
from tests.pictures import OF_A_MODEL, OF_A_TEXT, SHOWN, draw

left_to_full = pytest.mark.full(reason="details of files; test_tours.py opens the file of every picture")

TEXT = "A red ball was lost. She found the red"
HOSTILE = "</script><img><b>\u2028&lt;"
# Keys, and what of the state they change.
KEYS = {
    "adaptability": [(".", "stage")],
    "applications": [("ArrowUp", "part"), (".", "written")],
    "home": [("ArrowLeft", "block"), ("ArrowUp", "row"), (".", "step")],
    "attention": [("ArrowUp", "row"), (".", "step")],
    "multimodal": [("ArrowUp", "part"), (".", "written")],
    "multi_head": [("ArrowLeft", "head"), ("Shift+ArrowUp", "row"), (".", "whole")],
    "bias": [(".", "stage")],
    "break_it": [(".", "stage")],
    "compute": [("[", "length"), ("+", "batch"), (".", "stage")],
    "decoding": [("ArrowRight", "node"), (".", "whole")],
    "efficiency": [("n", "picked"), (".", "stage")],
    "embeddings": [(".", "stage")],
    "families": [("ArrowUp", "token"), (".", "step")],
    "feed_forward": [(".", "stage")],
    "fine_tuning": [(".", "stage")],
    "interpretability": [("ArrowUp", "chosen"), ("s", "shade"), (".", "stage")],
    "lab": [("ArrowLeft", "now"), ("Home", "now")],
    "loss": [("ArrowUp", "follow"), (".", "step")],
    "models": [("ArrowUp", "picked"), ("End", "picked")],
    "norm_residual": [("ArrowUp", "line"), (".", "stage")],
    "objectives": [("ArrowUp", "row"), (".", "step")],
    "optimizers": [(",", "lap"), ("1", "racer")],
    "positions": [("ArrowUp", "cell"), (".", "stage")],
    "tokenization": [("ArrowDown", "method"), ("ArrowUp", "method"), (",", "merge")],
    "regularization": [("ArrowUp", "cell"), (".", "stage")],
    "scaling": [(".", "stage")],
}
# Keys for which a model would have to run.
LOST = {
    "attention": ["Enter", "Delete", "1"],
    "bias": ["ArrowUp", "ArrowDown"],
    "break_it": ["ArrowLeft", "ArrowRight"],
    "decoding": ["Enter"],
    "efficiency": ["ArrowUp", "ArrowRight", "]"],
    "embeddings": ["ArrowUp", "ArrowDown"],
    "feed_forward": ["o", "ArrowUp", "+"],
    "interpretability": ["a"],
    "lab": [" ", ".", "Enter"],
    "models": ["Enter", "Escape"],
    "multi_head": ["o"],
    "multimodal": ["PageDown"],
    "norm_residual": ["["],
    "objectives": ["r"],
    "optimizers": ["ArrowUp"],
    "positions": ["n"],
    "regularization": ["n"],
    "scaling": ["ArrowUp"],
}
NOW = "JSON.parse(document.querySelector('figure').dataset.state)"


def record_of(saved: bytes) -> Any:
    """What a saved SVG or PNG says of its origin."""
    if saved.startswith(b"\x89PNG"):
        size = int.from_bytes(saved[33:37])
        return json.loads(saved[41 : 41 + size].partition(b"Glassbox\0\0\0\0\0")[2])
    found = re.search("<metadata>(.*?)</metadata>", saved.decode(), re.S)
    assert found is not None
    return json.loads(unescape(found[1]))


@pytest.fixture
def tab(browser: Browser) -> Iterator[Callable[..., PictureTab]]:
    """Makes an empty tab of a width, light or dark; at the test's end no tab may have complained."""
    with offline_tabs(browser) as open_tab:
        yield open_tab


# Controls for which the app would have to answer.
DEAD = (
    "[data-door]", ".mh-switches", ".att-corner", "text=/^Append/", ".att-hide", "[data-show]", "[data-arm]",
    ".gb-lab-fork", '[data-component="efficiency"] [data-turn]', "[data-act=open]",
    ".inter-fold", ".gb-map-search:visible", ".gb-word", '[data-component="embeddings"] svg .gb-hot',
    *(f'[data-act="{act}"]' for act in ("another", "switch", "act", "again", "train")),
)  # fmt: skip


def has_no_dead_control(page: Page, width: int) -> None:
    """No control is there that cannot work, and nothing is wider than the screen."""
    page.set_viewport_size({"width": width, "height": 800})
    picture_state(page)
    for gone in DEAD:
        expect(page.locator(gone)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("footer p")).to_have_text("Made with Glassbox")


def does_nothing(page: Page, key: str) -> None:
    """A key for which a model would have to run changes nothing."""
    before = picture_state(page)
    page.focus("figure")
    page.keyboard.press(key)
    page.wait_for_timeout(50)
    assert picture_state(page) == before
    expect(page.locator("input.att-edit")).to_have_count(0)


def leads_on(place: Page | Frame, key: str, changes: str) -> None:
    """A key changes this part of the state."""
    before = picture_state(place)
    place.focus("figure")
    (place.page if isinstance(place, Frame) else place).keyboard.press(key)
    place.wait_for_function(
        f"([key, was]) => JSON.stringify({NOW}[key]) !== was", arg=[changes, json.dumps(before[changes])]
    )


@left_to_full
@pytest.mark.parametrize("name", SHOWN)
def test_what_works_without_a_server_is_there_and_nothing_else(
    name: str, lm: core.LanguageModel, tab: Callable[..., PictureTab], tmp_path: Path
) -> None:
    picture = draw(name, lm, TEXT)
    file = save_picture(tmp_path, picture)
    frame = frame_picture(tab(1280 + 16).page, picture)  # 16: a body's margin around the frame
    assert picture_state(frame) == picture_state(tab(1280).open(file))
    page = tab(390).open(file)
    for width in (390, 1280):
        has_no_dead_control(page, width)
    for key in LOST.get(name, []):
        does_nothing(page, key)
    for place in (page, frame):
        for key, changes in KEYS.get(name, []):
            leads_on(place, key, changes)


@left_to_full
def test_attention_s_cell_follows_the_pointer_and_is_not_edited(
    lm: core.LanguageModel, tab: Callable[..., PictureTab], tmp_path: Path
) -> None:
    page = tab().open(save_picture(tmp_path, show.attention(lm, TEXT, row=10)))
    assert picture_state(page)["row"] == 10
    chip = page.locator('figure [data-part="chips"] text', has_text="lost").first
    chip.hover()
    page.wait_for_function(f"() => {NOW}.row === 5")
    page.mouse.click(400, 300)
    expect(page.locator("input.att-edit")).to_have_count(0)


@left_to_full
def test_a_panel_of_one_head_leads_back_to_it(
    lm: core.LanguageModel, tab: Callable[..., PictureTab], tmp_path: Path
) -> None:
    page = tab().open(save_picture(tmp_path, show.multi_head(lm, TEXT, layer=3, head=2)))
    picture_state(page)
    page.focus("figure")
    page.keyboard.press("0")
    page.wait_for_function(f"() => {NOW}.head === 0")
    page.click('[data-panel="pair"]')  # the file has one head's queries and keys
    page.wait_for_function(f"() => {NOW}.panel === 'pair'")
    assert picture_state(page)["head"] == 2
    page.focus("figure")
    page.keyboard.press("0")
    page.wait_for_function(f"() => {NOW}.panel === 'lines'")
    assert picture_state(page)["head"] == 0


@left_to_full
def test_the_charts_beside_a_picture_follow_its_steps(tab: Callable[..., PictureTab], tmp_path: Path) -> None:
    page = tab().open(save_picture(tmp_path, show.scaling()))
    picture_state(page)
    charts = page.locator(".gb-charts > div")
    expect(charts.filter(visible=True)).to_have_count(2)
    assert charts.filter(visible=True).first.get_attribute("data-step") == "-1"
    page.focus("figure")
    page.keyboard.press(".")
    expect(page.locator('.gb-charts > div[data-step="0"]')).to_be_visible()
    expect(charts.filter(visible=True)).to_have_count(1)


@left_to_full
def test_hostile_tokens_are_text(
    lm: core.LanguageModel, tab: Callable[..., PictureTab], tmp_path: Path
) -> None:
    one = tab()
    for name in OF_A_TEXT:
        picture = draw(name, lm, HOSTILE)
        page = one.open(save_picture(tmp_path, picture))
        shown = picture_state(page)
        if name in OF_A_MODEL:
            assert "</script" in "".join(shown["tokens"]), name
        expect(page.locator("img, .picture b")).to_have_count(0)
        assert page.title() == f"{picture.title}"


@left_to_full
@pytest.mark.parametrize("place", ["file", "frame"])
def test_the_picture_is_saved_from_the_file(
    place: str, lm: core.LanguageModel, tab: Callable[..., PictureTab], tmp_path: Path
) -> None:
    picture, one = show.attention(lm, TEXT), tab()
    where = one.open(save_picture(tmp_path, picture)) if place == "file" else frame_picture(one.page, picture)
    picture_state(where)
    for kind, start in {"SVG": b"<svg", "PNG": b"\x89PNG"}.items():
        with one.page.expect_download() as download:
            where.click(f"[data-save={kind}]")
        assert download.value.suggested_filename == f"glassbox-attention-tales-gpt.{kind.lower()}"
        saved = Path(download.value.path()).read_bytes()
        assert saved.startswith(start)
        assert record_of(saved)["text"] == TEXT and record_of(saved)["link"] == picture.link


@left_to_full
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_are_the_reader_s_or_those_that_were_asked_for(
    scheme: str, lm: core.LanguageModel, tab: Callable[..., PictureTab], tmp_path: Path
) -> None:
    page = tab(scheme=scheme).open(save_picture(tmp_path, show.home(lm, TEXT)))
    picture_state(page)
    assert page.get_attribute("figure", "data-theme") == scheme
    strip = page.locator('figure [data-part="embedding"] image').first  # its colours are kept as an image
    before = strip.get_attribute("href")
    other = "dark" if scheme == "light" else "light"
    page.emulate_media(color_scheme=other)
    page.wait_for_selector(f'figure[data-theme="{other}"]')  # it follows
    assert strip.get_attribute("href") != before
    fixed = tab(scheme=scheme).open(save_picture(tmp_path, show.home(lm, TEXT, theme=other)))
    picture_state(fixed)
    assert fixed.get_attribute("figure", "data-theme") == other


@left_to_full
def test_a_frame_becomes_as_high_as_its_picture(
    lm: core.LanguageModel, tab: Callable[..., PictureTab]
) -> None:
    page = tab().page
    frame = frame_picture(page, show.multi_head(lm, TEXT))
    page.wait_for_function(
        "([height]) => Math.abs(document.querySelector('iframe').offsetHeight - height) <= 1",
        arg=[frame.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")],
    )
    assert frame.evaluate("document.documentElement.scrollHeight - innerHeight") <= 1


@left_to_full
def test_two_pictures_of_one_page_do_not_meet(lm: core.LanguageModel, tab: Callable[..., PictureTab]) -> None:
    page = tab().page
    both = [show.attention(lm, TEXT, head=head).html(whole=False) for head in (0, 1)]
    page.set_content("".join(both))
    frames = [handle.content_frame() for handle in page.query_selector_all("iframe")]
    assert [picture_state(frame)["head"] for frame in frames if frame is not None] == [0, 1]
    assert frames[0] is not None
    assert frames[1] is not None
    before = picture_state(frames[1])
    frames[0].focus("figure")
    page.keyboard.press(".")
    frames[0].wait_for_function(f"() => !{NOW}.whole")
    assert picture_state(frames[1]) == before


SAVED = {"svg": b"<svg", "png": b"\x89PNG"}


@pytest.mark.parametrize("ending", sorted(SAVED))
def test_a_call_saves_a_drawing(ending: str, lm: core.LanguageModel, tmp_path: Path) -> None:
    there = show.attention(lm, TEXT, step="softmax").save(tmp_path / f"ball.{ending}")
    made = there.read_bytes()
    assert made.startswith(SAVED[ending])
    if ending == "svg":
        assert b"Step 9 of 11: Softmax" in made
    else:
        assert int.from_bytes(made[16:20], "big") > 2000  # pixels: two for each of the picture's


@left_to_full
def test_a_switch_changes_the_picture_and_keeps_what_was_chosen(
    lm: core.LanguageModel, tab: Callable[..., PictureTab], tmp_path: Path
) -> None:
    several = show.multi_head(lm, TEXT, layer=3, head=2).variants(off=["", "3.2", "3.2 3.3"])
    both = show.page({"Off": several, "One head": show.attention(lm, TEXT)}, live="https://glassbox.example")
    page = tab().open(both.save(tmp_path / "picture.html"))
    before = picture_state(page)
    page.focus("figure")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"() => {NOW}.head === 1")
    page.focus("input[type=radio]:checked")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => {NOW}.off.length === 1")
    assert picture_state(page)["head"] == 1
    expect(page.locator("summary:visible")).to_have_text(["As a table: off 3.2", "As a table"])
    page.get_by_label("none").check()
    page.focus("figure")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => {NOW}.head === 2")
    assert picture_state(page) == before
    expect(page.locator("figure[data-component=attention][data-state]")).to_have_count(1)
    expect(page.locator("footer p").first).to_have_text("Made with Glassbox · Open it live")
    with page.expect_download() as download:
        page.locator("[data-save=SVG]").nth(1).click()
    assert download.value.suggested_filename == "glassbox-attention-tales-gpt.svg"
    assert "A head scores every pair" in Path(download.value.path()).read_text(encoding="utf-8")


@left_to_full
@pytest.mark.parametrize("said", ["data-jp-theme-light='false'", "data-vscode-theme-kind='vscode-dark'", ""])
def test_in_a_notebook_the_frame_has_the_notebook_s_colours(
    said: str, lm: core.LanguageModel, tab: Callable[..., PictureTab]
) -> None:
    page = tab().page  # of a system that prefers light
    fragments = [show.home(lm, TEXT, theme=theme).html(whole=False) for theme in (None, "light")]
    page.set_content(f"<body {said} style='background:#111'>{''.join(fragments)}")
    follows, fixed = [handle.content_frame() for handle in page.query_selector_all("iframe")]
    assert follows is not None
    assert fixed is not None
    ground = "getComputedStyle(document.body).backgroundColor"
    follows.wait_for_selector("html.gb-clear figure[data-theme=dark]")
    assert follows.evaluate(ground) == "rgba(0, 0, 0, 0)"
    picture_state(fixed)
    assert fixed.get_attribute("figure", "data-theme") == "light"
    assert fixed.evaluate(ground) == "rgb(255, 255, 255)"  # else dark words would stand on the dark page
    moved = page.query_selector("iframe")
    assert moved is not None
    moved.evaluate("frame => frame.parentElement.append(frame)")  # as a notebook that scrolls: it loads anew
    page.wait_for_timeout(100)
    follows = moved.content_frame()
    assert follows is not None
    follows.wait_for_selector("html.gb-clear figure[data-theme=dark]")
    follows.add_style_tag(content=".gb-probe { transition: none !important; }")  # as where nothing is painted
    page.evaluate("document.body.style.background = '#fff'")
    follows.wait_for_selector("html.gb-clear figure[data-theme=light]")
    fixed.wait_for_selector("html.gb-clear figure[data-theme=light]")


@left_to_full
def test_a_notebook_that_only_says_that_it_is_dark_is_not_seen_through(
    lm: core.LanguageModel, tab: Callable[..., PictureTab]
) -> None:
    page = tab().page
    page.set_content(f"<body data-theme=dark>{show.loss(lm, TEXT).html(whole=False)}")
    handle = page.query_selector("iframe")
    frame = handle.content_frame() if handle else None
    assert frame is not None
    frame.wait_for_selector("html:not(.gb-clear) figure[data-theme=dark]")
    assert frame.evaluate("getComputedStyle(document.body).backgroundColor") != "rgba(0, 0, 0, 0)"


# As anywidget runs a widget's script: the model keeps what was set, and calls who listens.
WIDGET = """async ([script, values]) => {
  const heard = {};
  const call = (name) => (heard[`change:${name}`] ?? []).forEach((one) => one());
  window.model = {
    get: (name) => values[name],
    set: (name, value) => {
      const same = JSON.stringify(values[name]) === JSON.stringify(value);
      values[name] = value;
      if (!same) call(name);
    },
    save_changes: () => { window.saved = (window.saved ?? 0) + 1; },
    on: (event, one) => { (heard[event] ??= []).push(one); },
    off: (event, one) => { heard[event] = heard[event].filter((other) => other !== one); },
  };
  const { default: widget } = await import(`data:text/javascript,${encodeURIComponent(script)}`);
  window.end = widget.render({ model: window.model, el: document.body });
}"""


def test_a_widget_s_choice_follows_the_picture_and_moves_it(
    lm: core.LanguageModel, tab: Callable[..., PictureTab]
) -> None:
    from app.outside.widget import SCRIPT

    page = tab().page
    widget = show.attention(lm, TEXT, row=10).widget()
    page.set_content("<body data-jp-theme-light='false' style='background:#111'>")
    names = ("document", "title", "sandbox", "tall", "chosen")
    page.evaluate(WIDGET, [SCRIPT, {name: getattr(widget, name) for name in names}])
    frame = page.wait_for_selector("iframe").content_frame()
    assert frame is not None
    frame.wait_for_selector("html.gb-clear figure[data-theme=dark]")
    frame.focus("figure")
    page.keyboard.press("ArrowUp")
    page.wait_for_function("window.model.get('chosen').row === 9")
    widget.set_state({"chosen": page.evaluate("window.model.get('chosen')")})
    assert widget.selection["row"] == 9
    widget.selection = {"row": 4, "step": "softmax"}
    page.evaluate("chosen => window.model.set('chosen', chosen)", widget.chosen)
    frame.wait_for_function(f"() => {NOW}.row === 4 && {NOW}.step === 'softmax'")
    page.wait_for_function("window.model.get('chosen').row === 4")
    page.wait_for_timeout(300)
    count = page.evaluate("window.saved")
    page.wait_for_timeout(300)
    assert page.evaluate("window.saved") == count  # they do not answer each other for ever
    page.evaluate("window.end()")


@left_to_full
def test_the_page_gives_its_picture_away(page: Page, tab: Callable[..., PictureTab], tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    driver.open_page(page, "attention", v=1, text=TEXT, block=1, head=0, row=4, step=8)
    there = driver.component_state(page, "attention")
    width = int(driver.component(page, "attention").evaluate("figure => figure.offsetWidth"))
    page.get_by_role("button", name="HTML ▾").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML", exact=True).click()
    assert download.value.suggested_filename == "glassbox-attention-tales-gpt.html"
    file = tmp_path / "glassbox-attention-tales-gpt.html"
    download.value.save_as(file)
    assert picture_state(tab(width + 32).open(file)) == there
    for kind in ("SVG", "PNG"):
        with page.expect_download() as download:
            page.locator(".st-key-gb-card-take").get_by_role("button", name=kind, exact=True).click()
        assert download.value.suggested_filename == f"glassbox-attention-tales-gpt.{kind.lower()}"
        record = record_of(Path(download.value.path()).read_bytes())
        assert record["text"] == TEXT and "block=1" in record["link"]

    page.get_by_label("Embed", exact=True).select_option("file")
    page.wait_for_function("document.querySelector('.gb-take-status').textContent === 'Copied'")
    course = tmp_path / "course.html"  # of a course, the picture's file beside it
    course.write_text(f"<!doctype html><h1>Our course</h1>{page.evaluate('navigator.clipboard.readText()')}")
    one = tab(width + 48)
    one.page.goto(course.as_uri())
    frame = one.page.query_selector("iframe")
    assert frame is not None
    inside = frame.content_frame()
    assert inside is not None
    assert picture_state(inside) == there
    assert [kind for kind in one.complaints if not kind.startswith("request: file:")] == []
    one.complaints.clear()


@left_to_full
def test_a_live_frame_on_a_course_page_computes_anew(
    page: Page, server: driver.Server, lm: core.LanguageModel, tmp_path: Path
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    driver.open_page(page, "attention", v=1, text=TEXT, block=1, head=0, row=4)
    there = driver.component_state(page, "attention")
    page.get_by_label("Embed", exact=True).select_option("live")
    page.wait_for_function("document.querySelector('.gb-take-status').textContent === 'Copied'")
    snippet = page.evaluate("navigator.clipboard.readText()")
    box, height = driver.component(page, "attention").bounding_box(), re.search(r"height:(\d+)px", snippet)
    assert box and height and abs(int(height[1]) - box["height"] - 100) < 2, "as high as the picture"
    page.set_content(f"<!doctype html><h1>Our course</h1>{snippet}")
    handle = page.wait_for_selector("iframe")
    frame = handle.content_frame()
    assert frame is not None
    frame.wait_for_selector("figure[data-component=attention][data-state]")
    shown = json.loads(frame.eval_on_selector("figure", "figure => figure.dataset.state"))
    assert {key: shown[key] for key in ("block", "head", "row", "tokens")} == {
        key: there[key] for key in ("block", "head", "row", "tokens")
    }
    assert frame.locator("[data-testid=stSidebar]:visible, .gb-crumb:visible, .st-key-gb-foot").count() == 0
    expect(frame.locator(".gb-made a")).to_have_attribute("target", "_blank")
    link = frame.locator(".gb-made a").get_attribute("href")
    frame.get_by_role("button", name="Hide").first.click()  # the model runs again without this key
    frame.wait_for_function(f"() => {NOW}.changed")
    assert link is not None
    page.goto(f"{server.url}/{link}")
    driver.wait_until_drawn(page)
    assert driver.component_state(page, "attention") == there
