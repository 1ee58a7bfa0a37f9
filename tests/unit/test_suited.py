"""Texts that suit a model: they hold the very signs that its tokenizer reads, and its own tasks' prefixes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import core
from core import zoo
from core.config import ModelConfig
from core.data.tasks import TASKS, asks
from core.families.example_texts import suited
from core.language_model import LanguageModel
from core.model.transformer import EncoderDecoder, Transformer
from core.text.training import sentinel, train_bpe
from tests.pairs import translator


def model(*tokens: str, card: dict[str, Any] | None = None, mask: str = "", **config: Any) -> LanguageModel:
    """An untrained model whose vocabulary has these tokens, and what its card says."""
    tokenizer = train_bpe(["the fox and the crow saw a kite"], 300)
    tokenizer.raw.add_special_tokens([*tokens, *([mask] if mask else [])])
    both = config.get("shape") == "encoder-decoder"
    described = ModelConfig(
        d_vocab=len(tokenizer), n_layers=1, d_model=8, n_heads=1, n_ctx=512, eos_ids=(1,),
        mask_id=tokenizer.id(mask) if mask else None, decoder_start_id=0 if both else None, **config,
    )  # fmt: skip
    made = EncoderDecoder(described) if both else Transformer(described)
    return LanguageModel(made, tokenizer, "made", card or {})


SENTINELS = tuple(sentinel(k) for k in range(4))


def test_a_masked_model_reads_its_own_mask() -> None:
    for mask in ("[MASK]", "<mask>"):
        lm = model(mask=mask, shape="encoder")
        assert len(suited(lm)) >= 3
        for text in suited(lm):
            assert lm.config.mask_id in lm.encode(text) and mask in text
    assert suited(model(shape="encoder")) == ()  # no sign to show a blank with
    assert suited(model("[MASK]", shape="encoder", head="sequence", labels=("good", "bad"))) == ()


def test_an_encoder_decoder_reads_gaps_tasks_or_a_mask() -> None:
    published = suited(model(*SENTINELS, shape="encoder-decoder"))
    assert published[0].startswith("translate English to German: ")
    assert sum(SENTINELS[0] in text for text in published) == 2
    later = suited(model(*SENTINELS, shape="encoder-decoder", gated=True))  # T5 1.1 knows no task
    assert later == published[-2:]
    lm = model(*SENTINELS, shape="encoder-decoder")
    assert all(lm.tokenizer.id(SENTINELS[0]) in lm.encode(text) for text in later)
    bart = model(mask="<mask>", shape="encoder-decoder")
    assert all("<mask>" in text for text in suited(bart)) and suited(bart)
    assert suited(model(shape="encoder-decoder")) == ()


def test_a_run_reads_held_out_examples_of_the_tasks_that_it_learned() -> None:
    lm = translator()
    spec: dict[str, Any] = {"objective": "text_to_text", "tasks": [["translate", 1.0], ["question", 1.0]]}
    told = suited(replace(lm, card={"spec": spec}))
    held_out = [next(TASKS[name].pairs(split="held_out")).source for name in ("translate", "question")]
    assert list(told) == held_out and all(asks(text) for text in told)
    mixing = spec | {"tasks": [["sentiment", 1.0], ["spans", 1.0]]}
    mixed = suited(model(*SENTINELS, card={"spec": mixing}, shape="encoder-decoder"))
    assert mixed[0].startswith("sentiment: ") and len(mixed) == 3
    assert all(SENTINELS[0] in text for text in mixed[1:])
    filling: dict[str, Any] = {"objective": "span_corruption", "tasks": []}
    assert suited(model(*SENTINELS, card={"spec": filling}, shape="encoder-decoder")) == mixed[1:]


def test_a_card_has_the_first_word_and_a_decoder_reads_anything() -> None:
    own = ["def f(x):"]
    assert suited(model(card={"texts": own})) == tuple(own)
    assert suited(model()) == ()


@pytest.mark.parametrize("name", core.bundled())
def test_a_bundled_model_reads_what_its_card_says(name: str) -> None:
    assert suited(core.load(name, device="cpu")) == zoo.texts(name)
