"""The studies of the Adaptability page: what is compared, and that what is recorded is what a run comes to."""

from __future__ import annotations

import itertools

import pytest
import torch

from core.analysis.seeds import interval
from core.runs import RunError, adaptations
from core.runs.fine_tuning import bundled_base
from core.training import adapting
from core.training.adapting import STUDIES
from core.training.fine_tune_spec import FineTuneSpec
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
