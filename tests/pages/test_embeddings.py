"""The Embeddings page as a script: lookups, neighbours, analogies, maps, contexts against `core` and slow scripts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.kit import Component
from app.models import cache
from core.runs import table as run_table
from core.runs.word_specs import WordsSpec
from core.runs.worker import here
from core.vectors.contextual import compare, occurrence
from core.vectors.meanings import meant, told_apart
from core.vectors.static import glove, of_model
from core.zoo import card
from pages.embeddings import figure, in_context
from pages.embeddings.figure import NEAR, rows_shown
from tests.pages.conftest import OWNER, OpenPage, Runs, notebook, run_elsewhere, run_notebook

TEXT = "The king lost a red ball"
LINKS: dict[str, dict[str, Any]] = {
    "glove": {"text": TEXT, "follow": 2},
    "own": {"text": TEXT, "vectors": "model", "gaze": "near"},
    "other": {"model": "./other", "text": "The fox and the crow", "vectors": "model", "gaze": "analogy"},
    "both": {"model": "./both", "text": "The fox and the crow", "gaze": "near"},
    "pair": {"model": "./pair", "text": "The fox", "target": "A dog", "vectors": "model"},
    "one token": {"text": "A", "vectors": "model", "gaze": "near"},
}


@pytest.fixture
def pictures(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """What the page's two pictures were last given."""
    given: dict[str, dict[str, Any]] = {}
    names = {"embeddings": "picture", "embeddings_in_context": "more"}

    def mount(self: Component, data: Any = None, **_: Any) -> None:
        given[names.get(self.name, self.name)] = data

    monkeypatch.setattr(Component, "__call__", mount)
    return given


def lines(app: AppTest, kind: str) -> list[tuple[Any, ...]]:
    """The lines of the table twin that are about `kind`."""
    table = app.session_state["gb"].memos["takeaway"]["table"]()
    return [line for line in zip(*table.values()) if line[0].startswith(kind)]


