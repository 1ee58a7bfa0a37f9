"""Train the recorded runs anew, each from its seed: `python -m scripts.record_runs`, or only those that are named.

Writes assets/runs/NAME.json, which `core.runs.recorded(NAME)` reads: spec, curve, and what each checkpoint said; of
fine-tuning also NAME.safetensors, what was learned.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import torch

from core.config import WITHOUT
from core.machine import processor
from core.runs import Store, recordings, tuned_recordings, word_recordings
from core.runs.word_specs import WordsSpec
from core.runs.worker import here
from core.training import TrainSpec
from core.training.examples import triple
from core.training.fine_tune_spec import FineTuneSpec, Task, Way, compared
from core.training.optimizer_comparison import quintet
from core.training.pairs import Regularizer, broken_spec, few_fables, regularized_spec


@dataclass(frozen=True)
class Plan:
    """How one recorded run is made. `text` gives the own text of a spec that names one."""

    spec: TrainSpec | FineTuneSpec
    text: Callable[[], str] | None = None


RECORDED: dict[str, Plan] = {
    "break-whole": Plan(broken_spec(None)),
    "break-twin": Plan(broken_spec(None, 1)),
    **{f"break-{part}": Plan(broken_spec(part)) for part in WITHOUT},
    **{f"regularization-{kind}": Plan(regularized_spec(kind), few_fables) for kind in get_args(Regularizer)},
    **{f"optimizers-{kind}": Plan(spec) for kind, spec in quintet().items()},
    **{
        f"finetune-{task}-{way}": Plan(compared(task, way))
        for task in get_args(Task)
        for way in get_args(Way)
        if way != "prompt"
    },
    **{f"objectives-{objective}": Plan(spec) for objective, spec in triple().items()},
}


def record(name: str) -> Path:
    """Train one run on one thread and write its file.

    Raises:
        RuntimeError: it did not end as a run should.
    """
    plan = RECORDED[name]
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/runs.sqlite")
        run = here(store, plan.spec, "recorded", plan.text() if plan.text else None, name)
        if run.state not in ("done", "diverged"):
            raise RuntimeError(f"{name} {run.state}: {run.ended}")
        path = recordings.record(store, run.id, name, machine())
        if run.kind == "fine_tune":
            tuned_recordings.record_weights(store, run.id, name)
        store.close()
    return path


def record_words() -> Path:
    """The same for the run of word2vec on the tales; its file is assets/runs/word2vec-tales.safetensors."""
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"sqlite:///{folder}/runs.sqlite")
        run = here(store, WordsSpec(), "recorded")
        if run.state != "done":
            raise RuntimeError(f"{word_recordings.NAME} {run.state}: {run.ended}")
        path = word_recordings.record(store, run.id, machine())
        store.close()
    return path


def machine() -> str:
    """What trains here, in words."""
    return f"one thread of {processor()}"


def main() -> None:
    """Record what the command line names, or everything."""
    known = [*RECORDED, word_recordings.NAME]
    parser = argparse.ArgumentParser(description="Train the recorded runs anew")
    parser.add_argument("names", nargs="*", help=f"of {', '.join(known)}")
    names = parser.parse_args().names or known
    if unknown := [name for name in names if name not in known]:
        parser.error(f"no recorded run is called {unknown[0]}; there is {', '.join(known)}")
    for name in names:
        path = record_words() if name == word_recordings.NAME else record(name)
        print(f"{name}: {path.stat().st_size / 1000:.0f} kB", flush=True)


if __name__ == "__main__":
    main()
