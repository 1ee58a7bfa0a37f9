"""What the run store costs a training loop, and how soon a checkpoint is a model again."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import torch

from core.runs import Store, load
from core.runs.worker import here
from core.training.spec import TrainSpec
from core.training.trainer import Trainer
from tests.benchmarks import pair
from tests.runs import OWNER

ROUNDS, STEPS, FROM = 10, 400, 40  # the first steps, with the first checkpoint, are left out

# About 5 ms a step on one thread: any slower, and the store would hide behind the arithmetic.
SPEC = TrainSpec(
    changes={"n_layers": 2, "d_model": 64, "n_heads": 2},
    steps=STEPS,
    batch_tokens=256,
    context=32,
    tokenizer="characters",
    checkpoints=2,
    optimizer="adamw",
    learning_rate=3e-3,
)


def step_seconds(times: list[float]) -> float:
    """Seconds of one step, from when each was done."""
    return (times[-2] - times[FROM]) / (len(times) - 2 - FROM)


def test_steps_with_and_without_the_store(tmp_path: Path, report: Callable[[pair.Figure], None]) -> None:
    """Control word before every step, points, states and heartbeat: all of the worker's loop against the trainer's."""
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    more = []
    try:
        for _ in range(ROUNDS):
            alone = [time.perf_counter() for _ in Trainer(SPEC).run()]
            kept: list[float] = []
            here(store, SPEC, OWNER, watch=lambda point: kept.append(time.perf_counter()))  # noqa: B023
            more.append(100 * (step_seconds(kept) / step_seconds(alone) - 1))
    finally:
        torch.set_num_threads(threads)
        store.close()
    figure = pair.Figure("what the run store adds to a step of 5 ms", more, 5, "%")
    report(figure)
    assert figure.reached


def test_opening_a_checkpoint(tmp_path: Path, report: Callable[[pair.Figure], None]) -> None:
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    wide = {"n_layers": 4, "d_model": 128, "n_heads": 4}  # 0.8 M weights
    run = here(store, SPEC.replace(steps=2, changes=wide), OWNER)
    times = []
    for step in (0, 2) * 15:
        began = time.perf_counter()
        load(store, run.id, step)
        times.append(1000 * (time.perf_counter() - began))
    store.close()
    figure = pair.Figure("a run's checkpoint of 0.8 M weights as a model", times, 60)
    report(figure)
    assert figure.reached
