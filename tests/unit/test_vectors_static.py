"""A table of words: rows, errors that offer words, neighbours against a slow script, the lookup as a product."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import build
from core.text.training import learn
from core.vectors.static import StaticVectors, UnknownWord, glove, of_model

WORDS = ("north", "south", "east", "west", "up", "nowhere")
ROWS = np.array(
    [[0, 2, 0], [0, -1, 0], [3, 0, 0], [-1, 0, 0], [0, 0.1, 5], [0, 0, 0]],
    dtype=np.float32,
)
TABLE = StaticVectors("compass", WORDS, ROWS)


def slow_cosine(one: np.ndarray, other: np.ndarray) -> float:
    dot = sum(float(a) * float(b) for a, b in zip(one, other))
    return dot / math.sqrt(sum(float(a) ** 2 for a in one)) / math.sqrt(sum(float(b) ** 2 for b in other))


def test_glove_is_the_bundled_table() -> None:
    table = glove()
    assert len(table) == len(set(table.words)) == 20_000
    assert table.vectors.shape == (20_000, 50) and table.vectors.dtype == np.float32
    assert table.words[:5] == ("the", ",", ".", "of", "to")
    assert "josé" in table.words and not any(word != word.strip() for word in table.words)
    np.testing.assert_allclose(table["the"][:5], [0.418, 0.24968, -0.41242, 0.1217, 0.34527], atol=2e-4)
    assert glove() is table, "read once"
    with pytest.raises(ValueError, match="read-only"):
        table.vectors[0, 0] = 1


@pytest.mark.parametrize("word", ["king", "paris", "seventeen", "ran"])
def test_neighbours_are_those_of_a_slow_script(word: str) -> None:
    table = glove()
    own = table.words.index(word)
    others = [row for row in range(20_000) if row != own]
    rough = table.vectors @ table.vectors[own]
    likely = sorted(others, key=lambda row: -rough[row] / np.linalg.norm(table.vectors[row]))[:50]
    wanted = sorted(likely, key=lambda row: -slow_cosine(table.vectors[row], table.vectors[own]))[:8]
    found = table.neighbours(word, 8)
    assert [near.row for near in found] == wanted
    for near in found:
        assert near.word == table.words[near.row]
        assert near.cosine == pytest.approx(
            slow_cosine(table.vectors[near.row], table.vectors[own]), abs=1e-6
        )
    assert word not in [near.word for near in found]


def test_neighbours_leave_out_what_they_are_told_to() -> None:
    first = glove().neighbours("king", 3)
    again = glove().neighbours("king", 3, exclude=[first[0].word])
    assert [near.word for near in again[:2]] == [near.word for near in first[1:]]
    with pytest.raises(UnknownWord, match="'quen'"):
        glove().neighbours("king", 3, exclude=["quen"])


def test_cosines_of_words_and_of_a_vector() -> None:
    assert TABLE.cosine("north", "south") == pytest.approx(-1)
    assert TABLE.cosine("north", "east") == pytest.approx(0)
    assert TABLE.cosine("north", "up") == pytest.approx(0.1 / math.hypot(0.1, 5), rel=1e-5)
    assert TABLE.cosine("north", "nowhere") == 0, "a vector of length 0 points nowhere"
    near = TABLE.neighbours(np.array([1.0, 0.5, 0.0], dtype=np.float32), count=2)
    assert [one.word for one in near] == ["east", "north"]
    assert near[0].cosine == pytest.approx(2 / math.sqrt(5), rel=1e-6)
    np.testing.assert_allclose(
        TABLE.cosines(ROWS[:2]), [[1, -1, 0, 0, 0.0199960, 0], [-1, 1, 0, 0, -0.019996, 0]], atol=1e-6
    )


def test_equal_cosines_keep_the_order_of_the_table_and_no_more_words_come_than_there_are() -> None:
    found = TABLE.neighbours("nowhere", count=99)
    assert [near.word for near in found] == list(WORDS[:-1])
    assert TABLE.neighbours("up", 0) == []


def test_a_word_is_found_in_small_letters_and_as_a_token_with_its_space() -> None:
    assert glove().row("Paris") == glove().row(" paris ") == glove().row("paris")
    table = StaticVectors("tokens", (" dog", "Cat", "cat", " dog"), np.eye(4, dtype=np.float32))
    assert (table.row("dog"), table.row("Dog"), table.row("Cat"), table.row("CAT")) == (0, 0, 1, 2)
    assert "dog" in table and "fish" not in table and "" not in table and "  " not in table


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("bananna", "banana"),
        ("accomodate", "accommodate"),
        ("kingg", "king"),
        ("Lnodon", "london"),  # two letters swapped: one edit
        ("universtiy", "university"),
    ],
)
def test_an_unknown_word_offers_words_spelt_alike(typed: str, offered: str) -> None:
    with pytest.raises(UnknownWord) as told:
        glove().row(typed)
    assert told.value.near[0] == offered
    assert repr(offered) in str(told.value) and "20,000 words of GloVe" in str(told.value)


@pytest.mark.parametrize("typed", ["qzxwvqj", "🙂", "日本語", "x" * 10_000])
def test_what_is_spelt_like_nothing_offers_nothing(typed: str) -> None:
    with pytest.raises(UnknownWord, match="none of them is spelt alike") as told:
        glove().row(typed)
    assert told.value.near == ()


@pytest.mark.parametrize("typed", ["", "   ", "\n"])
def test_no_word_at_all_asks_for_one(typed: str) -> None:
    with pytest.raises(UnknownWord, match="write a word"):
        glove().row(typed)


def test_the_lookup_is_a_product_with_one_hot() -> None:
    steps = TABLE.lookup("east")
    assert steps.row == 2 and steps.one_hot.tolist() == [0, 0, 1, 0, 0, 0]
    np.testing.assert_array_equal(steps.product, ROWS[2])
    terms = steps.terms(slice(1, 4))
    assert terms.tolist() == [[0, 0, 0], [3, 0, 0], [0, 0, 0]]
    assert not np.signbit(terms).any(), "0 times -1 reads 0, not -0"
    np.testing.assert_array_equal(steps.terms(slice(None)).sum(axis=0), steps.product)
    dog = glove().lookup("Dog")
    assert dog.word == "dog"
    np.testing.assert_array_equal(dog.product, glove()["dog"])


@pytest.mark.parametrize("shape", ["decoder", "encoder", "encoder-decoder"])
def test_a_model_brings_its_own_token_table(shape: Any) -> None:
    tokenizer = learn("bpe", ["the cat sat on the mat", "é"], 270)
    start = {"decoder_start_id": 0} if shape == "encoder-decoder" else {}
    config = ModelConfig(
        shape=shape, n_layers=1, d_model=8, n_heads=2, n_ctx=8, d_vocab=len(tokenizer) + 2, **start
    )
    model = build(config)
    initialise(model, config, seed=1, spread=0.4)
    lm = LanguageModel(model, tokenizer, "mine")
    table = of_model(lm)
    weights = dict(model.named_parameters())["encoder.embed.W_E" if start else "embed.W_E"]
    np.testing.assert_array_equal(table.vectors, weights.detach().numpy())
    assert (table.name, len(table), table.size) == ("mine", len(tokenizer) + 2, 8)
    assert table.words[table.row("the")].strip() == "the"
    assert table.words[0] == "<s>" and table.words[-1] == f"<{len(table) - 1}>", "rows without an entry, too"


def test_a_table_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="one row of numbers a word"):
        StaticVectors("short", ("a", "b"), np.zeros((1, 3), dtype=np.float32))
    with pytest.raises(ValueError, match="one row of numbers a word"):
        StaticVectors("empty", (), np.zeros((0, 3), dtype=np.float32))
    lm: Any = SimpleNamespace(
        config=SimpleNamespace(shape="decoder"),
        transformer=SimpleNamespace(get_parameter=lambda name: torch.tensor([[1.0, 2.0], [float("nan"), 0]])),
        tokenizer=SimpleNamespace(display=lambda id: f"token{id}"),
        name="burst",
    )
    with pytest.raises(ValueError, match="'token1' holds what is no number"):
        of_model(lm)
