"""Models that name classes or spans instead of words: all pages but one say so and show the usual model."""

from __future__ import annotations

from pathlib import Path

import pytest

from app import chapters
from app.session import state
from tests.pages.conftest import OpenPage, random_model
from tests.pages.test_bad_input import said

# Applications asks them: tests/pages/test_applications_headed.py.
SHOWN = [
    chapter.slug for group in chapters.shown().values() for chapter in group if chapter.slug != "applications"
]
LABELS = ("sad", "**glad**", "<b>c</b>", "d", "e", "f")


@pytest.fixture(scope="module")
def headed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an encoder of each kind of head."""
    root = tmp_path_factory.mktemp("headed")
    for head in ("sequence", "token", "span"):
        labels = () if head == "span" else LABELS
        random_model(root / head, seed=5, shape="encoder", head=head, labels=labels, n_layers=1)
    return root


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize("slug", SHOWN)
def test_every_page_says_so_and_shows_the_usual_model(
    slug: str, headed: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_MODELS", str(headed))
    app = open_page(slug, model="./sequence", text="the dog was glad", head=1)
    assert not app.exception and not app.error
    assert app.session_state["gb"].store["model"] == state.DEFAULT_MODEL
    message = said(app)
    assert "names a class of the whole text (sad, **glad**, <b>c</b>, d, e, ...)" in message
    assert "Applications can ask it, under Sentiment" in message and "classify(text) asks it" in message
    assert f"This page shows {state.DEFAULT_MODEL} instead" in message
    assert not any("<b>c" in block.value for block in app.html)


@pytest.mark.parametrize(
    ("head", "words"), [("token", "a class of each token"), ("span", "where in a text the answer")]
)
def test_the_other_heads(
    head: str, words: str, headed: Path, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_MODELS", str(headed))
    app = open_page("home", model=f"./{head}")
    assert not app.exception and words in said(app)
    assert ("Applications can ask it, under Question" in said(app)) == (head == "span")
