"""Below the Embeddings picture: what the two pictures are given, what Start puts into the queue, what is refused."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
import core.runs
from app import runs as run_face
from core.data.corpora import fingerprint
from core.runs import Engine, Limits
from core.runs.word_recordings import recorded_words
from core.runs.word_specs import MapSpec, WordsSpec
from core.runs.worker import here
from core.vectors.projection import neighbours_kept, pca
from core.vectors.static import glove, of_model
from pages.embeddings import learning
from tests.pages.conftest import OTHER, OWNER, OpenPage, Runs

SPEC = WordsSpec(corpus="fables", min_count=3, size=8, epochs=2, steps=40, checkpoints=5)


class Pictures:
    """The two pictures as the page mounts them: their data, and their events."""

    def __init__(self) -> None:
        self.data: dict[str, Any] = {}
        self.act: tuple[str, str] | None = None

    def __call__(self, data: dict[str, Any], key: str, on: Mapping[str, Callable[[], None]]) -> None:
        self.data[data["mode"]] = data
        if self.act is not None and self.act[0] == data["mode"]:
            event, self.act = self.act[1], None
            on[event]()

    def press(self, app: AppTest, mode: str, event: str) -> None:
        """What a button of a picture does; the page is drawn again afterwards."""
        self.act = (mode, event)
        app.run()
        app.run()


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> Pictures:
    seen = Pictures()
    monkeypatch.setattr(learning, "embeddings_learning", seen)
    return seen


def array(packed: dict[str, Any]) -> np.ndarray:
    """What `pack` packed."""
    return np.frombuffer(base64.b64decode(packed["b64"]), np.float32).reshape(packed["shape"])


@pytest.mark.usefixtures("runs")
def test_the_first_screen_is_the_recorded_run_and_pca(open_page: OpenPage, pictures: Pictures) -> None:
    app = open_page("embeddings", learnword="anna")
    assert not app.exception
    shown, words = pictures.data["learn"], recorded_words()
    assert (shown["own"], shown["words"], shown["of"]) == (False, list(words.words), words.of)
    for moment in (0, 11, -1):
        np.testing.assert_array_equal(array(shown["places"][moment]), words.places[moment])
        near = words.table(range(len(words.steps))[moment]).neighbours("anna", 8)
        assert shown["near"][moment] == [[one.word, round(one.cosine, 6)] for one in near]
    assert (
        shown["guessing"]["value"] == pytest.approx(6 * np.log(2))
        and "6 ln 2 = 4.16" in shown["guessing"]["text"]
    )
    assert "150,000 words of the tales, 8 times; 32 numbers a word" in shown["about"]
    start = pictures.data["settle"]
    vectors = glove().unit(slice(0, 2000))
    assert start["words"] == list(glove().words[:2000]) and "run" not in start
    np.testing.assert_array_equal(array(start["places"][0]), pca(vectors).place(vectors))
    assert start["kin"] == [[neighbours_kept(vectors, pca(vectors).place(vectors))] * 2]


@pytest.mark.usefixtures("runs")
def test_a_word_that_was_not_recorded(open_page: OpenPage, pictures: Pictures) -> None:
    app = open_page("embeddings", learnword="<b>xylophon")
    assert not app.exception
    assert pictures.data["learn"]["near"] == []
    assert pictures.data["learn"]["why"].startswith("'<b>xylophon' is not among the 298 words")


def test_an_own_run_and_a_map_of_it(open_page: OpenPage, pictures: Pictures, runs: Runs) -> None:
    run = here(runs.store, SPEC, OWNER)
    settled = here(runs.store, MapSpec(source="run", parent=f"{run.id}@40", words=40, near=5), OTHER)
    app = open_page("embeddings", learned=run.id, settled=settled.id, source="learned", laid=500)
    assert not app.exception
    learn, settle = pictures.data["learn"], pictures.data["settle"]
    assert (learn["own"], learn["mine"], learn["run"]["id"]) == (True, True, run.id)
    assert learn["run"]["checkpoints"] == runs.store.steps(run.id) and learn["familyOf"] == {}
    np.testing.assert_allclose(
        array(learn["run"]["points"]["loss"]), runs.store.points(run.id).loss, rtol=1e-6
    )
    assert (settle["own"], settle["mine"], settle["run"]["id"]) == (True, False, settled.id)
    assert "t-SNE of up to 40 words of your word2vec run; perplexity 5" in settle["about"]
    pictures.press(app, "settle", "back")
    table = core.runs.table(runs.store, run.id)
    assert pictures.data["settle"]["words"] == list(table.words[:500])


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("kind", ["learned", "settled"])
def test_a_link_to_what_is_not_there(open_page: OpenPage, pictures: Pictures, runs: Runs, kind: str) -> None:
    model = runs.ready()  # a run of another kind is none either
    for id in ("0" * 24, model.id):
        app = open_page("embeddings", **{kind: id})
        assert not app.exception
        assert not pictures.data["learn"]["own"] and not pictures.data["settle"]["own"]
        which = "learn" if kind == "learned" else "settle"
        assert "not here any more" in pictures.data[which]["note"]


@pytest.mark.full(reason="takes a second")
def test_start_puts_the_settings_into_the_queue(open_page: OpenPage, pictures: Pictures, queue: Runs) -> None:
    app = open_page(
        "embeddings", corpus="fables", dims=20, window=4, negatives=3, epochs=7, rare=2, often=0.01
    )
    assert pictures.data["learn"]["plan"].startswith("About ") and pictures.data["learn"]["refused"] == ""
    pictures.press(app, "learn", "start")
    run = queue.store.get(pictures.data["learn"]["run"]["id"])
    assert run.spec == WordsSpec(
        corpus="fables", size=20, window=4, negatives=3, epochs=7, min_count=2, often=0.01
    )  # fmt: skip
    assert (run.owner, pictures.data["learn"]["run"]["live"]) == (OWNER, True)
    assert run.state == "queued"
    assert app.session_state["gb"].store["learned"] == run.id
    pictures.press(app, "learn", "stop")
    assert queue.store.get(run.id).state == "stopped"
    pictures.press(app, "learn", "back")
    assert not pictures.data["learn"]["own"]


@pytest.mark.full(reason="takes a second")
def test_start_lays_out_the_open_models_table(open_page: OpenPage, pictures: Pictures, queue: Runs) -> None:
    app = open_page("embeddings", source="model", layout="umap", laid=500, near=9)
    table = of_model(core.load("tales-gpt"))
    assert pictures.data["settle"]["words"] == list(table.words[:500])
    pictures.press(app, "settle", "start")
    run = queue.store.get(pictures.data["settle"]["run"]["id"])
    assert run.spec == MapSpec(source="model", model="tales-gpt", method="umap", words=500, near=9)
    pictures.press(app, "settle", "stop")
    assert queue.store.get(run.id).state == "stopped"


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Bring a text of your own first: “Your corpus” takes it."),
        ("hello world " * 50, "The text has only two words, 'hello' and 'world': word2vec needs at least 3"),
        ("A fox ran. The fox saw a hen. The hen ran, and the fox ran. " * 5, ""),
    ],
)
def test_an_own_text(open_page: OpenPage, pictures: Pictures, queue: Runs, text: str, why: str) -> None:
    app = open_page("embeddings", corpus="own", rare=1)
    app.session_state["gb"].memos.setdefault("tokenization", {})["own"] = text
    app.run()
    refused = pictures.data["learn"]["refused"]
    assert refused.startswith(why) if why else refused == ""
    before = len(queue.store.list(limit=1000))
    pictures.press(app, "learn", "start")
    assert not app.exception
    assert len(queue.store.list(limit=1000)) == before + (not why)
    if not why:
        run = queue.store.list()[0]
        assert (run.spec.text, queue.store.text(run.spec.text)) == (fingerprint(text), text)


def test_a_limit_says_why(open_page: OpenPage, pictures: Pictures, runs: Runs) -> None:
    run_face.use(runs.store, Engine(runs.store, workers=0, limits=Limits(megabytes=5, active=60)))
    app = open_page("embeddings", dims=300)
    assert "this server allows 5 MB: choose fewer dimensions" in pictures.data["learn"]["refused"]
    pictures.press(app, "learn", "start")
    assert not pictures.data["learn"]["own"]


@pytest.mark.usefixtures("runs")
def test_without_workers_nothing_starts(open_page: OpenPage, pictures: Pictures) -> None:
    app = open_page("embeddings")
    pictures.press(app, "learn", "start")
    assert (
        pictures.data["learn"]["cannot"] == "Nothing trains on this server: it was started without workers."
    )
    assert not pictures.data["learn"]["own"] and not app.exception


@pytest.mark.full(reason="takes a second")
def test_the_other_pages_do_not_take_it_for_a_model(open_page: OpenPage, runs: Runs) -> None:
    run = here(runs.store, SPEC, OWNER)
    app = open_page("attention", model=f"run:{run.id}")
    assert not app.exception
    said = " ".join(one.value for one in [*app.info, *app.warning]).replace("\\", "")
    assert "trains no language model" in said
    lab = open_page("lab", runs=run.id)
    assert not lab.exception
    assert all(run.id not in option for box in lab.selectbox for option in box.options)
