"""Laws of scenes: patches are cut and joined again, captions written and read back, words keep out of their bands."""

from __future__ import annotations

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from core.multimodal import captions, patches, properties, scenes
from core.multimodal.captioner import numbers
from core.multimodal.captions import Part
from tests.tiers import examples

PARTS = st.builds(
    Part, st.integers(0, 9), st.sampled_from(properties.THICKNESSES), st.sampled_from(properties.SLANTS)
)
NAMED = st.builds(Part, st.integers(0, 9))
CAPTIONS = st.one_of(PARTS.map(lambda part: (part,)), st.tuples(PARTS, NAMED))


@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 6), st.integers(0, 2), st.integers(0, 2**31))
@settings(deadline=None)
def test_joining_undoes_cutting(side: int, rows: int, columns: int, batch: int, seed: int) -> None:
    shape = (batch + 1,) * batch + (rows * side, columns * side)
    image = torch.rand(shape, generator=torch.Generator().manual_seed(seed))
    cut = patches.cut(image, side)
    assert cut.shape[-2:] == (rows * columns, side * side)
    assert torch.equal(patches.join(cut, rows * side, columns * side), image)


@given(CAPTIONS)
@settings(deadline=None)
def test_captions_are_read_as_they_were_written(parts: captions.Parts) -> None:
    text = captions.text_of(parts)
    assert captions.parse(text) == captions.parse(text.replace(",", "").upper()) == parts
    number = captions.number_of(parts)
    assert captions.parts_of(number) == parts
    assert captions.captions()[number] == text
    row = captions.table()[number]
    assert tuple(captions.WORDS[id] for id in row[row >= 0][1:-1]) == captions.words_of(parts)
    assert int(numbers(row[None, 1:])[0]) == number


@given(st.integers(0, 2**31))
@settings(max_examples=examples(40), deadline=None)
def test_words_are_used_only_outside_the_dead_band(seed: int) -> None:
    cell = torch.rand(12, 12, generator=torch.Generator().manual_seed(seed)) ** 3
    cell = torch.where(cell > 0.4, cell, 0.0)
    if not bool(cell.any()):
        return
    found = properties.measure(cell)
    thin, thick = found.thickness <= properties.THIN, found.thickness >= properties.THICK
    assert found.thickness_word == ("thin" if thin else "thick" if thick else "")
    left, right = found.slant <= properties.LEFT, found.slant >= properties.RIGHT
    assert found.slant_word == ("slanted left" if left else "slanted right" if right else "")


@given(st.integers(0, 2**31))
@settings(max_examples=examples(20), deadline=None)
def test_a_mirrored_digit_leans_the_other_way(seed: int) -> None:
    rows = torch.randint(2_000, (4,), generator=torch.Generator().manual_seed(seed))
    cells = scenes.halves(scenes.scenes("held_out").images[rows]).flatten(0, 1)
    cells = cells[cells.sum((1, 2)) > 0]
    torch.testing.assert_close(
        properties.slant(cells.flip(-1)), -properties.slant(cells), atol=1e-5, rtol=1e-4
    )
