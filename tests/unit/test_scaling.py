"""Laws of scale: what cannot be fitted is told, bands and forecasts mean what they say, the frontier, the ladder."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from core.costs import parameters
from core.language_model import LanguageModel
from core.scaling import bootstrap, envelope, fit
from core.scaling.forecast import NEXT, Coverage, coverage, forecast
from core.scaling.law import EXPONENTS
from core.scaling.surface import Surface, compute, fit_surface
from core.training import TrainSpec, ladder

SIZES = [1e4, 3e4, 1e5, 3e5, 1e6]


def noisy(seed: int = 0, seeds: int = 3, spread: float = 0.005) -> tuple[list[float], list[float]]:
    """Runs of L = 0.6 + 30 / N^0.4, several of each size."""
    draw = np.random.default_rng(seed)
    sizes = np.repeat(SIZES, seeds)
    return sizes.tolist(), (0.6 + 30 / sizes**0.4 + draw.normal(0, spread, len(sizes))).tolist()


@pytest.mark.parametrize(
    ("x", "losses", "why"),
    [
        ([], [], "0 different sizes: give at least 3"),
        ([1e4, 1e5], [2.0, 1.0], "the runs have 2 different sizes: give at least 3"),
        ([1e4] * 5, [2.0] * 5, "the runs have 1 different size: give at least 3"),
        ([1e4, 1e5, 1e6], [2.0, math.nan, 1.0], "a loss of nan is no point of a law: leave that run out"),
        ([1e4, 1e5, 1e6], [2.0, math.inf, 1.0], "a loss of inf"),
        ([1e4, 1e5, 1e6], [2.0, -1.0, 1.0], "a loss of -1.0"),
        ([1e4, 0, 1e6], [2.0, 1.5, 1.0], "a size of 0 has no logarithm"),
        ([1e4, -5, 1e6], [2.0, 1.5, 1.0], "a size of -5 has no logarithm"),
        ([1e4, math.inf, 1e6], [2.0, 1.5, 1.0], "a size of inf"),
        ([1e4, 1e5, 1e6], [2.0, 1.5], "3 sizes and 2 losses: give one loss for each size"),
    ],
)
def test_what_no_law_passes_through_is_told(x: list[float], losses: list[float], why: str) -> None:
    for ask in (fit, bootstrap):
        with pytest.raises(ValueError, match=why):
            ask(x, losses)


def test_absurd_sizes_still_fit() -> None:
    sizes = [1e4, 1e9, 1e13, 1e18]
    law = fit(sizes, [1.0 + 50 / size**0.2 for size in sizes])
    assert (law.floor, law.amount, law.exponent) == pytest.approx((1.0, 50, 0.2), rel=1e-6)


def test_losses_that_rise_give_a_flat_law_inside_the_bounds() -> None:
    law = fit(SIZES, [1.0, 1.1, 1.2, 1.3, 1.4])
    assert law.floor >= 0 and law.amount >= 0 and EXPONENTS[0] <= law.exponent <= EXPONENTS[1]
    assert law(1e7) == pytest.approx(1.2), "the best of all falling curves is the mean"


def test_a_floor_below_nothing_is_refused() -> None:
    losses = [2 - 0.1 * math.log(size) for size in SIZES]  # would want E far below zero
    assert fit(SIZES, losses).floor >= 0


def test_three_runs_leave_no_band() -> None:
    with pytest.raises(ValueError, match=r"passes exactly through 3 runs.*add a run or a seed"):
        bootstrap(SIZES[:3], [2.0, 1.5, 1.2])
    assert forecast(SIZES[:4], [2.0, 1.5, 1.2, 1.1], held=1).band is None


def test_the_band_is_the_same_for_the_same_seed_and_holds_the_law() -> None:
    x, losses = noisy()
    one, again, other = bootstrap(x, losses), bootstrap(x, losses), bootstrap(x, losses, seed=1)
    assert np.array_equal(one.exponents, again.exponents)
    assert not np.array_equal(one.exponents, other.exponents)
    low, high = one.at(x)
    law = fit(x, losses)
    assert (low <= law(x)).all() and (law(x) <= high).all()
    wide_low, wide_high = one.run([3e6])
    low, high = one.at([3e6])
    assert wide_low < low and high < wide_high, "a run scatters around its law"
    assert one.exponent()[0] < law.exponent < one.exponent()[1]
    assert one.floor()[0] < law.floor < one.floor()[1]


def test_runs_that_scatter_more_make_the_band_wider() -> None:
    def width(spread: float) -> float:
        low, high = bootstrap(*noisy(spread=spread)).at([1e7])
        return float(high[0] - low[0])

    assert width(0.02) > 2 * width(0.004)


@pytest.mark.full(reason="takes 2 s")
def test_a_run_of_the_next_size_lies_inside_about_as_often_as_it_says() -> None:
    inside = 0
    for seed in range(60):
        x, losses = noisy(seed)
        truth = 0.6 + 30 / 3e6**0.4 + np.random.default_rng(1_000 + seed).normal(0, 0.005)
        low, high = bootstrap(x, losses, draws=200).run([3e6])
        inside += bool(low[0] <= truth <= high[0])
    assert inside >= 50, "of 60, at least 83 %: 95 % are claimed, of few runs"


def test_coverage_counts_every_withheld_run_at_every_cut() -> None:
    x, losses = noisy()
    found = coverage(x, losses)
    assert (found.cuts, found.of, found.next_of) == (2, 9, 6), (
        "two cuts leave three sizes: 6 and 3 runs beyond them"
    )
    broken = [*losses[:-1], losses[-1] + 1.0]  # one run of the largest size, which both cuts withhold
    assert coverage(x, broken) == Coverage(found.held - 2, 9, found.next_held - 1, 6, 2)
    single = coverage(x[::3], losses[::3])
    assert (single.of, single.cuts) == (1, 1), "three single runs leave no band"
    assert coverage(x[:6], losses[:6]) == Coverage()


@pytest.mark.full(reason="takes a second")
def test_over_many_ladders_coverage_is_near_what_it_claims() -> None:
    every = [coverage(*noisy(seed), draws=100) for seed in range(30)]
    share = sum(one.next_held for one in every) / sum(one.next_of for one in every)
    assert 0.85 < share <= 1.0


def test_the_forecast_never_sees_what_it_foretells() -> None:
    x, losses = noisy()
    found = forecast(x, losses, held=2)
    assert found.held == (3e5, 1e6) and found.used == (1e4, 3e4, 1e5) and found.at == 1e6
    moved = [loss + (5.0 if size >= 3e5 else 0.0) for size, loss in zip(x, losses)]
    again = forecast(x, moved, held=2)
    assert (again.law, again.loss, again.low, again.high) == (found.law, found.loss, found.low, found.high)
    assert again.verdict == "above" and found.truth is not None
    assert found.miss == pytest.approx(found.truth / found.loss - 1)


def test_with_nothing_held_back_the_next_size_is_foretold() -> None:
    found = forecast(*noisy(), held=0)
    assert found.at == NEXT * 1e6 and found.truths == () and found.truth is None and found.verdict == ""
    own = forecast(*noisy(), held=0, at=2e6, truths=[0.7, 0.72])
    assert own.at == 2e6 and own.truth == pytest.approx(0.71) and own.verdict in ("below", "inside", "above")
    assert own.law == found.law, "what comes is never fitted"
    with pytest.raises(ValueError, match="leave at least one"):
        forecast(*noisy(), held=5)
    with pytest.raises(ValueError, match="give at least 3, or leave out fewer"):
        forecast(*noisy(), held=3)


def test_the_envelope_is_what_nobody_beats_for_less() -> None:
    cost = [1.0, 2.0, 2.0, 3.0, 4.0, 5.0]
    losses = [3.0, 2.5, 2.4, 2.6, 2.0, 2.0]
    assert envelope(cost, losses) == [0, 2, 4]
    with pytest.raises(ValueError, match="no point of a law"):
        envelope([1.0], [math.nan])


def test_the_best_split_is_the_lowest_point_of_its_budget() -> None:
    surface = Surface(0.5, 30, 0.4, 200, 0.45)
    for budget in (1e10, 1e13, 1e20):
        n, d = surface.best(budget)
        assert compute(n, d) == pytest.approx(budget)
        around = [surface(n * step, budget / (6 * n * step)) for step in np.geomspace(0.5, 2, 41)]
        assert int(np.argmin(around)) == 20
    assert surface.share == pytest.approx(0.45 / 0.85)
    budget = surface.budget(1e6)
    assert surface.best(budget)[1] == pytest.approx(1e6)


def test_a_surface_wants_five_kinds_of_runs_and_both_to_matter() -> None:
    n, d = [1e4, 1e5, 1e6, 1e6], [1e6, 2e6, 4e6, 4e6]
    with pytest.raises(ValueError, match="the runs are of 3 kinds: give at least five"):
        fit_surface(n, d, [2.0, 1.5, 1.2, 1.2])
    with pytest.raises(ValueError, match="2 different sizes"):
        fit_surface([1e4, 1e5] * 3, [1e6, 1e6, 2e6, 2e6, 3e6, 3e6], [2.0, 1.5] * 3)
    with pytest.raises(ValueError, match="no best split"):
        Surface(1.0, 5.0, 0.3, 0.0, 0.3).best(1e12)


def test_the_ladder_differs_in_width_alone() -> None:
    plan = list(ladder.plan())
    assert len(set(map(ladder.name, plan))) == len(plan)
    fields = [
        {key: value for key, value in one.to_dict().items() if key not in ("changes", "steps", "seed")}
        for one in plan
    ]
    assert all(one == fields[0] for one in fields)
    assert all(ladder.is_alike(one) and ladder.is_rung(one) for one in plan)
    counts = [ladder.counted(ladder.spec(width).config(80)) for width in ladder.WIDTHS]
    assert len(counts) >= 6 and sum(counts[0]) < 15_000 and sum(counts[-1]) > 2_900_000
    assert all(tables < blocks for blocks, tables in counts)
    for width, (blocks, tables) in zip(ladder.WIDTHS, counts):
        assert blocks + tables == parameters(ladder.spec(width).config(80))
        assert len(ladder.seeds(width)) >= 1


@pytest.mark.parametrize("width", [0, 8, 24, 100, 528, -16])
def test_a_width_that_no_rung_has_is_told(width: int) -> None:
    with pytest.raises(ValueError, match="must be a multiple of 16 between 16 and 512"):
        ladder.spec(width)


def test_what_stands_beside_the_ladder() -> None:
    one = ladder.spec(48, ladder.FULL // 2, 7)
    assert ladder.is_alike(one) and ladder.tokens_of(one) == ladder.FULL // 2 and ladder.width_of(one) == 48
    faster = replace(one, learning_rate=0.1)
    assert ladder.is_rung(faster) and not ladder.is_alike(faster)
    for other in (
        replace(one, corpus="fables"), replace(one, tokenizer="bpe"), replace(one, context=64),
        replace(one, practice="copies"), TrainSpec(),
    ):  # fmt: skip
        assert not ladder.is_rung(other) and not ladder.is_alike(other)


def test_counts_are_those_of_the_model_that_is_built() -> None:
    from core.training import Trainer

    spec = replace(ladder.spec(16), steps=1, vocab_size=1_024)
    lm: LanguageModel = Trainer(spec).language_model
    blocks, tables = ladder.counted(lm.config)
    assert blocks + tables == lm.n_parameters
    assert tables == 2 * lm.config.d_vocab * 16
