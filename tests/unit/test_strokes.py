"""A drawing as a text that a link can carry: back and forth without loss, and a message where it is damaged."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.multimodal import strokes
from pages.multimodal.strokes import LETTERS, MOST, RASTER, BadStrokes, read, write

COLUMNS, ROWS = RASTER
PLACES = st.tuples(st.integers(0, COLUMNS - 1), st.integers(0, ROWS - 1))
DRAWINGS = st.lists(st.lists(PLACES, min_size=1, max_size=8), max_size=5)


def centred(drawing: list[list[tuple[int, int]]]) -> tuple[strokes.Stroke, ...]:
    """Points of the raster in units of the pad's height."""
    return tuple(tuple(((x + 0.5) / ROWS, (y + 0.5) / ROWS) for x, y in one) for one in drawing)


@given(DRAWINGS)
def test_what_is_written_is_read_back(drawing: list[list[tuple[int, int]]]) -> None:
    points = centred(drawing)
    text = write(points)
    assert read(text) == points
    assert set(text) <= {*LETTERS, "."}, "nothing that a link would have to escape"
    assert all(0 < x < 2 and 0 < y < 1 for one in read(text) for x, y in one)


def test_two_letters_name_a_point_row_by_row() -> None:
    assert read("AA") == (((0.5 / 45, 0.5 / 45),),)
    assert read("AB") == (((1.5 / 45, 0.5 / 45),),)
    assert read("Ba") == (((0.5 / 45, 1.5 / 45),),), "the 90th place begins the second row"
    assert read("") == read(".") == ()


@pytest.mark.parametrize("text", ["A", "AAA", "A!", "a b", "__", "AA.A", "<b>x", "éé", "AA.\0\0"])
def test_a_damaged_drawing_says_what_to_do(text: str) -> None:
    with pytest.raises(BadStrokes, match="draw it once more"):
        read(text)


def test_a_drawing_that_is_too_long_says_both_numbers() -> None:
    with pytest.raises(BadStrokes, match=f"12,002 letters .* more than the {MOST:,}"):
        read("AA" * 6_001)
