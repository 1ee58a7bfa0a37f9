"""SmolLM2 and all-MiniLM-L6-v2 as they are fetched: numbers of `transformers`, and what their cards say of them."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer, BertModel

import core
from core import real
from core.analysis.tasks import instructed, surprise, task_scores
from core.decoding.chat import conversation
from core.language_model import LanguageModel
from core.vectors.sentences import sentence_vectors
from tests import real as published

TEXTS = (
    "The capital of France is",
    "When Mary and John went to the shop, John gave a drink to",
    "def add(a, b):\n    return a +",
)


@pytest.fixture(scope="module", autouse=True)
def here() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        published.here(patch)
        yield


@pytest.fixture(scope="module")
def smol(here: None) -> LanguageModel:
    return core.load("SmolLM2-135M", device="cpu")


@pytest.mark.full(reason="takes 19 s")
def test_logits_and_ids_are_those_of_the_file_as_transformers_reads_it(smol: LanguageModel) -> None:
    file = published.FOLDER / real.BY_NAME[smol.name].source
    tokenizer = AutoTokenizer.from_pretrained(file.parent, gguf_file=file.name)
    theirs = AutoModelForCausalLM.from_pretrained(
        file.parent, gguf_file=file.name, dtype=torch.float32
    ).eval()
    for text in TEXTS:
        ids = smol.encode(text)
        assert tokenizer(text)["input_ids"] == ids
        with torch.no_grad():
            wanted = theirs(torch.tensor([ids])).logits[0]
            found = smol.trace(text).logits
        assert float((found - wanted).abs().max()) < 2e-4, text
    turns = [{"role": "user", "content": "Who taught Hazel to juggle?"}]
    wanted_text = tokenizer.apply_chat_template(
        turns, chat_template=smol.card["chat_template"], tokenize=False, add_generation_prompt=True
    )
    assert conversation(smol, turns) == wanted_text


@pytest.mark.full(reason="takes more than a second")
def test_each_example_does_what_it_is_there_for(smol: LanguageModel) -> None:
    examples = smol.card["examples"]
    assert len({one["what"] for one in examples}) == len(examples) >= 9
    assert smol.card["texts"] == [one["text"] for one in examples]
    for one in examples:
        with torch.no_grad():
            sure = smol.trace(one["text"]).logits[-1].softmax(-1)
        assert smol.tokenizer.display(int(sure.argmax())) == one["next"], one["what"]
        assert float(sure.max()) == pytest.approx(one["p"], abs=0.02), one["what"]


def test_its_limit_tells_english_from_what_it_cannot_read(smol: LanguageModel) -> None:
    limit = smol.card["unlike"]["limit"]
    for text in ("I like to eat apples and bananas.", "The train to the mountains leaves at nine.", *TEXTS):
        nats = surprise.nats_a_character(smol, text)
        assert nats is not None and nats < limit, text
    for text in ("xqz bfp 998 ttt ## @@", "Jenicatóbre molu frist nabo.", "asdf jkl qwer uiop zxcv"):
        nats = surprise.nats_a_character(smol, text)
        assert nats is not None and nats > limit, text
    assert surprise.nats_a_character(smol, "apple") is None, "nothing stands before its only token"


def test_surprise_is_the_sum_of_the_scores(smol: LanguageModel) -> None:
    text = TEXTS[1]
    scores = smol.score(text)
    behind = text[len(smol.tokenizer.decode(smol.encode(text)[:1])) :]
    assert surprise.nats_a_character(smol, text) == pytest.approx(
        -float(scores.sum()) / len(behind), abs=1e-6
    )


@pytest.mark.full(reason="takes 2 s")
def test_scores_on_the_card_are_those_of_its_first_examples(smol: LanguageModel) -> None:
    for name in ("question", "sentiment"):
        said = smol.card["scores"][name]
        pairs = task_scores.examples(name, said["examples"])
        for pair, shown in zip(pairs, said["shown"], strict=False):
            assert shown["truth"] == pair.target and shown["request"] == instructed.request(name, pair.source)
        assert instructed.answer(smol, name, pairs[0].source) == said["shown"][0]["answer"]


def test_sentence_vectors_are_transformers_mean_over_tokens() -> None:
    lm = core.load("all-MiniLM-L6-v2", device="cpu")
    theirs = BertModel.from_pretrained(
        published.FOLDER / real.BY_NAME[lm.name].source, add_pooling_layer=False
    ).eval()
    texts = ["The bank raised its rates.", "We sat on the river bank.", "The lender made loans dearer."]
    found = sentence_vectors(lm, texts)
    for text, vector in zip(texts, found, strict=True):
        with torch.no_grad():
            hidden = theirs(torch.tensor([lm.encode(text)])).last_hidden_state[0]
        wanted = torch.nn.functional.normalize(hidden.mean(0), dim=0).numpy()
        assert np.abs(vector - wanted).max() < 2e-6


def test_cards_are_json_of_facts_and_figures() -> None:
    for name in real.BY_NAME:
        card = json.loads((real.FACTS / f"{name}.json").read_text(encoding="utf-8"))
        assert {"name", "what", "licence", "made_by", "read", "know_this"} <= set(card)
