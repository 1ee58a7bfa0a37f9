"""Thirty recorded runs with a known break each, and whole ones beside them, to judge the diagnosis by.

`python -m tests.unit.broken_runs` trains them anew, in three minutes, and writes broken_runs.json. Neither their seeds
nor the second of their shapes was used when the rules were written.
"""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from core.analysis.health.evidence import Evidence, of_run
from core.analysis.health.training_health import measure
from core.config import WITHOUT, Part
from core.training import Diverged, Trainer
from core.training.pairs import broken_spec
from core.training.spec import TrainSpec

FILE = Path(__file__).with_suffix(".json")
LENGTHS: dict[str, Any] = {"steps": 48, "batch_tokens": 512, "eval_every": 24, "checkpoints": 4}
# By the name of a shape: what differs from the runs of the page Break it beside their length, and the seeds.
SHAPES: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "deep": ({}, (2, 3, 4)),
    "wide": ({"n_layers": 4, "d_model": 64, "n_heads": 4}, (5, 6, 7)),
}
UNREAD = ("names", "weights")  # measurements that no rule reads


class Curve(SimpleNamespace):
    """As `core.runs.Points`: the columns that the evidence reads."""

    def __len__(self) -> int:
        return len(self.loss)


def train(spec: TrainSpec) -> Evidence:
    """Train a run and measure it at its checkpoints."""
    trainer, points, ended = Trainer(spec), [], ""
    seen: Any = []

    def look() -> None:
        seen.append(SimpleNamespace(step=trainer.done_steps, sample="", health=measure(trainer)))

    look()
    try:
        while not trainer.done:
            points.append(trainer.step())
            if trainer.done_steps in trainer.checkpoint_steps:
                look()
    except Diverged as why:
        ended = str(why)
        look()
    curve: Any = Curve(
        loss=np.array([point.loss for point in points]),
        held_out=np.array([np.nan if point.held_out is None else point.held_out for point in points]),
    )
    return of_run(curve, seen, guessing=trainer.guessing, ended=ended)


def name(shape: str, seed: int, part: Part | None) -> str:
    """Name a run in the file."""
    return f"{shape}, seed {seed}, {f'without {part}' if part else 'whole'}"


def read() -> dict[str, Evidence]:
    """Read the recorded evidence of all runs, by name."""
    found = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        name: Evidence(**one | {"healths": tuple(one["healths"]), "steps": tuple(one["steps"])})
        for name, one in found.items()
    }


def _rounded(found: Any) -> Any:
    """Round numbers to four digits."""
    if isinstance(found, float):
        return float(f"{found:.4g}")
    if isinstance(found, dict):
        return {key: _rounded(value) for key, value in found.items() if key not in UNREAD}
    return [_rounded(value) for value in found] if isinstance(found, list | tuple) else found


def record() -> None:
    """Train all of them and write the file."""
    found = {}
    for shape, (changes, seeds) in SHAPES.items():
        for seed in seeds:
            for part in (None, *WITHOUT):
                spec = broken_spec(part, seed)
                spec = spec.replace(**LENGTHS, changes={**dict(spec.changes), **changes})
                found[name(shape, seed, part)] = _rounded(dataclasses.asdict(train(spec)))
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value)}" for key, value in found.items())
    FILE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")


if __name__ == "__main__":
    record()
