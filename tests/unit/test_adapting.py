"""The studies of the Adaptability page: what is compared, and that what is recorded is what a run comes to."""

from __future__ import annotations

import itertools

import pytest
import torch

import core
from core.analysis.seeds import apart, interval
from core.analysis.tasks import in_context
from core.runs import RunError, adaptations
from core.runs.fine_tuning import bundled_base
from core.training import adapting, labelled
from core.training.adapting import STUDIES
from core.training.fine_tune_spec import LABELS, FineTuneSpec
from core.training.fine_tuning import FineTuner
from core.training.tuned import count


def test_runs_that_are_compared_differ_in_one_thing() -> None:
    for study in STUDIES:
        for way, seed in itertools.product(adapting.ways(study), adapting.SEEDS):
            specs = [adapting.at(study, way, place, seed) for place in adapting.places(study)]
            first = specs[0].to_dict()
            moves = {key for one in specs for key, value in one.to_dict().items() if value != first[key]}
            assert moves <= {{"rank": "rank", "examples": "examples", "prompt": "vectors"}[study]}
            assert {one.steps for one in specs} == {adapting.STEPS}
            assert {one.measured for one in specs} == {"held_out"}
    fulls = {adapting.at("examples", "full", 300, 0), adapting.at("rank", "full", 4, 0)}
    assert len(fulls) == 1, "a way that does not vary is one run"


def test_own_runs_read_every_example_once() -> None:
    assert adapting.spec("full", examples=20_000).steps == 1250
    assert adapting.spec("full", examples=10).steps == adapting.STEPS


def test_every_run_has_its_name_and_is_recorded() -> None:
    specs = list(adapting.plan())
    names = [adapting.name(one) for one in specs]
    assert len(set(names)) == len(names)
    assert set(adaptations.recorded()["runs"]) == set(names)
    for one, name in zip(specs, names, strict=True):
        assert FineTuneSpec.from_dict(adaptations.result(name)["spec"]) == one


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize(
    "name", ["lora4-300-0", "scratch-100-0", "prompt8-300-0", "frozen-30-1", "full-1000-2"]
)
def test_a_recorded_run_begins_as_it_did(name: str) -> None:
    """A change of the trainer, the task or Toyland's text asks for new recordings."""
    run = adaptations.result(name)
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tuner = FineTuner(FineTuneSpec.from_dict(run["spec"]), bundled_base("tales-bert"))
        third = [tuner.step().loss for _ in range(3)][-1]
    finally:
        torch.set_num_threads(threads)
    assert third == pytest.approx(run["early"], rel=2e-3, abs=1e-4)


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", ["lora16-300-0", "frozen-1000-0", "prompt4-300-0"])
def test_what_is_kept_is_as_right_as_it_was(name: str) -> None:
    run = adaptations.result(name)
    spec = FineTuneSpec.from_dict(run["spec"])
    tuner = FineTuner(spec, bundled_base("tales-bert"))
    tuner.reader = adaptations.adapted(name).transformer
    accuracy = tuner.measure()[0]
    assert accuracy.of == run["of"]
    assert abs(accuracy.right - run["right"]) <= 3, "half precision may tip a few"


def test_places_hold_their_seeds_and_what_they_cost() -> None:
    base = bundled_base("tales-bert").config
    for study in STUDIES:
        for way in adapting.ways(study):
            for place in adaptations.curve(study, way):
                runs = [adaptations.result(name) for name in place.names]
                assert place.shares == tuple(run["right"] / run["of"] for run in runs)
                assert place.interval == interval(place.shares)
                counted = count(FineTuneSpec.from_dict(runs[0]["spec"]), base)
                assert (place.trained, place.head) == (counted.learned, counted.head)
    lora = adaptations.curve("rank", "lora")
    assert [place.trained - place.head for place in lora] == [7168 * rank for rank in adapting.RANKS]


def test_a_model_that_is_not_kept_is_refused() -> None:
    with pytest.raises(RunError, match="keeps no weights"):
        adaptations.learned("full-300-0")
    with pytest.raises(RunError, match="no run called 'lora99-1-0'"):
        adaptations.result("lora99-1-0")


def test_games_were_played_in_as_many_rounds_each_way() -> None:
    for game, found in adaptations.recorded()["games"].items():
        for how in ("context", "steps"):
            lines = adaptations.played(game, how)
            assert {spread.of for _, _, spread in lines} == {found["rounds"]}
        assert lines[0][1] == adaptations.played(game, "context")[0][1], "without examples both are the model"
    assert adaptations.played("list", "elsewhere") == []


def test_the_control_learns_from_the_same_texts_with_other_labels() -> None:
    lines = [line.rsplit("\t", 1) for line in adapting.control_lines(100, 0).splitlines()]
    true = labelled.told("sentiment", "train", 100, 0)
    assert [text for text, _ in lines] == [one.text for one in true]
    labels = [LABELS.index(label) for _, label in lines]
    assert sorted(labels) == sorted(one.label for one in true), "as many of each"
    same = sum(label == one.label for label, one in zip(labels, true, strict=True))
    assert 30 <= same <= 70, "but no longer whose they were"


@pytest.mark.full(reason="takes 2 s")
def test_controls_are_recorded_and_learned_nothing() -> None:
    recorded = adaptations.recorded()["controls"]
    for spec in adapting.controls():
        found = recorded[adapting.name(spec)]
        assert FineTuneSpec.from_dict(found["spec"]) == spec
        assert (spec.steps, spec.way, spec.rank) == (adapting.STEPS, "lora", adapting.RANK)
    for place in adaptations.shuffled():
        assert place.interval.low <= 0.55 and len(place.shares) == len(adapting.SEEDS)
    true = adaptations.curve("examples", "lora")
    assert all(
        apart(a.shares, b.shares) > 0 for a, b in zip(true[2:], adaptations.shuffled()[2:], strict=True)
    )


@pytest.mark.full(reason="takes 2 s")
def test_a_recorded_control_begins_as_it_did() -> None:
    spec = adapting.control(30, 0)
    run = adaptations.recorded()["controls"][adapting.name(spec)]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        tuner = FineTuner(spec, bundled_base("tales-bert"), adapting.control_lines(30, 0))
        third = [tuner.step().loss for _ in range(3)][-1]
    finally:
        torch.set_num_threads(threads)
    assert third == pytest.approx(run["early"], rel=2e-3, abs=1e-4)


def test_pairs_were_played_with_what_takes_the_skill_away() -> None:
    game = adaptations.recorded()["games"]["pairs"]
    rounds = in_context.rounds("pairs", game["rounds"], game["seed"])
    told = in_context.exchanged(rounds[0])
    partners = dict(one.strip("()").split() for one in rounds[0].examples)
    others = dict(one.strip("()").split() for one in told.examples)
    assert set(partners) == set(others) and all(partners[key] != others[key] for key in partners)
    lm = core.load("code-gpt", device="cpu")
    assert in_context.right(lm, told, 8) == pytest.approx(game["exchanged"]["8"][0], abs=1e-4)
    early = core.load("code-gpt", snapshot=800, device="cpu")
    assert in_context.right(early, rounds[0], 8) == pytest.approx(game["moments"]["800"][0], abs=1e-4)
    assert game["moments"][str(lm.card["steps"])] == game["context"]["8"]
