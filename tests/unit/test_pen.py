"""The pen's ink, pixel by pixel, and pieces of a picture that are covered."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.multimodal import drawing, patch_ablation, pen
from core.multimodal.captioner import Captioner
from core.multimodal.drawing import BlankDrawing, DrawingError
from core.multimodal.patches import SIDE
from core.multimodal.scenes import HEIGHT, WIDTH, scenes
from core.multimodal.shipped import load_captioner

POINT = st.tuples(st.floats(0, 2), st.floats(0, 1))


def near(x: float, y: float, stroke: list[tuple[float, float]]) -> float:
    """The distance of a place to a stroke, by trying many places along it."""
    ends = stroke[1:] or stroke
    return min(
        math.hypot(x - a[0] - t * (b[0] - a[0]), y - a[1] - t * (b[1] - a[1]))
        for a, b in zip(stroke, ends)
        for t in np.linspace(0, 1, 400)
    )


@settings(max_examples=15, deadline=None)
@given(st.lists(POINT, min_size=1, max_size=3))
def test_a_pixel_is_ink_when_it_lies_within_half_the_pens_width(stroke: list[tuple[float, float]]) -> None:
    rows = 10
    sheet = pen.ink([stroke], rows)
    assert sheet.shape == (rows, 2 * rows) and set(np.unique(sheet)) <= {0.0, 1.0}
    for row in range(rows):
        for column in range(2 * rows):
            away = near((column + 0.5) / rows, (row + 0.5) / rows, stroke) - pen.WIDTH / 2
            if abs(away) > 0.01:
                assert sheet[row, column] == (away < 0)


def test_strokes_add_up_and_nothing_is_a_blank_sheet() -> None:
    one, other = [(0.2, 0.2), (0.7, 0.8)], [(1.5, 0.5)]
    assert (pen.ink([one, other]) == np.maximum(pen.ink([one]), pen.ink([other]))).all()
    dot = pen.ink([other], rows=600).sum() / 600**2
    assert dot == pytest.approx(math.pi * pen.WIDTH**2 / 4, rel=0.01)
    with pytest.raises(BlankDrawing):
        drawing.seen(pen.ink([]))


@pytest.mark.parametrize("stroke", [[], [(1, 2, 3)], [(math.nan, 0.5)], [(0.1, math.inf)], [1.0, 2.0]])
def test_what_is_no_stroke_is_refused(stroke: list[tuple[float, float]]) -> None:
    with pytest.raises(ValueError, match="a stroke is a list of points"):
        pen.ink([stroke])


@pytest.mark.parametrize(("shift", "half"), [(0.0, 0), (1.0, 1)])
def test_a_drawn_digit_stands_in_the_half_where_it_was_drawn(shift: float, half: int) -> None:
    seven = [(0.3 + shift, 0.15), (0.7 + shift, 0.15), (0.45 + shift, 0.9)]
    assert drawing.seen(pen.ink([seven])).halves == (half,)


SEVEN = [(0.3, 0.15), (0.7, 0.15), (0.45, 0.9)]


@pytest.mark.parametrize("dot", [(0.5, 0.5), (0.9889, 0.4778), (1.4, 0.2)])
def test_one_click_is_no_digit_and_no_second_one(dot: tuple[float, float]) -> None:
    assert pen.WIDTH < drawing.SMALLEST
    with pytest.raises(BlankDrawing, match="only dots on the sheet"):
        drawing.seen(pen.ink([[dot]]))


def test_a_stray_click_is_dust_and_the_notes_say_so() -> None:
    alone = drawing.seen(pen.ink([SEVEN]))
    seen = drawing.seen(pen.ink([SEVEN, [(1.5, 0.5)], [(1.8, 0.1), (1.82, 0.12)]]))
    assert seen.halves == (0,) and torch.equal(seen.image, alone.image) and not alone.notes
    assert seen.notes[0].startswith("2 specks of dust left out")


def test_three_digits_are_refused() -> None:
    strokes = [[(0.2, 0.15), (0.2, 0.85)], [(0.6, 0.15), (0.6, 0.85)], [(x + 1, y) for x, y in SEVEN]]
    with pytest.raises(DrawingError, match="two digits stand in the left half"):
        drawing.seen(pen.ink(strokes))
    assert drawing.seen(pen.ink(strokes[1:])).halves == (0, 1)


@pytest.mark.parametrize("ends", [(0.0, 1.0), (0.09, 0.91), (0.25, 0.75)])
def test_a_plain_stroke_is_a_one_without_a_note(ends: tuple[float, float]) -> None:
    seen = drawing.seen(pen.ink([[(0.5, ends[0]), (0.5, ends[1])]]))
    told = load_captioner().caption(seen.image)
    assert told.text == "a one" and float(told.chances[1]) > 0.999
    assert seen.notes == ()


def test_covered_pieces_are_paper_and_all_others_stay() -> None:
    image = torch.rand(HEIGHT, WIDTH)
    found = patch_ablation.covered(image, (0, 9, 31))
    for piece in range(32):
        rows, columns = (slice(SIDE * at, SIDE * (at + 1)) for at in divmod(piece, WIDTH // SIDE))
        expected = torch.zeros(SIDE, SIDE) if piece in (0, 9, 31) else image[rows, columns]
        assert torch.equal(found[rows, columns], expected)
    assert torch.equal(patch_ablation.covered(image, (5,)), patch_ablation.blanked(image)[5])
    assert torch.equal(patch_ablation.covered(image, ()), image)
    with pytest.raises(IndexError):
        patch_ablation.covered(image, (32,))


def test_what_is_left_is_the_probability_on_the_covered_picture() -> None:
    model, image = Captioner.drawn(seed=4), scenes()[6].image
    said = model.score(image, "a two, next to a seven")
    left = patch_ablation.left(said, patch_ablation.ablated(model, image, said))
    piece = int(patch_ablation.inked(image).argmax())
    again = model.score(patch_ablation.covered(image, (piece,)), "a two, next to a seven")
    torch.testing.assert_close(left[:, piece], again.chances, rtol=1e-4, atol=1e-6)
