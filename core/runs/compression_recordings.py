"""Recorded compression runs: pruning, retraining and distillation of tales-gpt, by seed.

assets/efficiency.json holds them; `python -m scripts.record_efficiency` writes it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import median
from typing import Any

from core.analysis.seeds import Interval, interval
from core.checkpoints.files import read_json
from core.checkpoints.folder import own_config
from core.costs import row_flops
from core.efficiency import shrink_lab
from core.efficiency.shrink_lab import SEEDS
from core.efficiency.shrink_spec import ShrinkSpec, Way, student_of
from core.efficiency.speed import Speed
from core.runs.results import ASSETS, Results
from core.zoo import BUNDLED

RECORDED = ASSETS / "efficiency.json"
_results = Results(RECORDED)
HIGHEST = 100.0  # nats; upper bound of a loss's interval


@dataclass(frozen=True)
class Level:
    """The runs of one sparsity, without retraining, and after it by seed.

    Attributes:
        sparsity: of weights, or of heads and neurons.
        numbers: that are left; bytes: of the file of them; speed: how many times as fast as the whole model it reads
            (see `core.efficiency.speed`).
        before: loss and agreement without retraining; after: the same by seed.
    """

    sparsity: float
    numbers: int
    bytes: int
    speed: Speed
    before: Mapping[str, float]
    after: tuple[Mapping[str, float], ...]

    def spread(self, what: str) -> Interval:
        """Compute the mean over the seeds with its interval (Student's t), of "loss", "rise" or "agreement"."""
        return spread(self.after, what)


@dataclass(frozen=True)
class Arm:
    """A student's runs: the curve of held-out figures by seed, and the final ones.

    Attributes:
        spec: of its first run; seeds: that are recorded.
        trace: for each seed (step, loss, agreement, ...) at the kept moments.
        end: loss, agreement, numbers, bytes by seed; seconds: of its training.
    """

    way: Way
    steps: int
    spec: ShrinkSpec
    seeds: tuple[int, ...]
    trace: tuple[tuple[Mapping[str, float], ...], ...]
    end: tuple[Mapping[str, Any], ...]
    seconds: tuple[float, ...]

    def spread(self, what: str, at: int = -1) -> Interval:
        """Compute the mean over the seeds with its interval, at a kept checkpoint."""
        return spread([one[at] for one in self.trace], what)


def spread(values: Sequence[Mapping[str, float]], what: str) -> Interval:
    """Compute mean and interval of one figure of several runs."""
    low, high = {"agreement": (0.0, 1.0), "rise": (-HIGHEST, HIGHEST)}.get(what, (0.0, HIGHEST))
    return interval([one[what] for one in values], low, high)


def recorded() -> dict[str, Any]:
    """Load all results: {"base": {...}, "runs": {name: {...}}}."""
    return _results.all()


def base() -> Mapping[str, Any]:
    """Return the figures of tales-gpt itself: name, loss, agreement, numbers, bytes, places."""
    found: Mapping[str, Any] = recorded()["base"]
    return found


def result(spec: ShrinkSpec) -> Mapping[str, Any]:
    """Return a run's result: spec, early, tokens, seconds, trace, end. Raises RunError: it is not recorded."""
    return _results.run(shrink_lab.name(spec))


def _by_seed(spec: Callable[[int], ShrinkSpec]) -> dict[int, Mapping[str, Any]]:
    """Return the results of all recorded seeds. Raises RunError: none is recorded."""
    runs = recorded()["runs"]
    found = {seed: result(spec(seed)) for seed in SEEDS if shrink_lab.name(spec(seed)) in runs}
    return found or {SEEDS[0]: result(spec(SEEDS[0]))}


def curve(way: Way) -> list[Level]:
    """List every recorded sparsity of "magnitude" or "structured", ascending. Raises RunError: one has no run."""
    return [_level(way, sparsity) for sparsity in shrink_lab.levels(way)]


def _level(way: Way, sparsity: float) -> Level:
    runs = list(_by_seed(lambda seed: shrink_lab.pruned(way, sparsity, seed)).values())
    ends = tuple(run["end"] for run in runs)
    return Level(sparsity, ends[0]["numbers"], ends[0]["bytes"], speed(ends), runs[0]["trace"][0], ends)


def speed(ends: Sequence[Mapping[str, Any]]) -> Speed:
    """Return the speed of models of one shape: the median over the seeds of each figure."""
    low, middle, high = (median(found) for found in zip(*(end["speed"] for end in ends), strict=True))
    return low, middle, high


def arm(way: Way, steps: int = shrink_lab.LEARNED) -> Arm:
    """Return the runs of a student, "alone" or "distilled". Raises RunError: one has no run."""
    found = _by_seed(lambda seed: shrink_lab.student(way, seed, steps))
    runs = list(found.values())
    return Arm(
        way, steps, ShrinkSpec.from_dict(runs[0]["spec"]), tuple(found), tuple(tuple(run["trace"]) for run in runs),
        tuple(run["end"] for run in runs), tuple(run["seconds"] for run in runs),
    )  # fmt: skip


def gain(one: Arm, other: Arm, what: str = "loss") -> Interval:
    """Compute the paired difference of the final figures of `one` and `other`, by seed."""
    ends = [
        dict(zip(arm.seeds, (trace[-1][what] for trace in arm.trace), strict=True)) for arm in (one, other)
    ]
    both = [seed for seed in one.seeds if seed in other.seeds]
    return interval([ends[0][seed] - ends[1][seed] for seed in both], -HIGHEST, HIGHEST)


def operations() -> float:
    """Return the ratio of operations of a distilled student's step to an undistilled one's, with the teacher's pass."""
    teacher, student = _operations()
    return (3 * student + teacher) / (3 * student)


@lru_cache(maxsize=1)
def _operations() -> tuple[int, int]:
    """Compute the operations of a pass over a row: of the teacher, and of its student (core/costs)."""
    spec = shrink_lab.student("distilled")
    config = own_config(BUNDLED / spec.base, read_json(BUNDLED / spec.base / "config.json"))
    return row_flops(config, spec.context), row_flops(student_of(config), spec.context)
