"""The charts of `core.analysis.positions.extrapolation` over three seeds, for the first look at the page.

    python -m scripts.record_extrapolation              # all tasks, some eight minutes on one core
    python -m scripts.record_extrapolation copy --seeds 0 1

Writes assets/extrapolation.json; what is not trained again stays. A test trains the first steps and wants the same
losses, so a change of the tasks, the model or the optimizer asks for new recordings.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Sequence
from typing import Any

import torch

from core.analysis.positions.extrapolation import EVERY, KINDS, RECORDED, Plan, extrapolation
from core.analysis.positions.order_tasks import TASKS, Task
from scripts.record_runs import machine

SEEDS = (0, 1, 2)


def record(task: Task, seed: int) -> dict[str, Any]:
    """One seed of one task, by kind: shares by tested length, losses, answers."""
    found: dict[str, Any] = {}
    early = 0.0
    for report in extrapolation(KINDS, task, seed=seed):
        if report.step == EVERY:
            early = report.loss
        if report.exact:
            found[report.kind] = {
                "early": round(early, 5),
                "loss": round(report.loss, 5),
                "exact": [round(share, 4) for share in report.exact.values()],
                "answers": [list(dataclasses.astuple(answer)) for answer in report.answers],
            }
            print(f"{task} {seed} {report.kind}: {report.exact}", flush=True)
    return found


def keep(task: Task, seeds: Sequence[int]) -> None:
    """Record some seeds of a task and write the file anew."""
    plan = Plan(task=task)
    kept = json.loads(RECORDED.read_text(encoding="utf-8")) if RECORDED.exists() else {"tasks": {}}
    asked = {"plan": dataclasses.asdict(plan) | {"tested": list(plan.lengths), "changes": []}}
    old = kept["tasks"].get(task, {})
    runs = old.get("seeds", {}) if old.get("plan") == asked["plan"] else {}
    runs |= {str(seed): record(task, seed) for seed in seeds}
    kept["tasks"][task] = asked | {"seeds": dict(sorted(runs.items()))}
    values = {
        "machine": machine(),
        "tasks": {one: kept["tasks"][one] for one in TASKS if one in kept["tasks"]},
    }
    RECORDED.write_text(
        json.dumps(values, separators=(",", ":"), ensure_ascii=False) + "\n", encoding="utf-8"
    )


def main() -> None:
    """Record what the command line names, or everything."""
    parser = argparse.ArgumentParser(description="Record the extrapolation charts anew")
    parser.add_argument("tasks", nargs="*", choices=[*TASKS, []], help=f"of {', '.join(TASKS)}")
    parser.add_argument("--seeds", type=int, nargs="+", default=list(SEEDS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    for task in options.tasks or TASKS:
        keep(task, options.seeds)


if __name__ == "__main__":
    main()
