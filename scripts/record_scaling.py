"""Train and measure the ladder of sizes: `python -m scripts.record_scaling`, or `make models ARGS="scaling"`.

Writes assets/scaling.json after every run, so that it goes on where it was stopped: a run that is recorded with the
same spec is not trained again. About an hour on one core; `--minutes 9` begins no further run after that time.
`--rates` trains a narrow and a wide model at several rates instead and prints their losses: what the ladder's one
set of rates was chosen by.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from core.analysis.health import emergence
from core.memory import keep_freed_memory
from core.precision import alike
from core.runs.ladder_recordings import RECORDED
from core.runs.revision import revision
from core.training import Trainer, TrainSpec, ladder
from scripts.record_runs import machine

EARLY = 3  # steps whose last loss is recorded, so that a test can train them again
RATES = (0.02, 0.04, 0.06, 0.08)


def record(spec: TrainSpec) -> dict[str, Any]:
    """Train one run and measure it.

    Returns:
        what the table holds of it: losses and shares with their intervals over stories.
    """
    trainer = Trainer(spec)
    points = list(trainer.run())
    lm = trainer.language_model
    found = emergence.measure(lm, emergence.rows(lm, ladder.CONTEXT))
    return {
        "spec": trainer.spec.to_dict(defaults=False), "vocabulary": lm.config.d_vocab, "parameters": lm.n_parameters,
        "early": round(points[EARLY - 1].loss, 6) if len(points) >= EARLY else None,
        "loss": round(found.loss.value, 5), "low": round(found.loss.low, 5), "high": round(found.loss.high, 5),
        "characters": found.characters, "right": round(found.right, 5), "log": round(found.log, 5),
        "asked": found.asked,
        "exact": {
            str(k): [round(value, 5) for value in (one.value, one.low, one.high)] for k, one in found.exact.items()
        },
        "seconds": round(trainer.seconds, 1), "machine": machine(), "revision": revision(),
    }  # fmt: skip


def keep(values: dict[str, Any], path: Path) -> None:
    """Write the table at once, a run a line."""
    text = json.dumps(values, separators=(",", ":")).replace('},"w', '},\n"w')
    draft = path.with_suffix(".draft")
    draft.write_text(text + "\n", encoding="utf-8")
    draft.replace(path)


def make(path: Path, minutes: float) -> bool:
    """Record what is missing or has changed; False: the time was over before the last run."""
    began = time.monotonic()
    old: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["runs"] if path.exists() else {}
    runs: dict[str, Any] = {}
    values: dict[str, Any] = {"version": 1, "runs": runs}
    planned = list(ladder.plan())
    for spec in planned:  # what is there stays, whichever run comes first
        known = old.get(ladder.name(spec))
        if known is not None and alike(TrainSpec.from_dict(known["spec"]), spec):
            runs[ladder.name(spec)] = known
    for spec in planned:
        name = ladder.name(spec)
        if name in runs:
            continue
        if minutes and time.monotonic() - began > 60 * minutes:
            return False
        runs[name] = record(spec)
        values["vocabulary"] = max(run["vocabulary"] for run in runs.values())
        one = runs[name]
        print(f"{name}: {one['parameters']:,} parameters, loss {one['loss']}, {one['seconds']} s", flush=True)
        keep(values, path)
    return True


def remake(out: Path, scratch: Path) -> None:
    """Train all of it again. A stopped call left what it had in `scratch`; whole, that takes the place of `out`."""
    scratch.parent.mkdir(parents=True, exist_ok=True)
    torch.set_num_threads(1)
    make(scratch, 0)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch.replace(out)


def compare_rates(tokens: int) -> None:
    """Print the losses of a narrow and a wide model at several rates."""
    for width in (32, 160):
        for rate in RATES:
            one = record(replace(ladder.spec(width, tokens), learning_rate=rate))
            print(f"width {width}, rate {rate}: loss {one['loss']}, {one['seconds']} s", flush=True)


def main() -> None:
    """Record the ladder."""
    parser = argparse.ArgumentParser(description="Record the Scaling page's ladder of sizes")
    parser.add_argument(
        "--minutes", type=float, default=0, help="begin no run after so long (default: all runs)"
    )
    parser.add_argument("--out", type=Path, default=RECORDED, help="the table")
    parser.add_argument("--rates", action="store_true", help="compare rates instead, and write nothing")
    options = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    if options.rates:
        compare_rates(ladder.FULL // 4)
    elif not make(options.out, options.minutes):
        raise SystemExit("the time is over: the next call goes on")


if __name__ == "__main__":
    main()
