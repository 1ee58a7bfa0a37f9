"""Masks against a slow reference, and what they do to a model against the same model built or asked otherwise."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from core.analysis.heads.masks import MaskRule, stories_under_masks, under_masks, with_mask
from core.analysis.health.component_ablation import without
from core.analysis.story_loss import mean_loss, story_losses
from core.hooks import Intervention, intervene
from core.language_model import LanguageModel
from core.model.kv_cache import KVCache
from core.training.text_loss import text_loss
from tests.unit.test_attention_steps import TARGET, TEXT, model


def may(rule: MaskRule, query: int, key: int) -> bool:
    """The rule, told of one pair."""
    if rule.causal and key > query:
        return False
    if rule.window is None or abs(query - key) <= rule.window - 1:
        return True
    return key in range(rule.sinks)


RULES = [
    MaskRule(causal=causal, window=window, sinks=sinks)
    for causal in (True, False)
    for window in (None, 1, 3, 40)
    for sinks in (0, 1, 4)
]


@pytest.mark.parametrize("rule", RULES, ids=str)
def test_every_pair_is_as_a_slow_reference_has_it(rule: MaskRule) -> None:
    slow = [[may(rule, query, key) for key in range(9)] for query in range(9)]
    assert rule.matrix(9).tolist() == slow
    later = rule.allowed(torch.arange(6, 9), torch.arange(9))
    assert later.tolist() == slow[6:], "new tokens of a longer text"
    assert all(slow[at][at] for at in range(9)), "each sees itself"


def logits(lm: LanguageModel, rule: MaskRule, **options: Any) -> Tensor:
    with torch.no_grad():
        read = lm.batch(TEXT, TARGET if lm.config.shape == "encoder-decoder" else None)
        found: Tensor = with_mask(lm, rule, **options).transformer(*read)
    return found[0]


@pytest.mark.parametrize("name", ["learned", "rotary grouped qk_norm", "alibi", "encoder-decoder"])
def test_a_mask_equals_scores_replaced_by_hand(name: str) -> None:
    lm = model(name)
    rule = MaskRule(window=3, sinks=2)
    hidden = torch.from_numpy(~rule.matrix(64))

    def put(scores: Tensor) -> Tensor:
        return scores.masked_fill(hidden[: scores.shape[-2], : scores.shape[-1]], -torch.inf)

    stack = "decoder." if name == "encoder-decoder" else ""
    places = tuple(f"{stack}blocks.{at}.attn.hook_attn_scores" for at in range(4))
    with intervene(Intervention(places, put, "by hand")):
        expected = lm.trace(TEXT, TARGET if stack else None).logits
    own = lm.trace(TEXT, TARGET if stack else None).logits
    torch.testing.assert_close(logits(lm, rule), expected, rtol=0, atol=1e-10)
    if name != "encoder-decoder":  # whose answer is as short as the window
        assert (own - expected).abs().max() > 1e-4


def test_both_sides_equals_the_model_built_without_a_causal_mask() -> None:
    lm = model("rotary")
    expected = without(lm, "mask").trace(TEXT).logits
    torch.testing.assert_close(logits(lm, MaskRule(causal=False)), expected, rtol=0, atol=1e-10)
    encoder = model("encoder post")
    own = encoder.trace(TEXT).logits
    torch.testing.assert_close(logits(encoder, MaskRule(causal=False)), own, rtol=0, atol=1e-10)
    assert (logits(encoder, MaskRule()) - own).abs().max() > 1e-3


def test_a_window_holds_with_a_cache_too() -> None:
    lm = with_mask(model("rotary"), MaskRule(window=4, sinks=1))
    ids = lm.batch(TEXT)[0]
    with torch.no_grad():
        whole = lm.transformer(ids)
        cache = KVCache()
        pieces = [lm.transformer(part, cache=cache) for part in (ids[:, :5], ids[:, 5:6], ids[:, 6:])]
    torch.testing.assert_close(torch.cat(pieces, dim=1), whole, rtol=0, atol=1e-10)


def test_only_the_asked_stack_changes_and_the_model_stays_as_it_is() -> None:
    lm = model("encoder-decoder")
    before = lm.trace(TEXT, TARGET)
    masked = with_mask(lm, MaskRule(causal=True), "encoder")
    after = masked.trace(TEXT, TARGET)
    assert not after["encoder.blocks.0.attn.hook_pattern"][0].triu(1).any()
    own = before["decoder.blocks.0.attn.hook_pattern"]
    torch.testing.assert_close(after["decoder.blocks.0.attn.hook_pattern"], own, rtol=0, atol=1e-12)
    assert torch.equal(lm.trace(TEXT, TARGET).logits, before.logits)
    assert next(masked.transformer.parameters()) is next(lm.transformer.parameters())


@pytest.mark.parametrize("name", ["learned", "encoder post", "encoder-decoder"])
def test_what_is_read_under_each_mask(name: str) -> None:
    lm = model(name)
    target = TARGET if name == "encoder-decoder" else None
    rules = [MaskRule(), MaskRule(causal=False), MaskRule(window=2)]
    found = under_masks(lm, TEXT, rules, target=target, row=1)
    assert [one.own for one in found] == [name != "encoder post", name == "encoder post", False]
    own = next(one for one in found if one.own)
    expected = lm.trace(TEXT, target).logits[1].softmax(-1)
    np.testing.assert_allclose(own.probabilities, expected.float(), atol=1e-6)
    with torch.no_grad():
        assert own.loss == pytest.approx(float(text_loss(lm, TEXT, target)(lm.transformer)))
        window = with_mask(lm, rules[2])
        assert found[2].loss == pytest.approx(float(text_loss(lm, TEXT, target)(window.transformer)))
    assert found[2].allowed.sum() == 2 * len(found[2].allowed) - 1
    assert all(one.probabilities.sum() == pytest.approx(1) for one in found)


def test_stories_are_cut_to_the_context_and_measured_by_token() -> None:
    lm = model("rotary", n_ctx=20)
    asked = story_losses(lm, 2)
    assert all(one.inputs[0].shape[1] <= 20 for one in asked)
    assert all(one.inputs[0].shape[1] > 12 for one in asked)
    each = torch.cat([one.each(lm.transformer) for one in asked])
    assert mean_loss(lm, asked) == pytest.approx(float(each.nanmean()), rel=1e-5)
    found = stories_under_masks(lm, [MaskRule(), MaskRule(window=1)], count=2)
    assert found[0] == pytest.approx(mean_loss(lm, asked))
    assert found[1] != found[0]


def test_what_does_not_fit_is_named() -> None:
    with pytest.raises(ValueError, match="window=0 must hold at least the query itself"):
        MaskRule(window=0)
    with pytest.raises(ValueError, match="sinks=-1"):
        MaskRule(sinks=-1)
    with pytest.raises(ValueError, match="cross-attention reads another text"):
        with_mask(model("encoder-decoder"), MaskRule(), "cross")
    with pytest.raises(ValueError, match="without it"):
        with_mask(model("learned"), MaskRule(), "encoder")
    with pytest.raises(ValueError, match="row 99"):
        under_masks(model("learned"), TEXT, [MaskRule()], row=99)
    with pytest.raises(ValueError, match="count=0"):
        story_losses(model("learned"), 0)
