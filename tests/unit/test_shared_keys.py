"""Shared keys and values: the mean of each group, by loops; the cache's bytes, by a real cache."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from core.analysis.heads.shared_keys import share_keys, sharings, stories_shared, ways_to_share
from core.analysis.story_loss import mean_loss, story_losses
from core.config import ModelConfig
from core.costs import cache_bytes
from core.model.kv_cache import KVCache
from core.training.text_loss import text_loss
from tests.unit.test_attention_steps import TARGET, TEXT, model

NAMES = ["learned", "rotary grouped qk_norm", "encoder post", "encoder-decoder"]


@pytest.mark.parametrize("name", NAMES)
def test_each_group_gets_the_mean_of_its_heads(name: str) -> None:
    lm = model(name)
    shared = share_keys(lm, 1 if "grouped" in name else 2)
    parts = dict(lm.transformer.named_modules())
    for path, part in shared.transformer.named_modules():
        if not path.endswith("attn"):
            continue
        own = parts[path]
        size = own.n_kv_heads // part.n_kv_heads
        torch.testing.assert_close(part.W_Q, own.W_Q)
        for ours, theirs in ((part.W_K, own.W_K), (part.W_V, own.W_V), (part.b_K, own.b_K)):
            if theirs is None:
                assert ours is None
                continue
            for group in range(part.n_kv_heads):
                heads = [theirs[group * size + at] for at in range(size)]
                torch.testing.assert_close(ours[group], sum(heads) / size)
        assert part.weight_o is own.weight_o
    assert lm.config.kv_heads > shared.config.kv_heads


def test_heads_that_are_alike_lose_nothing_when_they_share() -> None:
    lm = model("rotary")
    with torch.no_grad():
        for block in lm.transformer.blocks:
            for heads in (block.attn.W_K, block.attn.W_V):
                heads[1], heads[3] = heads[0], heads[2]
    before = lm.trace(TEXT).logits
    torch.testing.assert_close(share_keys(lm, 2).trace(TEXT).logits, before, rtol=0, atol=1e-9)
    assert (share_keys(lm, 1).trace(TEXT).logits - before).abs().max() > 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_the_ways_in_order(name: str) -> None:
    lm = model(name)
    target = TARGET if name == "encoder-decoder" else None
    found = sharings(lm, TEXT, target=target)
    counts = [2, 1] if "grouped" in name else [4, 2, 1]
    assert [one.kv_heads for one in found] == counts
    assert [one.own for one in found] == [True] + [False] * (len(counts) - 1)
    names = [("multi-head", 1), ("grouped-query", 2), ("multi-query", 4)][-len(counts) :]
    assert [(one.name, one.queries) for one in found] == names
    np.testing.assert_allclose(
        found[0].probabilities, lm.trace(TEXT, target).logits[-1].softmax(-1).float(), atol=1e-6
    )
    with torch.no_grad():
        expected = [float(text_loss(lm, TEXT, target)(share_keys(lm, n).transformer)) for n in counts]
    np.testing.assert_allclose([one.loss for one in found], expected, atol=1e-9)
    asked = story_losses(lm, 1)
    expected = [mean_loss(share_keys(lm, n), asked) for n in counts]
    np.testing.assert_allclose(stories_shared(lm, 1), expected, atol=1e-9)


@pytest.mark.parametrize("name", ["learned", "rotary grouped qk_norm", "encoder-decoder"])
def test_the_formula_counts_the_bytes_of_a_real_cache(name: str) -> None:
    lm = model(name)
    cache = KVCache()
    with torch.no_grad():
        if name == "encoder-decoder":
            ids, written = lm.batch(TEXT, TARGET)
            lm.transformer.decode(written, lm.transformer.encode(ids), cache=cache)
            lengths = (ids.shape[1], written.shape[1])
        else:
            ids = lm.batch(TEXT)[0]
            lm.transformer(ids, cache=cache)
            lengths = (ids.shape[1], 0)
    assert cache.size_bytes == cache_bytes(lm.config, *lengths, size=8)
    assert sharings(lm, TEXT, target=TARGET if lengths[1] else None)[0].cache == cache.size_bytes


def test_counts_that_do_not_halve_go_to_the_next_divisor() -> None:
    def ways(heads: int, kv: int | None = None) -> list[int]:
        sizes = {"n_layers": 1, "d_model": heads * 4, "d_vocab": 10, "n_ctx": 8}
        return ways_to_share(ModelConfig(n_heads=heads, n_kv_heads=kv, **sizes))

    assert ways(12) == [12, 6, 3, 1]
    assert ways(7) == [7, 1]
    assert ways(1) == [1]
    assert ways(8, 2) == [2, 1]


def test_groups_that_do_not_divide_are_named() -> None:
    for wrong in (3, 0, 8):
        with pytest.raises(ValueError, match=f"4 heads of keys and values do not fall into {wrong} groups"):
            share_keys(model("learned"), wrong)
