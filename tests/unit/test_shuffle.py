"""The same tokens in another order, with positions and without."""

from __future__ import annotations

import numpy as np
import pytest
import torch

import core
from core.analysis.positions.shuffle import shuffle, shuffled_order
from core.hooks import recording
from tests.blocks import PARTS, made, model, target_of
from tests.heads import TARGET, TEXT

ENCODERS = ("bert", "rotary encoder", "sinusoidal encoder")
SOURCES = ("t5", "post-norm with a source, grouped", "rotary with a source")


@pytest.mark.parametrize("name", [name for name in PARTS if "residual" not in name and name != "no blocks"])
def test_order_counts_with_positions_and_not_without(name: str) -> None:
    lm = model(name)
    found = shuffle(lm, TEXT, seed=1, target=target_of(lm))
    asis = found.ways[0]
    assert asis.way == "as it is"
    assert sorted(found.order) == list(range(len(found.ids)))
    assert not asis.same
    assert asis.change.max() > 0.01
    ways = [way.way for way in found.ways]
    if name in (*ENCODERS, *SOURCES):
        assert ways == ["as it is", "without positions"]
        bare = found.way("without positions")
        assert bare.same
        assert bare.change.max() < 1e-10
        assert bare.moved.max() < 1e-10
        assert asis.moved.max() > 1e-3
    elif lm.config.position == "none":
        assert ways == ["as it is", "without positions or mask"]
    else:
        assert ways == ["as it is", "without positions", "without positions or mask"]
        assert not found.way("without positions").same  # the causal mask alone tells of order
    assert found.ways[-1].same
    assert found.ways[-1].moved.max() < 1e-10


def test_what_is_compared_is_each_token_with_itself() -> None:
    """By hand: two passes, the second put back row by row."""
    lm = model("bert")
    found = shuffle(lm, TEXT, seed=4)
    ids = list(found.ids)
    plain, other = lm.trace(ids), lm.trace([ids[at] for at in found.order])
    asis = found.ways[0]
    size = plain["unembed.hook_in"].detach().norm(dim=-1).square().mean().sqrt()
    for place, origin in enumerate(found.order):
        p, q = (t.logits[at].detach().softmax(-1) for t, at in ((plain, origin), (other, place)))
        np.testing.assert_allclose(asis.before[origin], p)
        np.testing.assert_allclose(asis.after[origin], q)
        assert asis.moved[origin] == pytest.approx(float((p - q).abs().sum() / 2))
        vectors = other["unembed.hook_in"][place] - plain["unembed.hook_in"][origin]
        assert asis.change[origin] == pytest.approx(float(vectors.detach().norm() / size))


def test_of_a_source_the_answer_so_far_stays_in_order() -> None:
    lm = model("t5")
    found = shuffle(lm, TEXT, target=TARGET)
    assert found.ways[0].before.shape[0] == len(found.target)
    assert found.target[0] == 1
    trace = lm.trace(TEXT, TARGET)
    np.testing.assert_allclose(found.ways[0].before, trace.logits.detach().softmax(-1))


def test_special_tokens_keep_their_places_and_so_may_the_last() -> None:
    lm = made(bos_id=5, eos_ids=(9,))
    ids = [5, 20, 21, 22, 9, 23, 24]
    found = shuffle(lm, ids)
    assert [found.order[at] for at in (0, 4)] == [0, 4]
    assert found.order != tuple(range(7))
    kept = shuffle(lm, ids, keep_last=True)
    assert kept.order[6] == 6


def test_every_seed_gives_another_order_than_the_texts_own() -> None:
    orders = {shuffled_order(4, seed) for seed in range(200)}
    assert tuple(range(4)) not in orders
    assert len(orders) == 23
    assert shuffled_order(2, 0) == (1, 0)
    assert shuffled_order(1) == (0,)
    assert shuffled_order(3, 1, fixed=(0, 1)) == (0, 1, 2)
    assert shuffled_order(0) == ()


def test_in_float32_rounding_is_told_from_change() -> None:
    lm = core.load("tales-gpt", device="cpu")
    found = shuffle(lm, "Once upon a time, there was a little dog named Max who lived near the forest.")
    assert [way.same for way in found.ways] == [False, False, True]
    assert 0 < found.way("without positions or mask").change.max() < 2e-5
    with pytest.raises(KeyError):
        found.way("as you like it")  # type: ignore[arg-type]


def test_one_token_cannot_be_shuffled_and_nothing_changes() -> None:
    found = shuffle(model("gpt"), [7])
    assert found.order == (0,)
    assert all(way.same for way in found.ways)


def test_the_model_is_left_as_it_was() -> None:
    lm = model("gpt")
    before = lm.trace(TEXT).logits
    with recording(["hook_pos_embed"]) as seen:
        shuffle(lm, TEXT)
        lm.trace(TEXT)
    assert "hook_pos_embed" in seen
    assert torch.equal(before, lm.trace(TEXT).logits)
