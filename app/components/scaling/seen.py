"""What the Scaling picture is about: the recorded runs of an axis, and what the law of the smaller ones foretells."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from app import state
from core.runs import ladders
from core.runs.ladders import Against, Rung
from core.scaling.forecast import Forecast, forecast
from core.scaling.surface import Surface, fit_surface

AXES: dict[Against, tuple[str, str]] = {  # what the axis holds, and its letter
    "parameters": ("parameters", "N"),
    "data": ("characters read", "D"),
    "compute": ("operations of training, 6 N D", "C"),
}
PLACES = 64  # of a drawn curve


@dataclass(frozen=True)
class Seen:
    """The runs that a law is fitted to, and its forecast.

    found: None where they are too few; why: then what to do, "" otherwise.
    """

    against: Against
    withheld: int
    tables: bool
    width: int
    runs: tuple[Rung, ...]
    found: Forecast | None
    why: str

    @property
    def x(self) -> list[float]:
        """Where each run stands on the axis."""
        return [one.at(self.against, self.tables) for one in self.runs]

    @property
    def losses(self) -> list[float]:
        """The loss of each run."""
        return [one.loss for one in self.runs]


def shown() -> Seen:
    """What the page's fields ask for."""
    against: Against = state.get("against")
    widths = ladders.widths()
    width = min(widths, key=lambda one: abs(one - int(state.get("rung"))))
    return see(against, int(state.get("withheld")), bool(state.get("tables")), width)


def see(against: Against, withheld: int, tables: bool, width: int) -> Seen:
    """The recorded runs of an axis, with the law of those that are not held back."""
    runs = tuple(ladders.series(against, width, tables))
    x, losses = [one.at(against, tables) for one in runs], [one.loss for one in runs]
    try:
        return Seen(against, withheld, tables, width, runs, forecast(x, losses, withheld), "")
    except ValueError as why:
        said = str(why)
        return Seen(against, withheld, tables, width, runs, None, f"{said[:1].upper()}{said[1:]}.")


def surface(tables: bool) -> Surface:
    """The law over parameters and data at once, of all recorded runs."""
    runs = ladders.rungs()
    return fit_surface(
        [one.parameters(tables) for one in runs], [one.tokens for one in runs], [one.loss for one in runs]
    )


def places(seen: Seen) -> list[float]:
    """Where the curve is drawn: over all points, and as far as the forecast reaches."""
    x = [*seen.x, *([seen.found.at] if seen.found else [])]
    return [float(place) for place in np.geomspace(min(x) / 1.4, max(x) * 4, PLACES)]
