"""Recorded runs of the corpus lab: the effect of each dose and each remedy on the pronoun gap.

assets/bias.json holds them; `python -m scripts.record_bias` writes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from core.analysis.seeds import Interval, difference, interval
from core.data.dial import REMEDIES, Remedy
from core.messages import later, mark
from core.runs.results import ASSETS, Results
from core.training import corpus_lab
from core.training.corpus_lab import BIASED, DOSES, SEEDS
from core.verdict_rule import Rule, percent

RECORDED = ASSETS / "bias.json"
# All of it: {"machine", "revision", "told": {profession: [she, of]}, "runs"}. A run: spec, early, held_out, seconds,
# trace, gaps.
recorded, result = Results(RECORDED).all, Results(RECORDED).run
Group = Literal["dialled", "others"]


@dataclass(frozen=True)
class Dose:
    """The runs of one dose, or one remedy at the biased dose: the share of "she" in the models, by seed.

    at: the dose; remedy: done to the text. dialled, others: of the dialled professions, and of those left alone.
    held_out: nats, on tales of the world as it is.
    """

    at: float
    remedy: Remedy
    dialled: tuple[float, ...]
    others: tuple[float, ...]
    held_out: tuple[float, ...]

    def spread(self, group: Group) -> Interval:
        """Compute the mean over the seeds with its interval (Student's t)."""
        return interval(self.dialled if group == "dialled" else self.others)


def _dose(at: float, remedy: Remedy) -> Dose:
    runs = [result(corpus_lab.name(corpus_lab.spec(at, seed, remedy=remedy))) for seed in SEEDS]
    last = [run["trace"][-1] for run in runs]
    return Dose(
        at,
        remedy,
        tuple(one["dialled"] for one in last),
        tuple(one["others"] for one in last),
        tuple(run["held_out"] for run in runs),
    )


@lru_cache(maxsize=1)
def curve() -> tuple[Dose, ...]:
    """List every dose without a remedy, the lowest first. Raises RunError: a run of it is not recorded."""
    return tuple(_dose(at, "none") for at in DOSES)


@lru_cache(maxsize=1)
def remedies() -> tuple[Dose, ...]:
    """Return the biased dose without and with each remedy. Raises RunError: a run is not recorded."""
    return tuple(_dose(BIASED, remedy) for remedy in REMEDIES)


def moved(one: Dose, other: Dose, group: Group = "dialled") -> Interval:
    """Compute the paired difference in the share of "she" between `one` and `other`, by seed."""
    first, second = ((dose.dialled if group == "dialled" else dose.others) for dose in (one, other))
    return difference(first, second)


def contrast(dose: Dose) -> Interval:
    """Compute the difference in the share of "she" between the dialled professions and the others, by seed.

    A bias common to all professions cancels out.
    """
    return difference(dose.dialled, dose.others)


def eased(before: Dose, after: Dose) -> Interval:
    """Compute by how much a remedy lowers `contrast`, paired by seed."""
    contrasts = [[d - o for d, o in zip(dose.dialled, dose.others, strict=True)] for dose in (before, after)]
    return interval([a - b for a, b in zip(*contrasts, strict=True)], -2.0, 2.0)


def slope(doses: Sequence[Dose], group: Group = "dialled") -> Interval:
    """Estimate the share of "she" per unit of dose: least squares through each seed's curve, then their mean.

    1: the model reproduces the text's share; 0: the dose has no effect.
    """
    found = []
    for seed in range(len(doses[0].dialled)):
        ys = [(one.dialled if group == "dialled" else one.others)[seed] for one in doses]
        found.append(_slope([one.at for one in doses], ys))
    return interval(found, -100.0, 100.0)


def _slope(xs: Sequence[float], ys: Sequence[float]) -> float:
    x, y = sum(xs) / len(xs), sum(ys) / len(ys)
    return sum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True)) / sum((a - x) ** 2 for a in xs)


RULE = Rule(
    mark("The corpus lab: “the dial is the cause”, “helps”, “the seeds do not tell”"),
    mark(
        "The difference in the share of “she”, seed by seed: between two doses, or with a remedy and without."
    ),
    mark(
        "A finding where the 95 % interval of the mean difference (Student’s t) leaves out 0, and that of "
        "the slope 1."
    ),
    later("{seeds} seeds a dose and a remedy, all of which were recorded.", seeds=len(SEEDS)),
    later(
        "None: each is judged on its own. Of {remedies} remedies of no effect one would be found in "
        "{share} of such labs.",
        remedies=len(REMEDIES) - 1,
        share=percent(1 - 0.95 ** (len(REMEDIES) - 1)),
    ),
    mark("Student 1908, paired"),
    difference,
)
