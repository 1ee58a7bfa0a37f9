"""Laws of scale hold for any law: a known one is found again, and units, order and repeats change nothing."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.scaling import Law, envelope, fit
from core.scaling.surface import Surface, fit_surface
from tests.tiers import examples

laws = st.builds(
    lambda floor, first, exponent: Law(floor, first * 1e4**exponent, exponent),
    st.floats(0.1, 3),
    st.floats(0.3, 3),
    st.floats(0.1, 1.2),
)
SIZES = np.geomspace(1e4, 3e6, 6)


@settings(max_examples=examples(60), deadline=None)
@given(laws)
def test_a_known_law_is_found_again(law: Law) -> None:
    found = fit(SIZES.tolist(), law(SIZES).tolist())
    assert found.exponent == pytest.approx(law.exponent, rel=1e-4)
    assert found.floor == pytest.approx(law.floor, rel=1e-4)
    assert found(1e8) == pytest.approx(law(1e8), rel=1e-5), "and so the next sizes are foretold"


@settings(max_examples=examples(30), deadline=None)
@given(laws, st.floats(1e-6, 1e12), st.permutations(range(6)), st.integers(0, 1000))
def test_units_order_and_repeats_change_nothing(law: Law, unit: float, order: list[int], seed: int) -> None:
    losses = law(SIZES) + np.random.default_rng(seed).normal(0, 0.003, 6).clip(-0.05, 0.05)
    found = fit(SIZES.tolist(), losses.tolist())
    for sizes, values in (
        (unit * SIZES, losses), (unit * SIZES[order], losses[order]), (unit * np.tile(SIZES, 2), np.tile(losses, 2)),
    ):  # fmt: skip
        again = fit(sizes.tolist(), values.tolist())
        assert again(unit * SIZES) == pytest.approx(found(SIZES), abs=1e-5)


@settings(max_examples=15, deadline=None)
@given(st.floats(0.1, 2), st.floats(0.2, 0.9), st.floats(0.2, 0.9), st.floats(0.2, 2), st.floats(0.2, 2))
def test_a_known_surface_is_found_again(
    floor: float, alpha: float, beta: float, one: float, other: float
) -> None:
    n, d = (part.ravel() for part in np.meshgrid(SIZES[:5], np.geomspace(2.5e5, 4e6, 5)))
    surface = Surface(floor, one * 1e4**alpha, alpha, other * 2.5e5**beta, beta)
    found = fit_surface(n.tolist(), d.tolist(), surface(n, d).tolist())
    assert (found.exponent_n, found.exponent_d) == pytest.approx((alpha, beta), rel=1e-3)
    assert found.best(1e14)[0] == pytest.approx(surface.best(1e14)[0], rel=0.02)


@given(st.lists(st.tuples(st.floats(1, 1e6), st.floats(0, 10)), min_size=1, max_size=30))
def test_everything_is_beaten_by_the_envelope_or_on_it(runs: list[tuple[float, float]]) -> None:
    cost, losses = (list(column) for column in zip(*runs))
    found = envelope(cost, losses)
    for place, (price, loss) in enumerate(runs):
        assert place in found or any(cost[best] <= price and losses[best] <= loss for best in found)
