"""Choosing a model: its own texts come with it, a learner's text stays, and so does what a link says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.models import choice
from app.session import state
from core import zoo
from core.families.example_texts import suited
from tests.pages.conftest import OpenPage, Runs, random_model

OWN = ("summarize: Nora lost her kite.", "sentiment: It never broke.")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A state of a session, as a plain record; the model "made-for-tasks" has texts of its own."""
    now: dict[str, object] = {"model": "tales-gpt", "text": state.DEFAULT_TEXT, "target": "", "snapshot": 10}
    memos: dict[str, dict[str, Any]] = {}
    monkeypatch.setattr(state, "get", now.get)
    monkeypatch.setattr(state, "update", now.update)
    monkeypatch.setattr(state, "memo", lambda name: memos.setdefault(name, {}))
    monkeypatch.setattr(models, "bundled", lambda: ("tales-gpt", "made-for-tasks"))
    monkeypatch.setattr(zoo, "card", lambda name: {"texts": OWN} if name == "made-for-tasks" else {})
    return now


def test_a_text_that_nobody_wrote_gives_way_to_the_models_own_and_comes_back(told: dict[str, object]) -> None:
    choice.choose("made-for-tasks")
    assert told == {"model": "made-for-tasks", "text": OWN[0], "target": "", "snapshot": -1}
    told["text"] = OWN[1]  # another of the model's own
    choice.choose("tales-gpt")
    assert told["text"] == state.DEFAULT_TEXT and told["model"] == "tales-gpt"


def test_a_learners_text_stays(told: dict[str, object]) -> None:
    told["text"] = "My own words"
    choice.choose("made-for-tasks")
    assert told["text"] == "My own words" and told["snapshot"] == -1
    choice.choose("./a-folder", picked="")
    assert told["text"] == "My own words" and told["model"] == "./a-folder" and told["picked"] == ""


def test_models_without_texts_of_their_own(told: dict[str, object]) -> None:
    assert choice.texts("./folder") == () and choice.texts("tales-gpt") == ()
    assert choice.texts("made-for-tasks") == OWN


# ---------------------------------------------------------------- models that are known when they are open


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a masked model, ./bert, and one for gaps and T5's tasks, ./t5; it is on offer."""
    random_model(tmp_path / "bert", seed=2, tokens=("[MASK]",), shape="encoder", mask_id=400)
    gaps = [f"<extra_id_{k}>" for k in range(2)]
    random_model(tmp_path / "t5", seed=3, tokens=gaps, shape="encoder-decoder", n_layers=2, norm="rms")
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    return tmp_path


def stored(app: AppTest, key: str) -> Any:
    """A remembered value."""
    return app.session_state["gb"].store[key]


def pick(app: AppTest, name: str) -> AppTest:
    """Choose a model in the sidebar."""
    return app.selectbox(key="model").set_value(name).run()


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("name", ["bert", "t5"])
def test_a_folder_reads_a_text_for_its_shape_when_nobody_wrote_one(
    name: str, root: Path, open_page: OpenPage
) -> None:
    own = suited(core.load(root / name))
    assert own
    app = open_page("tokenization", model=f"./{name}")
    assert not app.exception and stored(app, "text") == own[0]
    app = pick(open_page("tokenization"), f"./{name}")
    assert stored(app, "text") == own[0]
    app.session_state["gb"].store["text"] = own[1]  # from its examples
    app = pick(app.run(), "tales-gpt")
    assert stored(app, "text") == state.DEFAULT_TEXT


@pytest.mark.full(reason="takes 2 s")
def test_undo_takes_model_and_text_back_at_once(root: Path, open_page: OpenPage) -> None:
    app = pick(open_page("tokenization"), "./bert")
    assert "[MASK]" in stored(app, "text")
    app.button(key="tool.undo").click().run()
    assert (stored(app, "model"), stored(app, "text")) == ("tales-gpt", state.DEFAULT_TEXT)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("text", ["The fox", state.DEFAULT_TEXT])
