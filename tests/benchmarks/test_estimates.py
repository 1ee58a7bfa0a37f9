"""Estimates: what every page's preset was said to take, beside what it then took, in a worker's process and thread.

First by formula and the measured rate alone, then corrected by the runs that ended before: as a learner meets them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from core.efficiency.shrink_spec import ShrinkSpec
from core.memory import keep_freed_memory
from core.precision import Chosen, products
from core.runs import Store, kinds
from core.runs.corrections import corrected
from core.runs.worker import here
from core.training import adapting, corpus_lab, ladder
from core.training.examples import triple
from core.training.fine_tune_spec import compared
from core.training.optimizer_comparison import quintet
from core.training.pairs import broken_spec, few_fables, regularized_spec
from pages.lab.presets import PRESETS
from tests.benchmarks import pair

WITHIN = 1.5
SECOND = 7  # seed of the run that the first one's time corrects


def presets() -> Iterator[tuple[str, Any, str | None]]:
    """Of every page that trains, what it trains when nothing was chosen; of a comparison one arm."""
    for preset in PRESETS.values():
        spec = preset.make()
        yield f"Training lab: {preset.name}", spec.replace(eval_every=max(1, spec.steps // 30)), None
    yield "Bias: a dose", corpus_lab.spec(0.9), None
    yield "Break it: one of two", broken_spec(None), None
    yield "Regularization: one of four", regularized_spec("both"), few_fables()
    for objective, spec in triple().items():
        yield f"Objectives: {objective}", spec, None
    yield "Optimizers: Muon, one of five", quintet()["muon"], None
    yield "Optimizers: AdamW, one of five", quintet()["adamw"], None
    yield "Scaling: width 64", ladder.spec(64), None
    yield "Efficiency: a student, taught", ShrinkSpec(steps=200), None
    yield "Fine-tuning: LoRA on sentiment", compared("sentiment", "lora"), None
    yield "Fine-tuning: LoRA on questions", compared("questions", "lora"), None
    yield "Adaptability: LoRA of rank 4", adapting.spec("lora", rank=4, seed=100), None


def precisions() -> list[Chosen]:
    """Those that this machine is quick in: what "auto" stands for, and float32."""
    return sorted({"float32", products().quicker})  # type: ignore[type-var]


@pytest.mark.parametrize("precision", precisions())
def test_presets_take_what_was_said(
    precision: Chosen,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    report: Callable[[pair.Foretold], None],
) -> None:
    torch.set_num_threads(1)
    keep_freed_memory()
    monkeypatch.setenv("GLASSBOX_PRECISION", precision)
    store = Store(f"sqlite:///{tmp_path}/runs.sqlite")
    wrong = []
    try:
        for title, spec, text in presets():
            found = []
            for seed in (spec.seed, SECOND):
                asked = spec.replace(seed=seed)
                said = corrected(store, asked, kinds.estimate(asked, text)).seconds
                began = time.perf_counter()
                run = here(store, asked, "bench", text)
                assert run.state == "done", run.ended
                found.append((said, time.perf_counter() - began))
            one = pair.Foretold(f"{title}, {precision}", found[0], found[1], WITHIN)
            report(one)
            wrong += [one.title] * (not one.reached)
    finally:
        store.close()
    assert not wrong
