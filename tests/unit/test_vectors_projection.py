"""Maps: PCA's algebra, t-SNE's slope against autograd, the grid against all pairs, UMAP's parts, and stopping."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from core.vectors import repulsion, tsne, umap
from core.vectors.maps import project
from core.vectors.projection import pca
from core.vectors.static import glove


def clouds(seed: int = 0, each: int = 40, groups: int = 4, size: int = 8) -> tuple[np.ndarray, np.ndarray]:
    """Groups of points (N, D) around far-away centres, and the group of each."""
    draw = np.random.default_rng(seed)
    centers = draw.normal(size=(groups, size)) * 6
    group = np.repeat(np.arange(groups), each)
    return (centers[group] + draw.normal(size=(len(group), size))).astype(np.float32), group


def same_group(points: np.ndarray, group: np.ndarray, count: int = 5) -> float:
    """The share of the nearest points on a map that are of the same group."""
    far = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(far, np.inf)
    near = far.argsort(axis=1)[:, :count]
    return float((group[near] == group[:, None]).mean())


def test_pca_finds_orthonormal_axes_that_lose_the_least() -> None:
    vectors, _ = clouds()
    plane = pca(vectors, 3)
    np.testing.assert_allclose(plane.axes @ plane.axes.T, np.eye(3), atol=1e-5)
    placed = plane.place(vectors)
    np.testing.assert_allclose(placed.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(np.cov(placed.T), np.diag(plane.variances), atol=2e-4 * plane.variances[0])
    lost = ((vectors - plane.center - placed @ plane.axes) ** 2).sum() / ((vectors - plane.center) ** 2).sum()
    assert lost == pytest.approx(1 - plane.shares.sum(), abs=1e-5)
    random = np.linalg.qr(np.random.default_rng(1).normal(size=(8, 3)))[0]
    centered = vectors - plane.center
    assert ((centered - centered @ random @ random.T) ** 2).sum() > (
        (centered - placed @ plane.axes) ** 2
    ).sum()


def test_an_arrow_stays_an_arrow_under_pca() -> None:
    plane = pca(glove().unit())
    a, b, c = (glove().unit(np.array([glove().row(word)])) for word in ("man", "king", "woman"))
    there = plane.place(b) - plane.place(a)
    np.testing.assert_allclose(plane.place(b - a + c) - plane.place(c), there, atol=1e-5)


def test_pca_of_equal_vectors_is_one_point() -> None:
    plane = pca(np.ones((5, 4), dtype=np.float32))
    assert plane.shares.tolist() == [0, 0]
    np.testing.assert_array_equal(plane.place(np.ones((5, 4), dtype=np.float32)), np.zeros((5, 2)))


@pytest.mark.parametrize(("many", "count", "says"), [(1, 2, "at least 2 words, not 1"), (5, 9, "no 9 axes")])
def test_pca_refuses_what_has_no_axes(many: int, count: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        pca(np.ones((many, 4), dtype=np.float32), count)


def test_the_nearest_rows_are_the_nearest() -> None:
    vectors, _ = clouds(each=150)  # more than a block of rows
    rows, distances = tsne.nearest(vectors, 7)
    far = ((vectors[:, None].astype(np.float64) - vectors[None]) ** 2).sum(axis=-1)
    np.fill_diagonal(far, np.inf)
    np.testing.assert_allclose(distances, np.sort(far, axis=1)[:, :7], rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(np.take_along_axis(far, rows, axis=1), distances, rtol=1e-3, atol=1e-3)


def test_each_word_has_the_perplexity_asked_for() -> None:
    _, distances = tsne.nearest(clouds()[0], 60)
    p = tsne.conditional(distances, 17.0).astype(np.float64)
    np.testing.assert_allclose(p.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(np.exp(-(p * np.log(np.maximum(p, 1e-300))).sum(axis=1)), 17, rtol=1e-3)
    assert (np.diff(p, axis=1) <= 0).all(), "the nearer, the more"


def test_affinities_are_joint_and_symmetric() -> None:
    pairs = tsne.affinities(clouds()[0], perplexity=10)
    whole = np.zeros((160, 160))
    whole[pairs.first, pairs.second] = pairs.p
    np.testing.assert_allclose(whole, whole.T, rtol=1e-6)
    assert whole.sum() == pytest.approx(1, abs=1e-5) and (np.diag(whole) == 0).all()
    assert (whole.sum(axis=1) >= 0.5 / 160 - 1e-7).all(), "no word counts for nothing"
    assert pairs.begins.tolist() == [int(np.flatnonzero(pairs.first == row)[0]) for row in range(160)]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("exaggeration", [1.0, 4.0])
def test_the_slope_of_tsne_is_that_of_the_divergence(count: int, exaggeration: float) -> None:
    """KL(P || Q) written down as in the paper, over all pairs, and differentiated by autograd."""
    vectors, _ = clouds(each=12)
    pairs = tsne.affinities(vectors, perplexity=15)
    draw = np.random.default_rng(3)
    points = draw.normal(size=(len(vectors), count)).astype(np.float32) * 2
    p = torch.zeros(len(vectors), len(vectors), dtype=torch.float64)
    p[pairs.first, pairs.second] = torch.from_numpy(pairs.p).double()
    y = torch.from_numpy(points).double().requires_grad_()
    w = 1 / (1 + (y[:, None] - y[None]).square().sum(dim=-1))
    w = w * (1 - torch.eye(len(vectors)))
    held = p > 0
    # Exaggerated p are no distribution: the released program's slope is that of this sum.
    surrogate = -(exaggeration * p[held] * torch.log(w[held])).sum() + torch.log(w.sum())
    (wanted,) = torch.autograd.grad(surrogate, y)
    slope, loss = tsne.gradient(points, pairs, exaggeration)
    np.testing.assert_allclose(slope, wanted.numpy(), atol=1e-5 * float(wanted.abs().max()))
    q = (w / w.sum()).detach()
    assert loss == pytest.approx(float((p[held] * torch.log(p[held] / q[held])).sum()), rel=1e-5)


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("spread", [1e-4, 1.0, 30.0])
def test_pushes_of_all_pairs_are_the_sums(count: int, spread: float) -> None:
    points = (np.random.default_rng(0).normal(size=(300, count)) * spread).astype(np.float32)
    gaps = points[:, None].astype(np.float64) - points[None]
    w = 1 / (1 + (gaps**2).sum(axis=-1))
    forces, together = repulsion.exact(points)
    wanted = (w[..., None] ** 2 * gaps).sum(axis=1)
    np.testing.assert_allclose(forces, wanted, atol=1e-3 * np.abs(wanted).max())
    assert together == pytest.approx(w.sum() - 300, rel=1e-4)


@pytest.mark.parametrize(("spread", "most"), [(1e-4, 1e-5), (1.0, 1e-3), (5.0, 0.02), (20.0, 0.08)])
def test_the_grid_pushes_nearly_the_same(spread: float, most: float) -> None:
    points = (np.random.default_rng(0).normal(size=(1500, 2)) * spread).astype(np.float32)
    exact, together = repulsion.exact(points)
    grid, summed = repulsion.by_grid(points)
    assert math.sqrt(((grid - exact) ** 2).mean() / (exact**2).mean()) < most
    assert summed == pytest.approx(together, rel=0.01)


def test_tsne_brings_groups_together_and_settles() -> None:
    vectors, group = clouds(each=30)
    draw = np.random.default_rng(9)
    hidden = np.concatenate([vectors, draw.normal(size=(120, 40)).astype(np.float32) * 2], axis=1)
    moments = list(tsne.tsne(hidden, steps=300, every=50))
    assert [moment.done for moment in moments] == [0, 50, 100, 150, 200, 250, 300]
    assert {moment.of for moment in moments} == {300}
    assert same_group(moments[-1].points, group) > 0.99
    assert moments[-1].loss < 0.6 * moments[0].loss
    assert abs(moments[-1].loss - moments[-2].loss) < 0.05 * moments[-1].loss
    again = list(tsne.tsne(hidden, steps=300, every=150))
    np.testing.assert_array_equal(again[-1].points, moments[-1].points)


@pytest.mark.full(reason="takes a second")
def test_tsne_on_a_grid_ends_where_all_pairs_do(monkeypatch: pytest.MonkeyPatch) -> None:
    vectors, group = clouds(each=60)
    *_, exact = tsne.tsne(vectors, steps=250, every=250)
    monkeypatch.setattr(tsne, "EXACT", 10)
    *_, grid = tsne.tsne(vectors, steps=250, every=250)
    assert not np.array_equal(exact.points, grid.points)
    pairs = tsne.affinities(vectors)
    monkeypatch.setattr(tsne, "EXACT", 10_000)
    assert tsne.gradient(grid.points, pairs)[1] == pytest.approx(exact.loss, rel=0.03)
    assert same_group(grid.points, group) > 0.99


def test_the_curve_of_umap_is_the_papers() -> None:
    assert umap.curve() == pytest.approx((1.577, 0.895), abs=0.001)  # min_dist 0.1 in the released program
    a, b = umap.curve(min_distance=0.5)
    assert a < umap.curve()[0] and b > umap.curve()[1], "flat for longer, then steeper"


def test_memberships_sum_to_the_logarithm_of_the_neighbours() -> None:
    _, squares = tsne.nearest(clouds()[0], 14)
    sure = umap.memberships(np.sqrt(squares)).astype(np.float64)
    assert (sure[:, 0] == 1).all() and (np.diff(sure, axis=1) <= 0).all()
    np.testing.assert_allclose(sure.sum(axis=1), math.log2(15), rtol=1e-4)
    assert (umap.memberships(np.ones((3, 14), dtype=np.float32)) == 1).all()


def test_the_graph_of_neighbours_is_a_fuzzy_union() -> None:
    vectors, _ = clouds(each=10)
    rows, squares = tsne.nearest(vectors, 4)
    sure = umap.memberships(np.sqrt(squares))
    seen = np.zeros((40, 40))
    np.put_along_axis(seen, rows, sure, axis=1)
    wanted = seen + seen.T - seen * seen.T
    found = umap.graph(vectors, neighbours=5)
    assert (found.first < found.second).all()
    whole = np.zeros((40, 40))
    whole[found.first, found.second] = found.weight
    np.testing.assert_allclose(whole + whole.T, wanted, atol=1e-6)


def test_pulls_and_pushes_of_umap_are_slopes() -> None:
    a, b = umap.curve()
    gap = (torch.randn(200, 2, generator=torch.Generator().manual_seed(0)) * 2).double().requires_grad_()
    for force, of in ((umap.attraction, lambda q: -q.log()), (umap.repulsion, lambda q: -(1 - q).log())):
        q = 1 / (1 + a * gap.square().sum(dim=-1) ** b)
        loss = of(q)
        (slope,) = torch.autograd.grad(loss.sum(), gap)
        found, told = force(gap.detach(), a, b)
        far = (slope.abs() < 4).all(dim=1) & (gap.detach().square().sum(dim=-1) > 0.5)
        torch.testing.assert_close(found[far], -slope[far], rtol=5e-3, atol=1e-3)
        assert far.sum() > 100 and found.abs().max() <= 4
        torch.testing.assert_close(told, loss.detach(), rtol=1e-4, atol=1e-6)


@pytest.mark.full(reason="takes a second")
def test_umap_brings_groups_together_by_its_seed() -> None:
    vectors, group = clouds(each=30)
    draw = np.random.default_rng(9)
    hidden = np.concatenate([vectors, draw.normal(size=(120, 40)).astype(np.float32) * 2], axis=1)
    moments = list(umap.umap(hidden, steps=200, every=50, seed=1))
    assert [moment.done for moment in moments] == [0, 50, 100, 150, 200]
    assert same_group(moments[-1].points, group) > 0.98
    assert moments[-1].loss < moments[1].loss
    *_, again = umap.umap(hidden, steps=200, every=200, seed=1)
    *_, other = umap.umap(hidden, steps=200, every=200, seed=2)
    np.testing.assert_array_equal(again.points, moments[-1].points)
    assert not np.array_equal(other.points, again.points)


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
@pytest.mark.parametrize("count", [2, 3])
def test_every_map_starts_at_once_and_can_be_left(method: Any, count: int) -> None:
    vectors, _ = clouds(each=5)
    moments = project(vectors, method, count=count)
    first = next(moments)
    assert first.points.shape == (20, count) and np.isfinite(first.points).all()
    if method != "pca":
        second = next(moments)
        assert second.done > first.done and not np.array_equal(first.points, second.points)
    *_, last = project(vectors, method, count=count, steps=20)
    assert last.done == last.of and np.isfinite(last.points).all() and np.isfinite(last.loss)


@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_few_or_equal_words_make_a_map_or_are_refused(method: Any) -> None:
    with pytest.raises(ValueError, match="at least 4 words, not 3"):
        next(project(np.eye(3, dtype=np.float32), method))
    for vectors in (np.eye(4, dtype=np.float32), np.ones((30, 4), dtype=np.float32)):
        *_, last = project(vectors, method, steps=30)
        assert np.isfinite(last.points).all()


def test_an_unknown_map_is_refused() -> None:
    with pytest.raises(ValueError, match="choose one of pca, tsne, umap"):
        project(np.eye(4, dtype=np.float32), "som")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="2 or 3 dimensions, not 4"):
        project(np.eye(4, dtype=np.float32), "pca", count=4)
