"""Precision: what "auto" stands for is measured, kept, replaceable; what was begun in one goes on in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from core import machine, precision
from core.analysis.seeds import interval
from core.efficiency.shrink_spec import ShrinkSpec
from core.multimodal.training import Recipe
from core.multimodal.training import Training as SeeingTraining
from core.precision import Products, alike, choose, settle
from core.training import Trainer, TrainSpec
from core.training.fine_tune_spec import FineTuneSpec
from core.training.recipes import fast, plain

PRECISIONS = ("float32", "bfloat16")


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A data folder of its own, and nothing chosen for "auto"."""
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    monkeypatch.delenv(precision.VARIABLE)
    machine.forget()
    yield tmp_path
    machine.forget()


def timed(monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float) -> list[str]:
    """Put another probe in place of the real one; the devices that it was asked for."""
    asked: list[str] = []

    def probe(device: str) -> dict[str, float]:
        asked.append(device)
        return {"float32": float32, "bfloat16": bfloat16}

    monkeypatch.setattr(precision, "_timed", probe)
    return asked


@pytest.mark.parametrize(
    ("float32", "bfloat16", "quicker"),
    [(9e10, 2e11, "bfloat16"), (9e10, 1.1e11, "float32"), (9e10, 9e10, "float32"), (6e10, 8e8, "float32")],
)
def test_auto_is_what_products_are_quicker_in(
    data: Path, monkeypatch: pytest.MonkeyPatch, float32: float, bfloat16: float, quicker: str
) -> None:
    asked = timed(monkeypatch, float32, bfloat16)
    assert choose("auto", "cpu") == quicker
    assert choose("auto", torch.device("cpu")) == quicker
    assert [choose(name, "cpu") for name in PRECISIONS] == list(PRECISIONS)  # type: ignore[arg-type]
    assert asked == ["cpu"]  # once


def test_the_probe_times_both(data: Path, device: torch.device) -> None:
    found = precision.products(device.type)
    assert min(found.float32, found.bfloat16) > 1e6
    assert choose("auto", device) == found.quicker


