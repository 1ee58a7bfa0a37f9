"""A picture as one file, from disk and in a sandboxed frame: it shows what its page shows, and asks for nothing."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Frame, Page, expect

import core
from app import show
from app.kit.figures import Figure
from app.outside.documents import Picture
from app.session.fields import BY_KEY
from core.efficiency.settings import USUAL, setting_name
from tests.browser import checks, driver
from tests.pictures import OF_A_MODEL, OF_A_TEXT, SHOWN, draw
from tests.pictures import figure as of_page

TEXT = "A red ball was lost. She found the red"
HOSTILE = "</script><img><b>\u2028&lt;"
# What is asked for, beside the page's own words: of each picture a whole one and a step.
ASKED: dict[str, list[dict[str, Any]]] = {
    "adaptability": [
        {},
        {"step": "rank", "rank": 16},
        {"step": "prompt", "vectors": 2},
        {"step": "context", "game": "kinds", "told": 8},
    ],
    "applications": [
        {},
        {"task": "summarize", "example": 3, "part": 1},
        {"task": "story", "hero": "Theo"},
        {"task": "code", "step": 2},
    ],
    "fine_tuning": [
        {},
        {"task": "questions", "question": "Who lost a ball?", "axis": "seconds"},
        {"step": "number", "row": 3, "col": 5},
    ],
    "home": [{}, {"layer": 1, "head": 2, "row": 3}, {"step": 4}],
    "attention": [
        {},
        {"layer": 2, "head": 1, "row": 6, "step": "softmax"},
        {"mask": False, "temperature": 2.0},
    ],
    "multimodal": [
        {},
        {"picture": 3, "word": 2, "head": 5},
        {"step": 4},
        {"drawn": True, "strokes": "IpI94k.TIJaTcdQ2S2q"},
    ],
    "multi_head": [{}, {"layer": 0, "head": 3, "row": 4, "panel": "pair"}, {"step": 5}, {"off": "3.2"}],
    "bias": [
        {},
        {"test": "6", "step": "removal"},
        {"vectors": "model", "step": "cosine", "subject": 3, "mate": 2},
        {"direction": "removed", "step": "word"},
    ],
    "break_it": [{}, {"part": "norm", "moment": 1}, {"part": "nothing", "step": 2}],
    "compute": [
        {},
        {
            "configuration": "gpt2",
            "batch": 3,
            "length": 64,
            "precision": "bf16",
            "card": "t4",
            "step": "Optimizer",
        },
        {"n_layers": 2, "d_mlp": 256},
    ],
    "decoding": [{}, {"depth": 5, "beams": 2, "sample": False}, {"step": 2}],
    "efficiency": [
        {},
        {"bits": 2, "per": "group", "group": 16, "rounding": "gptq", "around_zero": False, "step": "rounded"},
        {"bits": 16, "layer": 1, "piece": "out", "row": 7},
    ],
    "embeddings": [
        {},
        {"table": "model", "row": 3, "along": "analogy", "step": 6},
        {"word": "queen", "along": "near"},
    ],
    "families": [{}, {"row": 3, "step": 2}, {"task": "summarize", "crossing": 2}],
    "feed_forward": [
        {},
        {"layer": 1, "row": 4, "bend": "relu"},
        {"silence": "strongest", "loudest": 5},
        {"step": 2},
    ],
    "interpretability": [
        {},
        {"layer": 1, "head": 2, "row": 4, "parts": "says patches", "panel": "heads"},
        {"parts": "patches", "panel": "stream", "position": 3, "depth": 1, "extent": "here"},
        {"step": 4},
    ],
    "lab": [{}, {"moment": 800, "axis": "tokens"}, {"beside": "tales-bert break-norm"}],
    "loss": [{}, {"row": 4, "step": 2, "unit": "bits"}, {"smoothing": 0.1}],
    "models": [
        {},
        {"picked": "tales-bert", "scale": "linear"},
        {"source": "bundled", "shape": "encoder-decoder"},
    ],
    "norm_residual": [{}, {"layer": 1, "line": "mlp", "row": 5, "norm": "layer"}, {"step": 3}],
    "objectives": [{}, {"row": 3, "rate": 0.4, "length": 2, "seed": 5, "step": 4}],
    "optimizers": [
        {},
        {"surface": "rosenbrock", "racers": "sgd adam", "racer": "adam", "step": 20, "start": "1 -0.5"},
    ],
    "positions": [
        {},
        {"kind": "own", "layer": 1, "head": 0, "row": 6, "col": 2},
        {"kind": "alibi", "step": 1},
    ],
    "tokenization": [
        {"corpus": "fables", "size": 300},
        {"corpus": "fables", "size": 300, "method": "wordpiece", "merge": 40, "word": "found"},
        {"corpus": "fables", "size": 300, "method": "unigram", "round": 1},
    ],
    "regularization": [
        {},
        {"layer": 1, "row": 4, "number": 7, "site": "attention", "rate": 0.5, "seed": 3, "beside": "decay"},
        {"in_use": True, "step": 1},
    ],
    "scaling": [{}, {"against": "compute", "withheld": 2}, {"against": "data", "width": 48, "step": "law"}],
}
CASES = [(name, asked) for name in SHOWN for asked in ASKED.get(name, [{}])]
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
    "optimizers": [("ArrowLeft", "lap"), ("1", "racer")],
    "positions": [("ArrowUp", "cell"), (".", "stage")],
    "tokenization": [("ArrowDown", "method"), ("ArrowUp", "method"), ("ArrowLeft", "merge")],
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
    "optimizers": ["Shift+ArrowUp"],
    "positions": ["n"],
    "regularization": ["n"],
    "scaling": ["ArrowUp"],
}
NOW = "JSON.parse(document.querySelector('figure').dataset.state)"


class Shown:
    """A picture in a tab of its own, with all that it asked for and complained about."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on("console", lambda message: self.complaints.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda request: self._asked(request.url))

    def _asked(self, url: str) -> None:
        if not url.startswith(("data:", "blob:", "about:")):
            self.complaints.append(f"request: {url[:80]}")

    def open(self, file: Path) -> Page:
        """Open a file from disk; that one request is the test's."""
        self.page.goto(file.as_uri())
        assert self.complaints.pop(0).startswith("request: file:")
        return self.page


