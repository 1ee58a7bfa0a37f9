"""What glibc does with freed memory: kept in a process that trains, where each step asks for the same again; or not."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # the names of glibc's mallopt(3)
_LARGEST = 32 << 20  # bytes; what glibc allows for the second at most
_KEPT = 32 << 20  # bytes


def keep_freed_memory() -> bool:
    """From now on buffers of up to 32 MB are reused, and up to 32 MB of free memory stay with the process.

    Otherwise glibc gives every larger buffer of a step back to the system when it is freed, and the system hands it
    out again page by page, each filled with zeros: a quarter of a small model's step. And threads that begin from now
    on share one heap: what one has freed, another may use. For processes that train; a server has better uses for
    memory. Elsewhere than with glibc nothing happens, and the answer is False.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    wishes = ((_ARENA_MAX, 1), (_MMAP_THRESHOLD, _LARGEST), (_TRIM_THRESHOLD, _KEPT))
    return 0 not in [mallopt(name, value) for name, value in wishes]


def give_back() -> None:
    """Return freed memory to the system, where the C library can: after work that does not come again soon."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return
