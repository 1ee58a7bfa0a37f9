"""Surfaces and races: gradients by autograd, known lowest points, divergence where theory puts it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from core.training.race import FAR, race, run
from core.training.rules import KINDS, Rule
from core.training.surfaces import SURFACES, Surface, levels

every_surface = pytest.mark.parametrize("surface", SURFACES.values(), ids=SURFACES)

FORMULAS = {
    "bowl": lambda x, y: (x**2 + y**2) / 2,
    "ravine": lambda x, y: (x**2 + 20 * y**2) / 2,
    "saddle": lambda x, y: x**2 / 2 - y**2 / 2 + y**4 / 4,
    "rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
    "beale": lambda x, y: sum((c - x + x * y**k) ** 2 for k, c in ((1, 1.5), (2, 2.25), (3, 2.625))),
    "waves": lambda x, y: sum(1 + z**2 - torch.cos(2 * math.pi * z) for z in (x, y)),
}


@every_surface
def test_value_and_slope_are_those_of_the_formula(surface: Surface) -> None:
    left, right, low, high = surface.box
    draw = np.random.default_rng(0)
    points = draw.uniform([left, low], [right, high], size=(50, 2))
    given = torch.tensor(points, requires_grad=True)
    value = FORMULAS[surface.name](given[:, 0], given[:, 1])
    value.sum().backward()
    assert given.grad is not None
    for point, loss, slope in zip(points, value.detach().numpy(), given.grad.numpy()):
        assert surface.loss(point) == pytest.approx(loss, rel=1e-9, abs=1e-9)
        np.testing.assert_allclose(surface.gradient(point), slope, rtol=1e-9, atol=1e-9)


@every_surface
def test_the_lowest_points_are_lowest_and_in_the_picture(surface: Surface) -> None:
    grid = surface.grid(241, 181)
    assert grid.shape == (181, 241)
    for minimum in surface.minima:
        point = np.array(minimum)
        assert surface.inside(point)
        assert surface.loss(point) == pytest.approx(surface.lowest, abs=1e-12)
        np.testing.assert_allclose(surface.gradient(point), 0, atol=1e-9)
    assert grid.min() >= surface.lowest - 1e-12
    assert surface.inside(np.array(surface.start))
    left, right, low, high = surface.box
    assert (right - left) / (high - low) == pytest.approx(4 / 3)
    assert surface.value(np.array(left), np.array(high)) == pytest.approx(grid[0, 0])
    assert surface.value(np.array(right), np.array(low)) == pytest.approx(grid[-1, -1])
    found = levels(grid)
    assert len(found) == 14
    assert (np.diff(found) > 0).all()
    assert grid.min() < found[0] and found[-1] < grid.max()


@every_surface
def test_at_its_own_rates_everybody_gets_lower_and_nobody_diverges(surface: Surface) -> None:
    for track in race(surface, surface.start, [Rule(kind, surface.rates[kind]) for kind in KINDS], 100):
        assert track.diverged is None and track.left is None, track.rule.kind
        assert track.steps == 100
        assert track.losses[-1] < track.losses[0] - 0.1 * (track.losses[0] - surface.lowest)


@pytest.mark.parametrize("curvature", [1.0, 20.0])
def test_gradient_descent_diverges_where_the_rate_passes_two_over_the_curvature(curvature: float) -> None:
    surface = SURFACES["bowl" if curvature == 1 else "ravine"]
    below, above = (
        run(surface, surface.start, Rule("sgd", factor * 2 / curvature), 3000) for factor in (0.99, 1.01)
    )
    assert below.diverged is None
    assert below.losses[-1] < 1e-6
    assert above.diverged is not None
    assert above.steps == above.diverged < 3000
    assert np.abs(above.points[-1]).max() > FAR
    assert above.left is not None and above.left < above.diverged
    assert not surface.inside(above.points[above.left])
    assert surface.inside(above.points[above.left - 1])


@every_surface
@pytest.mark.parametrize("kind", KINDS)
def test_no_rate_breaks_a_race(surface: Surface, kind: str) -> None:
    still = run(surface, surface.start, Rule(kind, 0.0, weight_decay=0.1), 5)
    assert (still.points == surface.start).all()
    wild = run(surface, surface.start, Rule(kind, 1e12), 50)
    assert wild.diverged == 1
    assert wild.steps == 1
    assert len(wild.losses) == 2
    assert len(wild.gradients) == len(wild.directions) == 1


def test_numbers_that_a_rule_does_not_have_are_nan() -> None:
    surface = SURFACES["ravine"]
    tracks = {t.rule.kind: t for t in race(surface, (1.0, 0.5), [Rule(kind, 0.01) for kind in KINDS], 4)}
    assert np.isnan(tracks["sgd"].first).all()
    assert np.isnan(tracks["momentum"].second).all()
    assert not np.isnan(tracks["adam"].second_hat).any()
    np.testing.assert_allclose(tracks["sgd"].gradients[0], [1.0, 10.0])
    np.testing.assert_allclose(tracks["sgd"].points[1], [1.0 - 0.01, 0.5 - 0.1])
    assert race(surface, (1.0, 0.5), [], 4) == ()
    none = run(surface, (1.0, 0.5), Rule("adam", 0.1), 0)
    assert none.steps == 0
    assert none.gradients.shape == (0, 2)


@pytest.mark.parametrize("bad", [((float("nan"), 0.0), 3), ((0.0, 0.0), -1)])
def test_a_race_that_cannot_start_says_why(bad: tuple[tuple[float, float], int]) -> None:
    with pytest.raises(ValueError, match="a race needs a start"):
        race(SURFACES["bowl"], bad[0], [], bad[1])
