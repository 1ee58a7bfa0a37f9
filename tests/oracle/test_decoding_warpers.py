"""Each warper, value by value, against `transformers`' logits processor of the same name."""

import pytest
import torch
from transformers.generation import logits_process as theirs

from core.decoding import warpers
from core.decoding.options import DecodingOptions

V = 50
IDS = torch.tensor([[3, 7, 7, 49], [0, 1, 2, 3]])


def rows(kind):
    draw = torch.Generator().manual_seed(5)
    scores = 2 * torch.randn(2, V, generator=draw)
    if kind == "ties":  # four values only, so that the borders of top-k and top-p cut through equals
        return scores.round().clamp(-1, 2)
    if kind == "flat":
        return torch.zeros(2, V)
    if kind == "removed":
        return scores.masked_fill(torch.rand(2, V, generator=draw) < 0.8, -torch.inf)
    return 20 * scores if kind == "sharp" else scores


KINDS = ["plain", "ties", "flat", "removed", "sharp"]


def assert_same(ours, expected):
    assert torch.equal(ours == -torch.inf, expected == -torch.inf)
    assert torch.equal(ours, expected)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [0.1, 0.7, 1.0, 3.0])
def test_temperature(kind, value):
    assert_same(
        warpers.temperature(rows(kind), value), theirs.TemperatureLogitsWarper(value)(IDS, rows(kind))
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("k", [1, 2, 10, V - 1, V, V + 1, 10_000])
def test_top_k(kind, k):
    assert_same(warpers.top_k(rows(kind), k), theirs.TopKLogitsWarper(k)(IDS, rows(kind)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [0.0, 1e-6, 0.3, 0.5, 0.9, 0.999999])
def test_top_p(kind, p):
    assert_same(warpers.top_p(rows(kind), p), theirs.TopPLogitsWarper(p)(IDS, rows(kind)))


@pytest.mark.parametrize("kind", KINDS)
def test_top_p_of_one_changes_nothing(kind):
    assert_same(warpers.top_p(rows(kind), 1.0), rows(kind))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("p", [0.0, 0.05, 0.5, 1.0])
def test_min_p(kind, p):
    assert_same(warpers.min_p(rows(kind), p), theirs.MinPLogitsWarper(p)(IDS, rows(kind)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("penalty", [0.5, 1.0, 1.2, 10.0])
def test_repetition_penalty(kind, penalty):
    expected = theirs.RepetitionPenaltyLogitsProcessor(float(penalty))(IDS, rows(kind))
    assert_same(warpers.repetition_penalty(rows(kind), IDS, penalty), expected)


@pytest.mark.parametrize("kind", KINDS)
def test_all_of_them_in_order(kind):
    options = DecodingOptions(temperature=0.8, top_k=20, top_p=0.9, min_p=0.1, repetition_penalty=1.3)
    expected = rows(kind)
    for processor in (
        theirs.RepetitionPenaltyLogitsProcessor(1.3),
        theirs.TemperatureLogitsWarper(0.8),
        theirs.TopKLogitsWarper(20),
        theirs.TopPLogitsWarper(0.9),
        theirs.MinPLogitsWarper(0.1),
    ):
        expected = processor(IDS, expected)
    assert_same(warpers.warp(rows(kind), IDS, options), expected)


def test_a_warper_leaves_its_argument_alone():
    scores = rows("plain")
    before = scores.clone()
    options = DecodingOptions(temperature=0.8, top_k=3, top_p=0.4, min_p=0.3, repetition_penalty=2.0)
    warpers.warp(scores, IDS, options)
    assert torch.equal(scores, before)


def test_temperature_zero_is_the_limit():
    zero = warpers.temperature(rows("ties"), 0.0)
    assert (zero > -torch.inf).sum(-1).tolist() == [1, 1]
    assert torch.equal(zero.argmax(-1), rows("ties").argmax(-1))
    cold = warpers.temperature(rows("plain"), 1e-4).softmax(-1)
    assert torch.allclose(warpers.temperature(rows("plain"), 0.0).softmax(-1), cold, atol=1e-6)
