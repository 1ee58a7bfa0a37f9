"""What a person waits for, in a real browser: from a control's change to the new picture, hover, and first paint.

One user, the bundled model, the server on the same machine. The clock is the browser's own: it starts in the event that
changes the control and stops at the frame after the picture has written its new state.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import core
from app import chapters
from tests.benchmarks import pair
from tests.benchmarks.clock import CLOCK, HOVERED, button, change, part, press, reads, toggle, waited, write
from tests.browser import driver
from tests.browser.test_multi_head import tile
from tests.browser.test_rewind import APART, STILL
from tests.pages.conftest import random_model

ROUNDS = 12
HOVER_MS, PAINT_MS = 16, 4000
HEADS_MS, TREE_MS, MAP_MS = 300, 500, 6

LONG = (
    "the cat and the dog and the bird saw the red ball in the big tree near the lake and then they all went home to eat"
    " some bread with honey"
)

# Main pictures that no Rewind changes (see tests/browser/test_rewind.py), or of what is there before a training begins.
RESTING = STILL | APART | {"optimizers", "bias"}
SLUGS = [chapter.slug for section in chapters.shown().values() for chapter in section]

Report = Callable[[pair.Figure], None]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app as `make run` starts it, with two more models of as many heads and blocks as GPT-2 has."""
    models = tmp_path_factory.mktemp("models")
    random_model(models / "narrow", seed=4, n_layers=12, n_heads=12, d_model=96)
    random_model(models / "wide", seed=4, n_layers=12, n_heads=12, d_model=768, n_ctx=256)
    with driver.serving(tmp_path_factory.mktemp("server"), env={"GLASSBOX_MODELS": str(models)}) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with driver.launched() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser, server: driver.Server) -> Iterator[Page]:
    """A tab of a fresh browser."""
    context = driver.new_context(browser, server)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize(("label", "key"), [("Head", "head"), ("Open block", "block")])
def test_home(label: str, key: str, page: Page, report: Report) -> None:
    driver.open_page(page, "home")
    times = [  # never the one it opens with
        press(page, "home", button(label, 1 - turn % 2), f"state.{key} === {1 - turn % 2}")
        for turn in range(ROUNDS)
    ]
    figure = change(f"Home: {label}", times)
    report(figure)
    assert figure.reached


@pytest.mark.parametrize("slug", ["home", "attention", "multi_head"])
def test_a_new_text(slug: str, page: Page, report: Report) -> None:
    driver.open_page(page, slug)
    times = [
        write(page, slug, "Your text", f"Lily had {turn} balls", reads(f"{turn} balls"))
        for turn in range(2, 2 + ROUNDS)
    ]
    figure = change(f"{chapters.BY_SLUG[slug].title}: a new text", times)
    report(figure)
    assert figure.reached


def test_attention(page: Page, report: Report) -> None:
    driver.open_page(page, "attention")
    heads = change(
        "Attention: Head",
        [
            press(page, "attention", button("Head", 1 - turn % 2), f"state.head === {1 - turn % 2}")
            for turn in range(ROUNDS)
        ],
    )
    report(heads)
    scale = change(
        "Attention: Scale",
        [
            press(page, "attention", toggle("Scale"), f"state.changed === {'false' if turn % 2 else 'true'}")
            for turn in range(ROUNDS)
        ],
    )
    report(scale)
    assert heads.reached and scale.reached


@pytest.mark.parametrize(("label", "key"), [("Head", "head"), ("Block", "block")])
def test_multi_head(label: str, key: str, page: Page, report: Report) -> None:
    driver.open_page(page, "multi_head", block=2, head=2)
    values = [1 - turn % 2 for turn in range(ROUNDS)]
    figure = change(
        f"Multi-head: {label}, its map and its numbers",
        [press(page, "multi_head", button(label, v), f"state.{key} === {v} && state.exact") for v in values],
    )
    report(figure)
    assert figure.reached


