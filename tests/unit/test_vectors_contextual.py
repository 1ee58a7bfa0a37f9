"""A word in its text: its tokens, its vectors at every depth by hand, and what a probe can tell of its sense."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import islice
from typing import Any

import numpy as np
import pytest
import torch

from core.config import ModelConfig
from core.data.toyland.scenes import scene_texts, tellings, unread
from core.data.toyland.words import HOMONYMS
from core.hooks import recording
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import ContextTooLong, build
from core.text.tokenizer import Tokenizer
from core.text.training import learn
from core.vectors import meanings
from core.vectors.contextual import compare, find_word, occurrence, occurrence_at, positions, vectors_at
from core.vectors.meanings import Keep, every_word, meant, together, told_apart
from core.vectors.probe import accuracy, wilson

RIVER, MONEY = (
    "Frogs jump from the bank when it is wet.",
    "Coins are safe in the bank, said the banker. The bank!",
)
PARTS: dict[str, dict[str, Any]] = {
    "decoder": {"position": "learned"},
    "encoder": {"norm_placement": "post", "embed_norm": True, "final_norm": False, "position": "sinusoidal"},
    "encoder-decoder": {"position": "relative", "n_decoder_layers": 1, "decoder_start_id": 0},
}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return learn("bpe", [RIVER, MONEY, "the water the money"], 300)


def make(shape: Any, tokenizer: Tokenizer, layers: int = 3) -> LanguageModel:
    config = ModelConfig(
        shape=shape, n_layers=layers, d_model=16, n_heads=2, n_ctx=128, d_vocab=len(tokenizer), **PARTS[shape]
    )
    model = build(config).eval()
    initialise(model, config, seed=3, spread=0.4)
    return LanguageModel(model, tokenizer, shape)


def test_a_word_is_found_as_a_whole_word_whatever_its_case() -> None:
    assert find_word(RIVER, "bank") == find_word(RIVER, " BANK ") == (20, 24)
    assert [MONEY[slice(*find_word(MONEY, "bank", n))] for n in (0, 1)] == ["bank", "bank"]
    assert find_word(MONEY, "bank", 1)[0] > MONEY.index("banker")
    assert find_word("A (bank).", "bank") == (3, 7)
    assert find_word("C++ and é, à la C++", "C++", 1) == (16, 19)


@pytest.mark.parametrize(
    ("word", "number", "says"),
    [
        ("river", 0, "'river' does not stand in the text"),
        ("ban", 0, "'ban' does not stand"),
        ("  ", 0, "write the word"),
        ("bank", 2, "stands in the text 2 times, so there is no occurrence 2"),
        ("Coins", 1, "stands in the text once"),
        ("bank", -1, "no occurrence -1"),
    ],
)
def test_a_word_that_is_not_there_is_told(word: str, number: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        find_word(MONEY, word, number)


@pytest.mark.parametrize("shape", list(PARTS))
def test_its_vectors_are_means_over_its_tokens(shape: str, tokenizer: Tokenizer) -> None:
    lm = make(shape, tokenizer)
    text = "Frogs near the riverbanks jump."
    seen = occurrence(lm, text, "riverbanks")
    assert len(seen.positions) > 1 and text[seen.start : seen.end] == seen.word == "riverbanks"
    assert "".join(seen.tokens).strip("Ġ") == "riverbanks"
    ids = torch.tensor([lm.encode(text)])
    stack = lm.transformer.encoder if shape == "encoder-decoder" else lm.transformer
    with torch.no_grad(), recording() as kept:
        stack(ids)
    prefix = "encoder." if shape == "encoder-decoder" else ""
    kept = {name.removeprefix(prefix): value[0] for name, value in kept.items()}
    leaving = "hook_normalized_resid_post" if shape == "encoder" else "hook_resid_post"
    at = list(seen.positions)
    wanted = [kept["blocks.0.hook_resid_pre"], *(kept[f"blocks.{layer}.{leaving}"] for layer in range(3))]
    np.testing.assert_allclose(seen.layers, np.stack([one[at].mean(dim=0) for one in wanted]), atol=1e-6)
    table = stack.embed.W_E.detach()
    np.testing.assert_allclose(seen.static, table[ids[0, at]].mean(dim=0), atol=1e-6)
    assert seen.everywhere.shape == (4, ids.shape[1] - 1, 16), "all tokens but <s>"
    np.testing.assert_allclose(seen.everywhere[2], wanted[2][1:], atol=1e-6)


def test_special_tokens_are_counted_but_are_no_word(tokenizer: Tokenizer) -> None:
    lm = make("encoder", tokenizer)
    tokens = lm.tokens(lm.encode(RIVER))
    assert tokens[0] == "<s>"
    assert 0 not in positions(lm, RIVER, 0, 5)
    assert "".join(tokens[at] for at in positions(lm, RIVER, 0, 5)) == "Frogs"
    with pytest.raises(ValueError, match="no token of encoder stands for ''"):
        positions(lm, RIVER, 3, 3)


@pytest.mark.parametrize("shape", list(PARTS))
def test_many_words_at_once_have_the_vectors_of_one_at_a_time(shape: str, tokenizer: Tokenizer) -> None:
    lm = make(shape, tokenizer)
    places = [(one.text, one.start, one.end) for one in meant("bank", 6)] + [(RIVER, 0, 5), (MONEY, 0, 5)]
    static, layers = vectors_at(lm, places)
    assert layers.shape == (4, len(places), 16) and static.shape == (len(places), 16)
    for at, place in enumerate(places):
        one = occurrence_at(lm, *place)
        np.testing.assert_allclose(static[at], one.static, atol=1e-6)
        np.testing.assert_allclose(layers[:, at], one.layers, atol=3e-5)


@pytest.mark.parametrize("shape", list(PARTS))
def test_cosines_by_layer_are_those_of_the_vectors(shape: str, tokenizer: Tokenizer) -> None:
    lm = make(shape, tokenizer)
    one, other = occurrence(lm, RIVER, "bank"), occurrence(lm, MONEY, "bank")
    found = compare(one, other)
    assert found.static == pytest.approx(1, abs=1e-6), "one word, one row of the table"
    for layer in range(4):
        a, b = torch.from_numpy(one.layers[layer]), torch.from_numpy(other.layers[layer])
        assert found.cosines[layer] == pytest.approx(float(torch.cosine_similarity(a, b, dim=0)), abs=1e-5)
        every = torch.cosine_similarity(
            torch.from_numpy(one.everywhere[layer])[:, None],
            torch.from_numpy(other.everywhere[layer])[None],
            dim=2,
        )
        assert found.usual[layer] == pytest.approx(float(every.mean()), abs=1e-5)
    assert found.cosines[-1] < 0.999
    same = compare(one, one)
    np.testing.assert_allclose(same.cosines, 1, atol=1e-5)


def test_an_encoder_sees_what_comes_after_and_a_decoder_does_not(tokenizer: Tokenizer) -> None:
    texts = "the bank when it is wet", "the bank said the banker"
    for shape, alike in (("decoder", True), ("encoder", False)):
        lm = make(shape, tokenizer)
        one, other = (occurrence(lm, text, "bank") for text in texts)
        assert np.allclose(one.layers, other.layers, atol=1e-5) == alike


def test_a_model_without_blocks_has_its_table_alone(tokenizer: Tokenizer) -> None:
    seen = occurrence(make("decoder", tokenizer, layers=0), RIVER, "bank")
    np.testing.assert_allclose(seen.layers, seen.static[None], atol=1e-6)
    static, layers = vectors_at(make("decoder", tokenizer, layers=0), [(RIVER, seen.start, seen.end)])
    np.testing.assert_allclose(layers[0], static)
    np.testing.assert_allclose(static[0], seen.static, atol=1e-6)


def test_a_text_longer_than_the_context_is_told(tokenizer: Tokenizer) -> None:
    with pytest.raises(ContextTooLong):
        occurrence(make("encoder", tokenizer), RIVER * 20, "bank")


def test_toyland_gives_sentences_of_both_senses() -> None:
    found = meant("bat", many=25)
    assert {one.sense for one in found} == set(HOMONYMS["bat"])
    assert len({one.text for one in found}) == len(found) == 50
    for one in found:
        assert one.text[one.start : one.end].lower() == one.word == "bat"
    assert found == meant("bat", many=25)
    assert any(len({one.telling for one in found if one.sense == sense}) > 1 for sense in HOMONYMS["bat"])
    with pytest.raises(ValueError, match="no two senses in Toyland: choose from bank"):
        meant("dog")


def test_a_probe_reads_the_sense_off_a_contextual_vector_and_not_off_the_table(tokenizer: Tokenizer) -> None:
    """Even random weights mix a sentence's words into each other; the table has one row for both senses."""
    told = told_apart(make("encoder", tokenizer), meant("bat", many=160))
    assert told.senses == tuple(sorted(HOMONYMS["bat"])) and told.fitted + told.judged <= 320
    assert told.static.share == 0.5 and told.static.of == told.judged
    assert len(told.layers) == 4 and told.layers[told.best].share > 0.6
    assert told.layers[told.best].low > told.static.share
    assert told.layers[told.best].right == max(layer.right for layer in told.layers)


