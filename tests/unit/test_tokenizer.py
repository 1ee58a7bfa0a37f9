"""Tokenizer: the library's ids, and each token as a person reads it."""

import pytest
import tokenizers
from hypothesis import given
from hypothesis import strategies as st

import core
from core.text.tokenizer import Tokenizer, TokenizerError, mend
from core.text.training import train_bpe

TEXTS = [
    "Once upon a time there was a cat.",
    "The café was closed, naïve as it seemed — 你好.",
    "a b c d e f g",
]


@pytest.fixture(scope="module")
def bpe():
    return train_bpe(TEXTS * 3, 300)


def test_every_text_begins_with_the_start_token(bpe):
    assert bpe.encode("Once")[0] == bpe.id("<s>") == 0
    assert bpe.encode("Once", add_special_tokens=False)[0] != 0
    assert bpe.encode("") == [0]


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_any_text_comes_back_from_its_ids(bpe, text):
    assert bpe.decode(bpe.encode(text, add_special_tokens=False)) == text


@given(st.text(max_size=40))
def test_mended_text_always_has_ids(bpe, text):
    assert len(bpe.encode(mend(text))) >= 1


def test_half_a_character_is_refused_with_what_to_do(bpe):
    with pytest.raises(TokenizerError, match="surrogate"):
        bpe.encode("broken \ud83d here")
    with pytest.raises(TokenizerError, match="surrogate"):
        bpe.offsets("broken \ud83d here")
    assert mend("broken \ud83d here\0") == "broken � here�"


def test_display_shows_spaces_and_stray_bytes(bpe):
    shown = [bpe.display(id) for id in bpe.encode(" time 龙")]
    assert shown[0] == "<s>"
    assert "".join(shown[1:]).startswith(" time")
    assert any(part.startswith("\\x") for part in shown)
    assert bpe.display(99_999) == "<99999>"


def test_offsets_point_back_into_the_text(bpe):
    text = "Once upon a time"
    spans = bpe.offsets(text, add_special_tokens=False)
    assert "".join(text[first:last] for first, last in spans) == text


def test_metaspace_and_byte_fallback_are_readable():
    vocab = {"<unk>": 0, "▁a": 1, "b": 2, "<0xE2>": 3}
    raw = tokenizers.Tokenizer(
        tokenizers.models.BPE(vocab=vocab, merges=[], unk_token="<unk>", byte_fallback=True)
    )
    raw.pre_tokenizer = tokenizers.pre_tokenizers.Metaspace()
    assert [Tokenizer(raw).display(id) for id in range(1, 4)] == [" a", "b", "\\xe2"]


def test_a_file_that_is_no_tokenizer_is_named(tmp_path):
    path = tmp_path / "tokenizer.json"
    path.write_text("{}")
    with pytest.raises(TokenizerError, match=r"tokenizer\.json"):
        Tokenizer.from_file(path)
    with pytest.raises(TokenizerError, match=r"missing\.json"):
        Tokenizer.from_file(tmp_path / "missing.json")


def test_a_vocabulary_too_small_for_the_bytes_is_refused():
    with pytest.raises(ValueError, match="258"):
        train_bpe(TEXTS, 100)


def test_pieces_read_as_a_text_in_every_kind_of_vocabulary() -> None:
    text = "once upon a time, lily was sad"
    bert, gpt = (core.load(name).tokenizer for name in ("tales-bert", "tales-gpt"))
    words = bert.encode(text, add_special_tokens=False)
    assert any(bert.display(id).startswith("##") for id in words)
    assert "".join(bert.pieces(words)).strip().replace(" ,", ",") == text
    assert "".join(gpt.pieces(gpt.encode(text, add_special_tokens=False))) == text
