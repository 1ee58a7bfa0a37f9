"""What an encoder-decoder has written so far: the model writes it, goes on with it, and every page says what to do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

import core
import core.decoding.answering
from app import reading
from app.controls import decoder_text
from core.decoding.answering import answer_with
from tests.pages.conftest import OpenPage, random_model, run_notebook

PAGES = {"home": 128, "attention": 64, "multi_head": 64}  # rows that the picture holds
OTHERS = ("feed_forward", "norm_residual", "positions", "regularization", "break_it")
TEXT = "The fox and the crow"


@pytest.fixture
def pair(models_root: Any, other_model: str) -> core.LanguageModel:
    """The encoder-decoder called ./pair; its context holds 64 tokens."""
    return core.load(models_root / "pair")


def target(app: AppTest) -> str:
    """The answer so far."""
    said: str = app.session_state["gb"].store["target"]
    return said


def expected(lm: core.LanguageModel, before: str = "", room: int = 63) -> tuple[str, bool]:
    """What the model writes after `before`, by generate, and whether it ended."""
    if not before:
        told = lm.generate(TEXT, max_new_tokens=room)
        return answer_with(lm, "", told.ids), told.finished == "end token"
    ids = lm.tokenizer.encode(before, add_special_tokens=False)
    found: list[int] = []
    while len(found) < room - len(ids) and not (found and found[-1] in lm.config.eos_ids):
        found.append(int(lm.trace(TEXT, [*ids, *found]).logits[-1].argmax()))
    return answer_with(lm, before, found), found[-1] in lm.config.eos_ids


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("slug", PAGES)
def test_the_model_writes_its_answer_and_undo_takes_it_back(
    slug: str, pair: core.LanguageModel, open_page: OpenPage
) -> None:
    app = open_page(slug, model="./pair", text=TEXT)
    assert not app.exception and target(app) == ""
    empty = (
        "what the model itself writes"
        if slug in ("multi_head", "attention", "positions")
        else "Nothing is written yet"
    )
    assert any(empty in note.value for note in app.caption)
    app.button(key="answer.write").click().run()
    assert not app.exception
    written, ended = expected(pair, room=min(PAGES[slug], pair.config.n_ctx) - 1)
    assert target(app) == written
    assert any("without an end" in note.value for note in app.info) is not ended
    assert not any(empty in note.value for note in app.caption)
    run_notebook(app)
    app.button(key="tool.undo").click().run()
    assert target(app) == ""


@pytest.mark.full(reason="takes a second")
def test_it_goes_on_after_what_is_there_and_clear_empties_it(
    pair: core.LanguageModel, open_page: OpenPage
) -> None:
    app = open_page("attention", model="./pair", text=TEXT, target="A crow")
    assert app.button(key="answer.write").label == "Let the model go on"
    app.button(key="answer.write").click().run()
    written, _ = expected(pair, "A crow")
    assert target(app) == written and written.startswith("A crow") and len(written) > 6
    app.button(key="answer.clear").click().run()
    assert target(app) == "" and "answer.clear" not in [button.key for button in app.button]


def test_a_full_picture_says_what_to_do_and_writes_nothing(
    pair: core.LanguageModel, open_page: OpenPage
) -> None:
    full = "a b " * 100
    app = open_page("attention", model="./pair", text=TEXT, target=full)
    app.button(key="answer.write").click().run()
    assert target(app) == full
    assert any("clear or shorten" in note.value for note in app.info)


def test_long_writing_says_how_far_it_is(
    pair: core.LanguageModel, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder_text, "QUIET", -1.0)
    monkeypatch.setattr(reading, "WRITTEN", 5)
    told: list[str] = []

    def bar(place: Any) -> Any:
        class Bar:
            def progress(self, share: float, text: str) -> None:
                assert 0 < share <= 1
                told.append(text)

        return Bar()

    monkeypatch.setattr(decoder_text, "_bar", bar)
    app = open_page("home", model="./pair", text=TEXT)
    app.button(key="answer.write").click().run()
    count = len(pair.generate(TEXT, max_new_tokens=5).ids)
    assert told == [f"Token {n} of at most 5" for n in range(1, count + 1)]
    written, _ = expected(pair, room=5)
    assert target(app) == written


def test_stop_keeps_what_is_written_by_then(
    pair: core.LanguageModel, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = pair.generate(TEXT, max_new_tokens=2).ids

    def interrupted(*given: Any) -> Iterator[int]:
        yield from ids
        st.stop()  # as a click ends a run of the page

    monkeypatch.setattr(decoder_text, "QUIET", -1.0)
    app = open_page("home", model="./pair", text=TEXT)
    with monkeypatch.context() as patch:
        patch.setattr(core.decoding.answering, "answering", interrupted)
        app.button(key="answer.write").click().run()
    assert target(app) == ""
    app.button(key="answer.stop").click().run()
    assert not app.exception and target(app) == answer_with(pair, "", ids)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize("slug", OTHERS)
@pytest.mark.usefixtures("pair")
def test_every_page_about_a_decoder_lets_the_model_write(slug: str, open_page: OpenPage) -> None:
    app = open_page(slug, model="./pair", text=TEXT)
    app.button(key="answer.write").click().run()
    assert not app.exception and target(app)


@pytest.mark.parametrize("name", ["./other", "./both"])
@pytest.mark.usefixtures("pair")
def test_no_other_shape_has_an_answer(name: str, open_page: OpenPage) -> None:
    app = open_page("home", model=name, text=TEXT)
    assert not [button for button in app.button if str(button.key).startswith("answer.")]


@pytest.mark.usefixtures("pair")
def test_decoding_writes_on_its_tree_and_has_no_button_for_it(open_page: OpenPage) -> None:
    app = open_page("decoding", model="./pair", text=TEXT, depth=2)
    assert "answer.write" not in [button.key for button in app.button]
    assert any("grows after that" in note.value for note in app.caption)


def test_decoding_says_when_the_answer_is_complete(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    given: dict[str, Any] = {"seed": 3, "shape": "encoder-decoder", "n_layers": 2}
    plain = core.load(random_model(tmp_path / "plain", **given))
    likely = int(plain.trace(TEXT, "A dog").logits[-1].argmax())
    random_model(tmp_path / "done", **given, eos_ids=(likely,))
    for name, complete in (("./plain", False), ("./done", True)):
        app = open_page("decoding", model=name, text=TEXT, target="A dog", depth=2)
        assert not app.exception
        assert any("The answer is complete" in note.value for note in app.caption) is complete
