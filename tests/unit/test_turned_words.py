"""The words of the map in three dimensions: none is written over another one, or over another one's point."""

from __future__ import annotations

import itertools

import numpy as np

from pages.embeddings.turned import EYE, HEIGHT, LETTER, LINE, SIDES, placed, seen_from

ROOM = np.array([[-1.0, -1.0, -1.0], [1.0, 1.0, 1.0]])


def box(word: str, name: str, at: np.ndarray) -> tuple[float, float, float, float]:
    """Left, right, bottom and top of a word at its point."""
    _, side, right, up = next(one for one in SIDES if one[0] == name)
    wide = LETTER * len(word)
    middle = at[0] + side * wide / 2 + right
    return middle - wide / 2, middle + wide / 2, at[1] + up - LINE / 2, at[1] + up + LINE / 2


def test_words_that_stand_close_to_each_other_do_not_overlap() -> None:
    rng = np.random.default_rng(0)
    words = ["red", "orange", "purple", "golden", "bearing", "yellow", "colored", "black", "white", "green"]
    at = rng.uniform(-45, 45, (len(words), 2))
    where = placed(words, at)
    assert where[0] == "top center", "the looked-up word chooses first"
    shown = [box(word, name, point) for word, name, point in zip(words, where, at, strict=True) if name]
    assert len(shown) > 4
    for a, b in itertools.combinations(shown, 2):
        assert a[1] <= b[0] or b[1] <= a[0] or a[3] <= b[2] or b[3] <= a[2]
    # All above their points, as Plotly puts them by itself, they do.
    above = [box(word, "top center", point) for word, point in zip(words, at, strict=True)]
    assert any(
        a[1] > b[0] and b[1] > a[0] and a[3] > b[2] and b[3] > a[2]
        for a, b in itertools.combinations(above, 2)
    )


def test_a_word_without_room_is_left_out() -> None:
    where = placed(["word"] * 12, np.zeros((12, 2)) + np.arange(12)[:, None] * 0.1)
    assert where.count("") > 0 and where[0] == "top center"


def test_points_are_where_the_camera_sees_them() -> None:
    middle, high, near = seen_from(np.array([[0, 0, 0], [0, 0, 1], np.array(EYE) / 2.0]), ROOM)
    assert np.allclose(middle, 0) and np.allclose(near, 0, atol=1e-9), "the camera looks at the middle"
    assert abs(high[0]) < 1e-9 and 0 < high[1] < HEIGHT / 2