@pytest.fixture
def tab(browser: Browser) -> Iterator[Callable[..., Shown]]:
    """Makes an empty tab of a width, light or dark; at the test's end no tab may have complained."""
    contexts, made = [], []

    def opened(width: int = 1280, scheme: Any = "light") -> Shown:
        context = browser.new_context(
            viewport={"width": width, "height": 800},
            color_scheme=scheme,
            reduced_motion="reduce",
            offline=True,
        )
        contexts.append(context)
        made.append(Shown(context.new_page()))
        return made[-1]

    yield opened
    complaints = [one for tab in made for one in tab.complaints]
    for context in contexts:
        context.close()
    assert complaints == []


def state(place: Page | Frame) -> dict[str, Any]:
    """What the picture shows, once it has drawn."""
    place.wait_for_selector("figure[data-state]")
    found: dict[str, Any] = json.loads(place.eval_on_selector("figure", "figure => figure.dataset.state"))
    return found


def alike(shown: dict[str, Any], figure: Figure[Any]) -> dict[str, Any]:
    """What is shown, to the digits that are written; without what a page alone has: the text as the open model cuts it,
    Decoding's text to try, the lab's next run, the server's memory; and without times, which are measured anew.
    """
    if not figure.model:
        for key in ("tokens", "tokenLosses"):
            shown.pop(key, None)
    if figure.name == "decoding":
        shown["verdict"].pop("act")
    if figure.name == "models":
        for one in shown["entries"]:
            one.pop("open")
    if figure.name == "efficiency":  # other tests measure more of them on the server
        usual = {setting_name(one) for one in USUAL}
        shown["points"] = [
            {key: one[key] for key in one if key != "front"}
            for one in shown["points"]
            if one["here"] or one["name"] in usual
        ]
    for alone in {"lab": ["plan"], "efficiency": ["passes"]}.get(figure.name, []):
        shown.pop(alone)
    if "attends" in shown:  # Home's shares have fewer bits in a file
        shown["attends"] = [
            str(Decimal(one).quantize(Decimal("1e-4"), ROUND_HALF_UP)) for one in shown["attends"]
        ]
    return shown


