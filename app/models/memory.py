"""Freed memory returned to the operating system after memory-intensive work.

glibc keeps freed memory for the program's next request. Here that request comes late: a vocabulary is read or learned
once, and some 50 MB freed after that would stay with the server process for good.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

from core.memory import give_back as give_back
from core.memory import let_go_of_libraries as let_go_of_libraries
from core.memory import share_one_heap as share_one_heap

_LONG = 0.3  # seconds; shorter work frees little, and returning memory takes a few milliseconds itself


@contextmanager
def given_back() -> Iterator[None]:
    """Return freed memory to the operating system after the body of the `with` block, if it took long."""
    started = time.perf_counter()
    yield
    if time.perf_counter() - started > _LONG:
        give_back()
