"""Memory handed back to the system after work that needed much of it.

glibc keeps what a program has freed, for its next request. Here the next request is long in coming: a vocabulary is
read or learned once, and what that left behind, some 50 MB, would count as the server's for the rest of its life.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.memory import give_back as give_back
from core.memory import let_go_of_libraries as let_go_of_libraries

_LONG = 0.3  # seconds; shorter work leaves little, and giving back takes a few milliseconds itself


@contextmanager
def given_back() -> Iterator[None]:
    """What runs inside leaves no freed memory behind, if it took long."""
    started = time.perf_counter()
    yield
    if time.perf_counter() - started > _LONG:
        give_back()
