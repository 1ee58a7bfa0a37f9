"""Laws of the association test and of the projection, whatever the vectors."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from core.vectors.association import association, cosines, effect_size, permutation_test
from core.vectors.debiasing import remove
from tests.tiers import examples

SIZES = st.tuples(*[st.integers(2, 6)] * 4, st.integers(2, 9), st.integers(0, 2**32 - 1))


def drawn(sizes: tuple[int, ...]) -> list[np.ndarray]:
    """X, Y, A, B: vectors of one size, some of them equal."""
    *counts, size, seed = sizes
    chance = np.random.default_rng(seed)
    return [np.round(chance.normal(0.3, 1, (count, size)), 1) for count in counts]


@given(SIZES)
@settings(max_examples=examples(150), deadline=None)
def test_swapping_targets_or_attributes_flips_the_sign(sizes: tuple[int, ...]) -> None:
    x, y, a, b = drawn(sizes)
    d = effect_size(association(x, a, b), association(y, a, b))
    assert np.isclose(effect_size(association(y, a, b), association(x, a, b)), -d, atol=1e-9)
    assert np.isclose(effect_size(association(x, b, a), association(y, b, a)), -d, atol=1e-9)


@given(SIZES)
@settings(max_examples=examples(150), deadline=None)
def test_d_lies_between_its_bounds(sizes: tuple[int, ...]) -> None:
    x, y, a, b = drawn(sizes)
    d = effect_size(association(x, a, b), association(y, a, b))
    share = len(x) / (len(x) + len(y))
    most = 1 / np.sqrt(share * (1 - share))
    assert abs(d) <= most + 1e-9
    if len(x) == len(y):
        assert abs(d) <= 2 + 1e-9


@given(SIZES, st.floats(-30, 30))
@settings(max_examples=examples(100), deadline=None)
def test_lengths_do_not_matter(sizes: tuple[int, ...], power: float) -> None:
    x, y, a, b = drawn(sizes)
    lengths = np.random.default_rng(sizes[-1]).uniform(0.5, 2, (len(x), 1)) * 10.0**power
    before = effect_size(association(x, a, b), association(y, a, b))
    after = effect_size(association(x * lengths, a, b), association(y * 10.0**power, a * 10.0**-power, b))
    assert np.isclose(before, after, atol=1e-6)
    assert np.all(np.abs(cosines(x * lengths, a)) <= 1 + 1e-12)


@given(SIZES)
@settings(max_examples=examples(60), deadline=None)
def test_p_and_its_mirror(sizes: tuple[int, ...]) -> None:
    x, y, a, b = drawn(sizes)
    on_x, on_y = association(x, a, b), association(y, a, b)
    done, mirrored = permutation_test(on_x, on_y), permutation_test(on_y, on_x)
    assert 0 < done.p <= 1 and done.reached >= 1
    ties = np.isclose(done.values, done.observed, rtol=0, atol=1e-11).sum() / done.splits
    assert np.isclose(done.p + mirrored.p, 1 + ties, atol=2e-9)
    assert (done.far, done.two_sided) == (mirrored.far, mirrored.two_sided) and done.far >= min(
        done.reached, mirrored.reached
    )
    assert abs(done.values.mean()) < 1e-9, "chance alone parts the means by nothing on average"


@given(SIZES, st.floats(-8, 8))
@settings(max_examples=examples(150), deadline=None)
def test_a_projection_leaves_nothing_and_is_done_once(sizes: tuple[int, ...], power: float) -> None:
    x, y, _, _ = drawn(sizes)
    direction = (y[0] + np.linspace(0.1, 1, y.shape[1])) * 10.0**power
    once = remove(x, direction)
    unit = direction / np.linalg.norm(direction)
    assert np.abs(once @ unit).max() < 1e-12 * (1 + np.abs(x).max())
    assert np.allclose(remove(once, direction), once, atol=1e-12)
    assert np.allclose(remove(x, -3 * direction), once, atol=1e-9)
    assert np.all(np.linalg.norm(once, axis=1) <= np.linalg.norm(x, axis=1) + 1e-12)
