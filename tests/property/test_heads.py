"""What holds for the heads of every model and text: shares add up, order does not matter, batches change nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.analysis.heads import effects as effects_module
from core.analysis.heads.effects import head_effects, knock_out
from core.analysis.heads.jobs import name_heads
from core.analysis.heads.patterns import HeadMaps, evenness, head_maps, pattern_scores
from core.analysis.heads.shares import head_shares, share_table
from core.language_model import LanguageModel
from tests.heads import PLACES, SHAPES, fresh, layers_of, tiny
from tests.tiers import examples

few = settings(max_examples=examples(25))
places = st.sampled_from(PLACES)
texts = st.lists(st.integers(2, 270), min_size=1, max_size=14)
TOLERANCE = 1e-9


@st.composite
def maps(draw: st.DrawFn) -> HeadMaps:
    """Maps of three heads that read whatever the seed says, some of it exactly 0."""
    length, causal = draw(st.integers(1, 9)), draw(st.booleans())
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    weights = rng.random((1, 3, length, length)) ** draw(st.sampled_from([0.1, 1.0, 30.0]))
    weights[rng.random(weights.shape) < 0.3] = 0.0
    weights += np.eye(length) * 1e-9
    if causal:
        weights = np.tril(weights)
    ids = tuple(rng.integers(0, draw(st.integers(1, 9)), length).tolist())
    weights /= weights.sum(-1, keepdims=True)
    return HeadMaps(
        attention="self" if causal else "encoder", ids=ids, key_ids=ids, causal=causal, maps=weights
    )


def picked(found: HeadMaps, heads: list[int]) -> HeadMaps:
    """Some of its heads, in that order."""
    rest: dict[str, Any] = {name: getattr(found, name) for name in ("attention", "ids", "key_ids", "causal")}
    return HeadMaps(**rest, maps=found.maps[:, heads])


@given(maps())
def test_a_score_lies_between_nothing_and_the_best_possible(found: HeadMaps) -> None:
    scores = pattern_scores(found)
    for score in scores.values():
        assert (score.value >= 0).all()
        assert (score.value <= score.most + TOLERANCE).all()
        assert score.even <= score.most + TOLERANCE
        assert (score.weight is None) == (score.rows == 0)
        assert score.above_even is None or (score.above_even <= 1 + 1e-6).all()
    # No pair is counted twice among these, so together they are a part of all attention.
    assert (sum(scores[job].value for job in ("itself", "recent")) <= 1 + TOLERANCE).all()
    assert (scores["previous"].value <= scores["recent"].value + TOLERANCE).all()


@given(maps())
def test_an_even_spread_has_the_even_score(found: HeadMaps) -> None:
    allowed = np.tril(np.ones(found.maps.shape)) if found.causal else np.ones(found.maps.shape)
    flat = HeadMaps(
        attention=found.attention, ids=found.ids, key_ids=found.key_ids, causal=found.causal,
        maps=allowed / allowed.sum(-1, keepdims=True),
    )  # fmt: skip
    for score in pattern_scores(flat).values():
        assert score.value == pytest.approx(score.even)
    assert evenness(flat) == pytest.approx(1.0)
    blend = HeadMaps(
        attention=found.attention, ids=found.ids, key_ids=found.key_ids, causal=found.causal,
        maps=(found.maps + flat.maps) / 2,
    )  # fmt: skip
    assert (evenness(found) <= evenness(blend) + TOLERANCE).all()
    assert (evenness(found) >= -TOLERANCE).all()


@given(maps(), st.permutations([0, 1, 2]))
def test_the_order_and_the_company_of_the_heads_do_not_matter(found: HeadMaps, order: list[int]) -> None:
    whole, mixed = pattern_scores(found), pattern_scores(picked(found, order))
    names = name_heads(whole, {}, evenness(found))[0]
    assert name_heads(mixed, {}, evenness(picked(found, order)))[0] == tuple(names[head] for head in order)
    for head in order:
        single = pattern_scores(picked(found, [head]))
        for job, score in single.items():
            np.testing.assert_allclose(score.value[0, 0], whole[job].value[0, head], rtol=0, atol=1e-12)
            assert (score.even, score.most, score.rows) == (whole[job].even, whole[job].most, whole[job].rows)


@few
@given(places, texts, texts, st.data())
def test_shares_add_up_to_one_on_every_text(
    place: tuple[str, Any], text: list[int], target: list[int], data: st.DataObject
) -> None:
    lm, attention = tiny(place[0]), place[1]
    said = target if lm.config.shape == "encoder-decoder" else None
    rows = len(text) if attention == "encoder" or said is None else len(target) + 1
    row = data.draw(st.integers(-rows, rows - 1))
    table = share_table(lm, text, row=row, attention=attention, target=said)
    assert table.sum(1) == pytest.approx(1.0)
    layer = data.draw(st.integers(0, layers_of(lm, attention) - 1))
    shares = head_shares(lm, text, layer, row=row, attention=attention, target=said)
    assert shares.row == row % rows
    np.testing.assert_allclose(shares.total, shares.out, rtol=0, atol=1e-11)
    assert (np.abs(shares.cosines) <= 1 + TOLERANCE).all()


@few
@given(places, texts, texts, st.integers(1, 200), st.sampled_from(["zero", "mean"]), st.data())
def test_a_batch_of_variants_equals_each_alone(
    place: tuple[str, Any],
    text: list[int],
    target: list[int],
    positions: int,
    value: Any,
    data: st.DataObject,
) -> None:
    lm, attention = tiny(place[0]), place[1]
    said = target if lm.config.shape == "encoder-decoder" else None
    rows = len(text) if said is None else len(target) + 1
    options: dict[str, Any] = {
        "row": data.draw(st.integers(0, rows - 1)), "value": value, "attention": attention, "target": said,
    }  # fmt: skip
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(effects_module, "POSITIONS", positions)
        effects = head_effects(lm, text, **options)
    layer = data.draw(st.integers(0, layers_of(lm, attention) - 1))
    head = data.draw(st.integers(0, lm.config.n_heads - 1))
    alone = knock_out(lm, text, [(layer, head)], **options)
    assert effects.after[layer, head] == pytest.approx(np.log(alone.after[effects.token]), abs=1e-8)
    assert effects.before == pytest.approx(np.log(alone.before[effects.token]), abs=1e-8)
    assert (effects.divergence >= 0).all()


def reordered(shape: str, order: list[int]) -> LanguageModel:
    """The same function with the heads of every attention in another order (all of them with heads of their own)."""
    lm = fresh(shape)
    size = lm.config.head_size
    rows = torch.cat([torch.arange(h * size, (h + 1) * size) for h in order])
    with torch.no_grad():
        for name, module in lm.transformer.named_modules():
            if name.endswith(("attn", "cross_attn")):
                stacked = torch.cat([rows + part * len(rows) for part in range(3)])
                module.weight_qkv.copy_(module.weight_qkv[stacked].clone())
                if module.bias_qkv is not None:
                    module.bias_qkv.copy_(module.bias_qkv[stacked].clone())
                module.weight_o.copy_(module.weight_o[:, rows].clone())
            elif name.endswith("relative"):
                module.W_bias.copy_(module.W_bias[:, order].clone())
    return lm


@settings(max_examples=12)
@given(st.sampled_from(["gpt", "no norm", "bert", "t5"]), texts, st.permutations([0, 1, 2, 3]))
def test_heads_in_another_order_are_the_same_heads(shape: str, text: list[int], order: list[int]) -> None:
    assert SHAPES[shape].get("n_kv_heads") is None
    one, other = tiny(shape), reordered(shape, order)
    target = text[::-1] if shape == "t5" else None
    for attention in ("self", "cross", "encoder") if shape == "t5" else ("self",):
        options: dict[str, Any] = {"attention": attention, "target": target}
        maps_of = (head_maps(lm, text, **options).maps for lm in (one, other))
        np.testing.assert_allclose(next(maps_of)[:, order], next(maps_of), rtol=0, atol=1e-9)
        shares = [share_table(lm, text, **options) for lm in (one, other)]
        np.testing.assert_allclose(shares[0][:, [*order, 4]], shares[1], rtol=0, atol=1e-7)
        changes = [head_effects(lm, text, token=9, **options).change for lm in (one, other)]
        np.testing.assert_allclose(changes[0][:, order], changes[1], rtol=0, atol=1e-8)
