"""`make models ARGS="--check"`: losses have intervals over documents; what is measured again is compared with them."""

from __future__ import annotations

import json
import shutil
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from core import zoo
from core.data.shards import Shards
from core.training import Trainer
from core.training.loss import UNSCORED
from core.training.reading import Reading
from core.zoo import card as card_of
from scripts import loss_interval, train_models
from scripts.check_models import INTERVAL, LOSS, compare, figures, table, verdict
from scripts.model_scores import again
from scripts.recipes import RECIPES
from scripts.train_models import make
from tests.unit.test_train_models import MASKED, PAIRED, TINY

# ---------------------------------------------------------------------------------------- intervals


def test_an_interval_is_that_of_a_mean_over_documents() -> None:
    """Of documents of one length the bootstrap comes to what the central limit says."""
    draw = np.random.default_rng(3)
    nats = draw.normal(200.0, 30.0, 400)
    low, high = loss_interval.interval(nats.tolist(), [100] * 400)
    mean, half = nats.mean() / 100, 1.96 * nats.std() / 100 / 20
    assert (low, high) == pytest.approx((mean - half, mean + half), abs=0.15 * half)
    # Documents without a token to score change nothing, and alike ones leave nothing open.
    assert loss_interval.interval([*nats.tolist(), 0.0], [*[100] * 400, 0]) == (low, high)
    assert loss_interval.interval([30.0, 60.0], [10, 20]) == (3.0, 3.0)
    with pytest.raises(ValueError, match="no token"):
        loss_interval.interval([0.0], [0])


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("recipe", [TINY, MASKED, PAIRED], ids=["next token", "masked", "pairs"])
def test_the_loss_of_the_documents_is_the_loss_of_the_training(recipe: Any) -> None:
    trainer = Trainer(recipe.spec)
    for _ in range(2):
        trainer.step()
    loss, sure = loss_interval.held_out(trainer.model, trainer.reading)
    assert loss == pytest.approx(trainer.held_out_loss(), abs=1e-4)
    assert sure["low"] < loss < sure["high"]
    assert sure["tokens"] == int((trainer.held_out_example().targets != UNSCORED).sum())
    assert 5 < sure["documents"] <= sure["tokens"]


def test_a_token_counts_for_the_document_that_it_stands_in() -> None:
    trainer = Trainer(TINY.spec)
    documents = [[*ids] for ids in trainer.reading.pool.source.held_out()]  # type: ignore[union-attr]
    of = loss_interval._documents(trainer.reading)
    targets = trainer.held_out_example().targets
    assert of.shape == targets.shape
    for number in of.unique().tolist():
        mine = targets[of == number].tolist()
        whole = documents[number]
        assert any(whole[at : at + len(mine)] == mine for at in range(len(whole) - len(mine) + 1))


def test_spans_have_no_documents() -> None:
    spec = replace(TINY.spec, objective="span_corruption")
    trainer = Trainer(spec)
    with pytest.raises(ValueError, match="span_corruption"):
        loss_interval.held_out(trainer.model, trainer.reading)


def test_the_cards_losses_lie_within_their_intervals() -> None:
    for name in RECIPES:
        card = card_of(name)
        if name != "tales-t5":  # its pairs are many and long: `make models` measures them
            sure = card[INTERVAL]
            assert sure["low"] < card[LOSS] < sure["high"] and sure["documents"] >= 30
            assert sure["how"] == loss_interval.HOW
        whole = card.get("scores", {}).get("held_out", {})
        if whole:
            assert whole["low"] < whole["loss"] < whole["high"] < whole["n_gram"]


@pytest.mark.full(reason="each case takes 3 s")
@pytest.mark.parametrize("name", ["tales-gpt", "tales-bert"])
def test_a_bundled_model_still_has_the_loss_of_its_card(name: str) -> None:
    lm, spec = core.load(name, device="cpu"), RECIPES[name].spec
    loss, sure = loss_interval.held_out(lm.transformer, Reading(spec, lm.tokenizer, Shards(spec), None))
    said = card_of(name)[INTERVAL]
    assert said["low"] <= loss <= said["high"]
    assert sure["tokens"] == said["tokens"]
    early = core.load(name, device="cpu", snapshot=core.snapshots(name)[-2])
    before, _ = loss_interval.held_out(early.transformer, Reading(spec, lm.tokenizer, Shards(spec), None))
    assert before > said["high"], "the interval tells a model from one that was trained for less long"


# ---------------------------------------------------------------------------------------- comparing

CARD = {
    "held_out_loss": 2.0,
    "held_out_interval": {"low": 1.9, "high": 2.1, "documents": 40},
    "scores": {
        "translate": {
            "model": {
                "exact": {"right": 80, "of": 100, "low": 0.71, "high": 0.87},
                "chrF": {"score": 91.0, "low": 90.0, "high": 92.0},
            },
            "shown": [{"source": "a"}],
        },
        "held_out": {"loss": 1.5, "low": 1.4, "high": 1.6, "n_gram": 2.0},
    },
    "senses": {"telling": {"layers": [{"right": 5, "of": 10, "low": 0.2, "high": 0.8}]}},
    "alignment": {"model": {"error": 0.25, "low": 0.2, "high": 0.3, "recall": 0.8}},
    "pointed": {"chance": 0.2},
}