def test_multi_head_ablation(page: Page, report: Report) -> None:
    driver.open_page(page, "multi_head")
    find = part("multi_head", "[data-off=head]")
    times = [
        press(page, "multi_head", find, f"state.changed === {'false' if turn % 2 else 'true'}")
        for turn in range(ROUNDS)
    ]
    figure = change("Multi-head: a head switched off and on", times)
    report(figure)
    assert figure.reached


def test_144_heads_of_a_new_text(page: Page, report: Report) -> None:
    driver.open_page(page, "multi_head", model="./narrow")
    words = ("the fox", "a crow", "the wood", "a lion", "the river", "the sun", "the wind", "a boat")
    times = [
        write(
            page,
            "multi_head",
            "Your text",
            f"Then came {word}",
            f"{reads(word)} && state.roles.length === 144",
        )
        for word in words
    ]
    figure = pair.Figure("Multi-head: a new text, all 144 heads (width 96)", times, HEADS_MS)
    report(figure)
    assert figure.reached


def test_a_click_among_144_heads(page: Page, report: Report) -> None:
    driver.open_page(page, "multi_head", model="./wide", text=LONG)
    assert 50 < len(driver.component_state(page, "multi_head")["tokens"]) <= 64
    times = []
    for block, head in [(5, 1), (0, 11), (11, 0), (3, 7), (8, 8), (6, 2), (2, 9), (10, 5)]:
        holds = f"state.block === {block} && state.head === {head} && state.exact"
        page.evaluate(CLOCK, ["multi_head", "click", holds])
        page.mouse.click(*tile(page, block, head))
        times.append(waited(page))
    figure = pair.Figure(
        "Multi-head: another of GPT-2's 144 heads, its own numbers (width 768)", times, HEADS_MS
    )
    report(figure)
    assert figure.reached


def test_a_neuron_switched_off(page: Page, report: Report) -> None:
    name = "feed_forward"
    driver.open_page(page, name)
    switches = change(
        "Feed-forward: a neuron switched off and on",
        [
            press(page, name, part(name, "[data-act=switch]"), f"state.off.length === {1 - k % 2}")
            for k in range(ROUNDS)
        ],
    )
    report(switches)
    assert switches.reached


# Parts that change what the picture is computed from, two by two, and what its state then says.
PARTS = {
    "feed_forward": ("another token", 'g[data-row="{}"]', "state.row === {}", (2, 4)),
    "norm_residual": ("another token", 'g[data-token="{}"]', "state.row === {}", (2, 4)),
    "bias": ("another test", 'g[data-test="{}"]', "state.test === '{}'", (7, 2)),
    "efficiency": (
        "another matrix",
        'g[data-matrix="{}"]',
        "[state.matrix.block, state.matrix.piece].join(' ') === '{}'",
        ("1 o", "2 in"),
    ),
    "multimodal": ("another word of the caption", 'g[data-word="{}"]', "state.part === {}", (0, 1)),
}
NATIVE = {
    "positions": ("Kind of position", (1, 2), ("learned", "rotary"), "kind"),
    "feed_forward": ("Block", (1, 2), (1, 2), "block"),
    "norm_residual": ("Norm", (1, 2), ("layer", "rms"), "norm.kind"),
    "embeddings": ("Table", (1, 0), ("model", "glove"), "table.id"),
    "compute": ("Numbers", (1, 2), ("16 bits", "8 bits"), "precision"),
    "bias": ("Gender direction", (1, 0), (True, False), "removed"),
    "interpretability": ("Measure", (1, 0), (True, False), "alone"),
    "scaling": ("Loss against", (1, 0), ("data", "parameters"), "against"),
    "efficiency": ("Bits", (1, 2), (8, 4), "setting.bits"),
}


@pytest.mark.parametrize("slug", PARTS)
def test_another_part_is_followed(slug: str, page: Page, report: Report) -> None:
    what, find, holds, ends = PARTS[slug]
    driver.open_page(page, slug)
    times = [
        press(page, slug, part(slug, find.format(ends[turn % 2])), holds.format(ends[turn % 2]))
        for turn in range(ROUNDS)
    ]
    figure = change(f"{chapters.BY_SLUG[slug].title}: {what}", times)
    report(figure)
    assert figure.reached


