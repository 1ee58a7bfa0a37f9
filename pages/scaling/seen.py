"""Fit the law of an axis: its recorded runs, and what the law of the smaller ones foretells of the largest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from app.kit.arms import Arm
from core.messages import mark
from core.runs import ladder_recordings
from core.runs.ladder_recordings import Against, Rung
from core.scaling.forecast import Coverage, Forecast, coverage, forecast
from core.scaling.surface import Surface, fit_surface, misfit, share_between
from core.training import ladder
from core.training.spec import TrainSpec

AXES: dict[Against, tuple[str, str]] = {  # what the axis holds, and its letter
    "parameters": (mark("parameters"), "N"),
    "data": (mark("characters read"), "D"),
    "compute": (mark("operations of training, 6 N D"), "C"),
}
PLACES = 64  # of a drawn curve


@dataclass(frozen=True)
class Seen:
    """The runs that a law is fitted to, and its forecast.

    found: None where they are too few; why: then what to do, "" otherwise. ahead: the run that is foretold where no
    size is held back; a learner can train it.
    """

    against: Against
    withheld: int
    tables: bool
    width: int
    runs: tuple[Rung, ...]
    found: Forecast | None
    why: str
    ahead: TrainSpec | None = None

    @property
    def x(self) -> list[float]:
        """Where each run stands on the axis."""
        return [one.at(self.against, self.tables) for one in self.runs]

    @property
    def losses(self) -> list[float]:
        """The loss of each run."""
        return [one.loss for one in self.runs]


@dataclass(frozen=True)
class Own:
    """A run of the learner's: as the store has it, and as a rung; its loss is NaN as long as it is not measured.

    measured: that was done, though the loss may be no number even so.
    of_class: it is one of the class's, which a learner has trained.
    """

    arm: Arm
    rung: Rung
    measured: bool = False
    of_class: bool = False

    @property
    def known(self) -> bool:
        """Whether its loss is known: measured, and a number."""
        return self.rung.loss == self.rung.loss


def see(against: Against, withheld: int, tables: bool, width: int, own: Sequence[Rung] = ()) -> Seen:
    """Fit the law of an axis to those of its recorded runs that are not held back.

    Args:
        own: a learner's runs; with nothing held back, what is foretold is held against those that are that very run.
    """
    ahead = None if withheld else ladder_recordings.ahead(against, width)
    at = None if ahead is None else ladder_recordings.place(ahead, against, tables)
    truths = [one.loss for one in own if ahead is not None and is_foretold(one, ahead)]
    runs = tuple(ladder_recordings.series(against, width, tables))
    x, losses = [one.at(against, tables) for one in runs], [one.loss for one in runs]
    try:
        found = _foretold(tuple(x), tuple(losses), withheld, at, tuple(truths))
        return Seen(against, withheld, tables, width, runs, found, "", ahead)
    except ValueError as why:
        said = str(why)
        return Seen(against, withheld, tables, width, runs, None, f"{said[:1].upper()}{said[1:]}.")


# A page sees its forecast twice at every run, and the recorded runs stay as they are.
_foretold = lru_cache(maxsize=64)(forecast)


def is_foretold(one: Rung, ahead: TrainSpec) -> bool:
    """Whether an own run is the one that was foretold, and measured."""
    same = (one.width, one.tokens) == (ladder.width_of(ahead), ladder.tokens_of(ahead))
    return one.alike and same and bool(np.isfinite(one.loss))


def fits(one: Rung, seen: Seen) -> bool:
    """Whether an own run belongs on the axis as it stands: with the text, or the width, of the runs there."""
    if seen.against == "data":
        return one.width == seen.width
    return seen.against == "compute" or one.tokens == ladder.FULL


@lru_cache(maxsize=8)
def covered(against: Against, tables: bool) -> Coverage:
    """Count, over all cuts of an axis, the withheld runs that the intervals held; over data, of every width."""
    found = Coverage()
    for width in ladder_recordings.widths() if against == "data" else (None,):
        runs = ladder_recordings.series(against, width, tables)
        found += coverage([one.at(against, tables) for one in runs], [one.loss for one in runs])
    return found


@lru_cache(maxsize=2)
def surface(tables: bool) -> Surface:
    """Fit the law over parameters and data at once, of all recorded runs."""
    runs = ladder_recordings.rungs()
    return fit_surface(
        [one.parameters(tables) for one in runs], [one.tokens for one in runs], [one.loss for one in runs]
    )


@lru_cache(maxsize=2)
def split_interval(tables: bool) -> tuple[float, float, float]:
    """Bound the best split of `surface`, and say how far the runs are off it, in nats."""
    runs, law = ladder_recordings.rungs(), surface(tables)
    n, d, losses = zip(*((one.parameters(tables), one.tokens, one.loss) for one in runs))
    return *share_between(law, n, d, losses), misfit(law, np.array(n), np.array(d), np.array(losses))


def places(seen: Seen) -> list[float]:
    """Space the places of the curve: over all points, and as far as the forecast reaches."""
    x = [*seen.x, *([seen.found.at] if seen.found else [])]
    return [float(place) for place in np.geomspace(min(x) / 1.4, max(x) * 4, PLACES)]