def unpack(packed: dict[str, Any]) -> np.ndarray[Any, Any]:
    """The inverse of `app.kit.pack`."""
    import base64

    kind = {"f32": "<f4", "u8": "u1"}[packed["dtype"]]
    return np.frombuffer(base64.b64decode(packed["b64"]), kind).reshape(packed["shape"])


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", LINKS)
@pytest.mark.usefixtures("other_model")
def test_row_neighbours_and_context_are_those_of_slow_scripts(
    name: str, open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    link = LINKS[name]
    app = open_page("embeddings", **link)
    assert not app.exception and not app.info
    lm = core.load(models.resolve(link.get("model", "tales-gpt")).target)
    table = of_model(lm) if link.get("vectors") == "model" else glove()
    shown = pictures["picture"]
    row = shown["subject"]["row"]
    np.testing.assert_allclose(
        [value for *_, value in lines(app, "looked up")], table.vectors[row], rtol=1e-5
    )
    np.testing.assert_array_equal(unpack(shown["lookup"]["product"]), table.vectors[row])
    assert shown["lookup"]["one_hot"] == [float(at == row) for at in rows_shown(row, len(table))]
    one = table.vectors[row].astype(np.float64)
    cosines = table.vectors @ one / (np.linalg.norm(table.vectors, axis=1) * np.linalg.norm(one))
    cosines[row] = -2
    best = np.sort(cosines)[::-1][:NEAR]
    np.testing.assert_allclose([found["cosine"] for found in shown["near"]], best, atol=1e-4)
    near = shown["near"][0]
    assert near["dot"] / (near["length"] * shown["lookup"]["length"]) == pytest.approx(
        near["cosine"], abs=1e-4
    )
    assert (
        unpack(shown["shades"])[
            shown["analogy"]["answers"][0]["row"] if link.get("gaze") == "analogy" else near["row"]
        ]
        == 255
    )
    pair = pictures["more"]["pair"]
    texts = (pair["sides"][0]["text"], pair["sides"][1]["text"])
    compared = compare(*(occurrence(lm, text, "bank") for text in texts))
    np.testing.assert_allclose(pair["cosines"], compared.cosines, atol=1e-5)
    assert len(pair["cosines"]) == lm.config.n_layers + 1 and pair["static"] == pytest.approx(1, abs=1e-5)
    assert run_notebook(app)["found"].row == row


def test_a_word_of_the_text_that_the_table_lacks_is_named_with_words_spelt_alike(
    open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    open_page("embeddings", text="the quen zzqx")
    app = open_page("embeddings", text="the quen zzqx", follow=pictures["picture"]["pieces"][1]["follow"])
    assert not app.exception
    subject = pictures["picture"]["subject"]
    assert "'quen' is not among the 20,000 words of GloVe" in subject["said"] and "queen" in subject["offers"]
    assert subject["word"] == "the" and pictures["picture"]["pieces"][1]["row"] is None
    run_notebook(app)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("seek", "word", "said"),
    [
        ("Queen", "queen", ""),
        ("queeen", "ball", "did you mean 'queen'"),
        ("x" * 5000, "ball", "not among"),
        ("  ", "ball", ""),
    ],
)
def test_a_search(
    seek: str, word: str, said: str, open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    app = open_page("embeddings", text=TEXT, seek=seek)
    subject = pictures["picture"]["subject"]
    assert subject["word"] == word and said in subject["said"] and bool(said) == bool(subject["said"])
    assert len(subject["said"]) < 200
    run_notebook(app)


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize(
    ("analogy", "answer", "said"),
    [
        ("man|king|woman", "queen", ""),
        ("france|paris|italy", "rome", ""),
        ("king|king|woman", None, "'king' stands twice"),
        ("man||woman", None, "Write a word"),
        ("man", None, "Write a word"),
        ("man|kng|woman", None, "did you mean"),
        ("|" * 9000, None, "Write a word"),
    ],
)
def test_an_analogy_is_answered_or_says_what_is_missing(
    analogy: str, answer: str | None, said: str, open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    app = open_page("embeddings", text=TEXT, analogy=analogy, gaze="analogy")
    assert not app.exception
    shown = pictures["picture"]["analogy"]
    assert said in shown["said"] and bool(said) == bool(shown["said"])
    assert (shown["answers"][0]["word"] if shown["answers"] else None) == answer
    if answer:
        ends = np.array(shown["ends"])
        np.testing.assert_allclose(ends[1] - ends[0], ends[4] - ends[2], atol=1e-5)
        points = unpack(pictures["picture"]["map"]["sent"])
        np.testing.assert_allclose(points[shown["rows"]], ends[:3], atol=1e-5)
    run_notebook(app)


def test_maps_and_words_are_sent_once_until_the_browser_asks_again(
    open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    app = open_page("embeddings", text=TEXT)
    first = pictures["picture"]
    assert unpack(first["map"]["sent"]).shape == (20_000, 2)
    assert json.loads(first["words"]["sent"])[:2] == ["the", ","]
    app.run()
    again = pictures["picture"]
    assert "sent" not in again["map"] and "sent" not in again["words"]
    assert again["map"]["key"] == first["map"]["key"]
    app.session_state["gb"].memos["embeddings.sent"].clear()  # what `send_again` does
    app.run()
    assert "sent" in pictures["picture"]["map"] and "sent" in pictures["picture"]["words"]


@pytest.mark.full(reason="takes more than a second")
def test_a_word2vec_run_is_a_third_table(
    runs: Runs, open_page: OpenPage, pictures: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:  # fmt: skip
    spec = WordsSpec(corpus="fables", min_count=3, size=8, epochs=1, steps=20, checkpoints=3)
    run = here(runs.store, spec, OWNER, name="words")
    app = open_page("embeddings", text="The fox", vectors="learned", learned=run.id, gaze="near")
    assert not app.exception
    table = run_table(runs.store, run.id)
    shown = pictures["picture"]
    assert shown["table"] == {
        "id": "learned", "name": table.name, "size": len(table), "dims": 8, "shown": len(table),
    }  # fmt: skip
    assert shown["subject"]["word"] == "fox"
    assert [one["row"] for one in shown["near"]] == [one.row for one in table.neighbours("fox", NEAR)]
    run_elsewhere(app, monkeypatch, tmp_path)
    assert notebook(app).cells[-1].source.endswith("# with GloVe in place of your run's vectors")
    assert f'"name":"{table.name}"' in app.session_state["gb"].memos["takeaway"]["html"]()  # a file has them
    lists = {"listx": "fox wolf", "listy": "crow hen", "lista": "he his", "listb": "she her"}
    bias = open_page("bias", text="The fox", vectors="learned", learned=run.id, weat="own", **lists)
    carried = run_elsewhere(bias, monkeypatch, tmp_path)["learned"]
    assert carried.words == table.words and (carried.vectors == table.vectors).all()
    app = open_page("embeddings", text="The fox", vectors="learned", learned="f" * 32)
    assert not app.exception and pictures["picture"]["table"]["id"] == "glove"


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("vectors", ["glove", "model"])
def test_the_answer_is_counted_by_hand(vectors: str, open_page: OpenPage) -> None:
    app = open_page("embeddings", text=TEXT, vectors=vectors)
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    answer = app.session_state["gb"].memos["predict"]["answer"]
    found = run_notebook(app)
    table, row = found["table"].vectors.astype(np.float64), found["ROW"]
    cosines = table @ table[row] / np.linalg.norm(table, axis=1) / np.linalg.norm(table[row])
    cosines[row] = -1
    assert answer.numbers["near"] == pytest.approx(cosines.max(), abs=1e-5)
    assert max(answer.numbers.values()) == answer.numbers["near"]
    right = app.session_state["gb"].memos["predict"]["options"][answer.index]
    assert found["table"].words[int(cosines.argmax())].strip() in right
    app.button(key="predict.show").click().run()
    assert run_notebook(app)["near"][0].cosine == pytest.approx(cosines.max(), abs=1e-5), (
        "the picture looks it up"
    )


@pytest.mark.full(reason="takes more than a second")
def test_all_analogies_are_scored_when_asked_for(
    open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    app = open_page("embeddings", text=TEXT)
    assert pictures["more"]["scores"]["all"] is None
    app.button(key="embeddings.score").click().run()
    scores = pictures["more"]["scores"]
    assert (scores["all"]["asked"], scores["all"]["covered"]) == (19_544, 12_042)
    assert scores["all"]["share"] == pytest.approx(0.521, abs=5e-4)
    assert len(scores["sections"]) == 14
    open_page("embeddings", text=TEXT, scored=1)
    assert pictures["more"]["scores"] == scores


def test_before_anybody_has_probed_the_encoders_card_says_what_was_measured(
    open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    """A test of the zoo measures it anew (tests/unit/test_zoo.py)."""
    open_page("embeddings", text=TEXT)
    probe, senses = pictures["more"]["probe"], card("tales-bert")["senses"]
    assert probe["static"]["share"] == 0.5 and "11 words, 330 sentences held out" in probe["about"]
    assert [one["right"] for one in probe["layers"]] == [one["right"] for one in senses["sentence"]["layers"]]
    assert [one["right"] for one in probe["worded"][1:]] == [
        one["right"] for one in senses["telling"]["layers"]
    ]
    assert max(one["share"] for one in probe["worded"]) >= 0.95
    best = max(one["right"] / one["of"] for one in senses["unread"]["layers"])
    assert f"itself never read: {best:.0%}" in probe["more"]


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("model", models.bundled())
def test_a_probe_reads_the_sense_in_context_where_the_table_can_only_guess(
    model: str, open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    app = open_page("embeddings", text=TEXT, model=model)
    app.button(key="embeddings.probe").click().run()
    probe = pictures["more"]["probe"]
    assert probe["static"]["share"] == 0.5
    told = told_apart(core.load(model), meant("bank", in_context.EACH))
    assert [one["right"] for one in probe["layers"]] == [one.right for one in told.layers]
    if model == "tales-bert":
        assert probe["layers"][probe["best"]]["share"] >= 0.95


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("link", "said", "unmeasured"),
    [
        ({"sense": "sofa"}, "'sofa' does not stand in the text", "has no two senses in Toyland"),
        ({"sense": ""}, "Write the word", "has no two senses in Toyland"),
        ({"first": "bank " * 9000}, "context", ""),
        ({"first": ""}, "does not stand", ""),
    ],
)
@pytest.mark.usefixtures("other_model")
def test_what_cannot_be_followed_or_probed_is_said(
    link: dict[str, str], said: str, unmeasured: str, open_page: OpenPage, pictures: dict[str, dict[str, Any]]
) -> None:
    app = open_page("embeddings", model="./other", text="The fox", probed=int(bool(unmeasured)), **link)
    assert not app.exception
    assert said in pictures["more"]["pair"]["said"]
    assert unmeasured in pictures["more"]["probe"]["said"]
    run_notebook(app)


def test_a_model_whose_training_diverged_leaves_glove(
    open_page: OpenPage, pictures: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_table(lm: core.LanguageModel) -> None:
        raise ValueError("the vector of 'a' holds what is no number: training diverged")

    monkeypatch.setattr(figure, "of_model", no_table)
    cache._shared.clear()
    app = open_page("embeddings", text=TEXT, vectors="model")
    assert not app.exception
    assert pictures["picture"]["table"]["id"] == "glove" and pictures["picture"]["other"] is None
    assert any("training diverged" in box.value for box in app.caption)
    run_notebook(app)
