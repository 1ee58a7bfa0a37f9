"""The recorded pruning and distillation: whole, made by the specs in the code; a stopped recording goes on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

from core.efficiency import distilbert, shrink_lab
from core.efficiency.held_out import beside, measure
from core.efficiency.judging import Reference
from core.efficiency.removal import removed
from core.efficiency.shrink_lab import LEARNED, LONGER, SEEDS
from core.efficiency.shrink_spec import ShrinkSpec
from core.efficiency.shrinking import trainer_of
from core.precision import alike
from core.runs import compression_recordings
from core.runs.records import RunError
from core.zoo import load
from scripts import record_efficiency, train_models


def test_every_planned_run_is_recorded_with_its_spec() -> None:
    runs = compression_recordings.recorded()["runs"]
    planned = {shrink_lab.name(spec): spec for spec in shrink_lab.plan()}
    assert set(runs) == set(planned) and len(planned) == len(list(shrink_lab.plan()))
    for name, spec in planned.items():
        one = runs[name]
        assert alike(ShrinkSpec.from_dict(one["spec"]), spec)
        assert one["tokens"] == spec.steps * spec.batch_tokens and one["machine"] and one["revision"]
        assert one["trace"][0]["step"] == 0 and one["trace"][-1]["step"] == spec.steps
        assert one["trace"][-1]["loss"] == one["end"]["loss"]
        for at in (*one["trace"], one["end"]):
            assert (
                at["rise_low"] <= at["rise"] <= at["rise_high"] and at["low"] <= at["agreement"] <= at["high"]
            )
            assert at["loss"] == pytest.approx(
                compression_recordings.base()["loss"] + at["rise"], abs=2e-5
            ), "on the same places"


# By which part of the loss processors and precisions differ after the first steps: measured with AVX-512 and without,
# at most 5e-4, of all weights of the base at its largest rate 2e-3.
CLOSE = {"alone": 8e-4, "distilled": 8e-4, "magnitude": 3e-3, "structured": 8e-4}


def spec_of(way: Any) -> ShrinkSpec:
    """The recorded run of each way whose first steps are trained again."""
    return shrink_lab.student(way) if way in ("alone", "distilled") else shrink_lab.pruned(way, 0.5)


def apart(way: str, precision: str, **changes: Any) -> float:
    """By which part the last of a recorded run's first losses differs from that of its spec with changes."""
    spec = spec_of(way)
    trainer = trainer_of(spec.replace(precision=precision, **changes), load("tales-gpt", device="cpu"))
    losses = [trainer.step().loss for _ in range(record_efficiency.EARLY)]
    return abs(losses[-1] / compression_recordings.result(spec)["early"] - 1)


@pytest.mark.full(reason="the other cases take 8 s", quick_cases=1)
@pytest.mark.parametrize(
    ("way", "precision"),
    [
        *((way, "float32") for way in CLOSE),
        # The smallest of each kind: some processors take 40 times as long for it.
        ("alone", "bfloat16"),
        ("structured", "bfloat16"),
    ],
)
def test_the_first_steps_are_those_recorded(way: str, precision: str) -> None:
    assert apart(way, precision) <= CLOSE[way]


@pytest.mark.full(reason="4 cases, 17 s together")
@pytest.mark.parametrize("way", list(CLOSE))
def test_another_seed_or_rate_would_be_noticed(way: str) -> None:
    assert apart(way, "float32", seed=1) > CLOSE[way]
    assert apart(way, "float32", rate=2 * spec_of(way).body_rate) > CLOSE[way]


@pytest.mark.full(reason="starts processes and waits for them, 3 s")
def test_without_retraining_the_figures_are_measured_again() -> None:
    base = load("tales-gpt", device="cpu")
    before = beside(base)
    own = measure(before, base)
    assert (
        own["loss"] == pytest.approx(compression_recordings.base()["loss"], abs=1e-4)
        and own["agreement"] == 1
    )
    assert sum(len(said) for said in before.said) == compression_recordings.base()["places"] > 5_000
    for way, sparsity in (("magnitude", 0.7), ("structured", 0.25)):
        level = next(one for one in compression_recordings.curve(way) if one.sparsity == sparsity)
        found = measure(before, *removed(base, way, sparsity))
        assert found["rise"] == pytest.approx(level.before["rise"], abs=1e-3)
        assert (found["numbers"], found["bytes"]) == (level.numbers, level.bytes)


