"""The diagnosis: each break is told from measurements alone, an unbroken pair gives nothing, other seeds other numbers.

`diagnose` is given two records of measurements and nothing else; what was broken only this file knows.
"""

from __future__ import annotations

import copy
import inspect
import json
import math
import re
from dataclasses import replace
from functools import cache
from typing import Any

import pytest
import torch

import core
from core.analysis.health import diagnosis, evidence
from core.analysis.health.component_ablation import read, without
from core.analysis.health.diagnosis import Diagnosis, Finding, diagnose
from core.analysis.health.evidence import Evidence, of_reading
from core.analysis.health.remedies import REMEDIES, remedy
from core.analysis.health.training_health import measure
from core.config import WITHOUT, Part
from core.training import Trainer
from core.training.pairs import broken_spec
from tests.unit import broken_runs
from tests.unit.broken_runs import train

# What each break must show, among whatever else follows from it.
SIGNS: dict[Part, str] = {
    "residual": "gradient fades",
    "norm": "size not held",
    "scale": "attention decided",
    "position": "order unseen",
    "mask": "reads ahead",
}
SEEDS = (0, 1)
TEXT = "Once upon a time, Lily saw a red ball. Lily took the"


@cache
def trained(part: Part | None, seed: int) -> Evidence:
    """A short run of the page's own kind, measured at its checkpoints."""
    spec = broken_spec(part, seed)
    return train(spec.replace(**broken_runs.LENGTHS))


def signs(sound: Evidence, other: Evidence) -> list[str]:
    """What was found."""
    return [finding.sign for finding in diagnose(sound, other).findings]


@pytest.mark.full(reason="each case takes 3 s")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("part", SIGNS)
def test_a_break_is_recognised_from_the_measurements_alone(part: Part, seed: int) -> None:
    found = signs(trained(None, seed), trained(part, seed))
    assert SIGNS[part] in found
    others = {sign for other, sign in SIGNS.items() if other != part}
    assert not others & set(found), "and is not taken for another"
    asked = remedy(diagnose(trained(None, seed), trained(part, seed)))
    assert asked is not None and asked.part == part, "what it asks for is what was taken out"


def test_thirty_recorded_breaks_are_recognised_and_whole_runs_are_not_taken_for_broken() -> None:
    """The recorded runs have other seeds than those the rules were written with, and half of them another shape."""
    recorded = broken_runs.read()
    missed, taken_for_another, asked_wrongly, false = [], [], [], []
    for shape, (_, seeds) in broken_runs.SHAPES.items():
        for seed in seeds:
            whole = recorded[broken_runs.name(shape, seed, None)]
            for part, sign in SIGNS.items():
                name = broken_runs.name(shape, seed, part)
                found = diagnose(whole, recorded[name])
                asked = remedy(found)
                present = {finding.sign for finding in found.findings}
                missed += [name] * (sign not in present)
                taken_for_another += [name] * bool(present & (set(SIGNS.values()) - {sign}))
                asked_wrongly += [name] * (asked is None or asked.part != part)
            for other in seeds:
                beside = recorded[broken_runs.name(shape, other, None)]
                false += [(shape, seed, other)] * (not diagnose(whole, beside).nothing)
    assert len(recorded) == 36
    assert (missed, taken_for_another, asked_wrongly, false) == ([], [], [], [])


def with_last(one: Evidence, **numbers: Any) -> Evidence:
    """The same with other numbers at its last checkpoint."""
    return replace(one, healths=(*one.healths[:-1], {**one.last, **numbers}))


def test_attention_that_is_decided_is_not_taken_for_one_that_sees_no_order() -> None:
    """One head that reads one token brings the same vector in every order; the loss shows that the order counts."""
    health = {"spread": (1.0,), "entropy": ((0.9,),), "order": 0.1, "in_order": 2.0, "shuffled": 3.0}
    sound = Evidence(healths=(health,))
    assert signs(sound, with_last(sound, order=0.0)) == ["order unseen"]
    decided = with_last(sound, order=0.0, spread=(3.0,), entropy=((0.1,),))
    assert signs(sound, decided) == ["attention decided"]
    assert signs(sound, with_last(decided, shuffled=2.1)) == ["order unseen", "attention decided"]
    assert signs(sound, with_last(decided, shuffled=math.nan)) == ["attention decided"]


@pytest.mark.full(reason="takes 12 s")
@pytest.mark.parametrize("part", SIGNS)
def test_another_seed_gives_other_numbers_in_the_same_sentence(part: Part) -> None:
    one, two = (
        next(
            finding for finding in diagnose(trained(None, seed), trained(part, seed)).findings
            if finding.sign == SIGNS[part]
        )
        for seed in SEEDS
    )  # fmt: skip
    assert one.sentence != two.sentence
    assert one.numbers.keys() == two.numbers.keys()
    assert sum(one.numbers[name] != two.numbers[name] for name in one.numbers) >= len(one.numbers) / 2


@pytest.mark.full(reason="takes 3 s")
def test_an_unbroken_pair_of_two_seeds_gives_nothing_found() -> None:
    said = diagnose(trained(None, 0), trained(None, 1))
    assert said.nothing, said.findings
    assert "Nothing found" in said.cost
    assert remedy(said) is None
    assert re.search(r"\d\.\d\d \(whole: \d\.\d\d\)", said.cost)


@pytest.mark.full(reason="takes 2 s")
def test_a_sentence_says_the_numbers_that_it_rests_on() -> None:
    other = trained("mask", 0)
    finding = diagnose(trained(None, 0), other).findings[0]
    for name in ("together", "alone", "alone_sound"):
        assert f"{finding.numbers[name]:.2f}" in finding.sentence
    assert finding.numbers["together"] == other.last["together"]
    assert other.last["alone"] - other.last["together"] == pytest.approx(finding.numbers["leak"])


