"""Warm-up of a worker before its first run: import torch, take a few steps."""

from __future__ import annotations

import logging
import threading

log = logging.getLogger("glassbox.runs")
_thread: threading.Thread | None = None


def warm() -> None:
    """Import all that training needs, then begin to warm this process up in a thread.

    Dask calls this where it must answer the scheduler. That waits for the imports all the same: two threads that import
    one package at a time may each find it half made.
    """
    global _thread
    from core import logs
    from core.memory import keep_freed_memory

    logs.set_up()
    keep_freed_memory()
    import core.analysis.health.training_health
    import core.runs.samples
    import core.training.trainer  # noqa: F401

    _thread = threading.Thread(target=_warm, name="warm", daemon=True)
    _thread.start()


def warmed() -> None:
    """Wait until `warm` is done, where it was called at all."""
    if _thread is not None:
        _thread.join()


def _warm() -> None:
    from core.memory import give_back

    try:
        _train()
    except (ValueError, RuntimeError, OSError):  # a run will report the error
        log.exception("A worker could not warm up")
    give_back()


def _train() -> None:
    """Train a small model for two steps; nothing is stored."""
    import torch

    from core.runs.training import moment
    from core.training.spec import TrainSpec
    from core.training.trainer import Trainer

    torch.set_num_threads(1)
    spec = TrainSpec(model="gpt-nano", corpus="tales", steps=2, batch_tokens=256, vocab_size=300)
    trainer = Trainer(spec)
    for _ in range(spec.steps):
        trainer.step()
    moment(trainer)
    trainer.state().to_bytes()