def saved(tmp_path: Path, picture: Picture) -> Path:
    return picture.save(tmp_path / "picture.html")


def framed(page: Page, picture: Picture) -> Frame:
    """The picture as a notebook has it, in a page of the test's."""
    page.set_content(picture.html(whole=False))
    frame = page.query_selector("iframe")
    assert frame is not None
    inside = frame.content_frame()
    assert inside is not None
    state(inside)
    return inside


@pytest.mark.parametrize(("name", "asked"), CASES)
def test_a_file_and_a_frame_show_what_the_page_shows(
    name: str,
    asked: dict[str, Any],
    page: Page,
    lm: core.LanguageModel,
    tab: Callable[..., Shown],
    tmp_path: Path,
) -> None:
    figure = of_page(name)
    picture = draw(name, lm, TEXT, **asked)
    keys = {one.word: one for one in figure.arguments}
    values, _ = figure.values(asked)
    query = {}
    for word in asked:
        key = keys[word].key
        value = picture._drawing.figure.select(picture._drawing.seen).get(key, values[key])
        query[key] = BY_KEY[key].render(value)
    driver.open_page(page, name, v=1, text=TEXT, **query)
    checks.wait_until_finished(page)
    there = alike(driver.component_state(page, figure.component.name), figure)
    width = int(driver.component(page, figure.component.name).evaluate("figure => figure.offsetWidth"))
    assert alike(state(tab(width + 32).open(saved(tmp_path, picture))), figure) == there
    if asked == ASKED.get(name, [{}])[0]:  # a frame holds the file's document, whatever was asked for
        frame = framed(tab(width + 32 + 16).page, picture)  # 16: a body's margin around the frame
        assert alike(state(frame), figure) == there


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
    state(page)
    for gone in DEAD:
        expect(page.locator(gone)).to_have_count(0)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    expect(page.locator("footer p")).to_have_text("Made with Glassbox")


def does_nothing(page: Page, key: str) -> None:
    """A key for which a model would have to run changes nothing."""
    before = state(page)
    page.focus("figure")
    page.keyboard.press(key)
    page.wait_for_timeout(50)
    assert state(page) == before
    expect(page.locator("input.att-edit")).to_have_count(0)


def leads_on(place: Page | Frame, key: str, changes: str) -> None:
    """A key changes this part of the state."""
    before = state(place)
    place.focus("figure")
    (place.page if isinstance(place, Frame) else place).keyboard.press(key)
    place.wait_for_function(
        f"([key, was]) => JSON.stringify({NOW}[key]) !== was", arg=[changes, json.dumps(before[changes])]
    )


@pytest.mark.parametrize("name", SHOWN)
def test_what_works_without_a_server_is_there_and_nothing_else(
    name: str, lm: core.LanguageModel, tab: Callable[..., Shown], tmp_path: Path
) -> None:
    picture = draw(name, lm, TEXT)
    page = tab(390).open(saved(tmp_path, picture))
    for width in (390, 1280):
        has_no_dead_control(page, width)
    for key in LOST.get(name, []):
        does_nothing(page, key)
    for place in (page, framed(tab().page, picture)):
        for key, changes in KEYS.get(name, []):
            leads_on(place, key, changes)


def test_attention_s_cell_follows_the_pointer_and_is_not_edited(
    lm: core.LanguageModel, tab: Callable[..., Shown], tmp_path: Path
) -> None:
    page = tab().open(saved(tmp_path, show.attention(lm, TEXT, row=10)))
    assert state(page)["row"] == 10
    chip = page.locator('figure [data-part="chips"] text', has_text="lost").first
    chip.hover()
    page.wait_for_function(f"() => {NOW}.row === 5")
    page.mouse.click(400, 300)
    expect(page.locator("input.att-edit")).to_have_count(0)


