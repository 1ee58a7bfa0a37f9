"""Recorded runs: trained once, by the same loop, and bundled with Glassbox for its first screens."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.runs import kinds
from core.runs.records import COLUMNS, Checkpoint, Points, RunError
from core.runs.store import Store

FOLDER = Path(__file__).resolve().parent.parent.parent / "assets" / "runs"
VERSION = 1
_DIGITS = 7  # significant digits of single precision


@dataclass(frozen=True)
class Recorded:
    """A recorded run; curve and checkpoints read like those of the store, but without weights.

    Attributes:
        spec: of its kind.
        revision: the code that trained it. machine: in words, on what.
    """

    name: str
    spec: Any
    seed: int
    revision: str
    machine: str
    ended: str
    _points: Points = field(repr=False)
    _checkpoints: tuple[Checkpoint, ...] = field(repr=False)

    def points(self, after: int = -1) -> Points:
        """Return the curve after a step."""
        kept = self._points.step > after
        return Points(**{name: column[kept] for name, column in self._points.columns().items()})

    def checkpoints(self) -> list[Checkpoint]:
        """Return held-out loss, sample and health at the recorded checkpoints."""
        return list(self._checkpoints)


def names(kind: str | None = kinds.TRAIN) -> list[str]:
    """List the recorded runs of a kind, by default of language model training; None: of all kinds."""
    found = sorted(path.stem for path in FOLDER.glob("*.json"))
    return [name for name in found if kind is None or recorded(name).spec.kind == kind]


@lru_cache(maxsize=64)
def recorded(name: str) -> Recorded:
    """Load a recorded run by its name.

    Raises:
        RunError: there is none of that name; the message lists them.
    """
    if name not in names(kind=None):
        raise RunError(
            f"no recorded run is called {name!r}; there is {', '.join(names(kind=None)) or 'none'}"
        )
    values = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    if values["version"] != VERSION:
        raise RunError(f"the recorded run {name} has version {values['version']}; record it again")
    return Recorded(
        name=name,
        spec=kinds.read_spec(json.dumps(values["spec"])),
        seed=values["seed"],
        revision=values["revision"],
        machine=values["machine"],
        ended=values["ended"],
        _points=Points.of(list(zip(*(values["points"][column] for column in COLUMNS)))),
        _checkpoints=tuple(Checkpoint(**each, kept=False) for each in values["checkpoints"]),
    )


def record(store: Store, id: str, name: str, machine: str) -> Path:
    """Write a run of a store into the file that `recorded` reads: seven digits per number, no weights."""
    run = store.get(id)
    values = {
        "version": VERSION,
        "spec": run.spec.to_dict(defaults=False),
        "seed": run.seed,
        "revision": run.revision,
        "machine": machine,
        "ended": run.ended,
        "points": {name: _short(column.tolist()) for name, column in store.points(id).columns().items()},
        "checkpoints": [
            {
                "step": each.step,
                "held_out": _short(each.held_out),
                "sample": each.sample,
                "health": _short(each.health),
            }
            for each in store.checkpoints(id)
        ],
    }
    path = FOLDER / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")
    recorded.cache_clear()
    return path


def _short(value: Any) -> Any:
    """Round numbers to seven digits; NaN (a column's gap) becomes null."""
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if value == value and abs(value) != float("inf") else None
    if isinstance(value, dict):
        return {key: _short(each) for key, each in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(each) for each in value]
    return value
