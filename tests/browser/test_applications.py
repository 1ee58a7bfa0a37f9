"""The Applications page in a real browser: a translation word by word, passages, code, own text, examples, keys."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

import core
from core.analysis.heads.cross_reading import Rule, cross_reading, word_spans
from core.data.tasks import TASKS
from pages.applications import answers
from tests.browser import checks, driver, tabs
from tests.pages.conftest import random_model

pytestmark = pytest.mark.full(reason="every part of one page; test_tours.py opens the page")

NAME = "applications"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[driver.Server, Path]]:
    """A server with random models in the places of tales-t5 and code-gpt, where these are not bundled."""
    root = tmp_path_factory.mktemp(NAME)
    both = {"shape": "encoder-decoder", "n_layers": 2, "position": "relative", "norm": "rms"}
    random_model(root / "models" / "tales-t5", seed=7, n_ctx=900, **both)
    random_model(root / "models" / "code-gpt", seed=8, n_layers=2, n_ctx=300)
    (root / "data").mkdir()
    with driver.serving(root / "data", workers=0, env={"GLASSBOX_MODELS": str(root / "models")}) as server:
        yield server, root / "models"


@pytest.fixture
def tab(browser: Browser, served: tuple[driver.Server, Path]) -> Iterator[Page]:
    """A tab on that server, which fails on what the console reports."""
    server, _ = served
    with tabs.opened(browser, server) as page:
        yield page


def the_model(folder: Path, name: str) -> core.LanguageModel:
    """The bundled model of that name, or the folder's."""
    return core.load(name if name in core.zoo.bundled() else folder / name)


def opened(page: Page, **query: Any) -> dict[str, Any]:
    """Open the page; returns what the picture shows."""
    driver.open_page(page, NAME, **({"v": 1} | query))
    state: dict[str, Any] = driver.component_state(page, NAME)
    return state


def wait(page: Page, **wanted: Any) -> dict[str, Any]:
    """Wait until the picture's state has these values."""
    state: dict[str, Any] = driver.wait_for_state(
        page, NAME, lambda now: all(now[name] == value for name, value in wanted.items())
    )
    return state


def test_a_translation_word_by_word(tab: Page, served: tuple[driver.Server, Path]) -> None:
    state = opened(tab, use="translate", drawn=6)
    lm, pair = the_model(served[1], "tales-t5"), answers.example("translate", 6)
    found = cross_reading(lm, pair.source, most=64)
    read = word_spans(pair.source, len(TASKS["translate"].prefix))
    assert state["read"] == [pair.source[a:b] for a, b in read]
    assert state["all"] == state["written"] == [found.written[a:b] for a, b in found.words]
    last = len(state["all"]) - 1
    assert (state["part"], state["steps"]) == (last, last + 2)
    if not lm.card.get("alignment"):
        weights = found.gathered(Rule(), found.words, read)
        assert state["reads"] == pytest.approx(weights[last].tolist(), abs=1e-4)
    figure = driver.component(tab, NAME)
    figure.locator('[data-written="0"]').hover()
    state = wait(tab, part=0, hover={"kind": "written", "at": 0})
    if not lm.card.get("alignment"):
        assert state["reads"] == pytest.approx(weights[0].tolist(), abs=1e-4)
    figure.locator('[data-written="0"]').click()
    tab.wait_for_url(lambda url: "said=0" in url)
    figure.focus()
    tab.keyboard.press("ArrowDown")
    wait(tab, part=1, hover=None) if last else None
    tab.keyboard.press(",")
    wait(tab, step=last + 1, whole=False, written=state["all"])
    tab.keyboard.press(",")
    wait(tab, step=last, written=state["all"][:last])
    assert figure.locator("[data-part=verdict] [data-right]").count() == 0, "judged when all is written"
    tab.keyboard.press("Escape")
    wait(tab, step=last + 1, whole=True)
    assert figure.locator("[data-part=verdict] [data-right]").count() >= 1


def test_tasks_examples_and_the_own_text(tab: Page) -> None:
    first = opened(tab, use="question")
    assert first["sentence"] >= 0
    assert driver.component(tab, NAME).locator("[data-truth]").count() >= 1
    tab.get_by_role("button", name="Another example").click()
    other = driver.wait_for_state(tab, NAME, lambda now: now["head"] != first["head"])
    assert other["read"] != first["read"]
    tab.get_by_label("Your text").first.fill("Nora saw an elephant. Ben ran.")
    tab.keyboard.press("Control+Enter")
    own = driver.wait_for_state(tab, NAME, lambda now: now["read"] == ["Nora saw an elephant.", "Ben ran."])
    assert any("elephant" in line["text"] for line in own["verdict"])
    assert own["sentence"] == -1
    tab.get_by_role("radio", name="Sentiment").click()
    state = driver.wait_for_state(tab, NAME, lambda now: now["use"] == "sentiment")
    assert state["labels"] == [], "no score beside a text unlike all that was read"
    assert "elephant" in state["strange"]
    tab.get_by_label("Your text").first.fill("Nora saw a red ball. Ben was happy.")
    tab.keyboard.press("Control+Enter")
    state = driver.wait_for_state(
        tab, NAME, lambda now: now["read"][:1] == ["Nora saw a red ball."] or now["labels"]
    )
    assert [one["label"] for one in state["labels"]] == ["positive", "negative"]


def test_a_story_and_code(tab: Page, tmp_path: Path) -> None:
    state = opened(tab, use="story", hero="Theo")
    assert state["source"] == "Once upon a time, Theo lived near"
    assert "Theo is named" in state["verdict"][0]["text"]
    assert driver.component(tab, NAME).locator("[data-name=Theo]").count() == " ".join(state["all"]).count(
        "Theo"
    )
    checks.run_notebook(tab, tmp_path)
    tab.get_by_role("radio", name="Code").click()
    state = driver.wait_for_state(tab, NAME, lambda now: now["use"] == "code")
    assert state["all"][0].startswith("def is_empty(self):")
    assert any("Nothing was run" in line["text"] for line in state["verdict"])


def test_both_themes_a_phone_and_the_question(
    tab: Page, browser: Browser, served: tuple[driver.Server, Path]
) -> None:
    opened(tab, use="sentiment", drawn=2)
    checks.first_screen(tab)
    assert "Its probability was" in checks.answered(tab)
    for theme in ("dark", "light"):
        checks.accessible(tab, NAME, theme, "Sentiment by tales-t5")
    checks.link_restores(tab, browser, served[0], NAME)
