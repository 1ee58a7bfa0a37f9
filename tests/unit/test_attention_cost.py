"""The cost of attention: what is timed, by a clock that a test holds; curves against scipy's least squares."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from scipy.optimize import nnls
from torch import Tensor

from core.analysis.heads import cost as attention_cost
from core.analysis.heads.cost import Curve, _idle, cost_points, score_bytes
from core.hooks import Intervention, intervene, recording
from tests.unit.test_attention_steps import TARGET, TEXT, model

N = [16, 32, 64, 128, 256, 512]


@pytest.mark.parametrize("true", [(3e-8, 2e-6, 1e-4), (1e-7, 0.0, 0.0), (0.0, 3e-5, 2e-3)])
def test_a_curve_finds_the_coefficients_that_made_the_points(true: tuple[float, ...]) -> None:
    made = Curve(*true)
    found = Curve.through(N, [made(n) for n in N])
    np.testing.assert_allclose([found(n) for n in N], [made(n) for n in N], rtol=1e-6)
    assert found.square == pytest.approx(true[0], rel=1e-5, abs=1e-15)


@pytest.mark.parametrize("seed", range(8))
def test_a_curve_equals_nonnegative_least_squares(seed: int) -> None:
    draw = np.random.default_rng(seed)
    seconds = np.abs(draw.normal(1, 0.5, len(N))) * (np.array(N) ** draw.uniform(0, 2.5)) * 1e-6
    columns = np.stack([np.array(N, dtype=float) ** power for power in (2, 1, 0)], axis=1)
    size = columns.max(axis=0)
    weight = 1 / np.sqrt(seconds)
    expected = nnls(columns / size * weight[:, None], seconds * weight)[0] / size
    found = Curve.through(N, seconds.tolist())
    np.testing.assert_allclose([found.square, found.linear, found.fixed], expected, rtol=1e-6, atol=1e-18)
    assert Curve.through(N, seconds.tolist(), square=False).square == 0


def test_points_that_make_no_curve_are_named() -> None:
    with pytest.raises(ValueError, match="2 points do not determine 3"):
        Curve.through([16, 32], [1.0, 2.0])
    with pytest.raises(ValueError, match="must be above 0"):
        Curve.through([16, 32, 64], [1.0, 0.0, 2.0])


@pytest.mark.parametrize("name", ["rotary grouped qk_norm", "encoder post", "encoder-decoder"])
def test_at_rest_every_token_gets_its_own_value(name: str) -> None:
    lm = model(name)
    stack = _idle(lm, "encoder" if name == "encoder-decoder" else "self")
    prefix = "encoder." if name == "encoder-decoder" else ""
    ids = lm.batch(TEXT, TARGET if prefix else None)

    def eye(pattern: Tensor) -> Tensor:
        return torch.eye(pattern.shape[-1], dtype=pattern.dtype).expand_as(pattern)

    names = tuple(f"{prefix}blocks.{at}.attn.hook_pattern" for at in range(2))
    with torch.no_grad(), intervene(Intervention(names, eye, "each itself")):
        expected = (lm.transformer.encoder if prefix else lm.transformer)(ids[0])
    with torch.no_grad():
        torch.testing.assert_close(stack(ids[0]), expected, rtol=0, atol=1e-10)
    again = lm.trace(TEXT, TARGET if prefix else None).logits
    assert (lm.trace(TEXT, TARGET if prefix else None).logits == again).all()


class Clock:
    """Tells a time that goes on by `step` at each look."""

    def __init__(self, step: float) -> None:
        self.now, self.step = 0.0, step

    def __call__(self) -> float:
        self.now += self.step
        return self.now


@pytest.mark.parametrize(
    ("name", "attention"), [("alibi", "self"), ("encoder-decoder", "encoder"), ("encoder-decoder", "cross")]
)
def test_each_length_is_measured_and_its_scores_counted(name: str, attention: Any) -> None:
    lm = model(name)  # a context of 48: longer texts are measured all the same
    points = list(cost_points(lm, (4, 100), attention=attention, repeats=2, clock=Clock(0.5)))
    assert [(one.length, one.attention, one.fused, one.rest) for one in points] == [
        (4, 0.5, 0.5, 0.5), (100, 0.5, 0.5, 0.5),
    ]  # fmt: skip
    assert [one.score_bytes for one in points] == [4 * n * n * 8 for n in (4, 100)]


def test_the_bytes_are_those_of_the_scores() -> None:
    lm = model("learned")
    with recording(["blocks.0.attn.hook_attn_scores"]) as seen:
        lm.transformer(lm.batch(TEXT)[0])
    scores = seen["blocks.0.attn.hook_attn_scores"]
    assert scores.nbytes == score_bytes(4, scores.shape[-1], 8)


def test_lengths_that_would_overrun_the_budget_are_left_out() -> None:
    lm = model("learned")
    # A length takes 18 looks of 0.1 s; three passes of twice the length 0.4 + 0.4 + 0.2 s each.
    for budget, lengths in [(4.8, [8]), (5.1, [8, 16])]:
        found = cost_points(lm, (8, 16, 32), repeats=2, budget=budget, clock=Clock(0.1))
        assert [one.length for one in found] == lengths
    assert len(list(cost_points(lm, (8, 16, 32), repeats=2, budget=1000.0, clock=Clock(0.1)))) == 3


def test_what_cannot_be_measured_is_named() -> None:
    lm = model("learned")
    for options, message in [
        ({"repeats": 0}, "repeats=0"), ({"lengths": (0,)}, "length 0"), ({"lengths": (9999,)}, "4,096"),
        ({"attention": "cross"}, "without it"),
    ]:  # fmt: skip
        with pytest.raises(ValueError, match=message):
            next(cost_points(lm, **options))
    assert attention_cost.LENGTHS[-1] == 1024