def test_the_students_are_a_quarter_and_differ_in_their_teacher_alone() -> None:
    alone, taught, longer = (
        compression_recordings.arm("alone"),
        compression_recordings.arm("distilled"),
        compression_recordings.arm("alone", LONGER),
    )
    assert (alone.steps, taught.steps, longer.steps) == (LEARNED, LEARNED, LONGER)
    for one in (alone, taught, longer):
        assert len(one.end) == len(SEEDS)
        assert all(4 * end["numbers"] <= compression_recordings.base()["numbers"] for end in one.end)
    for seed in SEEDS:
        first, second = (shrink_lab.student(way, seed) for way in ("alone", "distilled"))
        assert first.replace(way="distilled") == second
        assert (
            compression_recordings.result(first)["trace"][0]["loss"]
            == compression_recordings.result(second)["trace"][0]["loss"]
        ), "untrained"
    assert compression_recordings.operations() == pytest.approx(LONGER / LEARNED, abs=0.05)


def test_intervals_and_gains() -> None:
    level = compression_recordings.curve("magnitude")[-1]
    spread = level.spread("agreement")
    assert 0 <= spread.low <= spread.mean <= spread.high <= 1 and spread.of == len(SEEDS)
    alone, taught = compression_recordings.arm("alone"), compression_recordings.arm("distilled")
    gain = compression_recordings.gain(alone, taught)
    pairs = [a[-1]["loss"] - b[-1]["loss"] for a, b in zip(alone.trace, taught.trace, strict=True)]
    assert gain.mean == pytest.approx(sum(pairs) / len(pairs))
    assert compression_recordings.gain(taught, alone).mean == pytest.approx(-gain.mean)


def test_a_run_that_is_not_recorded() -> None:
    with pytest.raises(RunError, match="no run called 'magnitude-42-0' is recorded"):
        compression_recordings.result(shrink_lab.pruned("magnitude", 0.42))


def test_more_is_mended_by_larger_steps() -> None:
    rates = [shrink_lab.rate_at("magnitude", share) for share in (0.0, 0.29, 0.3, 0.6, 0.95)]
    assert rates == [0.005, 0.005, 0.02, 0.04, 0.04]
    assert shrink_lab.rate_at("structured", 0.39) < shrink_lab.rate_at("structured", 0.4)


