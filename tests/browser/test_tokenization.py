"""The Tokenization page in a real browser: rows, sliders, panels and figures against `core`."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

import core
from core.text.broken import broken
from core.text.languages import languages, rates
from core.text.published import Published, published
from core.text.simple import hidden
from pages.tokenization.learned import Learned, Spec, learn, shown
from tests.browser import driver

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "Her unhappiness 👍 turned into happiness."
NAME = "tokenization"
LINK = {"text": TEXT, "corpus": "fables", "size": 500}


@pytest.fixture(scope="module")
def learned() -> Learned:
    """What the page learns, learned here."""
    return learn(Spec("fables", 500, "usual"))


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page and wait until its vocabularies are learned; returns what the picture shows."""
    driver.open_page(page, NAME, **{**LINK, **query})
    return reach(page)


def reach(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the vocabularies are there and the state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page,
        NAME,
        lambda now: now["key"] is not None and all(now[name] == value for name, value in wanted.items()),
    )
    return state


def choose(page: Page, method: str) -> dict[str, Any]:
    """Click the row of a method and wait until the picture shows how it learned."""
    driver.click(page, driver.component(page, NAME).locator(f'g[data-row="{method}"]'))
    return reach(page, method=method)


def slide(page: Page, value: int) -> None:
    """Move the picture's slider as a drag does."""
    driver.component(page, NAME).locator("input[type=range]").evaluate(
        """(node, value) => {
          Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(node, value);
          node.dispatchEvent(new Event('input', { bubbles: true }));
          node.dispatchEvent(new Event('change', { bubbles: true }));
        }""",
        value,
    )


def ids(method: Any, text: str = TEXT) -> list[int]:
    """The ids of a text's pieces."""
    return [piece.id for piece in method.encode(text)]


def test_rows_figures_and_svg_are_those_of_core(page: Page, learned: Learned) -> None:
    state = opened(page)
    lm = core.load("tales-gpt")
    assert state["tokens"] == [lm.tokenizer.display(token) for token in lm.encode(TEXT)]
    expected = {"model": Published(lm.tokenizer), **learned.methods}
    expected |= {name: published(name) for name in ("gpt2", "cl100k", "bert")}
    assert list(state["rows"]) == list(expected)
    for row, method in expected.items():
        pieces = method.encode(TEXT)
        assert state["rows"][row]["ids"] == [piece.id for piece in pieces], row
        assert state["rows"][row]["unknown"] == sum(piece.unknown for piece in pieces), row
    assert state["rows"]["words"]["unknown"] > 0 == state["rows"]["bpe"]["unknown"]

    state = driver.component_state(page, "bytes")
    assert state["own"]
    card = next(card for card in state["cards"] if card["character"] == "👍")
    assert card["bytes"] == list("👍".encode())
    found = next(one for one in broken(published("gpt2").encode(TEXT), TEXT) if one.character == "👍").shares
    assert card["tokens"]["gpt2"] == [[share.piece.id, len(share.data)] for share in found]
    assert [count for _, count in card["tokens"]["bpe"]] == [1, 1, 1, 1]
    state = driver.component_state(page, "unknown")
    words = learned.methods["words"]
    assert state["rows"]["words"]["hidden"] == pytest.approx(hidden(words.encode(TEXT), TEXT))
    assert state["rows"]["words"]["cells"][0] == ["[UNK]"] and state["rows"]["gpt2"]["hidden"] == 0

    with page.expect_download() as download:
        page.get_by_role("button", name="SVG", exact=True).click()
    picture = ElementTree.fromstring(Path(download.value.path()).read_text(encoding="utf-8"))
    labels = "".join(picture.itertext())
    assert "How BPE learned" in labels and "It stops here" in labels and "var(--" not in labels

    state = driver.component_state(page, "languages")
    for language in languages():
        tokens = state["tokens"][language.code]
        for name, method in (("gpt2", published("gpt2")), ("bpe", learned.methods["bpe"])):
            assert tokens[name] == rates(method, language.sentences, language.spaced).tokens
    assert state["tokens"]["hi"]["gpt2"] > 3 * state["tokens"]["en"]["gpt2"]
    figure = driver.component(page, "languages")
    figure.get_by_role("button", name="A word").click()
    page.wait_for_url("**rate=word**")
    figure.focus()
    page.keyboard.press("ArrowDown")
    driver.wait_for_state(page, "languages", lambda now: now["language"] == "tr" and now["rate"] == "word")


