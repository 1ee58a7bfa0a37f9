"""What a person waits for, in a real browser: from a control's change to the new picture, hover, and first paint.

One user, the bundled model, the server on the same machine. The clock is the browser's own: it starts in the event that
changes the control and stops at the frame after the picture has written its new state.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import core
from app import chapters
from tests.benchmarks import pair
from tests.browser import driver
from tests.browser.test_multi_head import tile
from tests.pages.conftest import random_model

ROUNDS = 12
CHANGE_MS, CHANGE_P95_MS, HOVER_MS, PAINT_MS = 150, 300, 16, 4000
HEADS_MS, TREE_MS = 300, 500

LONG = (
    "the cat and the dog and the bird saw the red ball in the big tree near the lake and then they all went home to eat"
    " some bread with honey"
)

# Main pictures of no model, or of what is there before a training begins.
STILL = {"tokenization", "optimizers"}
SLUGS = [chapter.slug for section in chapters.shown().values() for chapter in section]

Report = Callable[[pair.Figure], None]

# Starts the clock at the next event of the kind `starts`, and keeps a promise of the milliseconds until `holds` is true
# of the state, drawn.
CLOCK = """([name, starts, holds]) => {
  const figure = () => document.querySelector(`[data-component="${name}"]`);
  const ready = new Function('state', `return ${holds}`);
  window.waited = new Promise((done, fail) => {
    let started = null;
    addEventListener(starts, () => { started ??= performance.now(); }, {capture: true, once: true});
    const look = () => {
      const now = figure()?.dataset.state;
      if (started === null || !now || !ready(JSON.parse(now))) return;
      watch.disconnect();
      requestAnimationFrame(() => done(performance.now() - started));
    };
    const watch = new MutationObserver(look);
    watch.observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-state']});
    setTimeout(() => fail(new Error(`waited 10 s for ${holds}: ${figure()?.dataset.state?.slice(0, 400)}`)), 10000);
  });
}"""

# Moves the mouse over 60 places of the picture, half of them parts that answer to it; each time: the script's own time,
# in the events and the next frame. Tells how many different pictures and tooltips that made, too.
HOVERED = """async (name) => {
  const figure = document.querySelector(`[data-component="${name}"]`);
  const svg = figure.querySelector('svg'), box = svg.getBoundingClientRect();
  const under = (x, y) => { const e = document.elementFromPoint(x, y); return e && svg.contains(e) ? e : svg; };
  const frame = window.requestAnimationFrame.bind(window);
  let spent = 0;
  const timed = (work) => (...given) => {
    const started = performance.now();
    work(...given);
    spent += performance.now() - started;
  };
  window.requestAnimationFrame = (work) => frame(timed(work));
  const times = [], states = new Set();
  const hot = [...svg.querySelectorAll('.gb-hot, .gb-chip')];
  const place = (i) => {
    const part = i % 2 ? hot[Math.floor(i * hot.length / 60)]?.getBoundingClientRect() : null;
    if (part?.width) return [part.x + part.width / 2, part.y + part.height / 2];
    return [box.x + box.width * (0.05 + 0.9 * ((i * 7) % 60) / 60), box.y + box.height * (0.2 + 0.6 * i / 60)];
  };
  let last = null;
  for (let i = 0; i < 60; i++) {
    const [x, y] = place(i), element = under(x, y);
    const event = {bubbles: true, clientX: x, clientY: y, pointerType: 'mouse'};
    const now = element.closest('.gb-hot, .gb-chip');
    spent = 0;
    if (now !== last) {  // what a browser sends to the part alone
      timed(() => last?.dispatchEvent(new PointerEvent('pointerleave', {...event, bubbles: false})))();
      timed(() => now?.dispatchEvent(new PointerEvent('pointerenter', {...event, bubbles: false})))();
      last = now;
    }
    for (const type of ['pointerover', 'pointermove'])
      timed(() => element.dispatchEvent(new PointerEvent(type, event)))();
    await new Promise(done => frame(() => frame(done)));
    times.push(spent);
    states.add(figure.dataset.state + (document.querySelector('.gb-tip:not([hidden])')?.innerText ?? ''));
  }
  window.requestAnimationFrame = frame;
  return [times, states.size];
}"""


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


def button(label: str, name: int) -> str:
    """JavaScript that finds one button of a row of buttons."""
    return (
        f"[...document.querySelectorAll('[data-testid=\"stButtonGroup\"]')]"
        f".find(group => group.innerText.startsWith('{label}'))"
        f".querySelectorAll('button')[{name}]"
    )


def toggle(label: str) -> str:
    """JavaScript that finds a toggle."""
    return (
        "[...document.querySelectorAll('[data-testid=\"stCheckbox\"]')]"
        f".find(box => box.innerText.includes('{label}')).querySelector('input')"
    )


def part(name: str, selector: str) -> str:
    """JavaScript that finds a part of a picture."""
    return f"document.querySelector('[data-component=\"{name}\"] {selector}')"


def change(title: str, milliseconds: list[float]) -> pair.Figure:
    """A change of a control, beside what a person may wait for."""
    return pair.Figure(title, milliseconds, CHANGE_MS, most_95=CHANGE_P95_MS)


def press(page: Page, name: str, find: str, holds: str) -> float:
    """Milliseconds from a click to the new picture."""
    page.evaluate(CLOCK, [name, "click", holds])
    page.evaluate(f"{find}.dispatchEvent(new MouseEvent('click', {{bubbles: true}}))")
    return waited(page)


def write(page: Page, name: str, label: str, text: str, holds: str) -> float:
    """Milliseconds from Enter (of Ctrl+Enter) in a text box to the picture of the new text."""
    page.get_by_label(label, exact=True).first.fill(text)
    page.evaluate(CLOCK, [name, "keydown", holds])
    page.keyboard.press("Control+Enter")
    return waited(page)


def waited(page: Page) -> float:
    """What the clock says; returns when the page has come to rest."""
    found: float = page.evaluate("window.waited")
    driver.wait_until_drawn(page)
    return found


def reads(text: str) -> str:
    """The condition that a picture shows this text."""
    return f"state.tokens.join('').endsWith('{text}')"


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


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug not in STILL])
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
