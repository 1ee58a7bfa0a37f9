"""Which of several server processes this is: one of them alone trains, and all share the machine's memory.

GLASSBOX_SERVER has it as "2/4", set by `app/server/several.py` for each process that it starts.
"""

from __future__ import annotations

import os
import re

VARIABLE = "GLASSBOX_SERVER"
_PLACE = re.compile(r"([1-9][0-9]?)/([1-9][0-9]?)")


def place() -> tuple[int, int]:
    """Return the number of this server process, from 1, and how many there are; (1, 1) for one that is alone."""
    found = _PLACE.fullmatch(os.environ.get(VARIABLE, "").strip())
    return (int(found[1]), int(found[2])) if found else (1, 1)


def count() -> int:
    """Return how many server processes there are."""
    return place()[1]


def trains() -> bool:
    """Return whether the training workers are this process's to start: the first one's alone."""
    return place()[0] == 1
