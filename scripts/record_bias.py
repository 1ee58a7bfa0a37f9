"""Train and measure what the Bias page's corpus lab shows: `python -m scripts.record_bias`.

Writes assets/bias.json after every run, so that it goes on where it was stopped: a run that is recorded with the same
spec is not trained again. About half a minute a run on one core.
"""

from __future__ import annotations

import argparse
import json
import time
from typing import Any

import torch

from core.analysis.tasks.pronoun_gap import by_profession
from core.data.dial import shares_told
from core.precision import alike
from core.runs.bias_recordings import RECORDED
from core.runs.revision import revision
from core.training import Trainer, TrainSpec, corpus_lab
from scripts.record_runs import machine

EARLY = 3  # steps whose last loss is recorded, so that a test can train them again
STORIES = 2_000  # in which the shares of the world as it is are counted


def record(spec: TrainSpec) -> dict[str, Any]:
    """Train one run: what it came to, and how the gap moved on the way."""
    began = time.perf_counter()
    trainer = Trainer(spec)
    spec = trainer.spec  # with its precision
    jobs = [job for job, _ in spec.dial]
    found: dict[str, Any] = {"spec": spec.to_dict(defaults=False)}
    trace = []
    while not trainer.done:
        if trainer.done_steps in trainer.checkpoint_steps:
            trace.append(_moment(trainer, jobs)[0])
        point = trainer.step()
        if point.step == EARLY:
            found["early"] = round(point.loss, 6)
    last, gaps = _moment(trainer, jobs)
    return found | {
        "held_out": round(point.held_out or float("nan"), 5), "tokens": trainer.tokens,
        "seconds": round(time.perf_counter() - began, 1), "trace": [*trace, last], "gaps": gaps,
    }  # fmt: skip


def _moment(trainer: Trainer, jobs: list[str]) -> tuple[dict[str, Any], dict[str, float]]:
    measured = by_profession(trainer.language_model, jobs)
    gaps: dict[str, float] = measured.pop("gaps")
    return {"step": trainer.done_steps, **measured}, gaps


def keep(values: dict[str, Any]) -> None:
    """Write the file at once."""
    text = json.dumps(values, separators=(",", ":")).replace('},"', '},\n"')
    draft = RECORDED.with_suffix(".draft")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(RECORDED)


def main() -> None:
    """Record what is missing or has changed."""
    parser = argparse.ArgumentParser(description="Record the Bias page's corpus lab")
    parser.add_argument(
        "--most", type=int, default=1000, help="runs that are trained now; the rest another time"
    )
    most = parser.parse_args().most
    torch.set_num_threads(1)
    old: dict[str, Any] = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {}
    plan = {corpus_lab.name(spec): spec for spec in corpus_lab.plan()}
    runs: dict[str, Any] = {
        name: old["runs"][name]
        for name, spec in plan.items()
        if name in old.get("runs", {}) and alike(TrainSpec.from_dict(old["runs"][name]["spec"]), spec)
    }
    values = {
        "version": 1, "machine": machine(), "revision": revision(), "stories": STORIES,
        "told": shares_told((), STORIES), "runs": runs,
    }  # fmt: skip
    keep(values)
    for name in [name for name in plan if name not in runs][:most]:
        runs[name] = record(plan[name])
        print(f"{name}: {runs[name]['trace'][-1]}, {runs[name]['seconds']} s", flush=True)
        keep(values)


if __name__ == "__main__":
    main()
