"""Dropout, seen: the law of torch's own, the mean over many masks, and what a real model says under them."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from core.hooks import HookError
from core.training.dropout import dropout_mask, dropped, mean_over_masks, under_masks
from tests.heads import TARGET, TEXT, target_of, tiny

X = torch.randn(40, 50, generator=torch.Generator().manual_seed(3))


@pytest.mark.parametrize("rate", [0.0, 0.1, 0.5, 0.9])
@pytest.mark.parametrize("seed", [0, 11])
def test_a_mask_is_torchs_own_for_the_same_seed(rate: float, seed: int) -> None:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        theirs = F.dropout(X, rate, training=True)
    torch.testing.assert_close(dropped(X, rate, seed), theirs, rtol=1e-6, atol=0)


def test_what_stays_is_scaled_up_and_the_share_dropped_is_the_rate() -> None:
    mask = dropout_mask((400, 500), 0.3, 5)
    assert set(mask.unique().tolist()) == {0.0, float(torch.tensor(1.0) / 0.7)}
    # 200,000 draws: four standard deviations are 0.0041.
    assert abs(float((mask == 0).float().mean()) - 0.3) < 4 * math.sqrt(0.3 * 0.7 / mask.numel())


def test_no_random_number_of_the_process_is_taken() -> None:
    before = torch.random.get_rng_state()
    mean_over_masks(X, 0.4, 8, 0)
    assert torch.equal(before, torch.random.get_rng_state())


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.8])
def test_the_mean_over_masks_comes_to_the_clean_value_by_the_law(rate: float) -> None:
    found = mean_over_masks(X, rate, 300, seed=1)
    assert found.counts == (1, 2, 4, 8, 16, 32, 64, 128, 256)
    np.testing.assert_allclose(found.errors, found.law, rtol=0.12)
    last = sum(dropped(X, rate, 1 + n) for n in range(256)) / 256
    np.testing.assert_allclose(found.mean, last, atol=1e-5)
    wrong = math.sqrt(rate / 256)  # without the scale's share in the variance
    assert abs(found.errors[-1] / wrong - 1) > 0.04 or rate == 0.1


def test_a_rate_of_zero_changes_nothing_and_of_one_is_refused() -> None:
    assert torch.equal(dropped(X, 0.0, 9), X)
    assert mean_over_masks(X, 0.0, 4, 0).errors == (0.0, 0.0, 0.0)
    for rate in (1.0, -0.1, math.nan):
        with pytest.raises(ValueError, match="rate"):
            dropout_mask((2,), rate, 0)


@pytest.mark.parametrize("name", ["gpt", "bert", "t5"])
def test_a_model_under_masks_is_each_mask_put_in_alone(name: str) -> None:
    lm = tiny(name)
    place = "decoder.blocks.1.hook_mlp_out" if name == "t5" else "blocks.1.hook_mlp_out"
    many = under_masks(lm, TEXT, place, 0.5, (3, 4, 5), target_of(lm))
    for at, seed in enumerate((3, 4, 5)):
        alone = under_masks(lm, TEXT, place, 0.5, (seed,), target_of(lm))
        np.testing.assert_allclose(many[at], alone[0], atol=1e-6)
    assert np.abs(many[0] - many[1]).max() > 1e-4
    none = under_masks(lm, TEXT, place, 0.0, (3,), target_of(lm))
    clean = lm.trace(TEXT, target_of(lm)).logits.float().softmax(-1)
    np.testing.assert_allclose(none[0], clean, atol=1e-6)


def test_a_place_that_is_not_there_is_named() -> None:
    with pytest.raises(HookError, match=r"no blocks\.9"):
        under_masks(tiny("gpt"), TARGET, "blocks.9.hook_mlp_out", 0.5, (0,))
