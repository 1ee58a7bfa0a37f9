"""The probe: its algebra, the split that keeps groups whole, and Wilson's interval against published values."""

from __future__ import annotations

import numpy as np
import pytest

from core.vectors.probe import accuracy, fit, held_out, wilson


def drawn(classes: int, each: int = 60, size: int = 5, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    draw = np.random.default_rng(seed)
    labels = np.repeat(np.arange(classes), each)
    return draw.normal(size=(classes, size))[labels] * 2 + draw.normal(size=(len(labels), size)), [
        f"class {label}" for label in labels
    ]


@pytest.mark.parametrize("classes", [2, 3])
def test_at_the_minimum_the_slope_is_zero(classes: int) -> None:
    """d/dW of the sum of -log p plus |W|^2 / 2C: sum (p - y) x + W / C; and sum (p - y) for the free bias."""
    vectors, labels = drawn(classes)
    probe = fit(vectors, labels, strength=0.7)
    x = (vectors - probe.center) / probe.scale
    wrong = probe.probabilities(vectors) - (np.array(labels)[:, None] == np.array(probe.classes))
    slope, free = wrong.T @ x + probe.weights / 0.7, wrong.sum(axis=0)
    rows = slice(1, None) if classes == 2 else slice(None)
    np.testing.assert_allclose(slope[rows], 0, atol=1e-5)
    np.testing.assert_allclose(free, 0, atol=1e-5)
    np.testing.assert_allclose(probe.probabilities(vectors).sum(axis=1), 1)
    if classes == 2:
        assert not probe.weights[0].any() and probe.bias[0] == 0


def test_scale_and_place_of_the_vectors_do_not_matter() -> None:
    vectors, labels = drawn(3)
    moved = vectors * np.array([1e-3, 1, 10, 1e4, 1]) + 50
    one, other = fit(vectors, labels), fit(moved, labels)
    np.testing.assert_allclose(one.probabilities(vectors), other.probabilities(moved), atol=1e-5)


def test_a_component_that_never_changes_counts_for_nothing() -> None:
    vectors, labels = drawn(2)
    probe = fit(np.concatenate([vectors, np.full((len(vectors), 1), 7.3)], axis=1), labels)
    assert abs(probe.weights[:, -1]).max() < 1e-6
    np.testing.assert_allclose(probe.weights[:, :-1], fit(vectors, labels).weights, atol=1e-5)


def test_vectors_that_are_all_alike_give_the_guess() -> None:
    probe = fit(np.ones((6, 3)), ["a"] * 3 + ["b"] * 3)
    np.testing.assert_allclose(probe.probabilities(np.ones((1, 3))), [[0.5, 0.5]])
    found = accuracy(np.ones((8, 3)), ["a", "b"] * 4, range(4), range(4, 8))
    assert (found.right, found.of) == (2, 4)


@pytest.mark.parametrize(
    ("vectors", "labels", "strength", "says"),
    [
        (np.ones((3, 2)), ["a", "a", "a"], 1.0, "1 classes"),
        (np.ones((3, 2)), ["a", "b"], 1.0, "3 vectors, 2 labels"),
        (np.ones((2, 2)), ["a", "b"], 0.0, "positive strength"),
        (np.array([[np.nan], [1.0]]), ["a", "b"], 1.0, "finite vectors"),
    ],
)
def test_a_probe_of_nothing_is_refused(
    vectors: np.ndarray, labels: list[str], strength: float, says: str
) -> None:
    with pytest.raises(ValueError, match=says):
        fit(vectors, labels, strength=strength)


@pytest.mark.parametrize(("right", "of"), [(0, 10), (3, 10), (10, 10), (57, 60), (500, 1000)])
def test_wilsons_interval_holds_the_shares_that_are_not_refused(right: int, of: int) -> None:
    """Its ends are the true shares p of which what was counted is 1.96 standard deviations away."""
    found = wilson(right, of)

    def away(p: float) -> float:
        return (right / of - p) ** 2 - 1.959964**2 * p * (1 - p) / of

    assert found.low == 0 if right == 0 else away(found.low) == pytest.approx(0, abs=1e-9)
    assert found.high == 1 if right == of else away(found.high) == pytest.approx(0, abs=1e-9)
    assert found.low <= found.share <= found.high and found.low < found.high


def test_a_known_interval() -> None:
    """81 of 263, the example of Newcombe 1998, Statistics in Medicine 17, table I: 0.2553 to 0.3662."""
    found = wilson(81, 263)
    assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)


@pytest.mark.parametrize(("right", "of"), [(1, 0), (3, 2), (-1, 5)])
def test_a_share_of_nothing_is_refused(right: int, of: int) -> None:
    with pytest.raises(ValueError, match="no share"):
        wilson(right, of)


def test_groups_stay_whole_and_classes_equal() -> None:
    labels = ["a"] * 40 + ["b"] * 25
    groups = [f"{label}{at % 8}" for at, label in enumerate(labels)]
    train, test = held_out(labels, groups, share=0.25, seed=1)
    assert not set(train) & set(test)
    assert not {groups[at] for at in train} & {groups[at] for at in test}
    for part in (train, test):
        own = [labels[at] for at in part]
        assert own.count("a") == own.count("b") > 0
    assert (train, test) == held_out(labels, groups, share=0.25, seed=1) != held_out(labels, groups, seed=2)


def test_what_cannot_be_held_out_is_told() -> None:
    with pytest.raises(ValueError, match="'b' are alike"):
        held_out(["a", "a", "b", "b"], ["1", "2", "3", "3"])
    with pytest.raises(ValueError, match="not between 0 and 1"):
        held_out(["a", "b"], ["1", "2"], share=1.0)
    with pytest.raises(ValueError, match="no example of 'a' is left on one side"):
        # Of a and of b one group each is held out: where these differ, nothing is left to fit on.
        held_out(["a", "b", "b", "a"], ["1", "1", "2", "2"], share=0.5, seed=4)