def test_no_rule_knows_what_was_done() -> None:
    """Neither the spec nor the name of a part reaches the rules, and what they read is measurements."""
    source = inspect.getsource(diagnosis) + inspect.getsource(evidence)
    assert "spec" not in source
    for part in WITHOUT:
        assert f'"{part}"' not in source and f"'{part}'" not in source


def test_a_remedy_follows_from_the_finding_alone() -> None:
    signs_of_rules = set(re.findall(r'Finding\(\s*"([a-z ]+)"', inspect.getsource(diagnosis)))
    assert set(REMEDIES) <= signs_of_rules and {one.part for one in REMEDIES.values()} == set(WITHOUT)
    causes_without_a_remedy = Diagnosis(
        (Finding("neurons dead", "Many."), Finding("order unseen", "It.")), ""
    )
    found = remedy(causes_without_a_remedy)
    assert found is not None and found.part == "position"
    assert remedy(Diagnosis((Finding("neurons dead", "Many."),), "")) is None


@pytest.mark.full(reason="takes 2 s")
def test_a_loss_that_is_no_higher_is_said_to_be() -> None:
    """Without its positions the bundled model reads this one text no worse: the cost must not say otherwise."""
    lm = core.load("tales-gpt")
    text = "A red ball was lost. She found the red"
    sound, other = (of_reading(read(one, text)) for one in (lm, without(lm, "position")))
    said = diagnose(sound, other)
    assert other.held_out is not None and sound.held_out is not None
    assert ("no higher" in said.cost) == (other.held_out <= sound.held_out)
    assert "no higher" not in diagnose(sound, of_reading(read(without(lm, "residual"), text))).cost
    near, far = trained("scale", 0), trained("norm", 0)
    assert ("Two seeds" in diagnose(trained(None, 0), near).cost) == (
        abs((near.held_out or 0) - (trained(None, 0).held_out or 0)) < diagnosis.NOISE
    )
    assert "Two seeds" not in diagnose(trained(None, 0), far).cost


def test_the_measurements_decide() -> None:
    """The same run with one measurement put right is no longer found out."""
    sound, other = trained(None, 0), trained("scale", 0)
    healths = copy.deepcopy(list(other.healths))
    healths[0] = {**healths[0], "spread": sound.healths[0]["spread"]}
    mended = Evidence(tuple(healths), other.steps, other.loss, other.held_out, other.guessing)
    assert "attention decided" in signs(sound, other)
    assert "attention decided" not in signs(sound, mended)


@pytest.mark.parametrize("part", SIGNS)
@pytest.mark.parametrize("text", [TEXT, "Tom had a cat. Anna had a dog. Tom"])
def test_a_finished_model_without_a_part_is_found_out_too(part: Part, text: str) -> None:
    lm = core.load("tales-gpt")
    sound, other = (of_reading(read(one, text)) for one in (lm, without(lm, part)))
    found = signs(sound, other)
    expected = (
        "nothing carried" if part == "residual" else SIGNS[part]
    )  # trained weights' gradients need not fade
    assert found[0] == expected
    assert diagnose(sound, sound).nothing


def test_a_run_that_ended_early_and_one_without_measurements_are_named() -> None:
    sound = trained(None, 0)
    stopped = Evidence(
        sound.healths, sound.steps, sound.loss, sound.held_out, ended="The loss was no number."
    )
    assert signs(sound, stopped) == ["did not finish"]
    empty = Evidence(())
    assert "measured" in diagnose(sound, empty).cost
    assert diagnose(empty, empty).nothing


def test_measuring_changes_nothing_of_a_run() -> None:
    spec = broken_spec(None, 3).replace(
        steps=8, batch_tokens=256, eval_every=0, warmup=0, changes={"n_layers": 2, "dropout": 0.2}
    )
    plain, watched = Trainer(spec), Trainer(spec)
    losses = []
    for trainer in (plain, watched):
        curve = []
        while not trainer.done:
            before = torch.random.get_rng_state()
            if trainer is watched:
                flags = [part.training for part in trainer.model.modules()]
                found = measure(trainer)
                assert flags == [part.training for part in trainer.model.modules()]
                assert all(weight.grad is None for weight in trainer.model.parameters())
                assert json.loads(json.dumps(found)) == found
            assert torch.equal(before, torch.random.get_rng_state())
            curve.append(trainer.step().loss)
        losses.append(curve)
    assert losses[0] == losses[1], "bit for bit"
    for one, two in zip(plain.model.parameters(), watched.model.parameters(), strict=True):
        assert torch.equal(one, two)


@pytest.mark.parametrize("objective", ["masked", "span_corruption"])
def test_the_other_objectives_are_measured_as_far_as_they_go(objective: Any) -> None:
    spec = broken_spec(None).replace(
        steps=2, batch_tokens=256, warmup=0, objective=objective, changes={"n_layers": 2}
    )
    trainer = Trainer(spec)
    trainer.step()
    found = measure(trainer)
    assert found["loss"] > 0 and found["order"] >= 0 and found["update"] > 0
    assert found["alone"] is found["shuffled"] is None
    stacks = 2 if objective == "span_corruption" else 1
    assert len(found["names"]) == len(found["gradient"]) == 2 * stacks
    assert sum(found["weights"]["counts"]) == sum(
        weight.numel()
        for name, weight in trainer.model.named_parameters()
        if ".blocks." in f".{name}" and weight.ndim > 1
    )
