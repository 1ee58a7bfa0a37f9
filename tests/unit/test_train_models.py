"""`make models`: the recipes are whole, and what one writes can be opened, rewound and read about."""

from dataclasses import replace

import pytest
import torch

import core
from core import zoo
from core.training import TrainSpec
from scripts.train_models import RECIPES, Recipe, make

TINY = Recipe(
    TrainSpec(corpus="fables", steps=4, batch_tokens=128, context=32, vocab_size=300, device="cpu"),
    snapshots=(0, 2),
    prompts=("The fox",),
    tokenizer_documents=20,
    ngram_documents=20,
    ngram_order=3,
)


def test_every_bundled_model_has_the_recipe_that_made_it():
    assert set(RECIPES) == set(core.bundled())
    for name, recipe in RECIPES.items():
        assert TrainSpec.from_dict(zoo.card(name)["spec"]) == recipe.spec
        assert core.snapshots(name) == [*recipe.snapshots, recipe.spec.steps]


def test_a_recipe_writes_a_model_that_opens_and_rewinds(tmp_path, monkeypatch, capsys):
    make("tiny", TINY, tmp_path / "tiny")
    monkeypatch.setattr(zoo, "BUNDLED", tmp_path)
    assert core.snapshots("tiny") == [0, 2, 4]
    logits = [core.load("tiny", device="cpu", snapshot=step).trace("The fox").logits for step in (0, 2, 4)]
    assert not torch.equal(logits[0], logits[1])
    assert not torch.equal(logits[1], logits[2])
    card = zoo.card("tiny")
    assert card["samples"][0].startswith("The fox")
    assert card["curve"][-1]["step"] == 4
    assert card["held_out_loss"] == pytest.approx(card["curve"][-1]["held_out"])
    assert "tokens/s" in capsys.readouterr().out


def test_the_same_seed_makes_the_same_model(tmp_path):
    for folder in ("a", "b"):
        make("tiny", replace(TINY, snapshots=()), tmp_path / folder)
    first, second = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in "ab")
    assert first == second
