"""`make models`: the recipes are whole, and what one writes can be opened, rewound and read about."""

import json
import re
from dataclasses import replace

import pytest
import torch

import core
from core import zoo
from core.data import corpora
from core.precision import alike
from core.training import Trainer, TrainSpec
from core.training.state import State
from scripts import austen, task_report, train_models
from scripts.austen import NoText
from scripts.model_scores import senses
from scripts.recipes import RECIPES, Recipe
from scripts.train_models import make

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
        card = zoo.card(name)
        specs = [card["spec"], *(one["spec"] for one in card.get("then", ()))]
        assert len(specs) == len(recipe.trainings)
        assert all(alike(TrainSpec.from_dict(spec), plan) for spec, plan in zip(specs, recipe.trainings))
        assert all(TrainSpec.from_dict(spec).precision != "auto" for spec in specs)
        assert core.snapshots(name) == [*recipe.snapshots, recipe.steps]
        assert zoo.card(name).get("texts") == (list(recipe.prompts) if recipe.shown else None)


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


MASKED = Recipe(
    TrainSpec(
        model="gpt-nano", changes={"shape": "encoder", "n_layers": 1}, corpus="tales", practice="senses",
        objective="masked", whole_words=True, tokenizer="wordpiece", steps=6, batch_tokens=128, context=32,
        vocab_size=300, device="cpu", eval_every=2,
    ),
    snapshots=(0, 2),
    prompts=("Once upon a [MASK], there was [MASK].",),
    tokenizer_documents=20,
    practice_documents=20,
    ngram_documents=20,
    senses=14,
)  # fmt: skip


TWICE = replace(TINY, then=(replace(TINY.spec, steps=3, seed=2),), snapshots=(0,))


def test_a_second_training_goes_on_from_the_first(tmp_path, monkeypatch):
    make("tiny", TWICE, tmp_path / "tiny")
    monkeypatch.setattr(zoo, "BUNDLED", tmp_path)
    card = zoo.card("tiny")
    assert core.snapshots("tiny") == [0, 7] and (card["steps"], card["tokens_read"]) == (7, 7 * 128)
    assert [point["step"] for point in card["then"][0]["curve"]] == [1, 2, 3]
    assert card["curve"][-1] == {
        "step": 7,
        "loss": card["then"][0]["curve"][-1]["loss"],
        "held_out": card["held_out_loss"],
    }
    trainer = Trainer(TINY.spec, tokenizer=core.load("tiny", device="cpu").tokenizer)
    list(trainer.run())
    after = Trainer(TWICE.then[0], tokenizer=trainer.tokenizer, weights=dict(trainer.model.state_dict()))
    list(after.run())
    for name, weight in core.load("tiny", device="cpu").transformer.state_dict().items():
        torch.testing.assert_close(
            weight, after.model.state_dict()[name], atol=2e-3, rtol=1e-3
        )  # kept in float16


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("stop", [(2, 0), (4, 2)])
def test_a_stopped_second_training_goes_on(tmp_path, monkeypatch, stop):
    """Stopped in the first or in the second training, the model and its card come out the same."""
    make("tiny", TWICE, tmp_path / "whole")
    steps, run = [], Trainer.step

    def until(trainer):
        steps.append(trainer.spec.seed)
        if len(steps) > sum(stop):
            raise KeyboardInterrupt
        return run(trainer)

    monkeypatch.setattr(Trainer, "step", until)
    with pytest.raises(KeyboardInterrupt):
        make("tiny", TWICE, tmp_path / "stopped", tmp_path / "scratch", every=1)
    monkeypatch.setattr(Trainer, "step", run)
    make("tiny", TWICE, tmp_path / "stopped", tmp_path / "scratch", every=1)
    whole, stopped = (tmp_path / name / "model.safetensors" for name in ("whole", "stopped"))
    assert whole.read_bytes() == stopped.read_bytes()
    cards = [json.loads((tmp_path / name / "card.json").read_text()) for name in ("whole", "stopped")]
    assert cards[0] | {"minutes": 0} == cards[1] | {"minutes": 0}


@pytest.fixture(scope="module")
def masked(tmp_path_factory):
    """The folder in which `MASKED` was made, as "tiny"."""
    folder = tmp_path_factory.mktemp("masked")
    make("tiny", MASKED, folder / "tiny")
    return folder


@pytest.mark.full(reason="takes 8 s")
def test_a_masked_model_has_a_baseline_samples_and_probes_in_its_card(masked, monkeypatch):
    monkeypatch.setattr(zoo, "BUNDLED", masked)
    lm, card = core.load("tiny", device="cpu"), zoo.card("tiny")
    assert lm.tokenizer.token(lm.config.mask_id) == "[MASK]"
    assert re.fullmatch(r"Once upon a \[.+\], there was \[.+\]\.", card["samples"][0])
    assert 0 < card["n_gram"]["held_out_loss"] < 6
    assert card["practice"]["name"] == "senses"
    said = card["senses"]
    assert said == json.loads(json.dumps(senses(lm, MASKED))), "of the very weights that were written"
    for keep in ("sentence", "telling", "unread"):
        layers = said[keep]["layers"]
        assert len(layers) == lm.config.n_layers + 1
        assert all(
            0 <= layer["low"] <= layer["right"] / layer["of"] <= layer["high"] <= 1 for layer in layers
        )
        assert sum(right for right, _ in said[keep]["words"].values()) == layers[said[keep]["best"]]["right"]
        assert said[keep]["static"]["right"] * 2 == said[keep]["static"]["of"]


