"""PCA, t-SNE, UMAP's curve and the probe beside scikit-learn and SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.manifold import TSNE, trustworthiness
from sklearn.preprocessing import StandardScaler

from core.vectors import tsne, umap
from core.vectors.probe import fit
from core.vectors.projection import pca
from core.vectors.static import glove


@pytest.mark.parametrize(("rows", "count"), [(5000, 2), (20_000, 3), (30, 2)])
def test_pca_equals_scikit_learns_up_to_sign(rows: int, count: int) -> None:
    vectors = glove().unit(slice(0, rows))
    other = PCA(count, svd_solver="full").fit(vectors.astype(np.float64))
    plane = pca(vectors, count)
    signs = np.sign((plane.axes * other.components_).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(plane.axes * signs, other.components_, atol=2e-4)
    np.testing.assert_allclose(plane.place(vectors) * signs.T, other.transform(vectors), atol=2e-4)
    np.testing.assert_allclose(plane.variances, other.explained_variance_, rtol=1e-4)
    np.testing.assert_allclose(plane.shares, other.explained_variance_ratio_, rtol=1e-4)


@pytest.mark.full(reason="takes 2 s")
def test_tsne_ends_as_low_as_scikit_learns_and_keeps_as_many_neighbours() -> None:
    vectors = glove().unit(slice(0, 300))
    *_, ours = tsne.tsne(vectors)
    other = TSNE(init="pca", random_state=0, max_iter=1000, n_jobs=1)
    theirs = other.fit_transform(vectors)
    assert ours.loss < 1.03 * other.kl_divergence_
    # The divergence is the same thing on both sides: ours of their map is what they say.
    assert tsne.gradient(theirs, tsne.affinities(vectors))[1] == pytest.approx(other.kl_divergence_, rel=0.01)
    trust, wanted = (trustworthiness(vectors, points, n_neighbors=10) for points in (ours.points, theirs))
    assert trust > wanted - 0.01
    assert trust > trustworthiness(vectors, pca(vectors).place(vectors), n_neighbors=10) + 0.05


@pytest.mark.parametrize(("near", "spread"), [(0.1, 1.0), (0.0, 1.0), (0.5, 1.0), (0.25, 2.0)])
def test_umaps_curve_is_the_least_squares_fit(near: float, spread: float) -> None:
    d = np.linspace(0, 3 * spread, 300)
    wanted = np.where(d < near, 1.0, np.exp(-(d - near) / spread))
    (a, b), _ = curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), d, wanted)
    assert umap.curve(near, spread) == pytest.approx((a, b), rel=1e-3)


def test_umap_keeps_as_many_neighbours_as_tsne() -> None:
    vectors = glove().unit(slice(0, 300))
    *_, ours = umap.umap(vectors, steps=200)
    trust = trustworthiness(vectors, ours.points, n_neighbors=10)
    assert trust > trustworthiness(vectors, pca(vectors).place(vectors), n_neighbors=10) + 0.05


@pytest.mark.parametrize("classes", [2, 3, 5])
@pytest.mark.parametrize(
    ("strength", "standardize"), [(0.01, True), (1.0, True), (100.0, True), (0.1, False)]
)
def test_the_probe_equals_scikit_learns(classes: int, strength: float, standardize: bool) -> None:
    draw = np.random.default_rng(classes)
    labels = np.repeat(np.arange(classes), [40 + 10 * label for label in range(classes)])
    vectors = (
        draw.normal(size=(classes, 6))[labels] + draw.normal(size=(len(labels), 6)) * [1, 2, 0.2, 1, 3, 1] + 1
    )
    names = [f"sense {label}" for label in labels]
    ours = fit(vectors, names, strength=strength, standardize=standardize)
    scaler = StandardScaler(with_mean=standardize, with_std=standardize).fit(vectors)
    other = LogisticRegression(C=strength, tol=1e-8, max_iter=5000).fit(scaler.transform(vectors), names)
    fresh = draw.normal(size=(200, 6)) * 2 + 1
    assert ours.classes == tuple(other.classes_)
    theirs = other.predict_proba(scaler.transform(fresh))
    np.testing.assert_allclose(ours.probabilities(fresh), theirs, atol=1e-3)
    assert ours.predict(fresh) == [ours.classes[at] for at in theirs.argmax(axis=1)]
    # A penalty half as strong is another answer, by more than the tolerance.
    half = fit(vectors, names, strength=2 * strength, standardize=standardize)
    if strength < 100:
        assert np.abs(half.probabilities(fresh) - theirs).max() > 2e-3