def test_a_device_without_such_products_computes_in_float32(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = torch.bmm

    def bmm(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        if left.dtype == torch.bfloat16:
            raise RuntimeError("not implemented for BFloat16")
        return real(left, right)

    monkeypatch.setattr(torch, "bmm", bmm)
    assert choose("auto", "cpu") == "float32"


def test_a_measurement_is_kept_and_taken_anew_on_another_machine(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = timed(monkeypatch, 1e10, 1e11)
    assert choose("auto", "cpu") == "bfloat16"
    machine.forget()  # another process
    assert choose("auto", "cpu") == "bfloat16" and asked == ["cpu"]
    written = json.loads((data / "machine.json").read_text())
    assert [key.partition(" | ")[0] for key in written] == ["products"] and torch.__version__ in str(written)
    for other in ("another processor", "another torch"):  # whatever of the signature is another's
        machine.forget()
        monkeypatch.setattr(machine, "signature", lambda device, name=other: name)
        timed(monkeypatch, 1e11, 1e9)
        assert choose("auto", "cpu") == "float32"
    assert len(json.loads((data / "machine.json").read_text())) == 3


@pytest.mark.parametrize(
    "damaged", ["", "[", "[1]", '{"products | x": 3}', '{"KEY": {"float32": -1, "bfloat16": 2}}', "\0\xff"]
)
def test_a_damaged_file_counts_as_none(data: Path, monkeypatch: pytest.MonkeyPatch, damaged: str) -> None:
    key = f"products | {machine.signature()}"
    (data / "machine.json").write_text(damaged.replace("KEY", key), encoding="latin-1")
    asked = timed(monkeypatch, 1e10, 1e11)
    assert choose("auto", "cpu") == "bfloat16" and asked == ["cpu"]
    assert json.loads((data / "machine.json").read_text())[key] == {"float32": 1e10, "bfloat16": 1e11}


def test_a_folder_that_cannot_be_written_measures_once_a_process(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (data / "file").write_text("no folder")
    monkeypatch.setenv("GLASSBOX_DATA", str(data / "file"))
    asked = timed(monkeypatch, 1e10, 1e11)
    assert choose("auto", "cpu") == choose("auto", "cpu") == "bfloat16" and asked == ["cpu"]


def test_few_measurements_are_kept(data: Path) -> None:
    for number in range(machine.MOST + 5):
        machine.measured(f"number {number}", lambda: {"value": 1.0})
    written = json.loads((data / "machine.json").read_text())
    assert len(written) == machine.MOST and f"number {machine.MOST + 4}" in list(written)[-1]


def test_the_variable_answers_for_auto(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = timed(monkeypatch, 1e10, 1e11)
    monkeypatch.setenv(precision.VARIABLE, "float32")
    assert choose("auto", "cpu") == "float32" and choose("bfloat16", "cpu") == "bfloat16" and not asked
    monkeypatch.setenv(precision.VARIABLE, "half")
    with pytest.raises(ValueError, match="GLASSBOX_PRECISION=half is not one of auto, float32, bfloat16"):
        choose("auto", "cpu")
    monkeypatch.setenv(precision.VARIABLE, "auto")
    assert choose("auto", "cpu") == "bfloat16"


def test_everything_that_trains_asks_for_auto() -> None:
    from core.training import corpus_lab, examples, ladder, optimizer_comparison, pairs
    from scripts import train_digits
    from scripts.recipes import RECIPES

    specs: list[Any] = [
        TrainSpec(), fast(), ladder.spec(48), corpus_lab.spec(0.5), pairs.broken_spec(None),
        pairs.regularized_spec("both"), *examples.triple().values(), *optimizer_comparison.quintet().values(),
        ShrinkSpec(),
        ShrinkSpec().training(TrainSpec(vocab_size=300).config(300)), *train_digits.RECIPES.values(),
        *(spec for recipe in RECIPES.values() for spec in recipe.trainings),
    ]  # fmt: skip
    assert {spec.precision for spec in specs} == {"auto"}
    assert plain().precision == "float32"  # as most tutorials train


def test_specs_are_alike_in_whichever_precision() -> None:
    half = fast(precision="bfloat16")
    assert alike(half, fast()) and not alike(half, fast(steps=123)) and half != fast()
    assert settle(fast()).precision == "float32"  # what the tests' variable says
    assert settle(half) is half and settle(FineTuneSpec()) == FineTuneSpec()


def small(**changes: Any) -> TrainSpec:
    return TrainSpec(
        corpus="fables", steps=6, batch_tokens=128, context=32, vocab_size=300, device="cpu", **changes
    )


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("name", PRECISIONS)
def test_a_trainer_computes_in_what_was_chosen_and_its_state_says_so(
    data: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    timed(monkeypatch, 1e10, 1e11 if name == "bfloat16" else 1e9)
    trainer = Trainer(small())
    assert trainer.spec.precision == name
    working = {weight.dtype for weight in trainer.optimizer.working.parameters()}
    assert working == {getattr(torch, name)}
    assert {weight.dtype for weight in trainer.model.parameters()} == {torch.float32}
    assert trainer.optimizer.torch[0].products == getattr(torch, name)  # type: ignore[attr-defined]  # Muon
    losses = [trainer.step().loss for _ in range(3)]
    state = trainer.state()
    rest = [trainer.step().loss for _ in range(3)]
    machine.forget()
    timed(monkeypatch, 1e10, 1e9 if name == "bfloat16" else 1e11)
    monkeypatch.setattr(machine, "signature", lambda device: "a machine that is quick in the other")
    resumed = Trainer.resume(small(), state)  # elsewhere, the spec still says auto
    assert resumed.spec.precision == name
    assert [resumed.step().loss for _ in range(3)] == rest and len(losses) == 3
    assert Trainer(small()).spec.precision != name  # a new one takes what is quick there


@pytest.mark.parametrize("name", PRECISIONS)
def test_a_captioner_goes_on_in_what_it_began_in(
    data: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    timed(monkeypatch, 1e10, 1e11 if name == "bfloat16" else 1e9)
    begun = SeeingTraining(Recipe("captioner", steps=3, scenes=4))
    begun.step()
    assert begun.recipe.precision == name
    assert Recipe(**begun.state().meta["recipe"]).precision == name
    other = "float32" if name == "bfloat16" else "bfloat16"
    elsewhere = SeeingTraining(Recipe("captioner", steps=3, scenes=4, precision=other))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="belongs to another recipe"):
        elsewhere.restore(begun.state())


@pytest.mark.full(reason="takes 3 s")
def test_both_precisions_learn_alike() -> None:
    """What bfloat16 rounds away costs a run of some steps nothing that its seed does not cost, too."""
    ends = {
        name: [
            Trainer(small(seed=seed, precision=name, learning_rate=0.05).replace(steps=40, eval_every=40))
            for seed in range(3)
        ]
        for name in PRECISIONS
    }
    losses = {
        name: [list(trainer.run())[-1].held_out or 0.0 for trainer in trainers]
        for name, trainers in ends.items()
    }
    spread = interval(losses["float32"], 0.0, 10.0)
    means = [sum(each) / len(each) for each in losses.values()]
    assert abs(means[0] - means[1]) < max(0.1, spread.high - spread.low)
    assert max(means) < 0.8 * Trainer(small()).guessing  # and they did learn


@pytest.mark.full(reason="takes 2 s")
def test_rates_are_measured_in_both(data: Path) -> None:
    from core.training.estimates import measured_rate

    for name in PRECISIONS:
        rate = measured_rate(name)  # type: ignore[arg-type]
        assert rate.flops == getattr(precision.products(), name)
        assert rate.bytes > 1e6 and 0 < rate.block < 10 and 0 < rate.loop < 1
    assert {key.partition(" | ")[0] for key in json.loads((data / "machine.json").read_text())} == {
        "products", "training float32", "training bfloat16",
    }  # fmt: skip


def test_products_compare() -> None:
    assert Products(1.0, 1 / precision.GAIN).quicker == "bfloat16"
    assert Products(1.0, 0.99 / precision.GAIN).quicker == "float32"


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("name", PRECISIONS)
def test_a_runs_record_names_what_it_was_given_and_another_machine_goes_on_in_it(
    data: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    from core.runs import Store
    from core.runs.lease import Lease
    from core.runs.loop import Training
    from core.runs.queue import claim
    from tests.runs import OWNER, tiny

    def work(leaving: Any = lambda: False) -> None:
        ticket = claim(store.database, 60.0)
        assert ticket is not None
        Training(store, Lease.take(store.database, ticket, 60.0), leaving=leaving).run()

    asked = tiny(40)
    assert asked.precision == "auto"
    store = Store(f"sqlite:///{data}/runs.sqlite")
    try:
        id = store.create(asked, OWNER).id
        timed(monkeypatch, 1e10, 1e11 if name == "bfloat16" else 1e9)
        steps = iter(range(1000))
        work(leaving=lambda: next(steps) == 15)
        run = store.get(id)
        assert run.state == "queued" and 0 < run.step < 40
        assert run.spec == asked.replace(precision=name)
        machine.forget()
        monkeypatch.setattr(machine, "signature", lambda device: "a machine that is quick in the other")
        timed(monkeypatch, 1e10, 1e9 if name == "bfloat16" else 1e11)
        work()
        run, losses = store.get(id), store.points(id).loss.tolist()
        assert run.state == "done" and run.spec.precision == name
        assert losses == [point.loss for point in Trainer(run.spec).run()]
        other = "float32" if name == "bfloat16" else "bfloat16"
        assert losses != [point.loss for point in Trainer(run.spec.replace(precision=other)).run()]
    finally:
        store.close()
