"""Applications by models that name classes or find spans: chosen there, on Models, or for all pages."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from app.kit.mounting import Component
from app.session import state
from core.analysis.tasks.label_reading import read_answer, read_class
from pages.applications import answers, uses
from tests.pages.conftest import OpenPage, random_model, run_notebook
from tests.pages.test_bad_input import said
from tests.published_folders import BERT, DISTILBERT, published
from tests.published_folders import headed as with_head

MODEL = {"sentiment": "./opinions", "question": "./spans"}
TEXT = "The dog was glad. The cat lost a red ball in the park."


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders as published heads come in, and one of each kind that cannot be asked here."""
    place = tmp_path_factory.mktemp("headed")
    longer = {"max_position_embeddings": 1_500}
    labels = ("NEGATIVE", "POSITIVE")
    published(place / "opinions", with_head(DISTILBERT | longer, "SequenceClassification", labels), seed=3)
    published(place / "spans", with_head(BERT | longer, "QuestionAnswering"), seed=4, word_list=True)
    published(
        place / "moods", with_head(BERT | longer, "SequenceClassification", ("joy", "<b>x</b>", "fear"))
    )
    published(place / "tags", with_head(BERT, "TokenClassification", ("O", "B-PER")))
    published(place / "blanks", BERT)
    published(place / "short", with_head(BERT, "SequenceClassification", labels))
    random_model(place / "spans-own", seed=5, shape="encoder", head="span", n_layers=1, n_ctx=900)
    return place


@pytest.fixture
def server(root: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GLASSBOX_MODELS", str(root))
    monkeypatch.setenv("GLASSBOX_HUB", "")
    return root


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    seen: list[dict[str, Any]] = []
    mount = Component.__call__

    def noted(self: Component, data: Any = None, **more: Any) -> Any:
        if self.name != "applications":
            return mount(self, data=data, **more)
        return seen.append(data)

    monkeypatch.setattr(Component, "__call__", noted)
    return seen


def html(app: Any) -> str:
    return " ".join(str(block.proto) for block in app.get("html"))


def weights(data: dict[str, Any]) -> np.ndarray:
    return np.frombuffer(__import__("base64").b64decode(data["weights"]["b64"]), dtype="<f4")


@pytest.mark.usefixtures("server")
def test_who_can_be_asked_is_known_without_opening_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "load", lambda *_, **__: pytest.fail("it was opened"))
    assert uses.others(answers.USES["sentiment"]) == ["./moods", "./opinions", "./short"]
    assert uses.others(answers.USES["question"]) == ["./spans", "./spans-own"]
    assert uses.others(answers.USES["translate"]) == []
    names = ("./tags", "./blanks", "tales-bert", "../x", "nobody", "run:0")
    assert {uses.use_of(name) for name in names} == {""}
    monkeypatch.setenv("GLASSBOX_HUB", "distilbert/distilbert-base-cased-distilled-squad,google-t5/t5-small")
    assert uses.use_of("distilbert/distilbert-base-cased-distilled-squad") == "question"
    assert uses.use_of("google-t5/t5-small") == ""


