"""Digits, their properties, captions, scenes, patches: the parts, and what is told about bad input."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
import torch

from core.data import digits
from core.multimodal import captions, drawing, measuring, patch_ablation, patches, properties, scenes, space
from core.multimodal.augmentation import redrawn, training_scenes
from core.multimodal.captioner import PATCHES, Captioner, numbers
from core.multimodal.captions import LONGEST, CaptionError, Part
from core.multimodal.drawing import BlankDrawing, DrawingError
from core.multimodal.ranks import rank_correlation

BAR = torch.zeros(12, 12)
BAR[2:10, 5:7] = 1.0  # upright, two pixels wide


def shifted(image: torch.Tensor, down: int, right: int) -> torch.Tensor:
    return image.roll((down, right), (0, 1))


def test_the_split_is_of_every_image_once_and_of_every_label_alike() -> None:
    parts = [digits.split(name) for name in digits.SPLITS]
    together = torch.cat([part.numbers for part in parts])
    assert sorted(together.tolist()) == list(range(1797))
    for name, part in zip(digits.SPLITS, parts):
        counts = part.labels.bincount(minlength=10) / digits.digits().labels.bincount()
        assert (counts - digits.SPLITS[name]).abs().max() < 0.01
    with pytest.raises(ValueError, match="'test' is not one of train, development, held_out"):
        digits.split("test")  # type: ignore[arg-type]


def test_a_straight_bar_is_as_thick_as_its_outline_says() -> None:
    # In one of its corners dx and dy meet in one pixel: sqrt(2) instead of 2 sides.
    outline = 2 * (8 + 2) - (2 - math.sqrt(2))
    assert properties.thickness(BAR).item() == pytest.approx(2 * 16 / outline)
    assert properties.slant(BAR).item() == pytest.approx(0.0, abs=1e-6)
    wide = BAR.clone()
    wide[2:10, 4:8] = 1.0
    assert properties.thickness(wide) > 1.6 * properties.thickness(BAR)
    faint = properties.thickness(0.4 * BAR)
    assert faint.item() == pytest.approx(properties.thickness(BAR).item(), rel=1e-6)  # width, not darkness


@pytest.mark.parametrize("slope", [-0.5, -0.25, 0.25, 0.5])
def test_a_leaning_line_has_its_slope(slope: float) -> None:
    cell = torch.zeros(60, 60)
    for row in range(10, 50):
        middle = 30 - slope * (row - 29.5)  # upward is to the right where the slope is positive
        column = math.floor(middle - 0.5)
        cell[row, column], cell[row, column + 1] = 1 - (middle - 0.5 - column), middle - 0.5 - column
    assert properties.slant(cell).item() == pytest.approx(slope, abs=1e-4)
    assert properties.measure(cell).slant_word == ("slanted left" if slope < 0 else "slanted right")


def test_properties_do_not_move_with_the_digit() -> None:
    for number in (0, 17, 400):
        cell = scenes.place(digits.digits().images[number][None], torch.tensor([[1, 1]]))[0]
        for down, right in itertools.product((0, 2), (0, 2)):
            moved = shifted(cell, down, right)
            assert properties.thickness(moved).item() == pytest.approx(
                properties.thickness(cell).item(), rel=1e-5
            )
            assert properties.slant(moved).item() == pytest.approx(properties.slant(cell).item(), abs=1e-5)


def test_words_begin_at_the_edges_of_the_dead_band() -> None:
    values = torch.tensor([1.0, 1.25, 1.26, 1.5, 1.74, 1.75, 1.9])
    assert properties.thickness_class(values).tolist() == [1, 1, 0, 0, 0, 2, 2]
    leanings = torch.tensor([-0.2, -0.18, -0.17, 0.0, 0.17, 0.18, 0.2])
    assert properties.slant_class(leanings).tolist() == [1, 1, 0, 0, 0, 2, 2]
    found = properties.margin(torch.tensor([1.25, 1.5, 1.725]), torch.tensor([0.0, 0.0, 0.0]))
    assert found.tolist() == pytest.approx([0.0, 0.5, 0.05], abs=1e-5)
    told = properties.Properties(1.85, -0.3)
    assert (told.thickness_word, told.slant_word) == ("thick", "slanted left")


def test_nothing_is_measured_on_paper() -> None:
    assert torch.isnan(properties.thickness(torch.zeros(12, 12)))
    assert torch.isnan(properties.slant(torch.zeros(12, 12)))
    with pytest.raises(ValueError, match="no ink to measure"):
        properties.measure(torch.zeros(12, 12))


def test_captions_read_as_the_grammar_says() -> None:
    parts = (Part(7, "thick", "slanted left"), Part(2))
    assert captions.text_of(parts) == "a seven, thick, slanted left, next to a two"
    assert captions.words_of(parts) == tuple("a seven thick slanted left next to a two".split())
    assert captions.parse("A seven thick slanted left next to a two") == parts
    assert captions.text_of((Part(8, "thin"),)) == "an eight, thin"
    assert len(set(captions.captions())) == captions.COUNT == 990
    assert captions.said([captions.IDS[word] for word in captions.words_of(parts)]) == captions.text_of(parts)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "one digit or of two"),
        ("   ,, ", "one digit or of two"),
        ("a cat", "'cat' is not among the words of captions"),
        ("<s> a two", "'<s>' is not among the words"),
        ("a eight", "'a eight' does not tell of a digit"),
        ("a seven, slanted left, thick", "first a or an, its name, then thick or thin"),
        ("a two next to a two next to a two", "one digit or of two"),
        ("a two next to", "does not tell of a digit"),
        ("a two next to a one, thin", "only the first digit is described"),
        ("😀", "'😀' is not among the words"),
    ],
)
def test_what_is_no_caption_is_told(text: str, why: str) -> None:
    with pytest.raises(CaptionError, match=why):
        captions.parse(text)


def test_scenes_are_the_digits_themselves_and_their_captions_are_true() -> None:
    for name in digits.SPLITS:
        drawn, source = scenes.scenes(name), set(digits.split(name).numbers.tolist())
        for row in range(0, 200, 7):
            scene = drawn[row]
            assert set(scene.numbers) <= source
            cells = [cell for cell in scenes.halves(scene.image) if cell.sum() > 0]
            assert len(cells) == len(scene.parts) == len(scene.properties)
            for cell, part, number, measured in zip(cells, scene.parts, scene.numbers, scene.properties):
                own = digits.digits()
                assert cell.sum().item() == pytest.approx(own.images[number].sum().item(), rel=1e-6)
                assert part.digit == own.labels[number]
                assert measured == properties.measure(cell)
                described = part is scene.parts[0]
                words = (measured.thickness_word, measured.slant_word) if described else ("", "")
                assert (part.thickness, part.slant) == words
            assert float(drawn.margins[row]) == pytest.approx(scene.properties[0].margin, abs=1e-6)
    assert scenes.scenes("held_out")[3].caption == captions.text_of(scenes.scenes("held_out")[3].parts)


def test_a_digit_never_leaves_its_half() -> None:
    images = scenes.scenes("held_out").images
    assert images[:, :, [0, 11, 12, 23]].sum((0, 1))[[0, 1, 2, 3]].max() < images.sum() * 1e-3
    assert torch.equal(scenes.sheet(scenes.halves(images)), images)


def test_training_scenes_are_of_training_digits_and_measured_as_drawn() -> None:
    drawn = training_scenes(digits.split("train"), 64, torch.Generator().manual_seed(5))
    again = training_scenes(digits.split("train"), 64, torch.Generator().manual_seed(5))
    assert torch.equal(drawn.images, again.images) and torch.equal(drawn.captions, again.captions)
    known = set(digits.split("train").numbers.tolist()) | {-1}
    assert set(drawn.digits.flatten().tolist()) <= known
    assert float(drawn.images.min()) >= 0 and float(drawn.images.max()) <= 1
    assert torch.equal((drawn.images * 16).round(), drawn.images * 16)
    for row in range(64):
        first, *others = drawn[row].parts
        measured = drawn[row].properties[0]
        assert (first.thickness, first.slant) == (measured.thickness_word, measured.slant_word)
        assert not any(other.thickness or other.slant for other in others)


def test_drawing_anew_moves_both_properties_and_keeps_the_place() -> None:
    one = digits.split("train").images[:1].expand(300, -1, -1)
    cells = redrawn(one, torch.full((300, 2), 2), torch.Generator().manual_seed(1))
    original = scenes.place(one[:1], torch.full((1, 2), 2))
    assert properties.thickness(cells).std() > 0.1
    assert properties.slant(cells).std() > 0.1
    overlap = (cells.mean(0) * original[0]).sum() / (cells.mean(0).norm() * original[0].norm())
    assert overlap > 0.8


def test_patches_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="12 x 24 pixels does not divide into patches of 5 x 5"):
        patches.cut(torch.zeros(12, 24), 5)
    with pytest.raises(ValueError, match="do not make an image"):
        patches.join(torch.zeros(31, 9), 12, 24)
    assert patches.cut(torch.zeros(12, 24)).shape == (PATCHES, 9)


def test_the_captioner_writes_what_it_scores() -> None:
    model = Captioner.drawn(3)
    with torch.no_grad():
        for name, weight in model.model.named_parameters():
            if name.endswith(("weight_o", "weight_out")):
                weight.normal_(0, 0.3, generator=torch.Generator().manual_seed(len(name)))
    image = scenes.scenes("held_out")[0].image
    told = model.caption(image)
    W = len(told.words)
    assert told.pattern.shape == (4, 4, W, PATCHES) and told.to_words.shape == (4, 4, W, W)
    total = told.pattern.sum(-1) + told.to_words.sum(-1)
    assert (total - 1).abs().max() < 1e-5
    again = model.score(image, told.words[:LONGEST])  # an untrained model does not know when to end
    torch.testing.assert_close(again.chances[: min(W, LONGEST)], told.chances[:LONGEST], atol=1e-6, rtol=1e-5)
    assert (told.probabilities.argmax(-1) == told.ids).all()  # the cache's choice is the whole pass's
    several = model.write(scenes.scenes("held_out").images[:5])
    assert several[0][: len(told.ids)].tolist() == told.ids.tolist()
    direct = model.log_chances(image[None].expand(3, -1, -1), told.ids)
    torch.testing.assert_close(direct[2], told.chances.log(), atol=1e-5, rtol=1e-5)
    scored = model.score(image, "a seven, thick")
    assert scored.words == ("a", "seven", "thick", "</s>")
    with pytest.raises(ValueError, match="'cat' is not among the words"):
        model.score(image, ("a", "cat"))
    with pytest.raises(ValueError, match="10 words are more than the longest"):
        model.score(image, ("a",) * 10)


def test_numbers_of_written_captions() -> None:
    rows = captions.table()[[0, 57, 90, 989], 1:].clone()
    assert numbers(rows).tolist() == [0, 57, 90, 989]
    rows[0, 0] = captions.IDS["next"]
    rows[1, -1] = 5
    assert numbers(rows).tolist() == [-1, -1, 90, 989]


def test_blanking_costs_nothing_where_there_is_no_ink() -> None:
    model = Captioner.drawn(3)
    scene = scenes.scenes("held_out")[1]
    told = model.score(scene.image, scene.words)
    cost = patch_ablation.ablated(model, scene.image, told)
    assert cost.shape == (len(told.words), PATCHES)
    there = patch_ablation.inked(scene.image) > 0
    assert (cost[:, ~there] == 0).all()
    without = patch_ablation.blanked(scene.image)
    assert (patch_ablation.inked(without[4])[4] == 0) and torch.equal(
        patches.cut(without[4])[5:], patches.cut(scene.image)[5:]
    )
    found = patch_ablation.agreement(patch_ablation.looked_at(told), cost, scene.image)
    assert found.patches == int(there.sum())
    assert (found.most >= found.top - 1e-6).all() and (found.most >= found.chance - 1e-6).all()
    assert found.left_top is None and found.left_chance is None
    with pytest.raises(ValueError, match="no patch has ink"):
        patch_ablation.agreement(patch_ablation.looked_at(told), cost, torch.zeros(12, 24))
    with pytest.raises(IndexError, match="head 9: this captioner has heads 0 to 3"):
        patch_ablation.looked_at(told, 0, 9)
    one = patch_ablation.looked_at(told, 2, 1)
    assert torch.equal(one, told.pattern[2, 1])
    assert patch_ablation.looked_at(told, 2).shape == patch_ablation.looked_at(told).shape == one.shape


def test_what_is_left_of_a_word_is_a_mean_of_probabilities() -> None:
    image = torch.zeros(12, 24)
    image[0, 0] = image[0, 3] = image[0, 6] = 1.0  # pieces 0, 1 and 2
    looked, cost = torch.zeros(2, PATCHES), torch.zeros(2, PATCHES)
    looked[:, 1], looked[:, 30] = 0.3, 0.6  # a piece of paper gets the most, and does not count
    cost[0, :3] = torch.tensor([0.0, 4.0, 8.0])
    cost[1, :3] = torch.tensor([-0.1, 0.2, 0.0])
    found = patch_ablation.agreement(looked, cost, image, torch.tensor([0.9, 0.5]))
    assert found.left_top is not None and found.left_chance is not None
    kept = [[0.9 * math.exp(-each) for each in (0, 4, 8)], [0.5 * math.exp(-each) for each in (-0.1, 0.2, 0)]]
    torch.testing.assert_close(found.left_top, torch.tensor([row[1] for row in kept]))
    torch.testing.assert_close(found.left_chance, torch.tensor([sum(row) / 3 for row in kept]))
    # Not what the mean cost leaves, which is a geometric mean: 0.016 instead of 0.306.
    assert float(found.left_chance[0]) > 15 * 0.9 * math.exp(-float(found.chance[0]))


def test_rank_correlation_of_equal_numbers() -> None:
    assert torch.isnan(rank_correlation(torch.ones(4), torch.arange(4)))
    assert rank_correlation(torch.arange(4), torch.tensor([1.0, 5.0, 6.0, 70.0])).item() == pytest.approx(1.0)


# Drawings


def ring(height: int = 96, half: int = 0) -> np.ndarray:
    """A large zero in one half of a sheet."""
    y, x = np.mgrid[:height, : 2 * height]
    middle = height / 2 + half * height
    far = np.hypot((x - middle) / 0.7, y - height / 2)
    return ((far < 0.4 * height) & (far > 0.28 * height)).astype(float)


def test_a_drawing_is_brought_to_the_size_of_the_digits() -> None:
    for height in (48, 96, 240):
        seen = drawing.seen(ring(height))
        assert seen.halves == (0,) and seen.bitmaps.shape == (1, 32, 32)
        cell = scenes.halves(seen.image)[0]
        assert scenes.halves(seen.image)[1].sum() == 0
        rows = (cell > 0).any(1).nonzero()[:, 0]
        assert (int(rows.min()), int(rows.max())) == (2, 9)  # all eight rows, in the middle
        assert torch.equal((cell * 16).round(), cell * 16)
        assert not seen.notes
    both = drawing.seen(ring() + ring(half=1))
    assert both.halves == (0, 1)
    torch.testing.assert_close(*scenes.halves(both.image))


def test_a_digit_of_the_set_comes_back_as_it_is() -> None:
    bitmap = torch.rand(32, 24, generator=torch.Generator().manual_seed(2)) > 0.3
    bitmap[[0, -1]] = True
    bitmap[:, [0, -1]] = True
    pixels = bitmap.nonzero().numpy()
    found = drawing.bitmap_of(pixels)
    assert (found[:, 4:28] == bitmap.numpy()).all() and not found[:, :4].any()
    assert drawing.counted(found)[0, 1].item() == float(bitmap[:4, :4].sum()) / 16


@pytest.mark.parametrize(
    ("sheet", "why"),
    [
        (np.zeros((96, 192)), "the sheet is blank: draw a digit"),
        (np.full((96, 192), 0.4), "the sheet is blank"),
        (np.eye(96, 192) * (np.arange(192) == 5), "only dots on the sheet"),
    ],
)
def test_a_blank_drawing_is_told(sheet: np.ndarray, why: str) -> None:
    with pytest.raises(BlankDrawing, match=why):
        drawing.seen(sheet)


def test_what_is_no_drawing_is_told() -> None:
    with pytest.raises(ValueError, match="a grid of 2 to 2,000 pixels"):
        drawing.seen(np.zeros(5))
    with pytest.raises(ValueError, match="a grid of 2 to 2,000 pixels"):
        drawing.seen(np.zeros((3, 3_000)))
    with pytest.raises(ValueError, match="one of them is not finite"):
        drawing.seen(np.full((10, 20), np.nan))


def test_dust_is_left_out_and_too_much_ink_is_told() -> None:
    sheet = ring()
    sheet[2, 180] = 1
    seen = drawing.seen(sheet)
    assert seen.halves == (0,) and len(seen.notes) == 1
    assert seen.notes[0].startswith("1 speck of dust left out: a mark counts from a quarter")
    full = drawing.seen(np.ones((96, 192)))
    assert any("a guess" in note for note in full.notes)


def box(sheet: np.ndarray, left: int, right: int, top: int = 8, bottom: int = 88) -> None:
    sheet[top:bottom, left:right] = 1


def test_a_scrawl_over_both_halves_is_told_to_leave_a_gap() -> None:
    sheet = np.zeros((96, 192))
    box(sheet, 20, 40)
    box(sheet, 150, 170)
    box(sheet, 20, 170, 44, 52)
    (note,) = drawing.seen(sheet).notes
    assert "wider than it is high" in note and note.endswith("leave a gap between them")


def test_little_ink_is_told_only_below_that_of_any_training_digit() -> None:
    least = digits.split("train").images.mean((1, 2)).min().item()
    fired: list[str] = []
    for width in (6, 10, 16, 24):
        sheet = np.zeros((96, 192))
        box(sheet, 40, 40 + width, 0, 96)
        seen = drawing.seen(sheet)
        share = seen.bitmaps[0].mean()
        assert bool(seen.notes) == (share < 0.75 * least)
        fired += seen.notes
    assert len(fired) == 2  # the two thinnest
    assert all("draw it smaller, so that its strokes are wider" in note for note in fired)


@pytest.mark.parametrize(("half", "side"), [(0, "left"), (1, "right")])
def test_two_digits_in_one_half_are_told(half: int, side: str) -> None:
    sheet = np.zeros((96, 192))
    start = 96 * half
    box(sheet, start + 14, start + 30)
    box(sheet, start + 54, start + 70, 30, 80)
    with pytest.raises(DrawingError, match=f"two digits stand in the {side} half: draw one in each half"):
        drawing.seen(sheet)
    box(sheet, 110 - start, 140 - start)  # a digit in the other half changes nothing
    with pytest.raises(DrawingError, match=f"in the {side} half"):
        drawing.seen(sheet)


def test_a_digit_of_several_strokes_is_one() -> None:
    """Apart from each other, but over the same columns, or joined by a third, or not as high as a digit."""
    four = np.zeros((96, 192))
    box(four, 20, 32, 8, 60)
    box(four, 62, 74)
    box(four, 26, 66, 64, 72)
    assert drawing.seen(four).halves == (0,)
    flagged = np.zeros((96, 192))
    box(flagged, 10, 22, 20, 50)
    box(flagged, 40, 56)  # the flag of a one that does not touch it
    assert drawing.seen(flagged).halves == (0,)


def test_two_strokes_over_the_same_columns_are_one_digit() -> None:
    sheet = np.zeros((96, 192))
    sheet[10:14, 70:100] = 1  # a bar, whose middle is left, above a body that stands right of the middle
    sheet[30:90, 80:130] = 1
    assert drawing.seen(sheet).halves == (1,)


# The space


def test_points_have_length_one_and_do_not_depend_on_their_neighbours() -> None:
    model = space.Space.drawn(4)
    images = scenes.scenes("held_out").images[:6]
    points = model.images(images)
    assert (points.norm(dim=-1) - 1).abs().max() < 1e-5
    torch.testing.assert_close(model.images(images[2:3])[0], points[2], atol=1e-5, rtol=1e-4)
    long, short = captions.COUNT - 1, 0
    together = model.captions(torch.tensor([long, short]))
    torch.testing.assert_close(model.captions(torch.tensor([short]))[0], together[1], atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(model.texts(["a zero"])[0], together[1], atol=1e-5, rtol=1e-4)
    with pytest.raises(CaptionError):
        model.texts(["a dog"])


def test_the_same_caption_is_no_wrong_one() -> None:
    points = torch.eye(4, 8)
    texts = points.clone()
    texts[1] = texts[0]
    points[1] = points[0]
    alike = torch.tensor([5, 5, 6, 7])
    assert space.contrastive_loss(points, texts, torch.tensor([100.0]), alike) < 1e-6
    assert space.contrastive_loss(points, texts, torch.tensor([100.0])) > 0.3


def test_a_gallery_has_distinct_captions_and_retrieval_counts_any_image_of_the_caption() -> None:
    chosen = space.gallery(0)
    assert len(set(chosen.scenes.captions.tolist())) == len(chosen.rows) == 100
    assert len(set(space.gallery(1).rows.tolist()) & set(chosen.rows.tolist())) < 60
    with pytest.raises(ValueError, match="fewer than 3000"):
        space.gallery_of(scenes.scenes("development"), 0, 3_000)
    images = torch.tensor([[1.0, 0], [0, 1.0], [0.8, 0.6]])
    texts = torch.tensor([[0.9, 0.435], [0.0, 1.0]])
    found = space.retrieval(images, texts, torch.tensor([4, 9, 4]), torch.tensor([4, 9]))
    assert found.caption_of.tolist() == [0, 1, 0] and found.image_of.tolist() == [2, 1]
    assert found.images_right == found.captions_right == 1.0


# Figures


def test_a_share_counts_scenes_and_its_interval_draws_digits() -> None:
    drawn = scenes.scenes("development")
    among = torch.ones(len(drawn), dtype=torch.bool)
    # Wrong wherever one particular digit image stands: far surer by scenes than by digit images.
    bad = drawn.digits[0, drawn.digits[0] >= 0][0]
    right = ~(drawn.digits == bad).any(-1)
    found = measuring.share(right, drawn, among)
    assert found.of == len(drawn) and found.right == int(right.sum()) and found.digits == 179
    assert found.low < found.value < found.high
    by_scene = 1.96 * math.sqrt(found.value * (1 - found.value) / found.of)
    assert found.high - found.low > 1.2 * 2 * by_scene
    with pytest.raises(ValueError, match="no scene"):
        measuring.share(right, drawn, ~among)