def test_a_link_opens_a_merge_and_the_slider_cuts_with_the_first_merges_as_core_does(
    page: Page, learned: Learned
) -> None:
    state = opened(page, method="bpe", merge=90, word="turned")
    assert (state["method"], state["merge"], state["word"]) == ("bpe", 90, "turned")
    for method in ("wordpiece", "bpe"):
        choose(page, method)
        the_slider_cuts_as_core_does(page, method, learned)
    # What the slider chose is in the link.
    slide(page, 120)
    reach(page, merge=120)
    page.wait_for_url("**merge=120**")
    page.reload()
    driver.wait_until_drawn(page)
    assert reach(page, merge=120)["rows"]["bpe"]["ids"] == ids(learned.bpe.tokenizer(upto=120))


def the_slider_cuts_as_core_does(page: Page, method: str, learned: Learned) -> None:
    """Check the row, the pair and its rivals of some merges of a method that is shown."""
    learning = learned.bpe if method == "bpe" else learned.wordpiece
    assert reach(page)["merges"] == len(learning.merges)

    def read(entry: str) -> str:
        return shown(entry, learning.pretokens)[0]

    for m in (0, 1, 40, 133, len(learning.merges)):
        slide(page, m)
        state = reach(page, merge=m)
        assert state["rows"][method]["ids"] == ids(learning.tokenizer(upto=m)), m
        assert state["left"] == (learning.merges[m - 1].symbols if m else learning.n_characters)
        if not m:
            assert state["pair"] is None
            continue
        merge = learning.merges[m - 1]
        assert state["pair"] == [read(merge.left), read(merge.right), merge.count]
        for found, pair in zip(state["rivals"], merge.rivals):
            assert found[:3] == [read(pair.left), read(pair.right), pair.count]
            assert found[3] == pytest.approx(pair.score, rel=1e-6)
        assert [count for count, _ in state["changes"]] == [change.count for change in merge.changes]