@pytest.mark.parametrize("slug", NATIVE)
def test_another_kind_is_chosen(slug: str, page: Page, report: Report) -> None:
    label, buttons, names, key = NATIVE[slug]
    driver.open_page(page, slug)
    times = [
        press(page, slug, button(label, buttons[turn % 2]), f"state.{key} === {json.dumps(names[turn % 2])}")
        for turn in range(ROUNDS)
    ]
    figure = change(f"{chapters.BY_SLUG[slug].title}: {label}", times)
    report(figure)
    assert figure.reached


def test_multimodal(page: Page, report: Report) -> None:
    name = "multimodal"
    driver.open_page(page, name, pictured=5)
    pictures = [at for at in range(12) if at != 5]
    captioned = change(
        "Multimodal: another picture, captioned, and each of its pieces covered",
        [press(page, name, part(name, f'g[data-scene="{at}"]'), f"state.number === {at}") for at in pictures],
    )
    report(captioned)
    driver.open_page(page, name, sketched=1)
    pad = driver.component(page, name).locator(".mm-pad").bounding_box()
    assert pad
    times = []
    for stroke in range(6):
        x, y = (pad[side] + pad[size] * 0.2 for side, size in (("x", "width"), ("y", "height")))
        page.mouse.move(x + 8 * stroke, y)
        page.mouse.down()
        page.mouse.move(x + 8 * stroke, y + 90, steps=6)
        page.evaluate(
            CLOCK,
            [name, "pointerup", f"state.strokes === {stroke + 1} && state.drawing.length === state.read"],
        )
        page.mouse.up()
        times.append(waited(page))
    drawn = change("Multimodal: a stroke of a drawing, captioned", times)
    report(drawn)
    assert captioned.reached and drawn.reached


def test_tokenization(page: Page, report: Report) -> None:
    name = "tokenization"
    driver.open_page(page, name, corpus="fables", size=500)
    driver.wait_for_state(page, name, lambda now: now["key"] is not None, seconds=60)
    methods = ("wordpiece", "bpe")
    rows = change(
        "Tokenization: another method",
        [
            press(
                page,
                name,
                part(name, f"g[data-row={methods[turn % 2]}]"),
                f"state.method === '{methods[turn % 2]}'",
            )
            for turn in range(ROUNDS)
        ],
    )
    report(rows)
    words = [f"{start}happi{end}" for start in ("dis", "", "mis", "re") for end in ("ness", "ly", "er")]
    cut = change(
        "Tokenization: another word, cut by every method",
        [
            write(page, name, "Word", word, f"state.machine && state.machine.word.trim() === '{word}'")
            for word in words
        ],
    )
    report(cut)
    assert rows.reached and cut.reached


def test_embeddings(page: Page, report: Report) -> None:
    name = "embeddings"
    driver.open_page(page, name)
    words = ("ball", "lost", "red")
    looked_up = change(
        "Embeddings: another word of the text, its row and its neighbours among 20,000",
        [
            press(
                page,
                name,
                part(name, f'[data-piece="{(2, 4, 1)[turn % 3]}"]'),
                f"state.word === '{words[turn % 3]}'",
            )
            for turn in range(ROUNDS)
        ],
    )
    report(looked_up)
    gazes = ("analogy", "all")
    seen = change(
        "Embeddings: 20,000 words seen along an analogy, and back",
        [
            press(
                page, name, button("Map seen along", (2, 0)[turn % 2]), f"state.gaze === '{gazes[turn % 2]}'"
            )
            for turn in range(ROUNDS)
        ],
    )
    report(seen)
    assert looked_up.reached and seen.reached


