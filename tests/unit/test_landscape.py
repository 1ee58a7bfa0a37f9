"""The loss landscape: every point equals a direct evaluation, directions are as long as the filters, paths project."""

from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import core
from core.analysis.health.landscape import (
    Plane,
    load_path,
    measure,
    path_plane,
    project,
    random_plane,
    walk,
    weights_of,
)
from core.zoo import snapshots

TEXT = "Once upon a time, Lily saw a"


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    """The bundled model."""
    return core.load("tales-gpt")


def direct(lm: core.LanguageModel, change: Callable[[str, torch.Tensor, int], torch.Tensor]) -> float:
    """The text's loss of a copy whose weights were changed one by one, without any of the landscape's functions."""
    model = copy.deepcopy(lm.transformer).eval()
    with torch.no_grad():
        for at, (name, weight) in enumerate(model.named_parameters()):
            weight.copy_(change(name, weight, at))
        ids = torch.tensor([lm.encode(TEXT)])
        return F.cross_entropy(model(ids)[0, :-1], ids[0, 1:]).item()


def test_every_point_is_a_forward_pass_at_those_weights(lm: core.LanguageModel) -> None:
    plane = random_plane(lm, seed=3)
    grid = np.array(list(measure(lm, plane, TEXT, columns=5, rows=3)))
    assert grid.shape == (3, 5)
    across, down = plane.axes(5, 3)
    assert (across[0], across[-1], down[0], down[-1]) == (-1, 1, 1, -1)
    for row, col in [(0, 0), (0, 4), (1, 2), (2, 1), (2, 4)]:
        a, b = across[col], down[row]
        expected = direct(lm, lambda _, w, at: w + a * plane.first[at] + b * plane.second[at])  # noqa: B023
        assert grid[row, col] == pytest.approx(expected, rel=1e-4)
    assert grid[1, 2] == pytest.approx(direct(lm, lambda _, w, at: w), rel=1e-5)
    assert grid[1, 2] == grid.min()
    before = weights_of(core.load("tales-gpt").transformer)
    assert all(torch.equal(a, b) for a, b in zip(before, weights_of(lm.transformer))), (
        "the model itself is untouched"
    )


def test_directions_are_as_long_as_the_filters_and_leave_gains_alone(lm: core.LanguageModel) -> None:
    plane = random_plane(lm, seed=0)
    for name, weight, first, second in zip(
        dict(lm.transformer.named_parameters()), plane.origin, plane.first, plane.second
    ):
        if weight.ndim < 2:
            assert not first.any() and not second.any(), name
        else:
            for way in (first, second):
                torch.testing.assert_close(way.norm(dim=1), weight.norm(dim=1), rtol=1e-4, atol=1e-6)
            flat = F.cosine_similarity(first.flatten(), second.flatten(), dim=0)
            assert abs(float(flat)) < 0.1, "two directions, not one"
    again, other = random_plane(lm, seed=0), random_plane(lm, seed=1)
    assert all(torch.equal(a, b) for a, b in zip(plane.first, again.first))
    assert not torch.equal(plane.first[0], other.first[0])


@pytest.mark.full(reason="takes a second")
def test_a_training_path_lies_on_its_own_plane_and_hardly_on_a_random_one(lm: core.LanguageModel) -> None:
    steps = snapshots("tales-gpt")
    path = load_path(lambda step: core.load("tales-gpt", snapshot=step), steps, most=6)
    assert len(path) == 6
    plane = path_plane(path)
    found = walk(plane, path, TEXT)
    left, right, low, high = plane.box
    assert ((found.places[:, 0] > left) & (found.places[:, 0] < right)).all()
    assert ((found.places[:, 1] > low) & (found.places[:, 1] < high)).all()
    np.testing.assert_allclose(found.places[-1], 0, atol=1e-4)
    assert found.shares[0] > 0.9
    assert walk(random_plane(lm), path, TEXT).shares[0] < 0.01
    ids = torch.tensor([lm.encode(TEXT)])
    for one, loss in zip(path, found.losses):
        expected = F.cross_entropy(one.transformer(ids)[0, :-1], ids[0, 1:]).item()
        assert loss == pytest.approx(expected, rel=1e-5)
    assert found.losses[0] > found.losses[-1] + 1
    # The two directions are those of numpy's own decomposition.
    ways = np.array([np.concatenate([w.flatten().numpy() for w in weights_of(m.transformer)]) for m in path])
    _, sizes, axes = np.linalg.svd(ways[:-1] - ways[-1], full_matrices=False)
    for axis, way in zip(axes, (plane.first, plane.second)):
        assert abs(axis @ np.concatenate([w.flatten().numpy() for w in way])) == pytest.approx(1, abs=1e-3)
    assert sizes[0] > sizes[1]


def test_a_point_of_the_plane_projects_to_itself(lm: core.LanguageModel) -> None:
    plane = random_plane(lm, seed=5)
    point = [o + 0.3 * f - 0.7 * s for o, f, s in zip(plane.origin, plane.first, plane.second)]
    found = project(plane, point)
    np.testing.assert_allclose(found.place, (0.3, -0.7), atol=1e-4)
    assert found.share == pytest.approx(1, abs=1e-6)
    assert project(plane, plane.origin).place == (0.0, 0.0)
    off = [p + torch.randn(p.shape, generator=torch.Generator().manual_seed(1)) for p in plane.origin]
    assert project(plane, off).share < 0.1


def test_weights_where_the_loss_is_no_number_count_as_infinitely_bad(lm: core.LanguageModel) -> None:
    plane = random_plane(lm)
    broken = Plane(
        plane.origin, plane.first, [torch.full_like(w, torch.nan) for w in plane.second], plane.box
    )
    rows = list(measure(lm, broken, TEXT, columns=2, rows=2))
    assert np.isinf(rows).all()


def test_two_models_have_no_plane(lm: core.LanguageModel) -> None:
    with pytest.raises(ValueError, match="a path of 2 models"):
        path_plane([lm, lm])