@pytest.mark.full(reason="takes a second")
def test_the_split_is_that_of_seed_0_unless_another_is_given(
    tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[list[int]] = []

    def judged(vectors: np.ndarray, labels: Any, train: Any, test: Any, strength: float) -> Any:
        parts.append(list(test))
        return accuracy(vectors, labels, train, test, strength)

    monkeypatch.setattr(meanings, "accuracy", judged)
    lm, examples = make("encoder", tokenizer), meant("bat", many=20)
    seen = []
    for given in ({}, {"seed": 0}, {"seed": 1}):
        parts.clear()
        told_apart(lm, examples, **given)
        seen.append(list(parts))
    assert seen[0] == seen[1] != seen[2]


@pytest.mark.full(reason="takes a second")
def test_whole_tellings_can_be_held_out(tokenizer: Tokenizer, monkeypatch: pytest.MonkeyPatch) -> None:
    parts: list[tuple[list[int], list[int]]] = []

    def judged(vectors: np.ndarray, labels: Any, train: Any, test: Any, strength: float) -> Any:
        parts.append((list(train), list(test)))
        return accuracy(vectors, labels, train, test, strength)

    monkeypatch.setattr(meanings, "accuracy", judged)
    lm, examples = make("encoder", tokenizer), meant("bat", many=60)
    keep: Keep
    for keep in ("telling", "unread"):
        parts.clear()
        told = told_apart(lm, examples, keep=keep, seed=1)
        assert told.static.share == 0.5
        turns = 4 if keep == "telling" else 1
        assert len(parts) == 5 * turns and parts == parts[:turns] * 5, "the same for the table and each depth"
        held: Counter[int] = Counter()
        for fitted, tested in ([[examples[at] for at in side] for side in part] for part in parts[:turns]):
            assert {one.number for one in fitted}.isdisjoint(one.number for one in tested)
            assert {one.telling for one in fitted}.isdisjoint(one.telling for one in tested)
            for side in (fitted, tested):
                assert len({Counter(one.sense for one in side)[sense] for sense in HOMONYMS["bat"]}) == 1
            both = [{one.number for one in tested if one.sense == sense} for sense in HOMONYMS["bat"]]
            assert both[0] == both[1], "the same ways of both senses"
            held.update(both[0])
            assert not {one.number for one in fitted} & unread("bat")
        read = set(range(len(tellings("bat", "stick")))) - unread("bat")
        assert held == Counter(read if keep == "telling" else unread("bat")), "each once"
        assert told.judged == sum(len(test) for _, test in parts[:turns])


def test_every_way_of_telling_comes_and_one_of_each_sense_was_never_trained_on() -> None:
    found = meant("bank", many=35)
    for sense in HOMONYMS["bank"]:
        counts = Counter(one.telling for one in found if one.sense == sense)
        assert set(counts) == {line.source for line in tellings("bank", sense)}
        assert max(counts.values()) - min(counts.values()) <= 1
        new = {one.telling for one in found if one.sense == sense and one.number in unread("bank")}
        assert new == {tellings("bank", sense)[number].source for number in unread("bank")}
    read = " ".join(islice(scene_texts(0, "train"), 3_000))
    seen = [one.text in read for one in meant("bank", many=200) if one.number in unread("bank")]
    assert seen and not any(seen)


def test_judged_by_what_was_never_trained_on(tokenizer: Tokenizer) -> None:
    lm = make("encoder", tokenizer)
    examples = meant("bat", many=40)
    told = told_apart(lm, examples, keep="unread")
    new = [one for one in examples if one.number in unread("bat")]
    assert told.judged == len(new) and told.fitted == len(examples) - len(new)
    assert told.static.share == 0.5 and told.static.of == told.judged
    with pytest.raises(ValueError, match="held out, and one of another"):
        told_apart(lm, [one for one in examples if one.number not in unread("bat")], keep="unread")


@pytest.mark.full(reason="takes 2 s")
def test_words_are_added_up(tokenizer: Tokenizer) -> None:
    lm = make("encoder", tokenizer)
    each = every_word(lm, ["telling"], many=12)["telling"]
    assert [one.word for one in each] == list(HOMONYMS)
    all_words = together(each)
    assert all_words.judged == sum(one.judged for one in each)
    for depth, layer in enumerate(all_words.layers):
        assert layer.right == sum(one.layers[depth].right for one in each)
        assert layer == wilson(layer.right, all_words.judged)
    assert all_words.static.share == 0.5
    for wrong in ([], [each[0], replace(each[1], layers=())]):
        with pytest.raises(ValueError, match="one or more words"):
            together(wrong)
