"""The Families page in a real browser: its lanes against `core`, its steps, and the cards of the published models."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import core
from core.families.predictions import guesses
from core.families.published import sizes
from core.families.writing import write
from pages.families.figure import crossing
from tests.browser import checks, driver, tabs
from tests.pages.conftest import random_model

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

TEXT = "A red ball was lost. She found it."  # as many tokens to both bundled models


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page on the test's text; returns what the picture shows."""
    driver.open_page(page, "families", **({"v": 1, "text": TEXT} | query))
    state: dict[str, Any] = driver.component_state(page, "families")
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, "families", lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def test_the_lanes_show_what_the_models_say_and_write_at_a_token_and_step_by_step(page: Page) -> None:
    state = opened(page, follow=4)
    for at, name in enumerate(("tales-gpt", "tales-bert")):
        lm, lane = core.load(name), state["lanes"][at]
        ids = lm.encode(TEXT)
        assert (lane["model"], lane["at"]) == (name, 4)
        assert lane["tokens"] == [lm.tokenizer.display(id) for id in ids]
        assert lane["row"] == (3 if name == "tales-gpt" else 4)
        assert lane["sees"] == [j for j in range(4 if name == "tales-gpt" else len(ids)) if j != 4]
        (guess,) = guesses(lm, ids, [4])
        assert [one["id"] for one in lane["asked"]["top"]] == [id for id, _ in guess.likeliest(4)]
        assert lane["asked"]["right"] == pytest.approx(float(guess.probabilities[ids[4]]), abs=1e-5)
        assert (lane["swap"]["moved"] == 0) == (name == "tales-gpt")
        assert lane["writes"] == list(write(lm, ids, 12).ids)
    assert state["lanes"][0]["own"]
    assert "none of the" in state["lanes"][0]["view"]
    assert "on both sides" in state["lanes"][1]["view"]
    # Pointing at a token asks all lanes for it.
    figure = driver.component(page, "families")
    figure.locator('[data-part="grid 1"] [data-token="2"]').first.hover()
    state = wait(page, hover=2, token=2)
    assert [lane["at"] for lane in state["lanes"][:2]] == [2, 2]
    assert state["lanes"][0]["sees"] == [0, 1]
    figure.locator('[data-part="grid 1"] [data-token="2"]').first.click()
    page.wait_for_url(lambda url: "follow=2" in url)
    figure.focus()
    page.keyboard.press("ArrowDown")
    wait(page, token=3, hover=None)
    driver.wait_for_link(page, "follow=3")
    driver.wait_until_drawn(page)
    # The steps show masks, then questions, then one token at a time.
    figure.locator("[data-act=next]").click()
    wait(page, step=0)
    assert figure.locator("[data-map]").count() == 0
    figure.locator("[data-act=next]").click()
    wait(page, step=1)
    assert figure.locator("[data-map]").count() == 5
    assert not figure.locator('[data-part="asked 0"]').text_content()
    figure.locator("[data-act=next]").click()
    wait(page, step=2, written=0)
    assert figure.locator('[data-part="asked 0"]').text_content()
    assert "[MASK]" in (figure.locator('[data-part="strip 1"]').text_content() or "")
    figure.locator("[data-act=next]").click()
    state = wait(page, step=3, written=1)
    assert [len(lane["writes"]) for lane in state["lanes"][:2]] == [1, 1]
    assert figure.locator('[data-part="strip 0"] [data-stroke]').count() == 1
    figure.focus()
    page.keyboard.press("Escape")
    wait(page, step=14)


@pytest.fixture(scope="module")
def t5_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[driver.Server, Path]]:
    """A server with a folder called tales-t5, random weights in the shape of T5."""
    root = tmp_path_factory.mktemp("families")
    folder = random_model(
        root / "tales-t5",
        seed=7,
        shape="encoder-decoder",
        n_layers=2,
        n_ctx=128,
        position="relative",
        norm="rms",
    )
    (root / "data").mkdir()
    with driver.serving(root / "data", workers=0, env={"GLASSBOX_MODELS": str(root)}) as server:
        yield server, folder
    shutil.rmtree(folder)