def test_the_published_pair_is_counted_here() -> None:
    one, other = distilbert.TEACHER, distilbert.STUDENT
    assert other.size.parameters < 0.65 * one.size.parameters and other.size.config.n_layers == 6
    assert 0.96 < other.glue / one.glue < 0.98, "the abstract: 97 %"
    assert other.seconds / one.seconds == pytest.approx(1 / 1.6, abs=0.02), "the abstract: 60 % faster"


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of what was recorded; nothing is trained or measured."""
    names: list[str] = []

    def noted(spec: ShrinkSpec, *beside: Any) -> dict[str, Any]:
        names.append(shrink_lab.name(spec))
        return {"spec": spec.to_dict(defaults=False), "end": {"loss": 1.0, "agreement": 0.5}, "seconds": 0.1}

    monkeypatch.setattr(record_efficiency, "record", noted)
    monkeypatch.setattr(record_efficiency.held_out, "measure", lambda *given: {"loss": 1.0})
    monkeypatch.setattr(record_efficiency.held_out, "beside", lambda base: Reference(base, (), ()))
    monkeypatch.setattr(record_efficiency, "retime", lambda path: names.append("speeds"))
    return names


def planned(monkeypatch: pytest.MonkeyPatch, *specs: ShrinkSpec) -> None:
    monkeypatch.setattr(shrink_lab, "plan", lambda: iter(specs))


def test_a_stopped_recording_goes_on(
    trained: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    path = tmp_path / "efficiency.json"
    one, other = shrink_lab.student("alone"), shrink_lab.pruned("magnitude", 0.5)
    planned(monkeypatch, one)
    assert record_efficiency.make(path)
    planned(monkeypatch, one, other, one.replace(seed=1))
    assert record_efficiency.make(path)
    planned(monkeypatch, one.replace(rate=0.01), other)
    assert record_efficiency.make(path)
    assert trained == ["alone-400-0", "magnitude-50-0", "alone-400-1", "alone-400-0"], (
        "another spec is trained again"
    )
    assert set(json.loads(path.read_text(encoding="utf-8"))["runs"]) == {"alone-400-0", "magnitude-50-0"}


def test_no_run_begins_after_the_time(
    trained: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planned(monkeypatch, *(shrink_lab.student("alone", seed) for seed in SEEDS))
    clock = iter([0.0, 1.0, 70.0, 80.0])
    monkeypatch.setattr(record_efficiency, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    assert not record_efficiency.make(tmp_path / "efficiency.json", 1)
    assert trained == ["alone-400-0"]


def test_make_models_records_it_anew(
    trained: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    planned(monkeypatch, *(shrink_lab.student("alone", seed) for seed in (0, 1)))
    monkeypatch.setattr(train_models, "SCRATCH", tmp_path / "scratch")
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", ["train_models", "efficiency", "--out", str(tmp_path / "out")])
        train_models.main()
    assert trained == ["alone-400-0", "alone-400-1", "speeds"] * 2, "what is there already does not count"
    table = json.loads((tmp_path / "out" / "efficiency.json").read_text())
    assert set(table["runs"]) == {"alone-400-0", "alone-400-1"}


def test_a_recording_of_a_moment(tmp_path: Path) -> None:
    base = load("tales-gpt", device="cpu")
    before = beside(base, 2)
    spec = shrink_lab.pruned("structured", 0.75, steps=2).replace(batch_tokens=128, context=32)
    one = record_efficiency.record(spec, base, before)
    assert [at["step"] for at in one["trace"]] == [0, 2] and "early" not in one
    assert one["end"]["numbers"] == trainer_of(spec, base).language_model.n_parameters
    assert one["end"]["loss"] == one["trace"][-1]["loss"]


def test_speeds_are_taken_in_turn_and_are_those_of_a_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "efficiency.json"
    specs = [
        shrink_lab.student("alone"),
        shrink_lab.student("distilled", 1),
        shrink_lab.pruned("structured", 0.5),
    ]
    ends = {
        shrink_lab.name(one): {"spec": one.to_dict(defaults=False), "end": {"pass": [1, 2]}} for one in specs
    }
    record_efficiency.keep({"base": {"pass": [1, 1]}, "runs": ends}, path)
    asked: list[list[int]] = []

    def noted(before: Reference, models: Any, rounds: int) -> list[tuple[float, float, float]]:
        asked.append([lm.n_parameters for lm in models])
        return [(float(n), n + 0.1, n + 0.2) for n in range(len(models))]

    monkeypatch.setattr(record_efficiency, "speeds", noted)
    record_efficiency.retime(path)
    found = json.loads(path.read_text(encoding="utf-8"))
    assert asked == [[1_050_112, 229_888, 656_896]], "one loop, one model of each shape"
    assert found["base"] == {"speed": [0.0, 0.1, 0.2]}
    assert [run["end"] for run in found["runs"].values()] == [
        {"speed": [1.0, 1.1, 1.2]}, {"speed": [1.0, 1.1, 1.2]}, {"speed": [2.0, 2.1, 2.2]},
    ]  # fmt: skip


def test_runs_of_a_shape_have_one_speed_and_zeros_are_no_faster() -> None:
    runs = compression_recordings.recorded()["runs"]
    shapes: dict[str, set[tuple[float, ...]]] = {}
    for run in runs.values():
        shapes.setdefault(record_efficiency.shape_of(ShrinkSpec.from_dict(run["spec"])), set()).add(
            tuple(run["end"]["speed"])
        )
        low, middle, high = run["end"]["speed"]
        assert 0 < low <= middle <= high
    assert all(len(found) == 1 for found in shapes.values())
    assert {level.speed for level in compression_recordings.curve("structured")} <= set().union(
        *shapes.values()
    )
