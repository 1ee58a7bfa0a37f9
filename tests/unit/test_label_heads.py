"""Heads of classes and spans: shapes, names, what is refused, what survives a folder, and what they cost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from core import costs
from core.checkpoints import load_folder, save_folder
from core.config import ModelConfig
from core.decoding.fill import fill
from core.language_model import LanguageModel
from core.model.initial import initialise
from core.model.transformer import ContextTooLong, build
from core.text.tokenizer import Tokenizer, TokenizerError
from core.text.training import learn

LABELS = ("sad", "neutral", "glad")
HEADS: dict[str, tuple[str, ...]] = {"sequence": LABELS, "token": LABELS, "span": ()}
TEXT = "The dog was glad."


def encoder(**changes: Any) -> ModelConfig:
    sizes = {"n_layers": 2, "d_model": 16, "n_heads": 2, "d_vocab": 60, "n_ctx": 24, "mask_id": 3}
    return ModelConfig(
        **{
            **sizes,
            "shape": "encoder",
            "mlm_head": True,
            "unembed_bias": True,
            "final_norm": False,
            **changes,
        }
    )


def tokenizer() -> Tokenizer:
    return learn("wordpiece", ["The dog was glad. The cat was sad."], 60, ["[MASK]"])


def headed(head: str, **changes: Any) -> LanguageModel:
    config = encoder(**changes).with_head(head, HEADS[head])  # type: ignore[arg-type]
    model = build(config)
    initialise(model, config, seed=1, spread=0.3)
    words = tokenizer().with_pairs() if head == "span" else tokenizer()
    return LanguageModel(model.eval(), words, f"a {head} model")


@pytest.mark.parametrize("head", HEADS)
def test_shapes_hooks_and_weights(head: str) -> None:
    lm = headed(head)
    trace = lm.trace(TEXT)
    size, classes = len(trace.ids), 2 if head == "span" else 3
    assert trace.logits.shape == ((classes,) if head == "sequence" else (size, classes))
    assert torch.equal(trace["label_head.hook_out"], trace.logits)
    names = set(dict(lm.transformer.named_parameters()))
    assert not any(name.startswith(("unembed", "mlm_head")) for name in names)
    assert ("label_head.weight_pool" in names) == (head == "sequence")
    part = lm.transformer.label_head
    assert part.W.shape == (16, classes)
    x = trace["blocks.1.hook_resid_post"]  # (T, D)
    if head == "sequence":
        pooled = torch.tanh(x[0] @ part.W_pool + part.b_pool)
        assert torch.allclose(trace["label_head.hook_pooled"], pooled, atol=1e-6)
        x = pooled
    assert torch.allclose(trace.logits, x @ part.W + part.b, atol=1e-5)


def test_the_mean_of_a_text_is_that_of_its_tokens_and_not_of_padding() -> None:
    lm = headed("sequence", pool="mean")
    trace = lm.trace(TEXT)
    part, x = lm.transformer.label_head, trace["blocks.1.hook_resid_post"]  # (T, D)
    pooled = torch.tanh(x.mean(0) @ part.W_pool + part.b_pool)
    assert torch.allclose(trace["label_head.hook_pooled"], pooled, atol=1e-6)
    assert not torch.allclose(headed("sequence").trace(TEXT).logits, trace.logits, atol=1e-3)
    ids = trace.ids[None]
    mask = torch.ones_like(ids, dtype=torch.bool)
    longer = torch.cat([ids, ids], 1), torch.cat([mask, ~mask], 1)
    said = lm.transformer(longer[0], mask=longer[1])[0]
    assert torch.allclose(said, trace.logits, atol=1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_a_folder_and_back(head: str, tmp_path: Path) -> None:
    lm = headed(head, n_token_types=2)
    save_folder(tmp_path / "model", lm.transformer, lm.tokenizer)
    loaded = load_folder(tmp_path / "model")
    assert loaded.config == lm.config
    again = LanguageModel(loaded.model, loaded.tokenizer)
    assert torch.equal(again.trace(TEXT).logits, lm.trace(TEXT).logits)
    if head == "span":
        assert again.answer("Who?", TEXT) == lm.answer("Who?", TEXT)


@pytest.mark.parametrize("head", HEADS)
def test_costs_count_the_head(head: str) -> None:
    lm = headed(head)
    assert costs.parameters(lm.config) == lm.n_parameters
    ids = torch.randint(0, 60, (1, 7), generator=torch.Generator().manual_seed(0))
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        lm.transformer(ids)
    assert costs.row_flops(lm.config, 7) == counter.get_total_flops()


def test_each_question_belongs_to_one_head() -> None:
    asked = {
        "sequence": lambda lm: lm.classify(TEXT),
        "token": lambda lm: lm.tag(TEXT),
        "span": lambda lm: lm.answer("Who was glad?", TEXT),
        "lm": lambda lm: fill(lm, "The [MASK] was glad."),
    }
    config = encoder()
    model = build(config)
    initialise(model, config, seed=1)
    models = {**{head: headed(head) for head in HEADS}, "lm": LanguageModel(model.eval(), tokenizer())}
    for has, lm in models.items():
        for needs, ask in asked.items():
            if has == needs:
                ask(lm)
                continue
            with pytest.raises(ValueError) as caught:
                ask(lm)
            assert f"its head is {has!r}, and {needs!r} is needed" in str(caught.value)
    for head in HEADS:
        with pytest.raises(ValueError, match="'lm' is needed"):
            models[head].generate(TEXT)
        with pytest.raises(ValueError, match="'lm' is needed"):
            models[head].score(TEXT)


def test_probabilities_are_whole_and_in_order() -> None:
    said = headed("sequence").classify(TEXT)
    assert {label for label, _ in said} == set(LABELS)
    assert sum(chance for _, chance in said) == pytest.approx(1)
    assert [chance for _, chance in said] == sorted((chance for _, chance in said), reverse=True)
    tags = headed("token").tag(TEXT)
    assert all(tag.label in LABELS and tag.probability >= 1 / 3 for tag in tags)
    assert [TEXT[slice(*tag.offset)] for tag in tags] == [tag.token.removeprefix("##") for tag in tags]
    answers = headed("span").answer("Who was glad?", TEXT, n_best=1000)
    size = len(tokenizer().encode(TEXT, add_special_tokens=False))
    assert len(answers) == size * (size + 1) // 2
    assert sum(answer.probability for answer in answers) <= 1 + 1e-6
    assert all(TEXT[answer.start : answer.end] == answer.text != "" for answer in answers)


def test_what_cannot_be_asked() -> None:
    lm = headed("span")
    for question, context, words in (
        ("", TEXT, "question"),
        ("Who?", "", "context"),
        ("Who?", "  ", "context"),
    ):
        with pytest.raises(ValueError, match=f"the {words} has no tokens"):
            lm.answer(question, context)
    with pytest.raises(ValueError, match="n_best=0"):
        lm.answer("Who?", TEXT, n_best=0)
    with pytest.raises(ContextTooLong, match="24"):
        lm.answer("Who was glad?", 9 * TEXT)
    with pytest.raises(ValueError, match="half a character"):
        lm.answer("\ud800", TEXT)
    plain = LanguageModel(lm.transformer, tokenizer())
    with pytest.raises(TokenizerError, match="no token between two texts"):
        plain.answer("Who?", TEXT)
    sequence = headed("sequence")
    with pytest.raises(ContextTooLong, match="24"):
        sequence.classify(9 * TEXT)
    ids = torch.tensor([[1, 2, 3]])
    for options in ({"last_only": True}, {"only": torch.ones(1, 3, dtype=torch.bool)}):
        with pytest.raises(ValueError, match="no places to choose from"):
            sequence.transformer(ids, **options)


def test_a_template_for_two_texts_keeps_the_one_for_one() -> None:
    plain = tokenizer()
    paired = plain.with_pairs()
    assert paired.encode(TEXT) == plain.encode(TEXT)
    pair = paired.pair("The dog", "was sad")
    tokens = [paired.token(id) for id in pair.ids]
    assert (tokens[0], tokens.count("</s>"), tokens[-1]) == ("<s>", 2, "</s>")
    cut = tokens.index("</s>") + 1
    assert pair.types == [0] * cut + [1] * (len(tokens) - cut)
    assert [part for part in pair.parts if part is not None] == [0] * (cut - 2) + [1] * (
        len(tokens) - cut - 1
    )
    with pytest.raises(TokenizerError, match=r"\[CLS\]"):
        plain.with_pairs(start="[CLS]")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"head": "sequence"}, "at least two classes"),
        ({"head": "token", "labels": ("one",)}, "at least two classes"),
        ({"head": "token", "labels": ("one", "one")}, "same name"),
        ({"head": "token", "labels": ("one", " ")}, "no name of a class"),
        ({"head": "span", "labels": ("one", "two")}, "have no use"),
        ({"labels": ("one", "two")}, "head='lm' says tokens"),
        ({"head": "word", "labels": ("one", "two")}, "head='word' is not one of lm"),
        ({"head": "span", "shape": "decoder"}, "belongs to an encoder, not a decoder"),
        ({"head": "span", "mlm_head": True}, "mlm_head belongs to head='lm'"),
        ({"embed_scale": 0.0}, "embed_scale=0.0"),
        ({"first_id": 2}, "first_id=2 belongs to an encoder-decoder"),
        ({"first_id": 99, "shape": "encoder-decoder"}, "first_id=99 lies outside"),
    ],
)
def test_configurations_that_do_not_fit(change: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError) as caught:
        encoder(**{"mlm_head": False, "unembed_bias": False, **change})
    assert words in str(caught.value)
