"""The rates of the five optimizers of `core.training.optimizer_comparison`: each the best of several, over three seeds.

    python -m scripts.sweep_rates            # all five, some seven minutes on one core
    python -m scripts.sweep_rates sgd adam   # only these; the others' results stay

Rates are those of the row 1, 2, 5, 10, 20, ...: two below and two above the one in `optimizer_comparison.RATES`, and
on as long as the best lies at an end. The best has the lowest held-out loss after all steps, in the mean over the
seeds. Muon's are those of the matrices; what it leaves to Adam has Adam's rate: so sweep Adam
first.

Writes assets/rates.json. A best that is not the one of `optimizer_comparison.RATES` is said, and has to be put there
by hand; then sweep what hangs on it and record the runs again: `python -m scripts.record_runs optimizers-sgd ...`.
"""

from __future__ import annotations

import argparse
import json
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

import torch

from core.diverged import Diverged
from core.training import Trainer, TrainSpec
from core.training.optimizer_comparison import RATES, STEPS, quintet
from core.training.rules import KINDS, Kind
from scripts.record_runs import machine

DATA = Path(__file__).resolve().parents[1] / "assets" / "rates.json"
SEEDS = (0, 1, 2)
AROUND = 2  # rates to each side of the first
Losses = dict[float, list[float]]  # of a rate, by seed; infinite where it diverged


def held_out(spec: TrainSpec) -> float:
    """The held-out loss of a run's last step, in nats a token; infinite where it diverged."""
    trainer = Trainer(spec.replace(eval_every=0))
    try:
        for point in trainer.run():
            last = point.held_out
    except Diverged:
        return math.inf
    return math.inf if last is None or not math.isfinite(last) else last


def along(rate: float, by: int) -> float:
    """The rate that lies `by` places after this one in the row 1, 2, 5, 10, 20, ...; of another the nearest counts."""
    row = [float(f"{digit}e{power}") for power in range(-12, 13) for digit in (1, 2, 5)]
    here = min(range(len(row)), key=lambda at: abs(math.log(row[at] / rate)))
    return row[here + by]


def walk(begin: float, losses_at: Callable[[float], list[float]]) -> Losses:
    """Measure around `begin`, then on as long as the best rate lies at an end; all of one rate's seeds at once.

    Raises:
        ValueError: no rate gives a finite loss.
    """
    found = {along(begin, by): losses_at(along(begin, by)) for by in range(-AROUND, AROUND + 1)}
    while True:
        if all(math.isinf(fmean(losses)) for losses in found.values()):
            raise ValueError(f"no rate around {begin:g} gives a finite loss")
        rates = sorted(found)
        chosen = best(found)
        if chosen not in (rates[0], rates[-1]):
            return dict(sorted(found.items()))
        following = along(chosen, -1 if chosen == rates[0] else 1)
        found[following] = losses_at(following)


def best(found: Losses) -> float:
    """The rate with the lowest mean loss; of two that are equal the lower."""
    return min(sorted(found), key=lambda rate: fmean(found[rate]))


def sweep(kind: Kind, seeds: Sequence[int] = SEEDS, steps: int = STEPS) -> Losses:
    """The held-out losses of one optimizer by rate, a number for each seed."""

    def losses_at(rate: float) -> list[float]:
        spec = quintet({kind: rate}, steps)[kind]
        losses = [held_out(spec.replace(seed=seed)) for seed in seeds]
        print(f"{kind} {rate:g}: {', '.join(f'{loss:.4f}' for loss in losses)}", flush=True)
        return losses

    return walk(RATES[kind], losses_at)


def row(losses: Losses) -> dict[str, Any]:
    """What the file keeps of one optimizer; null stands for a loss that is no number."""
    return {
        "best": best(losses),
        "rates": list(losses),
        "losses": [
            [float(f"{loss:.5g}") if math.isfinite(loss) else None for loss in each]
            for each in losses.values()
        ],
    }


def main() -> None:
    """Sweep what the command line names, or everything, Adam before Muon."""
    parser = argparse.ArgumentParser(description="Find the five optimizers' rates on the toy model")
    parser.add_argument("kinds", nargs="*", help=f"of {', '.join(KINDS)}")
    kinds = parser.parse_args().kinds or list(KINDS)
    if unknown := [kind for kind in kinds if kind not in KINDS]:
        parser.error(f"no optimizer is called {unknown[0]}; there are {', '.join(KINDS)}")
    torch.set_num_threads(1)
    for kind in kinds:
        found = row(sweep(kind))
        kept = json.loads(DATA.read_text(encoding="utf-8"))["kinds"] if DATA.exists() else {}
        kept[kind] = found
        values = {
            "steps": STEPS,
            "seeds": list(SEEDS),
            "machine": machine(),
            "kinds": {one: kept[one] for one in KINDS if one in kept},
        }
        DATA.write_text(json.dumps(values, indent=1) + "\n", encoding="utf-8")
        if found["best"] != RATES[kind]:
            print(f"{kind}: the best rate is {found['best']:g}, not {RATES[kind]:g}", flush=True)


if __name__ == "__main__":
    main()