def test_every_figure_with_an_interval_is_compared() -> None:
    found = figures(CARD)
    assert {name: one.value for name, one in found.items()} == {
        "held_out_loss": 2.0,
        "scores translate model exact": 0.8,
        "scores translate model chrF": 91.0,
        "scores held_out": 1.5,
        "senses telling layers 0": 0.5,
        "alignment model": 0.25,
    }
    same = compare("m", CARD, CARD)
    assert all(one.inside for one in same)
    assert verdict(same) == "All 6 figures of m lie within the intervals of the cards."
    assert verdict(same[:1]) == "The one figure of m lies within the intervals of the cards."


def test_a_figure_outside_is_named_with_both_numbers() -> None:
    now = json.loads(json.dumps(CARD))
    now["scores"]["translate"]["model"]["exact"] = {"right": 60, "of": 100, "low": 0.5, "high": 0.7}
    now["held_out_loss"] = 2.10005  # a card has four places
    del now["alignment"]
    found = compare("m", CARD, now)
    assert [one.what for one in found if not one.inside] == [
        "scores translate model exact",
        "alignment model",
    ]
    lines = table(found).splitlines()
    assert len(lines) == 7
    assert lines[0].split()[:3] == ["model", "figure", "card"]
    changed = next(line for line in lines if "model exact" in line)
    assert changed.split()[-6:] == ["0.8000", "0.7100", "to", "0.8700", "0.6000", "OUTSIDE"]
    assert any("alignment model" in line and "not measured" in line for line in lines)
    assert verdict(found).startswith("2 of 6 figures lie outside the intervals of the cards: m: scores")


def test_a_card_without_an_interval_says_what_writes_one() -> None:
    with pytest.raises(ValueError, match="train_models m --intervals"):
        compare("m", {LOSS: 2.0}, CARD)


# ---------------------------------------------------------------------------------------- the command


def _run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["train_models", *arguments])
    try:
        train_models.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a model that was trained by its recipe; a test that changes files copies it."""
    folder = tmp_path_factory.mktemp("trained") / "tiny"
    make("tiny", MASKED, folder)
    return folder


@pytest.fixture
def shipped(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The card of a "bundled" model, made by its recipe."""
    monkeypatch.setattr(zoo, "BUNDLED", tmp_path / "shipped")
    monkeypatch.setattr(train_models, "RECIPES", {"tiny": MASKED})
    shutil.copytree(trained, tmp_path / "shipped" / "tiny")
    return tmp_path / "shipped" / "tiny" / "card.json"


def _change(card: Path, **values: Any) -> None:
    card.write_text(json.dumps(json.loads(card.read_text()) | values), encoding="utf-8")


@pytest.mark.full(reason="takes 14 s")
def test_a_model_that_was_trained_anew_is_compared_with_the_shipped_card(
    shipped: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(shipped.parent, tmp_path / "anew" / "tiny")  # the same recipe trains the same model
    lm = core.load(tmp_path / "anew" / "tiny", device="cpu")
    capsys.readouterr()
    assert _run(monkeypatch, "tiny", "--check", "--out", str(tmp_path / "anew")) == 0
    said = capsys.readouterr().out
    assert f"All {len(figures(again(lm, MASKED, {})))} figures of tiny lie within" in said
    assert "held_out_loss" in said and "senses telling layers 0" in said and "OUTSIDE" not in said
    low = json.loads(shipped.read_text())[LOSS] - 0.5
    _change(shipped, **{LOSS: low, INTERVAL: {"low": low - 0.1, "high": low + 0.1}})
    assert _run(monkeypatch, "tiny", "--check", "--out", str(tmp_path / "anew")) == 1
    said = capsys.readouterr().out
    assert "OUTSIDE" in said and "tiny: held_out_loss." in said


@pytest.mark.full(reason="takes 3 s")
def test_a_card_of_before_gets_its_interval_and_no_other_figure(
    shipped: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = json.loads(shipped.read_text())
    shipped.write_text(json.dumps({key: value for key, value in before.items() if key != INTERVAL}))
    folder = str(shipped.parent.parent)
    assert _run(monkeypatch, "tiny", "--intervals", "--out", folder) == 0
    assert json.loads(shipped.read_text()) == before
    assert list(json.loads(shipped.read_text())) == list(before)
    _change(shipped, **{LOSS: before[LOSS] + 0.01})
    monkeypatch.setattr(sys, "argv", ["train_models", "tiny", "--intervals", "--out", folder])
    with pytest.raises(ValueError, match="and its card says"):
        train_models.main()
    capsys.readouterr()
