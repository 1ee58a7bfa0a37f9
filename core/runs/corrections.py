"""Corrections of time estimates by this machine's own recent runs.

A rate is measured in a quiet moment and on two models; a run has neighbours, and is of another shape. So the steps of
recent runs of the same kind, also of those that still go on, say how much longer than foretold a step takes here.
"""

from __future__ import annotations

import dataclasses
import heapq
import math
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from core.precision import settle
from core.runs import kinds

if TYPE_CHECKING:
    from core.runs.kinds import Spec
    from core.runs.records import Run
    from core.runs.store import Store
    from core.training.estimates import Estimate

LOOKED_AT = 40  # number of newest runs of a kind
COUNTED = 8  # of these, at most the newest with enough steps
FADES = 0.5  # weight of a run relative to the next newer one: changed load is noticed soon
ANOTHER = 0.25  # weight of a run for which the formula may err differently: it still tells the machine's load
_SECONDS, _STEPS = 1.0, 5  # minimum seconds of training of a run that counts
QUEUE = 60  # runs of the queue, the newest ones, whose time is estimated
OWN_PACE = 0.1  # share of a run after which only its own pace counts
LEAST, MOST = 0.1, 40.0  # a larger ratio, from a debugger or a clock change, is ignored


def corrected(store: Store, spec: Spec, cost: Estimate) -> Estimate:
    """Return an estimate with its seconds corrected by `factor`."""
    by = factor(store, spec)
    return dataclasses.replace(cost, seconds=cost.seconds * by, learning=cost.learning * by)


def factor(store: Store, spec: Spec) -> float:
    """Return the ratio of measured to estimated time of similar runs' steps here; 1 where none is known.

    A geometric mean of the newest runs of the kind, in which the newest count most, and those alike more than others.
    """
    alike, weight, weights, logs = _class(spec), 1.0, 0.0, 0.0
    count = 0
    for run in store.list(limit=LOOKED_AT, kind=spec.kind):
        if run.seconds < _SECONDS or run.step < _STEPS:
            continue
        told = _foretold(settle(run.spec).to_json()) * run.step / run.steps
        if told <= 0 or not LEAST <= run.seconds / told <= MOST:
            continue
        share = weight if _class(run.spec) == alike else ANOTHER * weight
        weights, logs = weights + share, logs + share * math.log(run.seconds / told)
        weight, count = weight * FADES, count + 1
        if count == COUNTED:
            break
    return math.exp(logs / weights) if weights else 1.0


def whole(store: Store, spec: Spec) -> float:
    """Estimate the seconds of a run from its first step to its end, corrected; 0 where no estimate is possible."""
    try:
        return corrected(store, spec, kinds.estimate(settle(spec))).seconds
    except (ValueError, OSError):
        return 0.0


def left(step: int, steps: int, seconds: float, foretold: float, longer: float = 1.0) -> float:
    """Estimate the remaining seconds of a run: by the estimate at first, by its own pace once a tenth is done.

    A first step may take seconds, however small the model: memory is asked for, kernels are chosen. As the pace of some
    hundred steps it would make minutes of them.

    Args:
        step: how many of `steps` are done. seconds: what they took.
        foretold: seconds of the whole run; 0: not known. longer: `beside`.
    """
    if not 0 < step < steps:
        return foretold if step < steps else 0.0
    trust = min(1.0, step / steps / OWN_PACE) if foretold else 1.0
    taken = seconds / step * steps * longer
    return (trust * taken + (1 - trust) * foretold) * (1 - step / steps)


def remaining(store: Store, run: Run) -> float:
    """Estimate the seconds of training that a run still needs; 0 where no estimate is possible."""
    return left(run.step, run.steps, run.seconds, whole(store, run.spec), beside(run.spec))


def queue_seconds(store: Store, workers: int, place: int = 0) -> float:
    """Estimate the seconds until a worker is free for a run in the queue; 0: a worker is free now.

    Args:
        workers: number of runs that train in parallel.
        place: place of the run in the queue, from 1; 0: a new run, behind all others.
    """
    active = store.list(limit=QUEUE, active=True)
    free = [remaining(store, run) for run in active if run.state == "running"]
    free += [0.0] * (workers - len(free))
    heapq.heapify(free)
    waiting = sorted(
        (run for run in active if run.place and not 0 < place <= run.place), key=lambda run: run.place
    )
    for run in waiting:
        heapq.heappush(free, heapq.heappop(free) + remaining(store, run))
    return free[0]


def beside(spec: Spec) -> float:
    """Return the ratio of a run's duration to that of its steps: measurements, checkpoints and start-up come on top."""
    try:
        cost = kinds.estimate(settle(spec))
    except (ValueError, OSError):
        return 1.0
    return cost.seconds / cost.learning if cost.learning > 0 else 1.0


def _class(spec: Any) -> tuple[Any, ...]:
    """Return the properties by which runs have similar estimation errors."""
    spec = settle(spec)
    names = ("precision", "objective", "optimizer", "way", "task", "method")
    return tuple(getattr(spec, name, None) for name in names)


@lru_cache(maxsize=128)
def _foretold(written: str) -> float:
    """Estimate the seconds of a run's steps by formula and this machine's rate; 0 where its base is not available."""
    try:
        return kinds.estimate(kinds.read_spec(written)).learning
    except (ValueError, OSError):
        return 0.0
