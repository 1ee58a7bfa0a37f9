"""What a learner typed becomes what the model reads: nothing breaks it, and every repair is said."""

from __future__ import annotations

from pathlib import Path
from unittest.mock import patch

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

import core
from app import reading
from core.config import ModelConfig
from core.language_model import LanguageModel
from core.model.transformer import Transformer
from core.text.training import train_bpe
from tests.tiers import examples

SAMPLE = "Once upon a time"
WORDS = "the cat sat on the mat and the dog ran after the cat " * 20


def model(n_ctx: int = 32) -> LanguageModel:
    """A tiny model over a byte-level vocabulary."""
    tokenizer = train_bpe([WORDS], 300)
    torch.manual_seed(0)
    config = ModelConfig(n_layers=1, d_model=8, n_heads=2, d_vocab=len(tokenizer), n_ctx=n_ctx, bos_id=0)
    return LanguageModel(Transformer(config), tokenizer, "tiny")


LM = model()


@pytest.mark.parametrize(
    "text",
    [
        "the cat",
        "שלום עולם", "مرحبا بالعالم", "e\u0301\u0302\u0323", "👩‍👩‍👧‍👦🏳️‍🌈", "日本語", "\u202eright to left",
        "<script>alert(1)</script>", "**bold** $x^2$ `code` :smile:", "a\tb\nc\r\nd", "\u2028", "\ufeff",
    ],
)  # fmt: skip
def test_every_script_is_read_as_it_is(text: str) -> None:
    read = reading.read(LM, text, SAMPLE)
    assert text.endswith(read.text)
    assert list(read.ids) == LM.tokenizer.encode(read.text)
    assert read.clipped == (read.text != text)
    assert bool(read.notes) == read.clipped or text.isspace()
    LM.trace(read.text)


@pytest.mark.parametrize("text", ["", " ", "\n\t "])
def test_empty_and_blank_texts_say_what_to_do(text: str) -> None:
    read = reading.read(LM, text, SAMPLE)
    assert "words" in read.notes[0]
    assert read.text == (text or SAMPLE)
    LM.trace(read.text)


def test_bad_characters_are_replaced_and_counted() -> None:
    read = reading.read(LM, "a\0b\ud800c", SAMPLE)
    assert read.text == "a�b�c"
    assert "2 characters" in read.notes[0]
    assert "got lost" in reading.read(LM, "a�", SAMPLE).notes[0]
    assert "1 character " in reading.read(LM, "a\0", SAMPLE).notes[0]


def test_a_very_long_text_is_clipped_before_it_is_tokenized_and_says_so() -> None:
    text, tokenizer = ("the cat sat " * 10_000)[:100_000], LM.tokenizer
    with (
        patch.object(tokenizer, "encode", wraps=tokenizer.encode) as encode,
        patch.object(tokenizer, "offsets", wraps=tokenizer.offsets) as offsets,
    ):
        read = reading.read(LM, text, SAMPLE)
    given = [len(call.args[0]) for call in (*encode.call_args_list, *offsets.call_args_list)]
    assert 0 < max(given) <= 32 * reading.CHARACTERS_PER_TOKEN
    assert read.clipped
    assert len(read.ids) == 32
    assert text.endswith(read.text)
    assert "32 tokens" in read.notes[0]
    assert f"last {len(read.text)}" in read.notes[0]


@pytest.mark.parametrize("character", ["👩‍👩‍👧‍👦", "e\u0301\u0302\u0323", "🇪🇸", "👍🏽", "日"])
def test_too_long_a_text_is_cut_between_two_characters(character: str) -> None:
    lm = core.load("tales-gpt")
    for words in range(3):
        text = "a " * words + character * 400
        read = reading.read(lm, text, SAMPLE, longest=40)
        assert read.clipped and len(read.ids) <= 40
        assert text.endswith(read.text) and not len(read.text) % len(character)
        aim, _ = reading.read_target(lm, text, longest=40)  # what a decoder has written keeps its beginning
        assert text.startswith(aim) and not len(aim.lstrip("a ")) % len(character)


def test_a_decoder_keeps_the_end_of_too_long_a_text_and_its_tokens() -> None:
    lm = core.load("tales-gpt")
    text = "The sun was low. " * 20 + "A red ball was lost. She found the red"
    read = reading.read(lm, text, SAMPLE, longest=12)
    assert read.text.endswith("She found the red")
    assert list(read.ids)[1:] == lm.tokenizer.encode(text)[-11:]


def test_a_picture_may_hold_less_than_the_context() -> None:
    read = reading.read(LM, WORDS, SAMPLE, longest=10)
    assert len(read.ids) == read.limit == 10
    told = read.notes[0]
    assert (
        "longer than the 10 tokens that this page reads (the model has 32 positions; other pages read more"
        in told
    )
    read = reading.read(LM, WORDS, SAMPLE, longest=10, why=reading.BOUNDS["loss"])
    assert (
        "that this page reads, as its picture has a row for each (the model has 32 positions" in read.notes[0]
    )
    assert "fit this model, which has 32 positions" in reading.read(LM, WORDS, SAMPLE, longest=64).notes[0]


def test_an_example_that_stands_in_is_cut_without_a_word_about_the_learners_text() -> None:
    read = reading.read(LM, "", WORDS, longest=10, why=reading.BOUNDS["loss"])
    assert len(read.ids) == 10 and not read.clipped
    assert len(read.notes) == 1 and read.notes[0].startswith("Your text is empty. Type a few words;")


def test_every_page_with_a_bound_of_its_own_says_why() -> None:
    bound = {
        path.parent.name
        for path in (Path(__file__).resolve().parents[2] / "pages").glob("*/page.py")
        if "longest=" in path.read_text(encoding="utf-8")
    }
    assert bound == set(reading.BOUNDS)


def test_a_text_of_exactly_the_context_is_not_clipped() -> None:
    text = LM.tokenizer.decode(LM.tokenizer.encode(WORDS)[1:32])
    read = reading.read(LM, text, SAMPLE)
    assert len(read.ids) == 32
    assert not read.clipped


@pytest.mark.full(reason="takes 2 s")
@settings(max_examples=examples(200))
@given(st.text(max_size=300))
def test_any_text_ends_within_the_context_and_traces(text: str) -> None:
    read = reading.read(LM, text, SAMPLE)
    assert 1 < len(read.ids) <= 32
    assert list(read.ids) == LM.encode(read.text)


@pytest.mark.parametrize(
    ("written", "says"),
    [("", ""), ("the cat", ""), (WORDS, "longer than the 32 tokens"), ("a\0b", "no model can read")],
)
def test_what_a_decoder_has_written_fits_after_its_start_token(written: str, says: str) -> None:
    text, notes = reading.read_target(LM, written)
    assert len(LM.tokenizer.encode(text, add_special_tokens=False)) <= 31
    assert says in " ".join(notes) and bool(notes) == bool(says)
    assert written.replace("\0", "\ufffd").startswith(text) and bool(text) == bool(written)
    assert (
        len(LM.tokenizer.encode(reading.read_target(LM, WORDS, longest=10)[0], add_special_tokens=False)) == 9
    )


@pytest.mark.parametrize("room", [0, 8, 31, 100])
def test_room_for_what_the_model_writes_is_left_free(room: int) -> None:
    read = reading.read(LM, WORDS, SAMPLE, room=room)
    assert len(read.ids) <= max(1 + read.special, 32 - room)
    assert read.limit == max(1, 32 - room) and read.clipped
    assert ("leave this model room to write" in read.notes[0]) == (room > 0)
    assert reading.read(LM, "the cat", SAMPLE, room=8).notes == ()