PAIRED = Recipe(
    TrainSpec(
        model="gpt-nano", changes={"n_layers": 1, "n_ctx": 128}, corpus="tales", objective="text_to_text",
        tasks=(("sentiment", 2.0), ("spans", 1.0)), steps=6, batch_tokens=400, vocab_size=400, device="cpu",
    ),
    snapshots=(0, 2),
    prompts=("sentiment: I liked the lake.",),
    ngram_documents=1_000,
    ngram_order=3,
    scores=lambda lm: task_report.report(lm, {"sentiment": 12}, {"sentiment": 60}),
)  # fmt: skip


@pytest.mark.full(reason="takes a second")
def test_a_text_to_text_model_has_a_baseline_samples_and_scores_in_its_card(tmp_path, monkeypatch):
    make("tiny", PAIRED, tmp_path / "tiny")
    monkeypatch.setattr(zoo, "BUNDLED", tmp_path)
    lm, card = core.load("tiny", device="cpu"), zoo.card("tiny")
    assert lm.config.shape == "encoder-decoder"
    assert card["samples"][0].startswith("sentiment: I liked the lake. → ")
    assert 0 < card["n_gram"]["held_out_loss"] < 6
    said = card["scores"]["sentiment"]
    assert said["model"]["exact"]["of"] == said["examples"] == 12
    assert set(said["baselines"]) == {"train", "copy", "n-gram", "lookup"}
    assert {one["source"].startswith("sentiment: ") for one in said["shown"]} == {True}
    assert (
        json.loads(json.dumps(task_report.report(lm, {"sentiment": 12}, {"sentiment": 60}))) == card["scores"]
    )


@pytest.mark.full(reason="takes 5 s")
def test_a_training_that_was_stopped_goes_on_to_the_same_model(masked, tmp_path, monkeypatch):
    taken = Trainer.step

    def step(self):
        if self.done_steps == 5:
            raise KeyboardInterrupt
        return taken(self)

    monkeypatch.setattr(Trainer, "step", step)
    with pytest.raises(KeyboardInterrupt):
        make("tiny", MASKED, tmp_path / "two", tmp_path / "scratch", every=2)
    assert not (tmp_path / "two" / "model.safetensors").exists()
    monkeypatch.setattr(Trainer, "step", taken)
    make("tiny", MASKED, tmp_path / "two", tmp_path / "scratch", every=2)
    assert not (tmp_path / "scratch").exists()
    whole, two = (
        json.loads((folder / "card.json").read_text()) for folder in (masked / "tiny", tmp_path / "two")
    )
    assert {**whole, "minutes": 0} == {**two, "minutes": 0}
    for file in ("model.safetensors", "snapshots/0.safetensors", "snapshots/2.safetensors"):
        assert (masked / "tiny" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()


def test_a_model_whose_text_is_not_here_is_left_out_and_the_others_are_made(tmp_path, monkeypatch):
    def none() -> str:
        raise NoText("no novels here")

    own = replace(TINY.spec, corpus="own", text="0" * 64)
    monkeypatch.setattr(train_models, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(
        train_models,
        "RECIPES",
        {"novels": replace(TINY, spec=own, text=none), "tiny": replace(TINY, snapshots=(), note="Small.")},
    )
    monkeypatch.setattr("sys.argv", ["train_models", "--out", str(tmp_path)])
    with pytest.raises(SystemExit, match="novels was left out: no novels here"):
        train_models.main()
    assert json.loads((tmp_path / "tiny" / "card.json").read_text())["note"] == "Small."
    assert not (tmp_path / "novels" / "config.json").exists()


def test_an_own_text_is_read_and_told_by_its_record(tmp_path, capsys, monkeypatch):
    text = "\n\n".join(
        f"The fox said {n} words to the crow, and the crow said {n + 1} to the fox." for n in range(90)
    )
    spec = replace(TINY.spec, corpus="own", text=corpora.fingerprint(text))
    recipe = replace(
        TINY,
        spec=spec,
        snapshots=(),
        text=lambda: text,
        about=austen.RECORD,
        scores=lambda lm: {"size": lm.n_parameters},
    )
    make("tiny", recipe, tmp_path / "tiny", tmp_path / "scratch", every=2)
    card = json.loads((tmp_path / "tiny" / "card.json").read_text())
    assert card["data"]["name"] == "austen" and card["spec"]["corpus"] == "own"
    assert card["scores"] == {"size": card["parameters"]}
    assert 0 < card["n_gram"]["held_out_loss"] < 6
    monkeypatch.setattr(train_models, "RECIPES", {"tiny": recipe})
    monkeypatch.setattr("sys.argv", ["train_models", "tiny", "--scores", "--out", str(tmp_path)])
    capsys.readouterr()
    train_models.main()
    assert json.loads(capsys.readouterr().out.removeprefix("tiny "))["scores"] == card["scores"]


def test_a_state_of_another_recipe_is_not_gone_on_from(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    other = Trainer(replace(TINY.spec, seed=5))
    state = other.state()
    (scratch / "state.safetensors").write_bytes(State(state.tensors, {**state.meta, "told": {}}).to_bytes())
    make("tiny", replace(TINY, snapshots=()), tmp_path / "a", scratch)
    make("tiny", replace(TINY, snapshots=()), tmp_path / "b")
    first, second = ((tmp_path / folder / "model.safetensors").read_bytes() for folder in "ab")
    assert first == second
