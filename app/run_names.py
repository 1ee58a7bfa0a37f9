"""The name by which a link opens the model of a training run: "run:ID"."""

from __future__ import annotations

import re

RUN = "run:"  # prefix of a run's id in the name of its model
_RUN_ID = re.compile(r"[0-9a-f]{8,64}")


def run_id(name: str) -> str:
    """Parse the id in "run:ID"; "" for every other model."""
    id = name.removeprefix(RUN)
    return id if name.startswith(RUN) and _RUN_ID.fullmatch(id) else ""