def test_a_panel_of_one_head_leads_back_to_it(
    lm: core.LanguageModel, tab: Callable[..., Shown], tmp_path: Path
) -> None:
    page = tab().open(saved(tmp_path, show.multi_head(lm, TEXT, layer=3, head=2)))
    state(page)
    page.focus("figure")
    page.keyboard.press("0")
    page.wait_for_function(f"() => {NOW}.head === 0")
    page.click('[data-panel="pair"]')  # the file has one head's queries and keys
    page.wait_for_function(f"() => {NOW}.panel === 'pair'")
    assert state(page)["head"] == 2
    page.focus("figure")
    page.keyboard.press("0")
    page.wait_for_function(f"() => {NOW}.panel === 'lines'")
    assert state(page)["head"] == 0


def test_the_charts_beside_a_picture_follow_its_steps(tab: Callable[..., Shown], tmp_path: Path) -> None:
    page = tab().open(saved(tmp_path, show.scaling()))
    state(page)
    charts = page.locator(".gb-charts > div")
    expect(charts.filter(visible=True)).to_have_count(2)
    assert charts.filter(visible=True).first.get_attribute("data-step") == "-1"
    page.focus("figure")
    page.keyboard.press(".")
    expect(page.locator('.gb-charts > div[data-step="0"]')).to_be_visible()
    expect(charts.filter(visible=True)).to_have_count(1)


@pytest.mark.parametrize("name", OF_A_TEXT)
def test_hostile_tokens_are_text(
    name: str, lm: core.LanguageModel, tab: Callable[..., Shown], tmp_path: Path
) -> None:
    picture = draw(name, lm, HOSTILE)
    page = tab().open(saved(tmp_path, picture))
    shown = state(page)
    if name in OF_A_MODEL:
        assert "</script" in "".join(shown["tokens"])
    expect(page.locator("img, .picture b")).to_have_count(0)
    assert page.title() == f"{picture.title}"


@pytest.mark.parametrize("kind", ["SVG", "PNG"])
@pytest.mark.parametrize("place", ["file", "frame"])
def test_the_picture_is_saved_from_the_file(
    kind: str, place: str, lm: core.LanguageModel, tab: Callable[..., Shown], tmp_path: Path
) -> None:
    picture, one = show.attention(lm, TEXT), tab()
    where = one.open(saved(tmp_path, picture)) if place == "file" else framed(one.page, picture)
    state(where)
    with one.page.expect_download() as download:
        where.click(f"[data-save={kind}]")
    assert download.value.suggested_filename == f"glassbox-attention.{kind.lower()}"
    start = {"SVG": b"<svg", "PNG": b"\x89PNG"}[kind]
    assert Path(download.value.path()).read_bytes().startswith(start)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_colours_are_the_reader_s_or_those_that_were_asked_for(
    scheme: str, lm: core.LanguageModel, tab: Callable[..., Shown], tmp_path: Path
) -> None:
    page = tab(scheme=scheme).open(saved(tmp_path, show.home(lm, TEXT)))
    state(page)
    assert page.get_attribute("figure", "data-theme") == scheme
    strip = page.locator('figure [data-part="embedding"] image').first  # its colours are kept as an image
    before = strip.get_attribute("href")
    other = "dark" if scheme == "light" else "light"
    page.emulate_media(color_scheme=other)
    page.wait_for_selector(f'figure[data-theme="{other}"]')  # it follows
    assert strip.get_attribute("href") != before
    fixed = tab(scheme=scheme).open(saved(tmp_path, show.home(lm, TEXT, theme=other)))
    state(fixed)
    assert fixed.get_attribute("figure", "data-theme") == other


def test_a_frame_becomes_as_high_as_its_picture(lm: core.LanguageModel, tab: Callable[..., Shown]) -> None:
    page = tab().page
    frame = framed(page, show.multi_head(lm, TEXT))
    page.wait_for_function(
        "([height]) => Math.abs(document.querySelector('iframe').offsetHeight - height) <= 1",
        arg=[frame.evaluate("Math.ceil(document.body.getBoundingClientRect().height)")],
    )
    assert frame.evaluate("document.documentElement.scrollHeight - innerHeight") <= 1