def test_a_large_vocabulary_is_scrubbed_and_played_to_its_end_within_a_minute(page: Page) -> None:
    # Scrubbing shows every merge on the way.
    last = opened(page, size=2000)["merges"]
    for step in range(30):
        slide(page, step * last // 30)
        reach(page, merge=step * last // 30)
    # Play comes to the end of any number of merges within a minute.
    slide(page, 0)
    reach(page, merge=0)
    driver.wait_until_drawn(page)
    page.clock.install()
    figure = driver.component(page, NAME)
    figure.get_by_role("button", name="Play", exact=True).click()
    page.clock.run_for(700 * 5)
    assert driver.component_state(page, NAME)["merge"] <= 8, "the first ones singly"
    figure.get_by_role("button", name="Pause", exact=True).click()
    page.clock.run_for(50)  # the frame in which it is drawn
    paused = driver.component_state(page, NAME)
    page.clock.run_for(700 * 3)
    assert not paused["playing"] and driver.component_state(page, NAME)["merge"] == paused["merge"]
    figure.get_by_role("button", name="Play", exact=True).click()
    page.clock.run_for(700 * 62)
    shown = driver.component_state(page, NAME)
    assert not shown["playing"] and shown["merge"] == shown["merges"] > 1000


def test_buttons_and_keys_walk_through_merges_and_rounds_and_the_door_leads_home(
    page: Page, learned: Learned
) -> None:
    last = opened(page, block=1, head=3)["merges"]
    figure = driver.component(page, NAME)
    figure.get_by_role("button", name="Back").click()
    reach(page, merge=last - 1)
    figure.get_by_role("button", name="Next").click()
    reach(page, merge=last)
    assert figure.get_by_role("button", name="Next").is_disabled()
    figure.focus()
    page.keyboard.press(",")
    page.keyboard.press(",")
    reach(page, merge=last - 2)
    page.keyboard.press("Space")
    reach(page, playing=True)
    reach(page, merge=last, playing=False)
    page.keyboard.press("Home")
    assert reach(page, merge=0)["pair"] is None
    page.keyboard.press("ArrowDown")
    assert reach(page, method="wordpiece")["machine"]["kind"] == "wordpiece"
    page.keyboard.press("ArrowDown")
    state = reach(page, method="unigram")
    # Unigram names its round and has the ways of core.
    text = panel(page, "learn")
    last = max(at for at, done in enumerate(learned.unigram.rounds) if done.cheapest)
    assert state["round"] == len(learned.unigram.rounds)
    assert "Nothing goes" not in text
    assert f"in round {last + 1}" in text
    assert f"{len(learned.methods['unigram']):,} entries ([UNK] counted)" in text
    assert "e-" not in text and "e−" not in text

    unigram = learned.methods["unigram"]
    entry = unigram.words(" unhappiness")[0].entry
    ways = unigram.n_best(entry, 5)  # type: ignore[attr-defined]
    assert [shares for _, shares in state["machine"]["ways"]] == pytest.approx(
        [way.probability for way in ways], rel=1e-6
    )
    for at in (0, 2):
        slide(page, at)
        state = reach(page, round=at)
        assert state["rows"]["unigram"]["ids"] == ids(learned.unigram.tokenizer(at - 1))
    page.keyboard.press(",")
    assert reach(page, round=state["round"] - 1)["merge"] is None
    # The door home carries text, block and head.
    driver.component(page, NAME).locator("[data-door=home]").click()
    page.wait_for_function("() => document.querySelector('[data-component=home]')?.dataset.state")
    driver.wait_until_drawn(page)
    state = driver.component_state(page, "home")
    assert (state["block"], state["head"]) == (1, 3)
    assert "".join(state["tokens"][1:]).startswith("Her unhapp")


def test_a_click_on_a_chip_takes_its_word_and_another_text_changes_all_figures(
    page: Page, learned: Learned
) -> None:
    first = opened(page)
    before = [driver.component_state(page, name) for name in ("languages", "bytes", "unknown")]
    figure = driver.component(page, NAME)
    pieces = learned.methods["bpe"].encode(TEXT)
    at = next(i for i, piece in enumerate(pieces) if piece.start > TEXT.index("turned"))
    figure.locator(f'[data-chip="bpe.{at}"]').click()
    state = reach(page, word="turned")
    word = learned.methods["bpe"].words(" turned")[0]
    turns = learned.methods["bpe"].replay(word)  # type: ignore[attr-defined]
    ranks = [turn.pairs[turn.taken].rank for turn in turns if turn.taken is not None]
    driver.wait_for_state(page, NAME, lambda now: now["machine"] and now["machine"]["word"] == " turned")
    state = reach(page)
    assert [rank for rank, _ in state["machine"]["turns"]] == ranks
    figure.locator("[data-turn]").first.click()
    reach(page, merge=ranks[0] + 1)
    driver.click(page, figure.locator('g[data-row="wordpiece"]'))
    state = reach(page, method="wordpiece")
    trials = learned.methods["wordpiece"].trials(learned.methods["wordpiece"].words("turned")[0])  # type: ignore[attr-defined]
    assert state["machine"]["trials"] == [[trial.tried, trial.found] for trial in trials]
    page.wait_for_url("**word=turned**")
    # Another text changes all figures.
    driver.open_page(page, NAME, **{**LINK, "text": "Ein ganz anderer Satz: öß", "size": 300})
    second = reach(page)
    after = [driver.component_state(page, name) for name in ("languages", "bytes", "unknown")]
    assert all(first["rows"][row] != second["rows"][row] for row in first["rows"])
    assert all(one != other for one, other in zip(before, after))


def panel(page: Page, part: str = "cut") -> str:
    """The words of one of the picture's panels."""
    return str(driver.component(page, NAME).locator(f"[data-part={part}]").text_content())


def test_the_panels_say_how_each_merge_was_chosen_and_how_a_word_is_cut(page: Page, learned: Learned) -> None:
    opened(page, method="bpe")
    # BPE says where it stops only once that is true.
    bpe: Any = learned.methods["bpe"]
    turns = bpe.replay(bpe.words(" unhappiness")[0])
    ranks = [turn.pairs[turn.taken].rank for turn in turns if turn.taken is not None]
    assert "It stops here" in panel(page)
    slide(page, ranks[-1])
    reach(page, merge=ranks[-1])
    assert "It stops here" not in panel(page)
    assert f"#{ranks[-1] + 1:,} is the next that joins" in panel(page)
    slide(page, ranks[-1] + 1)
    reach(page, merge=ranks[-1] + 1)
    assert "It stops here" in panel(page)
    # Every word before and after a merge is inside of the picture.
    slide(page, 10)
    reach(page, merge=10)
    inside = panel_boxes(page)
    assert len(inside["words"]) == 3 and max(inside["words"]) <= inside["picture"], "the third one, too"
    assert max(inside["all"]) <= inside["picture"]
    # The score of a pair is worked out with its numbers.
    choose(page, "wordpiece")
    slide(page, 40)
    reach(page, merge=40)
    pair = learned.wordpiece.merges[39].rivals[0]
    text = panel(page, "learn")
    assert "score = together / (left × right)" in text
    assert f"{pair.count:,} / ({pair.left_count:,} × {pair.right_count:,})" in text
    assert pair.score == pytest.approx(pair.count / pair.left_count / pair.right_count)
    # WordPiece looks the word up among the entries of that merge.
    seen = set()
    for m in (0, 60, 250, len(learned.wordpiece.merges)):
        slide(page, m)
        state = reach(page, merge=m)
        method: Any = learned.wordpiece.tokenizer(upto=m)
        trials = method.trials(method.words("unhappiness")[0])
        assert state["machine"]["trials"] == [[trial.tried, trial.found] for trial in trials], m
        assert state["machine"]["unknown"] is False
        found = [trial.tried.removeprefix("##") for trial in trials if trial.found]
        assert state["rows"]["wordpiece"]["word"] == found, m
        seen.add(len(found))
    assert len(seen) > 1

    slide(page, 20)
    reach(page, merge=20)
    assert "#" not in panel(page, "'row wordpiece'")


def panel_boxes(page: Page) -> dict[str, Any]:
    """Where the picture ends, the words before and after a merge end, and all that is drawn ends, in pixels."""
    found: dict[str, Any] = driver.component(page, NAME).evaluate(
        """(figure) => {
          const bottom = (shape) => shape.getBoundingClientRect().bottom;
          const counted = (g) => /^\u00d7[\\d,]+/.test(g.textContent) && g.querySelector('g');
          const groups = [...figure.querySelectorAll('svg g')].filter(counted);
          const words = groups.filter((g) => !groups.some((other) => other !== g && g.contains(other)));
          return { picture: bottom(figure.querySelector('svg')), words: words.map(bottom),
            all: [...figure.querySelectorAll('[data-part] text')].map(bottom) };
        }"""
    )
    return found


def test_a_panel_of_bytes_shows_the_entries_of_its_merge_too(page: Page) -> None:
    learned = learn(Spec("fables", 300, "bytes"))
    opened(page, method="wordpiece", size=300, split="bytes", word="happy é", merge=30)
    method: Any = learned.wordpiece.tokenizer(upto=30)
    word = max(method.words(" happy é"), key=lambda one: len(one.entry))
    wanted = [[shown(trial.tried, "bytes")[0], trial.found] for trial in method.trials(word)]
    assert reach(page, merge=30)["machine"]["trials"] == wanted


def test_every_piece_of_a_long_word_is_drawn_or_counted(page: Page) -> None:
    state = opened(page, method="wordpiece", word="Donaudampfschifffahrtsgesellschaft")
    figure = driver.component(page, NAME)
    found = sum(1 for _, hit in state["machine"]["trials"] if hit)
    drawn = figure.locator('[data-trial="found"]').count()
    assert drawn < found
    assert f"and {found - drawn} more pieces" in panel(page)
    title = figure.locator("[data-part=cut] text").first.evaluate(
        "n => [n.textContent, n.getBBox().x + n.getBBox().width]"
    )
    assert title[0].endswith("(its beginning)")
    assert title[1] <= float(figure.locator("svg").get_attribute("width"))


def test_a_word_that_unigram_has_nothing_for_is_dashed_and_said(page: Page) -> None:
    state = opened(page, method="unigram", text="नमस्ते आप", word="नमस्ते")
    assert state["machine"]["word"].strip() == "नमस्ते"
    assert "6 dashed signs fit none" in panel(page) or "No entry fits anywhere" in panel(page)
    way = driver.component(page, NAME).locator('[data-way="0"]')
    assert way.locator("rect[stroke-dasharray]").count() == 6


def test_axe_finds_nothing_and_the_projector_keeps_the_picture_in_its_figure(page: Page) -> None:
    opened(page, method="bpe")
    for method in ("bpe", "wordpiece", "unigram", "words", "bert"):
        choose(page, method)
        for theme in ("dark", "light"):
            driver.set_theme(page, theme)
            assert driver.axe_lines(driver.axe(page)) == [], (method, theme)
    # The projector switch keeps the picture in its figure.
    page.get_by_role("button", name="Projector").click()
    expect(page.get_by_role("button", name="Leave projector mode")).to_be_visible()
    driver.wait_until_drawn(page)
    figure = driver.component(page, NAME)
    figure.locator('g[data-row="unigram"] text').first.click()
    reach(page, method="unigram")
    driver.wait_until_drawn(page)
    wide = figure.evaluate(
        "n => [n.querySelector('svg').getBoundingClientRect().width, n.getBoundingClientRect().width]"
    )
    assert wide[0] <= wide[1] + 0.5
    chips = figure.locator('[data-chip="bpe.word"] rect, [data-chip="unigram.word"] rect')
    assert chips.count() > 3
    assert all(chips.nth(at).is_visible() for at in range(chips.count()))
    left = [
        figure.locator(f'[data-chip="{row}.0"] text').evaluate("n => n.getBoundingClientRect().left")
        for row in ("characters", "words", "bert")
    ]
    assert max(left) - min(left) < 1, left
    main = page.get_by_test_id("stMain").bounding_box()
    assert main and page.viewport_size
    assert main["y"] + main["height"] <= page.viewport_size["height"] + 1, "its end can be scrolled to"


def test_learning_can_be_stopped_and_the_page_says_how_far_it_came(page: Page) -> None:
    driver.open_page(page, NAME, **LINK)
    reach(page)
    page.goto(f"/{NAME}?corpus=python&size=4000&text=A%20cat")
    page.get_by_role("button", name="Stop").click()  # at once: learning takes seconds
    expect(page.get_by_text("Stopped after")).to_be_visible()
    driver.wait_until_drawn(page)
    state = reach(page)
    assert 0 <= state["merges"] <= 3744  # all, where the other vocabularies are still to be learned
    page.get_by_role("button", name="Learn on").click()
    expect(page.get_by_text("Stopped after")).to_be_hidden()
    driver.wait_for_state(page, NAME, lambda now: now["merges"] == 3744)


def test_a_long_text_scrolls_and_stays_light(page: Page) -> None:
    state = opened(page, text="the cat sat on the mat and " * 30)
    figure = driver.component(page, NAME)
    assert state["rows"]["characters"]["count"] > 400
    first = figure.locator('[data-chip^="bpe."]').first.get_attribute("data-chip")
    box = figure.bounding_box()
    page.mouse.move(box["x"] + 700, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 100, steps=5)
    page.mouse.up()
    page.wait_for_function(
        "first => document.querySelector('[data-chip^=\"bpe.\"]')?.dataset.chip !== first", arg=first
    )
    assert reach(page)["method"] == "bpe", "a drag is no click"
    assert figure.locator("[data-chip]").count() < 900


def test_a_narrow_window_and_a_phone_show_everything(page: Page) -> None:
    # A narrow window prints nothing over the word.
    page.set_viewport_size({"width": 1100, "height": 768})
    opened(page, method="words")
    boxes = (
        driver.component(page, NAME)
        .locator("[data-part=hint] text")
        .evaluate_all("all => all.map(n => [n.getBBox().x, n.getBBox().x + n.getBBox().width])")
    )
    assert len(boxes) == 2
    assert boxes[0][1] < boxes[1][0]
    # A phone shows everything without scrolling sideways.
    choose(page, "bpe")
    page.set_viewport_size(driver.PHONE)
    driver.wait_until_drawn(page)
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= driver.PHONE["width"]
    for name in (NAME, "languages", "bytes", "unknown"):
        over = (
            driver.component(page, name).locator(".gb-scroll").evaluate("n => n.scrollWidth - n.clientWidth")
        )
        assert over <= 0, name
    label = json.loads(driver.component(page, NAME).get_attribute("data-state"))["machine"]["word"]
    assert label == " unhappiness"
    figure = driver.component(page, NAME)
    figure.get_by_role("button", name="Your word").click()
    page.wait_for_function("() => document.querySelector('[data-chip=\"gpt2.word\"]')")
    word = driver.component_state(page, NAME)["rows"]["gpt2"]["word"]
    assert figure.locator('[data-chip="gpt2.word"]').count() == len(word)
    figure.get_by_role("button", name="Text", exact=True).click()
    page.wait_for_function("() => document.querySelector('[data-chip=\"gpt2.0\"]')")
    over = figure.evaluate(
        """n => { const at = (q) => n.querySelector(q).getBoundingClientRect();
          return at('[data-part=text] text').top - at('[data-rows-of]').bottom; }"""
    )
    assert over >= 0, "the buttons must not lie over the text"
