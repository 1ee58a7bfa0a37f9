"""Rotary positions: arrows turned, angles written out, and scores that hang on distance alone."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

import core
from core.analysis.heads.steps import attention_steps
from core.analysis.positions.rotation import (
    NoRotation,
    arrows,
    in_turns,
    one_by_distance,
    rotary_rates,
    score_by_distance,
    turned_by,
    turning,
)
from tests.blocks import model
from tests.heads import TARGET, TEXT

ROTARY = [
    ("llama, grouped", "self"),
    ("as tales-gpt", "self"),
    ("rotary encoder", "self"),
    ("rotary with a source", "self"),
    ("rotary with a source", "encoder"),
]


@pytest.mark.parametrize(("name", "attention"), ROTARY)
def test_turned_arrows_are_those_of_the_pass(name: str, attention: str) -> None:
    lm = model(name)
    target = TARGET if "source" in name else None
    for layer, head in ((0, 0), (1, 3)):
        found = turning(lm, TEXT, layer, head, attention=attention, target=target)
        np.testing.assert_allclose(turned_by(found.query, found.angles), found.turned_query, atol=1e-10)
        np.testing.assert_allclose(turned_by(found.key, found.angles), found.turned_key, atol=1e-10)
        steps = attention_steps(lm, TEXT, layer, head, attention=attention, target=target)
        np.testing.assert_allclose(found.turned_query, arrows(steps.asked.astype(np.float64)), atol=1e-12)
        np.testing.assert_allclose(found.angles[1], rotary_rates(6))
        assert found.factor == steps.factor
        for row, col in ((5, 2), (-1, 0), (0, 0)):
            pair = found.pairs(row, col)
            assert pair.score == pytest.approx(steps.scores[row, col])
            np.testing.assert_allclose(
                pair.products, pair.lengths.prod(-1) * np.cos(pair.between + pair.turn), atol=1e-10
            )
            np.testing.assert_allclose(
                np.linalg.norm(found.turned_query[row], axis=-1), pair.lengths[:, 0], atol=1e-10
            )


def test_the_angle_is_written_out() -> None:
    found = turning(model("llama, grouped"), TEXT, 0, 0)
    assert found.written(0, 0) == "0 × 1 = 0 rad = 0.0°"
    assert found.written(7, 0) == "7 × 1 = 7 rad = 1 turn and 41.1°"
    assert found.written(5, 1) == f"5 × 0.04642 = 0.2321 rad = {math.degrees(5 * 10_000 ** (-1 / 3)):.1f}°"
    with pytest.raises(ValueError):
        found.written(99, 0)
    assert [in_turns(angle) for angle in (0.0, math.pi / 2, -math.pi, 4 * math.pi, -1e-9)] == [
        "0.0°", "90.0°", "−180.0°", "2 turns and 0.0°", "0.0°",
    ]  # fmt: skip
    assert in_turns(2 * math.pi - 1e-9) == "1 turn and 0.0°"


def test_a_quarter_turn_by_hand() -> None:
    quarter = turned_by(np.array([[1.0, 0.0], [0.0, 2.0]]), np.array([math.pi / 2, math.pi]))
    np.testing.assert_allclose(quarter, [[0.0, 1.0], [0.0, -2.0]], atol=1e-15)
    assert arrows(np.arange(6)).tolist() == [[0, 3], [1, 4], [2, 5]]


@pytest.mark.parametrize(("name", "attention"), ROTARY)
def test_scores_by_distance_against_turning_every_pair(name: str, attention: str) -> None:
    lm = model(name)
    found = turning(lm, TEXT, 1, 2, attention=attention, target=TARGET if "source" in name else None)
    moved = score_by_distance(found, 30)
    for distance in (0, 1, 7, 30):
        turned = turned_by(found.query, np.broadcast_to(distance * found.rates, found.angles.shape))
        scores = np.einsum("tpc,spc->ts", turned, found.key)
        assert moved.mean[distance] == pytest.approx(scores.mean())
        assert moved.spread[distance] == pytest.approx(scores.std())
    assert len(score_by_distance(found).distances) == len(found.angles)


def test_one_pair_at_its_own_distance_has_its_own_score() -> None:
    found = turning(model("llama, grouped"), TEXT, 0, 1)
    for query, key in ((9, 4), (-1, 0), (3, 3)):
        row, col = query % len(found.angles), key % len(found.angles)
        moved = one_by_distance(found, query, key)
        assert moved.mean[row - col] == pytest.approx(found.pairs(query, key).score)
        assert moved.spread.max() < 1e-6


def test_the_bundled_model() -> None:
    found = turning(core.load("tales-gpt", device="cpu"), "Once upon a time, there was a dog.", 2, 1)
    np.testing.assert_allclose(turned_by(found.query, found.angles), found.turned_query, atol=1e-4)
    moved = score_by_distance(found, 100)
    assert moved.mean.shape == moved.spread.shape == (101,)
    assert (moved.spread >= 0).all()


def test_models_that_turn_nothing_and_wrong_places() -> None:
    with pytest.raises(NoRotation, match="adds a learned vector"):
        turning(model("gpt"), TEXT, 0, 0)
    lm = model("rotary with a source")
    with pytest.raises(NoRotation, match="without positions"):
        turning(lm, TEXT, 0, 0, attention="cross", target=TARGET)
    with pytest.raises(ValueError, match="head 9"):
        turning(lm, TEXT, 0, 9, target=TARGET)
    with pytest.raises(ValueError, match="must be even"):
        rotary_rates(5)
    with pytest.raises(ValueError, match="distance of -1"):
        score_by_distance(turning(model("llama, grouped"), TEXT, 0, 0), -1)


def test_one_token_has_one_distance() -> None:
    found = turning(model("llama, grouped"), [7], 0, 0)
    assert score_by_distance(found).distances.tolist() == [0]
    assert found.pairs(0, 0).turn.tolist() == [0.0, 0.0, 0.0]
    assert torch.is_grad_enabled()