@pytest.fixture
def t5_tab(browser: Browser, t5_server: tuple[driver.Server, Path]) -> Iterator[Page]:
    """An empty tab on that server."""
    with tabs.opened(browser, t5_server[0]) as tab:
        yield tab


def test_an_encoder_decoder_writes_and_its_cross_attention_colours_the_source(
    t5_tab: Page, t5_server: tuple[driver.Server, Path]
) -> None:
    tab = t5_tab
    state = opened(tab, ask="translate", drafted=5, model="./tales-t5")
    lane, lm = state["lanes"][2], core.load(t5_server[1])
    expected = write(lm, lm.encode("translate English to Spanish: " + TEXT), 12)
    assert lane["writes"] == list(expected.ids[:3])
    assert expected.crossing is not None
    names, patterns = crossing(expected.crossing)
    assert (lane["stroke"], lane["reader"]) == (2, "all heads")
    assert lane["reads"] == pytest.approx(patterns[0][2].tolist(), abs=1e-4)
    figure = driver.component(tab, "families")
    figure.locator('[data-lane="encoder-decoder"][data-stroke="0"]').hover()
    hovered = driver.wait_for_state(tab, "families", lambda now: now["lanes"][2]["stroke"] == 0)
    assert hovered["lanes"][2]["reads"] == pytest.approx(patterns[0][0].tolist(), abs=1e-4)
    tab.get_by_label("Whose cross-attention").select_option("L1H2")
    chosen = driver.wait_for_state(tab, "families", lambda now: now["lanes"][2]["reader"] == "L1H2")
    at = chosen["lanes"][2]["stroke"]
    assert chosen["lanes"][2]["reads"] == pytest.approx(patterns[names.index("L1H2")][at].tolist(), abs=1e-4)
    assert chosen["lanes"][2]["maps"]["decoder"] == 6


def test_the_reasons_below_the_notebook_and_the_cards_of_published_models(page: Page, tmp_path: Path) -> None:
    opened(page)
    more = driver.component_state(page, "families_guesses")
    both, cut = (one for one in more["bars"] if one["shape"] == "encoder")
    assert both["low"] > cut["high"], "BERT at the end of a text is worse than between words, beyond chance"
    first = driver.component(page, "families_guesses").text_content() or ""
    shown = " ".join(first.split())
    for title, sentence in (
        ("Why GPT cannot see the next word", "Training asks each row for the token behind it."),
        ("Why GPT cannot see the next word", "would copy the answer and learn nothing, so the mask hides it"),
        ("Why BERT cannot write a story", "It learned to fill gaps between words."),
        ("Why BERT cannot write a story", "Behind the end of a text there are none."),
        (
            "Why BERT cannot write a story",
            f"{cut['right'] / cut['of']:.0%} at the end of a text; GPT’s there for",
        ),
    ):
        told = next(one["text"] for one in more["reasons"] if one["title"] == title)
        assert sentence in told
        assert title in shown, "and it is on the page"
        assert all(word in shown for word in sentence.split())
    checks.run_notebook(page, tmp_path)
    # The cards have every published model and open what is offered.
    cards = driver.component_state(page, "families_cards")
    listed = [
        (one["name"], size["name"], size["parameters"]) for one in cards["families"] for size in one["sizes"]
    ]
    assert listed == [(family.name, size.name, size.parameters) for family, size in sizes()]
    figure = driver.component(page, "families_cards")
    assert figure.locator("[data-open]").count() == sum(
        size["opens"] for one in cards["families"] for size in one["sizes"]
    )
    figure.locator('[data-part="card GPT-4"] text').first.click()
    driver.wait_for_state(page, "families_cards", lambda now: now["chosen"] == "GPT-4")
    page.wait_for_url(lambda url: "published=GPT-4" in url)
    assert "number of weights" in (figure.locator('[data-part="card GPT-4"]').text_content() or "")
    card = " ".join((figure.locator('[data-part="card BERT"]').text_content() or "").split())
    assert "GLASSBOX_HUB" in card and "google-bert/bert-large-uncased" in card
    figure.locator('[data-open="openai-community/gpt2"]').click()
    page.get_by_text("tales-gpt instead").wait_for()  # nothing outside is reached from a test
