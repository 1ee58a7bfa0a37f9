"""An encoder-decoder goes on with an answer: the tokens of `generate`, as text that reads back as the same tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest
import tokenizers
import torch

import core
from core.decoding.answering import answer_with, answering
from core.language_model import LanguageModel
from core.model.transformer import EncoderDecoder
from core.text.tokenizer import Tokenizer
from core.text.training import sentinel
from tests.pairs import translator

SOURCE = "translate English to Spanish: Nora found her kite."


@pytest.mark.full(reason="takes 2 s")
def test_from_nothing_it_writes_what_generate_writes_and_goes_on_from_any_beginning() -> None:
    lm = translator()
    read = lm.encode(SOURCE)
    whole = lm.generate(SOURCE, max_new_tokens=12).ids
    assert list(answering(lm, read, (), 12)) == whole
    for cut in (1, 5, len(whole) - 1):
        assert list(answering(lm, read, whole[:cut], 12 - cut)) == whole[cut:]


def test_it_stops_after_an_end_token_and_where_the_context_is_full() -> None:
    lm = translator()
    read = lm.encode(SOURCE)
    third = lm.generate(SOURCE, max_new_tokens=3).ids[2]
    ends = ended(lm, third)
    found = list(answering(ends, read, (), 40))
    assert found[-1] == third and third not in found[:-1]
    written = [5] * (lm.config.n_ctx - 4)
    assert len(list(answering(lm, read, written, 40))) == 3
    with pytest.raises(ValueError, match="only an encoder-decoder"):
        list(answering(core.load("tales-gpt", device="cpu"), [1, 2]))


def ended(lm: LanguageModel, token: int) -> LanguageModel:
    """The same model, which ends with another token."""
    model = EncoderDecoder(replace(lm.config, eos_ids=(token,)))
    model.load_state_dict(lm.transformer.state_dict())
    return replace(lm, transformer=model)


def test_the_text_reads_back_as_the_same_tokens_and_keeps_the_signs_of_gaps() -> None:
    told = Tokenizer(tokenizers.Tokenizer.from_str(translator().tokenizer.raw.to_str()))
    told.raw.add_special_tokens([sentinel(0), sentinel(1)])
    lm = replace(translator(), tokenizer=told)
    assert told.encode(sentinel(1), add_special_tokens=False) == [told.id(sentinel(1))]
    for text in ("Nora encontró su cometa.", f"{sentinel(0)} bench{sentinel(1)} lived", " Ñandú", "no"):
        ids = told.encode(text, add_special_tokens=False)
        for cut in range(len(ids) + 1):
            before = told.decode(ids[:cut])
            if told.encode(before, add_special_tokens=False) != ids[:cut]:
                continue  # no text of its own: half of a character
            after = answer_with(lm, before, [*ids[cut:], lm.config.eos_ids[0]])
            assert told.encode(after, add_special_tokens=False) == ids
    assert answer_with(lm, "Nora", [lm.config.eos_ids[0]]) == "Nora"
    assert answer_with(lm, "", []) == ""


def test_what_it_writes_is_the_likeliest_each_time() -> None:
    lm = translator()
    ids = list(answering(lm, lm.encode(SOURCE), (), 6))
    logits = lm.trace(SOURCE, ids).logits
    assert torch.equal(logits[: len(ids)].argmax(-1), torch.tensor(ids))
