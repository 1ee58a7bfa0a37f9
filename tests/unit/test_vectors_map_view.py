"""The map of a table: PCA of unit vectors against numpy, a plane through chosen words, rows by number."""

from __future__ import annotations

import numpy as np
import pytest

from core.vectors.analogies import solve
from core.vectors.map_view import map_view
from core.vectors.static import StaticVectors, glove

TWINS = StaticVectors(
    "twins",
    ("a", "b", "a", "c"),
    np.array([[1, 0, 0], [0, 1, 0], [0, 0.9, 0.1], [0, 0, 0]], dtype=np.float32),
)


def test_the_map_of_all_words_is_the_plane_of_largest_variance() -> None:
    table = glove()
    view = map_view(table, most=2000)
    unit = table.vectors[:2000] / np.linalg.norm(table.vectors[:2000], axis=1, keepdims=True)
    centred = unit.astype(np.float64) - unit.mean(axis=0)
    _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
    shown = np.abs(centred @ axes[:2].T)
    assert view.points.shape == (2000, 2)
    np.testing.assert_allclose(np.abs(view.points), shown, atol=2e-4)
    assert view.share == pytest.approx(float((sizes[:2] ** 2).sum() / (sizes**2).sum()), rel=1e-4)


def test_through_the_three_words_of_an_analogy_its_arrows_are_equal() -> None:
    table = glove()
    found = solve(table, "france", "paris", "italy")
    view = map_view(table, found.points[[0, 1, 2, 4]])
    places = view.plane.place(found.points)
    (a, b), (c, end) = found.arrows
    np.testing.assert_allclose(places[b] - places[a], places[end] - places[c], atol=1e-5)
    assert view.share == pytest.approx(1, abs=1e-5), "four places in one plane"
    length = np.linalg.norm(found.points[b] - found.points[a])
    assert np.linalg.norm(places[b] - places[a]) == pytest.approx(float(length), rel=1e-4)
    np.testing.assert_allclose(view.points[table.row("paris")], places[1], atol=1e-5)


def test_a_row_is_looked_up_by_its_number_where_two_words_read_alike() -> None:
    assert TWINS.lookup("a").row == 0
    second = TWINS.look_up(2)
    assert (second.word, second.row) == ("a", 2) and second.one_hot.tolist() == [0, 0, 1, 0]
    np.testing.assert_array_equal(second.product, TWINS.vectors[2])
    assert [one.row for one in TWINS.around(2)] == [1, 0, 3], "the other `a` may be a neighbour"


def test_a_cosine_is_written_out_with_its_parts() -> None:
    found = TWINS.written(1, 2)
    assert found.dot == pytest.approx(0.9) and found.length == 1
    assert found.other_length == pytest.approx(float(np.hypot(0.9, 0.1)))
    assert found.cosine == pytest.approx(TWINS.cosines(TWINS.vectors[1])[2], abs=1e-6)
    assert TWINS.written(0, 3).cosine == 0, "a row of zeros has no direction"


def test_the_first_numbers_of_each_row() -> None:
    cut = TWINS.first(1)
    assert cut.words == TWINS.words and cut.vectors.tolist() == [[1], [0], [0], [0]]
