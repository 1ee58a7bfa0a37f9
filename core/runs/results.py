"""Results of recorded runs: a file under assets/ that a script writes after every run, cached."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.runs.records import RunError

ASSETS = Path(__file__).resolve().parents[2] / "assets"


@dataclass(frozen=True)
class Results:
    """A file of results: {"runs": {name: {...}}, ...}; what else it holds is said where it is read.

    path: of the JSON file.
    """

    path: Path

    def all(self) -> dict[str, Any]:
        """Load all results. Shared and read-only.

        Raises:
            OSError, ValueError: the file is not there, or is no JSON.
        """
        return _read(self.path)

    def run(self, name: str) -> Mapping[str, Any]:
        """Return a run's result. Raises RunError: it is not recorded."""
        runs: Mapping[str, Mapping[str, Any]] = self.all()["runs"]
        if name not in runs:
            raise RunError(f"no run called {name!r} is recorded")
        return runs[name]


@lru_cache(maxsize=16)
def _read(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