def test_a_class_is_named_with_the_text_s_words_read_and_a_notebook(
    server: Path, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("applications", use="sentiment", by="./opinions", text=TEXT, drawn=-1)
    assert not app.exception and not app.error and not app.info
    lm = core.load(server / "opinions")
    found = read_class(lm, TEXT)
    data = drawn[-1]
    assert data["failed"] == "" and data["model"] == "opinions"
    assert [one["text"] for one in data["written"]] == [found.labels[0][0]]
    assert [(one["label"], one["p"]) for one in data["labels"]] == [
        (label, pytest.approx(p, rel=1e-4)) for label, p in found.labels
    ]
    spans = [word.span() for word in __import__("re").finditer(r"\w+|\.", TEXT)]
    np.testing.assert_allclose(weights(data), found.gathered(tuple(spans)), atol=1e-5)
    assert "in the last block" in data["rule"]
    assert app.button(key="applications.card").label == "opinions answers here, whatever is open"
    assert data["titles"][1] == "The label by opinions"
    assert "The card of this model holds no score" in html(app)
    variables = run_notebook(app)
    assert variables["said"][0][0] == found.labels[0][0]
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    assert "answer" in app.session_state["gb"].memos["predict"]


def test_an_answer_is_found_where_it_stands(
    server: Path, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("applications", use="question", by="./spans", text=TEXT, drawn=-1, asks="What was lost?")
    assert not app.exception and not app.error
    found = read_answer(core.load(server / "spans"), "What was lost?", TEXT)
    data = drawn[-1]
    assert [one["text"] for one in data["written"]] == [found.answers[0].text]
    assert data["head"] == "What was lost?"
    assert [one["text"] for one in data["read"]] == [
        "The dog was glad.",
        "The cat lost a red ball in the park.",
    ]
    assert len(data["labels"]) == 5
    rows = list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )
    assert rows[0]["text"] == found.answers[0].text
    run_notebook(app)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.usefixtures("server")
@pytest.mark.parametrize(("use", "by"), list(MODEL.items()))
def test_an_example_of_toyland_is_judged(
    use: str, by: str, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    right = {}
    for seed in range(3):
        app = open_page("applications", use=use, by=by, drawn=seed)
        assert not app.exception
        label, truth = drawn[-1]["written"][0]["text"], answers.example(use, seed).truth
        line = drawn[-1]["verdict"][0]
        true = truth.sentiment.upper() if use == "sentiment" else truth.answer
        right[seed] = line["right"]
        assert line["right"] == (label == true)
        assert not any("Not in Toyland" in one["text"] for one in drawn[-1]["verdict"])
        run_notebook(app)
    assert len(right) == 3


@pytest.mark.usefixtures("server")
def test_classes_of_another_kind_are_not_judged_and_no_markup(
    open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("applications", use="sentiment", by="./moods", drawn=1)
    assert not app.exception
    assert drawn[-1]["verdict"][0]["right"] is None
    assert "not just positive and negative" in drawn[-1]["verdict"][0]["text"]
    assert "<b>x</b>" in [one["label"] for one in drawn[-1]["labels"]]
    assert "<b>x" not in html(app)


@pytest.mark.usefixtures("server")
def test_too_long_a_text_has_both_numbers(open_page: OpenPage, drawn: list[dict[str, Any]]) -> None:
    open_page("applications", use="sentiment", by="./short", text="the cat was sad " * 20, drawn=-1)
    assert drawn[-1]["failed"] == "Your text has 82 tokens, and short reads 48 at once. Shorten it."


@pytest.mark.usefixtures("server")
def test_a_tokenizer_that_makes_no_pairs_says_so(open_page: OpenPage, drawn: list[dict[str, Any]]) -> None:
    app = open_page("applications", use="question", by="./spans-own", text=TEXT, drawn=-1)
    assert not app.exception
    assert "puts no token between two texts" in drawn[-1]["failed"]


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("use", MODEL)
def test_a_model_with_a_head_chosen_for_all_pages_answers_here(use: str, open_page: OpenPage) -> None:
    app = open_page("applications", model=MODEL[use], text=TEXT)
    store = app.session_state["gb"].store
    assert not app.exception and not app.info
    assert (store["use"], store["by"], store["model"]) == (use, MODEL[use], state.DEFAULT_MODEL)
    assert app.selectbox(key="by").value == MODEL[use]
    app.selectbox(key="by").set_value("").run()
    assert not app.exception
    assert store["use"] == use and store["by"] == ""
    assert f"<code>{answers.USES[use].model}</code>" in html(app), "its score"


@pytest.mark.usefixtures("server")
def test_it_is_chosen_in_the_list_while_the_page_is_open_and_the_open_model_stays(
    open_page: OpenPage,
) -> None:
    app = open_page("applications", use="story", model="tales-bert")
    app.selectbox(key="model").set_value("./spans").run()
    store = app.session_state["gb"].store
    assert not app.exception
    assert (store["use"], store["by"], store["model"]) == ("question", "./spans", "tales-bert")


@pytest.mark.usefixtures("server")
@pytest.mark.parametrize("by", ["./tags", "./nowhere", "<b>x</b>", "../../etc", "run:1", "x" * 400])
def test_a_link_that_names_nobody_who_can_answer_says_so(by: str, open_page: OpenPage) -> None:
    app = open_page("applications", use="sentiment", by=by)
    assert not app.exception
    assert app.session_state["gb"].store["by"] == ""
    assert "can answer here, so tales-t5 does" in said(app)


@pytest.mark.usefixtures("server")
def test_another_task_goes_back_to_its_usual_model_without_a_word(open_page: OpenPage) -> None:
    app = open_page("applications", use="sentiment", by="./opinions")
    app.segmented_control(key="use").set_value("question").run()
    assert not app.exception and not app.info
    assert app.session_state["gb"].store["by"] == ""


def test_a_hub_model_that_cannot_be_fetched_says_why(
    open_page: OpenPage, drawn: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    from core.checkpoints import CheckpointError, hub

    def away(*_: Any, **__: Any) -> Path:
        raise CheckpointError("the hub cannot be reached")

    monkeypatch.delenv("GLASSBOX_HUB", raising=False)
    monkeypatch.setattr(hub, "cached", lambda name: None)
    monkeypatch.setattr(hub, "download", away)
    monkeypatch.setattr("core.zoo.download", away)
    name = "distilbert/distilbert-base-uncased-finetuned-sst-2-english"
    app = open_page("applications", use="sentiment", by=name)
    assert not app.exception
    assert drawn[-1]["failed"] == "the hub cannot be reached"
    assert drawn[-1]["model"] == name
