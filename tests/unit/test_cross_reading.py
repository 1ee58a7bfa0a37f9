"""What is read of a source: rows, words and sentences against sums made by hand; what cannot be read says why."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch

import core
from core.analysis.heads.cross_reading import (
    CrossReading,
    Rule,
    clause_spans,
    cross_reading,
    piece_spans,
    rule_of,
    rules,
    sentence_spans,
    word_spans,
)
from core.data.toyland.spanish import words
from core.model.transformer import ContextTooLong
from tests.pairs import translator

SOURCE = "translate English to Spanish: Nora's red kite fell."


@pytest.fixture(scope="module")
def lm():
    return translator()


def made(pattern: np.ndarray) -> CrossReading:
    """A source of three pieces, "<s>", "ab", " cd", and a text of two, "x" and "yz"."""
    return CrossReading(
        source="ab cd", read_ids=(0, 1, 2), read_spans=((0, 0), (0, 2), (2, 5)),
        written="xyz", ids=(3, 4), spans=((0, 1), (1, 3)), likely=(0.5, 0.5), pattern=pattern,
    )  # fmt: skip


def test_a_rule_takes_the_rows_and_heads_that_it_names():
    pattern = np.random.default_rng(0).random((2, 3, 3, 3))
    found = made(pattern)
    np.testing.assert_allclose(found.rows(Rule()), pattern.mean((0, 1))[:2])
    np.testing.assert_allclose(found.rows(Rule(after=True)), pattern.mean((0, 1))[1:])
    np.testing.assert_allclose(found.rows(Rule(1)), pattern[1].mean(0)[:2])
    np.testing.assert_allclose(found.rows(Rule(1, 2, True)), pattern[1, 2, 1:])
    every = list(rules(2, 3))
    assert len(every) == len(set(every)) == 2 * (1 + 2 + 6)


def test_pieces_are_gathered_to_spans():
    pattern = np.arange(9, dtype=float).reshape(1, 1, 3, 3)
    found = made(pattern)
    words = found.gathered(Rule(), ((0, 1), (1, 3)), ((0, 2), (3, 5)))
    np.testing.assert_allclose(words, [[1, 2], [4, 5]])
    whole = found.gathered(Rule(), ((0, 3),), ((0, 5),))
    np.testing.assert_allclose(whole, [[(1 + 2 + 4 + 5) / 2]])
    # Of two words inside one piece the longer owns it, and the other reads what that piece reads.
    inside = found.gathered(Rule(), ((0, 1), (1, 2), (2, 3)), ((0, 2),))
    np.testing.assert_allclose(inside, [[1], [4], [4]])
    assert found.gathered(Rule(), (), ((0, 2),)).shape == (0, 1)
    assert found.gathered(Rule(), ((0, 3),), ()).shape == (1, 0)


def test_a_model_reads_what_its_trace_says(lm):
    found = cross_reading(lm, SOURCE, "La cometa cayó.")
    ids = lm.encode("La cometa cayó.", add_special_tokens=False)
    trace = lm.trace(SOURCE, ids)
    expected = torch.stack(
        [trace[f"decoder.blocks.{layer}.cross_attn.hook_pattern"] for layer in range(2)]
    ).numpy()
    np.testing.assert_allclose(found.pattern, expected, atol=1e-6)
    assert found.pattern.shape == (2, 2, len(ids) + 1, len(found.read_ids))
    np.testing.assert_allclose(found.likely, lm.score(SOURCE, target=ids).exp().numpy(), rtol=1e-5)
    assert found.written == "La cometa cayó."
    assert "".join(found.written[first:end] for first, end in found.spans) == found.written
    # All that a row reads adds up to 1, and what falls on words is at most that.
    weights = found.gathered(Rule(), found.words, word_spans(SOURCE))
    assert weights.sum(1).max() <= 1 + 1e-6
    everything = found.gathered(Rule(), found.words, ((0, len(SOURCE)),))
    outside = [at for at, (first, end) in enumerate(found.read_spans) if first == end]
    lost = found.rows(Rule())[:, outside].sum(1)
    assert everything.min() > 0
    assert lost.max() < 1


def test_its_own_answer_is_the_greedy_one(lm):
    found = cross_reading(lm, SOURCE, most=9)
    said = lm.generate(SOURCE, max_new_tokens=9)
    assert list(found.ids) == [id for id in said.ids if id not in lm.special_ids]
    assert found.ended == (said.finished == "end token")
    assert found.written == lm.tokenizer.decode(list(found.ids), skip_special_tokens=True)


def test_a_letter_of_two_pieces_still_ends_where_the_text_does(lm):
    ids = lm.tokenizer.encode("¿Ñandú? No.", add_special_tokens=False)
    spans = piece_spans(lm, ids)
    assert spans[0][0] == 0
    assert spans[-1][1] == len("¿Ñandú? No.")
    assert all(first <= end for first, end in spans)
    assert all(one[1] == other[0] or one[1] <= other[0] for one, other in pairwise(spans))


def test_spans_of_a_text():
    text = 'Nora ran. "Stop!" said Ben. It rained, and she slept'
    assert [text[a:b] for a, b in sentence_spans(text)] == [
        "Nora ran.", '"Stop!" said Ben.', "It rained, and she slept",
    ]  # fmt: skip
    other = 'Crack! It broke. "Is it safe?" "Yes." ¿Dónde? Ésta.  '
    assert [other[a:b] for a, b in sentence_spans(other)] == [
        "Crack!", "It broke.", '"Is it safe?"', '"Yes."', "¿Dónde?", "Ésta.",
    ]  # fmt: skip
    assert [text[a:b] for a, b in clause_spans(text)][-2:] == ["It rained,", "and she slept"]
    other = "Nora's well-known cat!"
    assert [other[a:b] for a, b in word_spans(other)] == words(other) == ["Nora's", "well-known", "cat", "!"]
    assert word_spans("a b", 2) == ((2, 3),)
    assert sentence_spans("") == ()
    assert sentence_spans("3.5 metres.") == ((0, 11),)


def test_a_card_names_a_rule_of_this_model_or_none(lm):
    assert rule_of({"layer": 1, "head": 0, "after": True, "share": 0.7}, lm) == Rule(1, 0, True)
    assert rule_of({"layer": None, "head": None}, lm) == Rule()
    for wrong in (None, "L0H0", {"layer": 2}, {"layer": 0, "head": 9}, {"layer": "0"}, {"layer": -1}):
        assert rule_of(wrong, lm) is None
    assert Rule(1, 0).name == "L1H0, row that says the word"
    assert Rule(1, None, True).name == "all heads of layer 1, row that has read the word"
    assert Rule().name.startswith("all heads,")


def test_what_cannot_be_read_says_why(lm):
    with pytest.raises(ValueError, match="only an encoder-decoder"):
        cross_reading(core.load("tales-gpt"), SOURCE)
    with pytest.raises(ContextTooLong, match="the context of this model is 256"):
        cross_reading(lm, "kite " * 400)
