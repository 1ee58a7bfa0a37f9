"""A server process: which of several it is, and how many files it may have open.

One of several processes alone trains, and all share the machine's memory.

GLASSBOX_SERVER has it as "2/4", set by `app/server/several.py` for each process that it starts.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress

VARIABLE = "GLASSBOX_SERVER"
FILES = 65_536  # files and connections; an open page takes four
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


def raise_file_limit() -> int | None:
    """Raise how many files this process may have open to `FILES`, or to the hard limit where that is lower.

    Returns:
        The limit from now on; None on a system that has none (Windows).
    """
    try:
        import resource
    except ImportError:
        return None
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(ValueError, OSError):  # macOS allows less than its hard limit says
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
