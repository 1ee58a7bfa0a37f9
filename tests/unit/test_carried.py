"""Runs as text, for notebooks: what is packed comes back exactly, also what is no number."""

from __future__ import annotations

import numpy as np

from core.runs import recorded
from core.runs.serialized import curve, pack_curve, pack_vectors, vectors
from core.vectors.static import StaticVectors


def test_a_curve_comes_back_exactly() -> None:
    run = recorded("break-whole")
    points, checkpoints = curve(pack_curve(run.points(), run.checkpoints()))
    for name, column in run.points().columns().items():
        again = points.columns()[name]
        assert again.dtype == column.dtype
        np.testing.assert_array_equal(again, column)
    assert np.isnan(points.held_out).any(), "what was not measured stays unmeasured"
    assert checkpoints == list(run.checkpoints()) and checkpoints[-1].health


def test_vectors_come_back_exactly() -> None:
    rows = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    table = StaticVectors("mine", ("a", "é", "日本", "x y", ""), rows)
    again = vectors(pack_vectors(table))
    assert (again.name, tuple(again.words)) == ("mine", tuple(table.words))
    np.testing.assert_array_equal(again.vectors, rows)
