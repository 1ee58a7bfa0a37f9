"""The shipped captioner and towers: their cards measured again, their training stopped and gone on with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
import torch

from core import zoo
from core.checkpoints import CheckpointError
from core.data.digits import NAMES as DIGITS
from core.hooks import recording
from core.multimodal import measuring, patch_ablation, shipped
from core.multimodal.captioner import Captioner
from core.multimodal.measuring import GUARD
from core.multimodal.scenes import scenes
from core.multimodal.space import Space, gallery, retrieval
from core.multimodal.training import Recipe, Training, scenes_of_step
from core.precision import alike
from core.training.state import State
from scripts import train_digits, train_models

NAMES = (shipped.CAPTIONER, shipped.SPACE)


@pytest.fixture(scope="module")
def captioner() -> Captioner:
    return shipped.load_captioner()


@pytest.fixture(scope="module")
def space() -> Space:
    return shipped.load_space()


@pytest.mark.full(reason="takes 4 s")
def test_the_captioner_is_as_good_as_its_card_says(captioner: Captioner) -> None:
    card, told = shipped.captioner_card(), measuring.written(captioner, scenes("held_out"))
    for part in ("exact", "clear", "alone", "pairs"):
        found, said = getattr(told, part), card["scores"][part]
        assert found.of == said["of"]
        assert abs(found.right - said["right"]) <= 3, part  # other processors round otherwise
    assert told.exact.of == card["scores"]["scenes"] == 2_000
    assert told.exact.value >= 0.9  # the figure that was asked for, the edges of words among it
    assert card["scores"]["exact"]["digits"] == 360
    assert told.exact.of == told.alone.of + told.pairs.of
    assert int((scenes("held_out").margins >= GUARD).sum()) == told.clear.of
    assert card["parameters"] == captioner.n_parameters
    assert alike(Recipe(**card["recipe"]), train_digits.RECIPES[shipped.CAPTIONER])
    assert card["data"] == train_digits.about(shipped.CAPTIONER)


def test_the_towers_find_what_belongs_together(space: Space) -> None:
    card, found = shipped.space_card(), measuring.found(space, scenes("held_out"), galleries=5)
    for shares in (found.images, found.captions):
        assert sum(shares) / len(shares) >= 0.9
    assert min(card["scores"][way]["score"] for way in ("image_to_caption", "caption_to_image")) >= 0.9
    assert card["parameters"] == space.n_parameters
    assert alike(Recipe(**card["recipe"]), train_digits.RECIPES[shipped.SPACE])
    assert card["data"] == train_digits.about(shipped.SPACE)
    first = gallery(0).scenes
    one = retrieval(
        space.images(first.images), space.captions(first.captions), first.captions, first.captions
    )
    assert one.images_right == pytest.approx(found.images[0], abs=0.011)


def test_words_look_at_their_own_digit(captioner: Captioner) -> None:
    """The claim of the page: what a word looks at is, more than by chance, what it needs."""
    gains = []
    for row in range(40):
        scene = scenes("held_out")[row]
        told = captioner.caption(scene.image)
        cost = patch_ablation.ablated(captioner, scene.image, told)
        found = patch_ablation.agreement(patch_ablation.looked_at(told), cost, scene.image)
        gains += (found.top - found.chance)[
            [at for at, word in enumerate(told.words) if word in DIGITS]
        ].tolist()
    assert sum(gains) / len(gains) > 0.1  # nats


def test_the_models_are_no_language_models(captioner: Captioner) -> None:
    assert not set(NAMES) & set(zoo.bundled())
    with recording() as seen:
        captioner.caption(scenes("held_out").images[0])
    assert seen["blocks.0.attn.hook_pattern"].shape[1] == captioner.config.n_heads
    assert seen["hook_patch_embed"].shape == (1, 32, captioner.config.d_model)


def test_the_assets_are_small() -> None:
    files = [path for name in NAMES for path in (shipped.MODELS / name).rglob("*") if path.is_file()]
    files += list((shipped.MODELS.parent / "images").iterdir())
    assert sum(path.stat().st_size for path in files) <= 3_000_000
    assert {path.suffix for path in files} == {".json", ".safetensors"}


def test_a_broken_folder_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"has no shape\.json"):
        shipped.load_captioner(tmp_path)
    shipped.save(tmp_path, Captioner.drawn().model)
    assert shipped.load_captioner(tmp_path).n_parameters == Captioner.drawn().n_parameters
    shape = json.loads((tmp_path / "shape.json").read_text(encoding="utf-8"))
    shape["config"]["n_layers"] = 3
    (tmp_path / "shape.json").write_text(json.dumps(shape), encoding="utf-8")
    with pytest.raises(CheckpointError, match=r"does not fit its shape\.json"):
        shipped.load_captioner(tmp_path)


@pytest.mark.parametrize("kind", ["captioner", "space"])
def test_a_training_that_was_stopped_goes_on_as_if_it_had_not_been(kind: str) -> None:
    recipe = Recipe(kind, steps=3, scenes=8, seed=4)  # type: ignore[arg-type]
    whole, first = Training(recipe), Training(recipe)
    losses = [step.loss for step in whole.run()]
    assert losses[0] > 2.0 if kind == "captioner" else losses[0] > 1.0
    again = [first.step().loss]
    later = Training(recipe)
    later.restore(State.from_bytes(first.state().to_bytes()))
    again += [step.loss for step in later.run()]
    assert again == losses
    for one, other in zip(whole.model.parameters(), later.model.parameters(), strict=True):
        assert torch.equal(one, other)
    with pytest.raises(ValueError, match="belongs to another recipe"):
        Training(Recipe(kind, steps=4, scenes=8)).restore(first.state())  # type: ignore[arg-type]


def test_a_card_says_what_the_training_did(monkeypatch: pytest.MonkeyPatch) -> None:
    told = train_digits.about(shipped.CAPTIONER)
    assert "10% of those drawn have them as they were written" in told["training"]
    assert "50% of each step's scenes" in told["training"] and "87.9 %" in told["held_out"]
    assert "eyes" not in told and shipped.CAPTIONER in train_digits.about(shipped.SPACE)["eyes"]
    monkeypatch.setattr(train_digits, "AS_WRITTEN", 0.3)
    assert "30% of those drawn" in train_digits.about(shipped.CAPTIONER)["training"]


def test_half_of_the_training_scenes_lie_near_an_edge() -> None:
    drawn = scenes_of_step(Recipe("captioner", steps=1), 1)
    assert len(drawn) == 128
    assert drawn.margins[64:].max() < drawn.margins[:64].quantile(0.75)


@pytest.mark.full(reason="takes a second")
def test_making_and_checking_by_the_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = {
        shipped.CAPTIONER: Recipe("captioner", steps=2, scenes=4),
        shipped.SPACE: Recipe("space", steps=1, scenes=4),
    }
    monkeypatch.setattr(train_digits, "RECIPES", tiny)
    monkeypatch.setattr(train_digits, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(train_models, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(train_digits, "scenes", lambda name: scenes(name).rows(torch.arange(220)))
    monkeypatch.setattr(train_digits, "GALLERIES", 2)
    monkeypatch.setattr(sys, "argv", ["train_models", *tiny, "--out", str(tmp_path / "out")])
    train_models.main()
    card = json.loads((tmp_path / "out" / shipped.CAPTIONER / "card.json").read_text(encoding="utf-8"))
    assert card["steps"] == 2 and card["scores"]["exact"]["of"] == 220
    kept = {path.name for path in (tmp_path / "out" / shipped.CAPTIONER).iterdir()}
    assert kept == {"shape.json", "model.safetensors", "card.json"}
    assert not (tmp_path / "scratch" / shipped.CAPTIONER).exists()
    monkeypatch.setattr(
        sys, "argv", ["train_models", shipped.CAPTIONER, "--check", "--out", str(tmp_path / "out")]
    )
    with pytest.raises(SystemExit):
        train_models.main()  # two steps do not make the shipped model
    assert "OUTSIDE" in capsys.readouterr().out
