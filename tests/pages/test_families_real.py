"""The Families page with the published pair: a decoder that writes beside an encoder that has no head."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import core
from app import models
from app.kit import Component
from core.real import title
from core.vectors.sentences import cosines, sentence_vectors
from pages.families import figure as shown
from pages.families import lanes
from tests import real as published
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "When Mary and John went to the shop, John gave a drink to"


@pytest.fixture(scope="module", autouse=True)
def here() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        published.here(patch)
        yield


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the picture is given, run by run."""
    seen: list[Any] = []

    def mount(self: Component, **given: Any) -> None:
        if self is shown.families:
            seen.append(given["data"])

    monkeypatch.setattr(Component, "__call__", mount)
    return seen


def models_of(drawn: list[Any]) -> list[str]:
    return [lane["model"] for lane in drawn[-1]["lanes"]]


def committed(app: AppTest) -> Any:
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    return app.session_state["gb"].memos["predict"]["answer"]


@pytest.mark.full(reason="2 cases, 8 s together")
@pytest.mark.parametrize("name", [models.REAL, lanes.ENCODER])
def test_both_published_models_read_one_text_and_the_notebook_agrees(
    name: str, open_page: OpenPage, drawn: list[Any]
) -> None:
    app = open_page("families", model=name, text=TEXT, follow=4)
    assert not app.exception and not app.error
    assert models_of(drawn) == [title(models.REAL), lanes.ENCODER, "tales-t5"]
    decoder, encoder, _ = drawn[-1]["lanes"]
    assert [lane["own"] for lane in (decoder, encoder)] == [name == models.REAL, name == lanes.ENCODER]
    assert decoder["asked"] and decoder["writing"]["strokes"] and decoder["vectors"] is None
    assert (encoder["asked"], encoder["writing"], encoder["sign"]) == ({}, None, {})
    assert "predicts nothing" in encoder["trained"]
    assert encoder["vectors"]["tokens"]["shape"] == [len(encoder["tokens"]), 384]
    run_notebook(app)


@pytest.mark.full(reason="takes 2 s")
def test_the_encoders_numbers_are_its_own_and_its_question_is_answered(
    open_page: OpenPage, drawn: list[Any]
) -> None:
    app = open_page("families", model=models.REAL, text=TEXT, follow=3)
    lm = core.load(lanes.ENCODER)
    ids = lm.encode(TEXT)
    stream = lm.trace(TEXT)[f"blocks.{lm.config.n_layers - 1}.hook_normalized_resid_post"].numpy()
    alike = cosines(stream)
    rows = list(
        csv.DictReader(io.StringIO(app.session_state["gb"].memos["takeaway"]["csv"]().partition("\n")[2]))
    )
    lines = [row for row in rows if row["what"] == "vector"]
    assert [int(row["place"]) for row in lines] == list(range(1, len(ids) - 1))
    for row in lines:
        at = int(row["place"])
        near = max((j for j in range(1, len(ids) - 1) if j != at), key=lambda j: alike[at, j])
        assert (row["token"], row["nearest"]) == tuple(lm.tokenizer.display(ids[j]) for j in (at, near))
        assert float(row["cosine"]) == pytest.approx(float(alike[at, near]), abs=1e-4)
    turn = drawn[-1]["lanes"][1]["vectors"]["turn"]
    other = list(ids)
    other[turn["at"]] = next(id for id in ids if lm.tokenizer.display(id) == turn["new"])
    at = turn["at"] - 1
    now = lm.trace(other)[f"blocks.{lm.config.n_layers - 1}.hook_normalized_resid_post"].numpy()[at]
    assert turn["cosine"] == pytest.approx(float(cosines(np.stack([stream[at], now]))[0, 1]), abs=1e-4)
    assert drawn[-1]["lanes"][0]["swap"]["moved"] == 0.0, "of the decoder nothing moves"
    both = sentence_vectors(lm, [TEXT, " ".join(reversed(TEXT.split()))])
    cosine = float(cosines(both)[0, 1])
    answer = committed(app)
    assert answer.numbers["cosine"] == pytest.approx(cosine, abs=1e-4)
    assert answer.index == (0 if cosine > 0.9 else 1 if cosine >= 0.6 else 2)


@pytest.mark.full(reason="takes more than a second")
def test_the_encoder_that_fills_is_one_choice_away(open_page: OpenPage, drawn: list[Any]) -> None:
    app = open_page("families", model=models.REAL, text=TEXT)
    choice = app.segmented_control(key="families.reader")
    assert choice.value == "vectors"
    choice.set_value("fills").run()
    assert models_of(drawn) == [title(models.REAL), "tales-bert", "tales-t5"]
    assert drawn[-1]["lanes"][1]["writing"] is not None
    assert committed(app).evidence
    open_page("families", model=models.SMALL, text=TEXT)
    assert models_of(drawn) == [models.SMALL, "tales-bert", "tales-t5"], "beside a small model a small one"
    open_page("families", model=models.SMALL, text=TEXT, reader="vectors")
    assert models_of(drawn) == [models.SMALL, lanes.ENCODER, "tales-t5"]


@pytest.mark.full(reason="takes 2 s")
def test_words_cut_to_pieces_and_the_t5_that_is_not_published_are_told_of(
    open_page: OpenPage, drawn: list[Any]
) -> None:
    open_page("families", model=models.REAL, text=TEXT)
    decoder, encoder, t5 = (lane["notes"] for lane in drawn[-1]["lanes"])
    assert (decoder, encoder) == ([], []), "the published ones know these words"
    assert t5 == [lanes.NO_T5, "Not in its vocabulary, so cut to pieces: “John” to 4, “drink” to 3."]
    open_page("families", model=models.SMALL, text=TEXT)
    small = drawn[-1]["lanes"]
    assert "“John” to 4" in small[0]["notes"][0] and "“John” to 3" in small[1]["notes"][0]
    assert lanes.NO_T5 not in small[2]["notes"]
    open_page("families", model=models.SMALL, text="A red ball was lost. She found it.")
    assert [lane["notes"] for lane in drawn[-1]["lanes"]] == [[], [], []]