def test_what_a_link_says_is_read_whatever_the_model(text: str, root: Path, open_page: OpenPage) -> None:
    assert stored(open_page("tokenization", model="./bert", text=text), "text") == text
    app = pick(open_page("tokenization", text="My own words"), "./t5")
    assert stored(app, "text") == "My own words"
    app.session_state["gb"].store["text"] = state.DEFAULT_TEXT  # the learner's choice among the examples
    assert stored(app.run(), "text") == state.DEFAULT_TEXT


def test_an_empty_text_is_answered_with_one_of_the_models_own(root: Path, open_page: OpenPage) -> None:
    app = open_page("tokenization", model="./bert", text="")
    assert any("MASK" in note.value for note in app.info) and stored(app, "text") == ""


@pytest.mark.full(reason="takes more than a second")
def test_a_run_for_tasks_reads_an_example_of_them(runs: Runs, open_page: OpenPage) -> None:
    run = runs.trained(
        name="Tasks", objective="text_to_text", tasks=(("translate", 1.0),), corpus="tales", steps=2, context=256,
        changes={"n_layers": 1, "n_heads": 2, "d_model": 16, "n_ctx": 256},
    )  # fmt: skip
    app = open_page("home", model=f"run:{run.id}")
    assert not app.exception
    assert stored(app, "text").startswith("translate English to Spanish: ")


def test_tales_bert_opens_with_a_blank_and_code_with_code(open_page: OpenPage) -> None:
    for name in ("tales-bert", "code-gpt", "austen-gpt"):
        app = open_page("home", model=name)
        assert not app.exception and stored(app, "text") == zoo.texts(name)[0]
        assert app.menu_button(key="tool.example").options, "the example texts"


def test_an_encoder_decoder_opens_on_its_decoder_with_cross_attention(
    root: Path, open_page: OpenPage
) -> None:
    app = open_page("home", model="./t5")
    assert (stored(app, "stack"), stored(app, "attention"), stored(app, "target")) == ("decoder", "cross", "")
    linked = open_page("home", model="./t5", stack="encoder", attention="self", target="")
    assert (stored(linked, "stack"), stored(linked, "attention"), stored(linked, "target")) == (
        "encoder", "self", "",
    )  # fmt: skip


# ---------------------------------------------------------------- a page's own text


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize("slug", sorted(choice.OPENS))
def test_a_page_opens_with_a_text_that_shows_its_claim(slug: str, open_page: OpenPage) -> None:
    text, readers = choice.OPENS[slug]
    app = open_page(slug)
    assert not app.exception and stored(app, "text") == text
    assert stored(open_page(slug, text=state.DEFAULT_TEXT), "text") == state.DEFAULT_TEXT, (
        "a link is read as it is"
    )
    other = stored(open_page(slug, model="code-gpt"), "text")
    assert other == (text if not readers else zoo.texts("code-gpt")[0])


@pytest.fixture
def walked(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A session on its way through pages, as a plain record; its link said nothing."""
    now: dict[str, object] = {"model": "tales-gpt", "text": state.DEFAULT_TEXT}
    memos: dict[str, dict[str, Any]] = {}
    monkeypatch.setattr(state, "get", now.get)
    monkeypatch.setattr(state, "put", now.update)
    monkeypatch.setattr(state, "update", now.update)
    monkeypatch.setattr(state, "linked", lambda key: False)
    monkeypatch.setattr(state, "memo", lambda name: memos.setdefault(name, {}))
    return now


def test_the_usual_text_comes_back_on_other_pages(walked: dict[str, object]) -> None:
    for slug in ("home", "fine_tuning", "break_it", "home"):
        choice.suit(slug)
        assert walked["text"] == choice.OPENS.get(slug, (state.DEFAULT_TEXT,))[0]
    choice.suit("adaptability")
    choice.choose("code-gpt")
    choice.suit("adaptability")
    assert walked["text"] == choice.NEWS
    choice.suit("loss")
    assert walked["text"] == zoo.texts("code-gpt")[0]


def test_no_page_touches_a_learners_text(walked: dict[str, object]) -> None:
    choice.suit("lab")
    walked["text"] = "My own words"
    for slug in ("lab", "home", "families"):
        choice.suit(slug)
        assert walked["text"] == "My own words"
    walked["text"] = state.DEFAULT_TEXT  # chosen among the examples
    choice.suit("fine_tuning")
    assert walked["text"] == state.DEFAULT_TEXT