def test_two_pictures_of_one_page_do_not_meet(lm: core.LanguageModel, tab: Callable[..., Shown]) -> None:
    page = tab().page
    both = [show.attention(lm, TEXT, head=head).html(whole=False) for head in (0, 1)]
    page.set_content("".join(both))
    frames = [handle.content_frame() for handle in page.query_selector_all("iframe")]
    assert [state(frame)["head"] for frame in frames if frame is not None] == [0, 1]
    assert frames[0] is not None
    assert frames[1] is not None
    before = state(frames[1])
    frames[0].focus("figure")
    page.keyboard.press(".")
    frames[0].wait_for_function(f"() => !{NOW}.whole")
    assert state(frames[1]) == before


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


def test_a_switch_changes_the_picture_and_keeps_what_was_chosen(
    lm: core.LanguageModel, tab: Callable[..., Shown], tmp_path: Path
) -> None:
    several = show.multi_head(lm, TEXT, layer=3, head=2).variants(off=["", "3.2", "3.2 3.3"])
    both = show.page({"Off": several, "One head": show.attention(lm, TEXT)}, live="https://glassbox.example")
    page = tab().open(both.save(tmp_path / "picture.html"))
    before = state(page)
    page.focus("figure")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function(f"() => {NOW}.head === 1")
    page.focus("input[type=radio]:checked")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => {NOW}.off.length === 1")
    assert state(page)["head"] == 1
    expect(page.locator("summary:visible")).to_have_text(["As a table: off 3.2", "As a table"])
    page.get_by_label("none").check()
    page.focus("figure")
    page.keyboard.press("ArrowRight")
    page.wait_for_function(f"() => {NOW}.head === 2")
    assert state(page) == before
    expect(page.locator("figure[data-component=attention][data-state]")).to_have_count(1)
    expect(page.locator("footer p").first).to_have_text("Made with Glassbox · Open it live")
    with page.expect_download() as download:
        page.locator("[data-save=SVG]").nth(1).click()
    assert download.value.suggested_filename == "glassbox-attention.svg"
    assert "A head scores every pair" in Path(download.value.path()).read_text(encoding="utf-8")


@pytest.mark.parametrize("said", ["data-jp-theme-light='false'", "data-vscode-theme-kind='vscode-dark'", ""])
def test_in_a_notebook_the_frame_has_the_notebook_s_colours(
    said: str, lm: core.LanguageModel, tab: Callable[..., Shown]
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
    state(fixed)
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


def test_a_notebook_that_only_says_that_it_is_dark_is_not_seen_through(
    lm: core.LanguageModel, tab: Callable[..., Shown]
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
    lm: core.LanguageModel, tab: Callable[..., Shown]
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


def test_the_page_gives_its_picture_away(page: Page, tab: Callable[..., Shown], tmp_path: Path) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    driver.open_page(page, "attention", v=1, text=TEXT, block=1, head=0, row=4, step=8)
    there = driver.component_state(page, "attention")
    width = int(driver.component(page, "attention").evaluate("figure => figure.offsetWidth"))
    page.get_by_role("button", name="HTML ▾").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML", exact=True).click()
    assert download.value.suggested_filename == "glassbox-attention.html"
    file = tmp_path / "glassbox-attention.html"
    download.value.save_as(file)
    assert state(tab(width + 32).open(file)) == there

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
    assert state(inside) == there
    assert [kind for kind in one.complaints if not kind.startswith("request: file:")] == []
    one.complaints.clear()


def test_a_live_frame_on_a_course_page_computes_anew(
    page: Page, server: driver.Server, lm: core.LanguageModel, tmp_path: Path
) -> None:
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    driver.open_page(page, "attention", v=1, text=TEXT, block=1, head=0, row=4)
    there = driver.component_state(page, "attention")
    page.get_by_label("Embed", exact=True).select_option("live")
    page.wait_for_function("document.querySelector('.gb-take-status').textContent === 'Copied'")
    snippet = page.evaluate("navigator.clipboard.readText()")
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
