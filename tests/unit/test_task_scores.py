"""Answers many at once equal answers one by one; what is judged right is right, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest
import torch

from core.analysis.tasks.task_scores import FIRST_SEED, Judged, examples, judge, score, tried
from core.data.tasks import TASKS, Pair
from core.decoding.together import answers
from core.language_model import LanguageModel
from core.model.transformer import ContextTooLong
from core.training import Trainer, TrainSpec
from core.vectors.probe import wilson

NAMES = list(TASKS)


@pytest.fixture(scope="module")
def lm():
    spec = TrainSpec(
        model="gpt-nano", objective="text_to_text", tasks=(("sentiment", 1.0), ("spans", 1.0)),
        changes={"n_layers": 1, "d_model": 16, "n_heads": 2, "n_ctx": 160},  # type: ignore[arg-type]
        vocab_size=400, steps=1, device="cpu",
    )  # fmt: skip
    model = Trainer(spec).language_model
    draw = torch.Generator().manual_seed(0)
    with torch.no_grad():
        for weight in model.transformer.parameters():
            weight.copy_(torch.randn(weight.shape, generator=draw) * 0.3)
    return model


@pytest.mark.full(reason="takes 2 s")
def test_many_answers_are_those_of_each(lm):
    sources = [pair.source for pair in islice(TASKS["sentiment"].pairs(1), 7)]
    sources += ["sentiment: Good.", "sentiment: " + "very " * 30 + "good."]
    together = answers(lm, sources, max_new_tokens=9, together=4)
    alone = [lm.generate(source, max_new_tokens=9).text for source in sources]
    assert together == alone
    assert len(set(together)) > 1


@pytest.mark.full(reason="takes 2 s")
def test_an_answer_ends_at_the_end_token(lm):
    source = "sentiment: I liked the lake."
    first = lm.generate(source, max_new_tokens=1).ids[0]
    stopping = LanguageModel(lm.transformer, lm.tokenizer, "stopping", lm.card)
    before, lm.transformer.config = lm.transformer.config, replace(lm.config, eos_ids=(first,))
    try:
        assert answers(stopping, [source, source + " And the boat."], max_new_tokens=5)[0] == ""
    finally:
        lm.transformer.config = before


def test_what_cannot_be_answered_says_why(lm):
    with pytest.raises(ContextTooLong, match="the context of this model is 160"):
        answers(lm, ["good " * 400])
    decoder = Trainer(TrainSpec(corpus="fables", steps=1, device="cpu")).language_model
    with pytest.raises(ValueError, match="only an encoder-decoder answers"):
        answers(decoder, ["a"])
    assert answers(lm, []) == []


@pytest.mark.parametrize("name", NAMES)
def test_the_right_answer_is_right_and_another_is_not(name):
    pairs = examples(name, 12)
    assert len({pair.source for pair in pairs}) == 12
    right = [judge(name, pair, f" {pair.target} ") for pair in pairs]
    assert all(all(one.right.values()) for one in right)
    wrong = [judge(name, pair, "The moon is made of cheese.") for pair in pairs]
    assert not any(any(one.right.values()) for one in wrong)
    assert all(share.share == 1.0 for share in score(right).all.values())
    assert all(share.share == 0.0 for share in score(wrong).all.values())


def test_every_telling_of_a_translation_counts_and_no_other():
    pair = next(pair for pair in TASKS["translate"].pairs(0) if len(pair.truth.allowed) > 1)
    for telling in pair.truth.allowed:
        assert judge("translate", pair, telling).right == {"exact": True}
    assert judge("translate", pair, pair.target.removesuffix(".")).right == {"exact": False}


def test_parts_of_a_summary_are_judged_apart():
    one, other = islice((p for p in TASKS["summarize"].pairs(0) if ". In the end " in p.target), 2)
    mixed = one.target.split(". In the end ")[0] + ". In the end " + other.target.split(". In the end ")[1]
    right = judge("summarize", one, mixed).right
    assert (right["wish"], right["turn"], right["end"], right["all"]) == (True, True, False, False)


def test_scores_are_by_kind_with_wilsons_intervals():
    pair = Pair("", "", None)
    judged = [Judged(pair, "", {"exact": n < 3}, "where" if n < 4 else "who") for n in range(10)]
    found = score(judged)
    assert found.all == {"exact": wilson(3, 10)}
    assert found.groups == {"where": {"exact": wilson(3, 4)}, "who": {"exact": wilson(0, 6)}}
    with pytest.raises(ValueError, match="no example"):
        score([])


def test_reviews_are_grouped_by_what_makes_them_hard():
    groups = {judge("sentiment", pair, "").group for pair in examples("sentiment", 60)}
    assert groups == {"plain", "negation", "contrast"}


def test_scored_examples_are_held_out_and_always_the_same():
    assert [p.source for p in examples("question", 5)] == [p.source for p in examples("question", 5)]
    first = examples("sentiment", 5)
    others = examples("sentiment", 5, skip=frozenset(pair.source for pair in first))
    assert not {p.source for p in first} & {p.source for p in others}
    assert FIRST_SEED > 10**8
    with pytest.raises(ValueError, match="no task is called 'poetry'"):
        examples("poetry", 1)


def test_a_model_is_tried_on_its_own_answers(lm):
    pairs = examples("sentiment", 3)
    found = tried(lm, "sentiment", pairs)
    assert [one.written for one in found] == [text.strip() for text in answers(lm, [p.source for p in pairs])]
