"""Embeddings: sentences as vectors, who puts which two together, in the page's data, its table and its notebook."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from app import models
from app.models import cache
from app.models.shared_cache import Shelf
from core import real
from core.vectors.sentences import cosines, mean_of_words, sentence_vectors
from core.vectors.static import glove
from core.zoo import load
from pages.embeddings import sentences
from tests.pages.conftest import OpenPage, notebook, random_model, run_notebook

LINES = "The plane is about to leave.\nThe baby is about to leave.\n\nThe flight departs soon."
NAME = "all-MiniLM-L6-v2"
READ = ("The plane is about to leave.", "The baby is about to leave.", "The flight departs soon.")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """What the picture was given, run by run."""
    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(sentences, "pictured", lambda data, **_: seen.append(data))
    return seen


def lines_of(app: AppTest) -> list[tuple[Any, ...]]:
    """The lines about sentences of the page's table."""
    found = app.session_state["gb"].memos["takeaway"]["table"]()
    rows = zip(*(found[name] for name in ("what", "table", "word", "value")), strict=True)
    return [row[1:] for row in rows if row[0] == "two sentences, cosine"]


def test_three_readers_and_their_cosines_are_cores(open_page: OpenPage, drawn: list[dict[str, Any]]) -> None:
    app = open_page("embeddings", sentences=LINES, alike="0 2")
    assert not app.exception
    shown = drawn[-1]
    assert shown["sentences"] == list(READ) and shown["selection"]["alike"] == "0 2"
    static = np.stack([mean_of_words(glove(), text)[0] for text in READ])
    wanted = [
        cosines(sentence_vectors(load("tales-gpt"), READ)),
        cosines(static),
        cosines(sentence_vectors(load("tales-bert"), READ)),
    ]
    assert [one["name"] for one in shown["readers"]] == ["tales-gpt", glove().name, "tales-bert"]
    for one, right in zip(shown["readers"], wanted, strict=True):
        assert np.allclose(one["cosines"], right, atol=1e-5)
        upper = {(a, b): right[a, b] for a in range(3) for b in range(a + 1, 3)}
        assert tuple(one["best"]) == max(upper, key=lambda pair: upper[pair])
    # By words alone, the two that share theirs: what the default sentences are there to show.
    assert [tuple(one["best"]) for one in shown["readers"]] == [(0, 1)] * 3
    table = lines_of(app)
    assert len(table) == 9 and (glove().name, f"{READ[0]} | {READ[2]}") == table[4][:2]
    assert table[4][2] == pytest.approx(wanted[1][0, 2], abs=1e-5)
    run_notebook(app)


def test_the_bundled_encoder_stands_there_once(open_page: OpenPage, drawn: list[dict[str, Any]]) -> None:
    open_page("embeddings", model="tales-bert", sentences=LINES)
    assert [one["name"] for one in drawn[-1]["readers"]] == ["tales-bert", glove().name]


def test_a_bare_encoder_reads_them_as_its_files_ask(
    open_page: OpenPage, drawn: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.oracle.test_sentences import MODES, written

    folder = random_model(
        tmp_path / "reader", seed=7, shape="encoder", head="none", norm_placement="post", final_norm=False
    )
    written(folder, MODES["first"])
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page("embeddings", model="./reader", sentences=LINES)
    assert not app.exception
    first = drawn[-1]["readers"][0]
    assert first["how"] == "as its files ask: its first token’s vector, brought to length 1"
    assert np.allclose(first["lengths"], 1, atol=1e-5)
    assert np.allclose(first["cosines"], cosines(sentence_vectors(load(folder), READ)), atol=1e-5)
    run_notebook(app)


@pytest.mark.full(reason="the other cases take a second", quick_cases=3)
@pytest.mark.parametrize(
    "text", ["", " \n\n ", "one", "🜁🜂\nqzxv", "<b>x</b>\n**y**", "long " * 500, "a\n" * 40]
)
def test_any_text_is_read_or_says_why_not(
    text: str, open_page: OpenPage, drawn: list[dict[str, Any]]
) -> None:
    app = open_page("embeddings", sentences=text)
    assert not app.exception and not app.error
    notebook(app)
    captions = " ".join(one.value for one in app.caption)
    if not text.strip():
        assert not drawn and "Write a sentence" in captions
        return
    shown = drawn[-1]
    assert 1 <= len(shown["sentences"]) <= sentences.MOST
    for one in shown["readers"]:
        assert one["said"] or len(one["cosines"]) == len(shown["sentences"])
    if text.startswith("🜁"):
        assert "has no word of" in shown["readers"][1]["said"]
    if text.startswith("long"):
        assert "first 200 characters" in captions
    if text.startswith("a\n"):
        assert "first 8 sentences" in captions


def test_a_published_encoder_reads_beside_the_open_model(
    open_page: OpenPage, drawn: list[dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where all-MiniLM-L6-v2 was fetched: here a small encoder with random weights stands for it."""
    model = real.BY_NAME[NAME]
    ready = tmp_path / "ready" / f"{NAME}.{model.version}.{real._LAYOUT}"
    folder = random_model(
        ready, seed=8, shape="encoder", head="none", norm_placement="post", final_norm=False
    )
    monkeypatch.setenv("GLASSBOX_REAL", str(tmp_path))
    monkeypatch.setattr(
        cache, "_finished", Shelf(most=64, most_bytes=2**32)
    )  # as if nothing had been opened yet
    cache.forget_results()
    assert models.published() == (NAME,)
    app = open_page("embeddings", sentences=LINES)
    assert not app.exception
    assert [one["name"] for one in drawn[-1]["readers"]] == ["tales-gpt", glove().name, "tales-bert"]
    assert not cache.at_hand(NAME), "nobody has asked for it"
    app.button(key=f"sentences.{NAME}").click().run()
    assert not app.exception and f"sentences.{NAME}" not in [one.key for one in app.button]
    shown = drawn[-1]["readers"]
    assert [one["name"] for one in shown] == ["tales-gpt", glove().name, "tales-bert", NAME]
    assert np.allclose(shown[-1]["cosines"], cosines(sentence_vectors(load(folder), READ)), atol=1e-5)
    run_notebook(app)