def test_20_000_words_panned(page: Page, report: Report) -> None:
    driver.open_page(page, "embeddings")
    place = page.locator("[data-map]").first
    drawn = pair.Figure(
        "Embeddings: 20,000 words drawn, script", [float(place.get_attribute("data-ms") or 1e9)], 1000
    )
    report(drawn)
    box = place.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    times = []
    for step in range(1, 61):
        before = place.get_attribute("data-frames")
        page.mouse.move(x + 6 * (step % 20), y + 2 * (step % 20))
        page.wait_for_function(
            "before => document.querySelector('[data-map]').dataset.frames !== before", arg=before
        )
        times.append(float(place.get_attribute("data-ms") or 1e9))
    page.mouse.up()
    panned = pair.Figure("Embeddings: 20,000 words panned, the script's share of a frame", times, MAP_MS)
    report(panned)
    assert drawn.reached and panned.reached


def test_positions(page: Page, report: Report) -> None:
    driver.open_page(page, "positions")
    order = change(
        "Positions: another order, read three ways",
        [
            press(
                page,
                "positions",
                f"(window.before = JSON.stringify(JSON.parse({part('positions', '')}.dataset.state).order.order), "
                + part("positions", "[data-act=another]")
                + ")",
                "JSON.stringify(state.order.order) !== window.before",
            )
            for _ in range(ROUNDS)
        ],
    )
    report(order)
    begins = change(
        "Positions: Text begins at position",
        [
            write(page, "positions", "Text begins at position", str(turn), f"state.begins === {turn}")
            for turn in range(1, 1 + ROUNDS)
        ],
    )
    report(begins)
    assert order.reached and begins.reached


def test_decoding(page: Page, report: Report) -> None:
    driver.open_page(page, "decoding")
    figure = change("Decoding: another sample, the tree grown anew", samples(page))
    report(figure)
    assert figure.reached


def test_a_tree_of_width_8_and_depth_20(page: Page, report: Report) -> None:
    driver.open_page(page, "decoding", beams=8, depth=20)
    assert driver.component_state(page, "decoding")["depth"] == 20
    figure = pair.Figure("Decoding: a tree of width 8 and depth 20, grown anew", samples(page), TREE_MS)
    report(figure)
    assert figure.reached


def samples(page: Page) -> list[float]:
    """Milliseconds to the tree with another sample in it, again and again: no seed was seen before."""
    first: int = driver.component_state(page, "decoding")["seed"]
    return [
        press(page, "decoding", part("decoding", "[data-act=again]"), f"state.seed === {seed}")
        for seed in range(first + 1, first + 1 + ROUNDS)
    ]


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug not in RESTING])
def test_rewind(slug: str, page: Page, report: Report) -> None:
    driver.open_page(page, slug)
    slider = page.locator("[data-testid=stSidebar] input[type=range]")
    slider.focus()
    times = []
    for _ in core.snapshots("tales-gpt")[
        1:
    ]:  # each is new to the server: weights are read, everything is computed
        page.evaluate(f"window.before = {part(slug, '')}.dataset.state")
        page.evaluate(CLOCK, [slug, "input", "JSON.stringify(state) !== window.before"])
        page.keyboard.press("ArrowLeft")
        times.append(waited(page))
    figure = change(f"{chapters.BY_SLUG[slug].title}: Rewind, a step back", times)
    report(figure)
    assert figure.reached


@pytest.mark.parametrize("slug", SLUGS)
def test_hover_stays_in_the_browser(slug: str, page: Page, report: Report) -> None:
    driver.open_page(page, slug)
    times, pictures = page.evaluate(HOVERED, slug)
    assert pictures >= 5
    figure = pair.Figure(
        f"{chapters.BY_SLUG[slug].title}: hover, the script's share of a frame", times, HOVER_MS
    )
    report(figure)
    assert figure.reached


@pytest.mark.parametrize("slug", SLUGS)
def test_first_paint(slug: str, browser: Browser, server: driver.Server, report: Report) -> None:
    times: list[float] = []
    for _ in range(3):
        context = driver.new_context(browser, server)
        tab: Any = context.new_page()
        started = time.perf_counter()
        driver.open_page(tab, slug)
        times.append(1000 * (time.perf_counter() - started))
        context.close()
    figure = pair.Figure(
        f"{chapters.BY_SLUG[slug].title}: opened in a fresh browser, all drawn", times, PAINT_MS
    )
    report(figure)
    assert figure.reached
