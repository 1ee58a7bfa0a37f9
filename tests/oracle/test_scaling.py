"""Fits against scipy's, and the published laws against the figures that their papers print."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit, least_squares

from core.runs import ladder_recordings
from core.scaling import fit
from core.scaling.published import (
    CHINCHILLA,
    FITTED,
    MODELS,
    PF_DAY,
    REFIT,
    chinchilla_best,
    kaplan_best,
    kaplan_both,
    kaplan_compute,
    kaplan_data,
    kaplan_parameters,
)
from core.scaling.surface import fit_surface, share_between

SIZES = np.repeat([9.2e3, 3.7e4, 8.3e4, 3.3e5, 9.2e5, 3e6], 3)
KNOWN = {one.name: one for one in MODELS}


@pytest.mark.parametrize("seed", range(6))
def test_the_law_is_scipys(seed: int) -> None:
    draw = np.random.default_rng(seed)
    alpha = draw.uniform(0.15, 0.6)
    losses = draw.uniform(0.3, 1.5) + draw.uniform(0.5, 1.5) * (SIZES / 1e4) ** -alpha
    losses += draw.normal(0, 0.01, len(SIZES))
    found = fit(SIZES.tolist(), losses.tolist())
    bounds = ([0, 0, 0.01], [np.inf, np.inf, 4])
    theirs = curve_fit(
        lambda x, floor, amount, power: floor + amount * (x / 1e5) ** -power, SIZES, losses,
        p0=[0.5, 0.5, 0.3], bounds=bounds, ftol=1e-14, xtol=1e-14, gtol=1e-14, max_nfev=10_000,
    )[0]  # fmt: skip
    ours = (found.floor, found.amount * 1e5**-found.exponent, found.exponent)
    assert ours == pytest.approx(tuple(theirs), rel=1e-4, abs=1e-7)
    spread = ((theirs[0] + theirs[1] * (SIZES / 1e5) ** -theirs[2] - losses) ** 2).sum()
    assert ((found(SIZES) - losses) ** 2).sum() <= spread * (1 + 1e-9)


def test_where_the_floor_is_held_at_zero_it_is_scipys_too() -> None:
    losses = 2.2 - 0.11 * np.log(SIZES)  # falls faster than any law with a floor
    found = fit(SIZES.tolist(), losses.tolist())
    theirs = curve_fit(
        lambda x, amount, power: amount * (x / 1e5) ** -power, SIZES, losses, p0=[1.0, 0.1], ftol=1e-14, xtol=1e-14,
    )[0]  # fmt: skip
    assert found.floor == 0
    assert (found.amount * 1e5**-found.exponent, found.exponent) == pytest.approx(tuple(theirs), rel=1e-4)


@pytest.mark.parametrize("seed", range(3))
def test_the_surface_is_scipys(seed: int) -> None:
    draw = np.random.default_rng(seed)
    n = np.repeat([9.2e3, 3.7e4, 8.3e4, 3.3e5, 9.2e5], 4)
    d = np.tile([2.5e5, 5e5, 1e6, 2e6], 5)
    losses = 0.5 + 0.6 * (n / 1e5) ** -0.35 + 0.4 * (d / 1e6) ** -0.5 + draw.normal(0, 0.004, len(n))
    found = fit_surface(n.tolist(), d.tolist(), losses.tolist())

    def off(values: np.ndarray) -> np.ndarray:
        floor, one, alpha, other, beta = values
        return np.asarray(floor + one * (n / 1e5) ** -alpha + other * (d / 1e6) ** -beta - losses)

    theirs = least_squares(
        off, [0.4, 0.5, 0.3, 0.5, 0.4], bounds=([0, 0, 0.02, 0, 0.02], [9, 9, 3, 9, 3]),
        ftol=1e-15, xtol=1e-15, gtol=1e-15, max_nfev=20_000,
    ).x  # fmt: skip
    ours = (
        found.floor, found.amount_n * 1e5**-found.exponent_n, found.exponent_n,
        found.amount_d * 1e6**-found.exponent_d, found.exponent_d,
    )  # fmt: skip
    assert ours == pytest.approx(tuple(theirs), rel=1e-4)


@pytest.mark.parametrize(
    ("flops", "parameters", "tokens"),
    [  # Hoffmann et al. 2022, table 3: approach 1, rounded as printed
        (1.92e19, 400e6, 8.0e9), (1.21e20, 1e9, 20.2e9), (1.23e22, 10e9, 205.1e9), (5.76e23, 67e9, 1.5e12),
        (3.85e24, 175e9, 3.7e12), (9.90e24, 280e9, 5.9e12), (3.43e25, 520e9, 11.0e12), (1.27e26, 1e12, 21.2e12),
        (1.30e28, 10e12, 216.2e12),
    ],
)  # fmt: skip
def test_approach_1_is_the_papers_table(flops: float, parameters: float, tokens: float) -> None:
    n, d = chinchilla_best(flops)
    assert n == pytest.approx(parameters, rel=0.04)
    assert d == pytest.approx(tokens, rel=0.05)


def test_approach_3_gives_the_40_billion_of_figure_4() -> None:
    n, _ = CHINCHILLA.best(5.76e23)
    assert n == pytest.approx(40e9, rel=0.02)
    assert CHINCHILLA.share == pytest.approx(0.46, abs=0.005), "a of table 2"
    rounded = type(CHINCHILLA)(1.69, 406.4, 0.34, 410.7, 0.28)
    assert rounded.best(5.76e23)[0] == pytest.approx(32e9, rel=0.01), "what the printed digits give"


def test_the_refit_advises_about_20_tokens_a_parameter() -> None:
    # Besiroglu et al. 2024: a = 0.5126, and Chinchilla's own 70 billion at its compute within their interval
    assert REFIT.share == pytest.approx(0.5126, abs=5e-4)
    n, d = REFIT.best(5.76e23)
    assert 60e9 < n < 80e9 and 15 < d / n < 30


def test_the_parametric_loss_of_chinchilla_is_below_gophers() -> None:
    # Hoffmann et al. 2022, section 4.2.1: Chinchilla beats Gopher on every part of The Pile, at the same compute
    one, other = KNOWN["Chinchilla"], KNOWN["Gopher"]
    assert one.tokens and other.tokens and one.flops and other.flops
    assert CHINCHILLA(one.parameters, one.tokens) < CHINCHILLA(other.parameters, other.tokens)
    assert one.flops == pytest.approx(other.flops, rel=0.2)
    # The printed constants: 1.69 + 0.083 + 0.163 and 1.69 + 0.052 + 0.251
    rounded = type(CHINCHILLA)(1.69, 406.4, 0.34, 410.7, 0.28)
    assert rounded(70e9, 1.4e12) == pytest.approx(1.936, abs=2e-3)
    assert rounded(280e9, 300e9) == pytest.approx(1.993, abs=2e-3)


def test_kaplans_laws_are_the_papers() -> None:
    # Section 1.2: twice the parameters multiply the loss by 2^-0.076 = 0.95
    assert kaplan_parameters(2e9) / kaplan_parameters(1e9) == pytest.approx(0.95, abs=0.002)
    assert kaplan_parameters(8.8e13) == kaplan_data(5.4e13) == 1
    assert kaplan_compute(3.1e8 * PF_DAY) == pytest.approx(1)
    # Equation 1.5 falls back to one of its halves where the other has no say
    assert kaplan_both(1e9, 1e30) == pytest.approx((6.4e13 / 1e9) ** 0.076, rel=1e-6)
    assert kaplan_both(1e30, 1e9) == pytest.approx((1.8e13 / 1e9) ** 0.103, rel=1e-6)
    # Table 6: 1.3 billion at a PF-day; ten times the compute, 5.4 times the parameters
    n, d = kaplan_best(PF_DAY)
    assert n == pytest.approx(1.3e9) and 6 * n * d == pytest.approx(PF_DAY)
    assert kaplan_best(10 * PF_DAY)[0] / n == pytest.approx(10**0.73)


def test_gpt3_lies_where_its_paper_says() -> None:
    # Brown et al. 2020, table D.1: 3.14e23 operations, 3,640 PF-days
    gpt3 = KNOWN["GPT-3"]
    assert gpt3.flops == pytest.approx(3.14e23, rel=0.005)
    assert gpt3.flops is not None and gpt3.flops / PF_DAY == pytest.approx(3640, rel=0.005)
    # Kaplan's law at that size, and the fit of GPT-3's own figure 3.1, 2.57 C^-0.048 with C in PF-days: 1.6 and 1.73
    assert kaplan_parameters(gpt3.parameters) == pytest.approx(1.604, abs=0.005)
    assert kaplan_compute(gpt3.flops) == pytest.approx(2.57 * 3640**-0.048, abs=0.05)
    assert KNOWN["GPT-2"].tokens is None, "never published"
    assert gpt3.parameters / KNOWN["GPT-2"].parameters > 100
    # Grattafiori et al. 2024, section 3: 3.8e25 operations for the largest Llama 3.1
    assert KNOWN["Llama 3.1 405B"].flops == pytest.approx(3.8e25, rel=0.005)


def test_the_split_of_drawn_surfaces_is_that_of_fits_one_by_one() -> None:
    runs = ladder_recordings.rungs()
    n, d = [one.blocks for one in runs], [one.tokens for one in runs]
    losses = np.array([one.loss for one in runs])
    law = fit_surface(n, d, losses.tolist())
    draws = 12
    scatter = (losses - law(n, d)) / np.sqrt(1 - 5 / len(runs))
    dealt = np.random.default_rng(0).integers(0, len(runs), (draws, len(runs)))
    shares = [fit_surface(n, d, (law(n, d) + scatter[one]).tolist()).share for one in dealt]
    low, high = np.percentile(shares, [2.5, 97.5])
    assert share_between(law, n, d, losses.tolist(), draws) == pytest.approx((low, high), abs=0.02)
    assert low < law.share < high


def test_a_law_is_stretched_where_no_run_of_its_paper_lies() -> None:
    # Gopher's budget, 5.76e23, and GPT-3's lie beyond every run that a law was fitted to
    for fitted in FITTED.values():
        assert fitted.flops[1] < KNOWN["GPT-3"].parameters * 6 * 300e9 and fitted.parameters[1] < 70e9
    assert FITTED["kaplan"].flops[1] / PF_DAY == pytest.approx(10)
    assert FITTED["refit"] is FITTED["three"], "the refit has the points of Hoffmann's figure"
