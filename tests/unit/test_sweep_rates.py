"""The sweep of the toy's rates: how it walks, what it keeps, and that the page's rates are what it found."""

from __future__ import annotations

import json
import math
from statistics import fmean
from typing import Any

import numpy as np
import pytest

from core.precision import alike
from core.runs import recorded
from core.training.optimizer_comparison import RATES, STEPS, quintet
from core.training.rules import KINDS
from scripts import sweep_rates
from scripts.sweep_rates import DATA, SEEDS, along, best, row, walk


@pytest.fixture(scope="module")
def kept() -> dict[str, Any]:
    """What the sweep left behind."""
    values: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return values


@pytest.mark.parametrize(("rate", "by", "expected"), [
    (1.0, 1, 2.0), (2.0, 1, 5.0), (5.0, 1, 10.0), (1.0, -1, 0.5), (0.01, 2, 0.05), (0.02, -2, 0.005), (0.03, 0, 0.02),
])  # fmt: skip
def test_rates_follow_the_row_of_one_two_five(rate: float, by: int, expected: float) -> None:
    assert along(rate, by) == expected


@pytest.mark.parametrize("lowest", [0.0005, 0.01, 0.02, 0.05, 2.0])
def test_the_walk_goes_on_until_the_best_has_worse_ones_on_both_sides(lowest: float) -> None:
    asked = []

    def losses_at(rate: float) -> list[float]:
        asked.append(rate)
        return [abs(math.log(rate / lowest)), 0.1 + abs(math.log(rate / lowest))]

    found = walk(0.02, losses_at)
    assert best(found) == along(lowest, 0)
    assert list(found) == sorted(found) and best(found) not in (min(found), max(found))
    assert len(asked) == len(set(asked)) == len(found), "each rate once"
    assert {0.005, 0.01, 0.02, 0.05, 0.1} <= set(found)


def test_one_seed_that_diverges_rules_a_rate_out() -> None:
    found = {0.1: [3.0, 3.0], 0.2: [1.0, math.inf], 0.5: [2.5, 2.0], 1.0: [2.25, 2.25]}
    assert best(found) == 0.5, "of two with one mean the lower rate"
    assert row(found) == {
        "best": 0.5, "rates": [0.1, 0.2, 0.5, 1.0], "losses": [[3.0, 3.0], [1.0, None], [2.5, 2.0], [2.25, 2.25]],
    }  # fmt: skip
    with pytest.raises(ValueError, match=r"no rate around 0\.02"):
        walk(0.02, lambda rate: [math.inf])


@pytest.mark.full(reason="takes a second")
def test_a_held_out_loss_is_that_of_the_last_step() -> None:
    spec = quintet(steps=6)["adam"]
    expected = [point.held_out for point in sweep_rates.Trainer(spec.replace(eval_every=2)).run()]
    assert sweep_rates.held_out(spec) == expected[-1]
    assert math.isinf(sweep_rates.held_out(quintet({"sgd": 1e6}, steps=20)["sgd"]))


def test_the_pages_rates_are_the_best_of_the_sweep(kept: dict[str, Any]) -> None:
    assert (kept["steps"], kept["seeds"]) == (STEPS, list(SEEDS)) and len(SEEDS) >= 3
    assert list(kept["kinds"]) == list(KINDS)
    for kind, found in kept["kinds"].items():
        losses = {
            rate: [math.inf if loss is None else loss for loss in each]
            for rate, each in zip(found["rates"], found["losses"], strict=True)
        }
        assert all(len(each) == len(SEEDS) for each in losses.values())
        chosen = min(losses, key=lambda rate: fmean(losses[rate]))
        assert RATES[kind] == found["best"] == chosen
        assert min(losses) < chosen < max(losses), "a worse rate lies on either side"


@pytest.mark.parametrize("kind", KINDS)
def test_the_recorded_runs_are_those_of_the_sweep(kept: dict[str, Any], kind: Any) -> None:
    run, found = recorded(f"optimizers-{kind}"), kept["kinds"][kind]
    assert alike(run.spec, quintet()[kind]) and run.spec.seed == SEEDS[0]
    held = run.points().held_out
    swept = found["losses"][found["rates"].index(found["best"])][0]
    assert held[np.isfinite(held)][-1] == pytest.approx(swept, rel=1e-4)
