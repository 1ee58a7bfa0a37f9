"""Laws of explanations: shares add up, curves begin and end where they must, rollout hands out exactly one."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.analysis.explaining.explainers import explain, order_of
from core.analysis.explaining.faithfulness import area, faithfulness
from core.analysis.explaining.integrated_gradients import integrated_gradients
from core.analysis.explaining.readout import Readout, baseline
from core.analysis.explaining.rollout import attention_flow, attention_rollout
from core.analysis.places import stack_of
from tests.heads import SHAPES, target_of, tiny
from tests.tiers import examples

WORDS = st.lists(st.integers(5, 270), min_size=2, max_size=9)
SAYS = st.sampled_from(["logit", "probability", "log probability"])
KINDS = st.sampled_from(["mean", "zero"])


def asked(shape: str, ids: list[int], row: int, says: str, token: int = 11) -> Readout:
    lm = tiny(shape)
    target = target_of(lm)
    rows = lm.batch(ids, target)[-1].shape[1]
    return Readout.of(lm, ids, target=target, row=row % rows, token=token, says=says)


# Without any norm a random model of this spread jumps between two steps: completeness is no matter of the shares then.
STEADY = sorted(set(SHAPES) - {"no norm"})


@settings(max_examples=examples(25))
@given(shape=st.sampled_from(STEADY), ids=WORDS, row=st.integers(0, 8), says=SAYS, kind=KINDS)
def test_shares_add_up_to_the_difference(shape, ids, row, says, kind):
    of = asked(shape, ids, row, says)
    # With nothing added to the vectors, zeros have no direction that a norm could keep: f jumps before the first step,
    # t5's from 0.72 to −1.7 within 0.000006 of the way, and no number of steps sees it.
    assume(kind != "zero" or stack_of(of.lm, "self").pos_embed is not None)
    base = baseline(of, kind)
    found = integrated_gradients(of, base, 512)
    # Random models of this spread are steep: what is left is the quadrature's, and small beside all that the way goes
    # up and down.
    size = float(found.weights @ np.abs(found.slopes.sum(1))) + abs(found.at - found.base)
    assert abs(found.delta) <= 0.05 * size + 1e-9
    assert found.weights.sum() == pytest.approx(1)
    assert found.values == pytest.approx(found.weights @ found.slopes)
    special = sorted(set(range(len(of.ids))) - set(of.free))
    assert not found.values[special].any()


@settings(max_examples=15)
@given(shape=st.sampled_from(sorted(SHAPES)), ids=WORDS, row=st.integers(0, 8), says=SAYS)
def test_each_step_is_the_slope_of_the_way(shape, ids, row, says):
    """What a step hands out adds up to the derivative of f along the way: by finite differences, from f alone."""
    of = asked(shape, ids, row, says)
    base = baseline(of, "mean")
    found = integrated_gradients(of, base, 5)
    tiny_step = 1e-6
    for share, slope in zip(found.along, found.slopes.sum(1), strict=True):
        ends = [base + (share + move) * (of.vectors - base) for move in (-tiny_step, tiny_step)]
        with torch.no_grad():
            low, high = of(torch.stack(ends)).tolist()
        scale = max(1e-6, float(np.abs(found.slopes).sum()))
        assert slope == pytest.approx((high - low) / (2 * tiny_step), abs=1e-3 * scale)


@settings(max_examples=15)
@given(
    shape=st.sampled_from(sorted(SHAPES)),
    ids=WORDS,
    row=st.integers(1, 8),
    says=SAYS,
    seed=st.integers(0, 99),
)
def test_curves_begin_and_end_where_all_or_nothing_is_there(shape, ids, row, says, seed):
    of = asked(shape, ids, row, says)
    base = baseline(of, "mean")
    if len(of.free) < 2:
        with pytest.raises(ValueError, match="one token that can be taken away"):
            faithfulness(of, base, {}, orders=1)
        return
    found = faithfulness(of, base, explain(of, base, 4), orders=6, points=5, seed=seed)
    for curves, first, last in (
        (found.deletion, found.at, found.base),
        (found.insertion, found.base, found.at),
    ):
        for curve in curves.values():
            assert curve.values[0] == pytest.approx(first) and curve.values[-1] == pytest.approx(last)
            assert min(curve.values) - 1e-12 <= curve.area <= max(curve.values) + 1e-12
            assert sorted(curve.order) == list(range(len(of.free)))
            assert 0 < curve.as_good <= 1
    assert found.random["deletion"] == pytest.approx(found.random["insertion"][:, ::-1]), (
        "one order, read from both ends"
    )


@settings(max_examples=15)
@given(shape=st.sampled_from(sorted(SHAPES)), ids=WORDS, row=st.integers(0, 8))
def test_rollout_hands_out_one(shape, ids, row):
    of = asked(shape, ids, row, "logit")
    flow = attention_flow(of)
    assert flow.rollout.sum() == pytest.approx(1) and flow.raw.sum() == pytest.approx(1)
    assert (flow.rollout >= -1e-12).all()


@given(st.integers(1, 6), st.integers(1, 4), st.floats(0, 1), st.integers(0, 1000))
def test_rollout_of_any_maps(tokens, layers, residual, seed):
    maps = np.random.default_rng(seed).dirichlet(np.ones(tokens), (layers, tokens))
    rolled = attention_rollout(list(maps), residual)
    assert rolled.sum(1) == pytest.approx(np.ones(tokens))
    assert attention_rollout(list(maps), 1.0) == pytest.approx(np.eye(tokens))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=8))
def test_an_order_never_rises(values):
    order = order_of(np.array(values), tuple(range(len(values))))
    assert sorted(order) == list(range(len(values)))
    assert all(values[a] >= values[b] for a, b in pairwise(order))


@given(st.floats(-3, 3), st.integers(2, 9))
def test_the_area_under_a_level_line_is_its_height(height, points):
    assert area(np.arange(points), np.full(points, height)) == pytest.approx(height)
