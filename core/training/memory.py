"""Let a process that trains keep the memory it frees: each step asks for the same again."""

from __future__ import annotations

import ctypes

_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3  # the names of glibc's mallopt(3)
_LARGEST = 32 << 20  # bytes; what glibc allows for the second at most
_KEPT = 128 << 20  # bytes


def keep_freed_memory() -> bool:
    """From now on buffers of up to 32 MB are reused, and up to 128 MB of free memory stay with the process.

    Otherwise glibc gives every larger buffer of a step back to the system when it is freed, and the system hands it
    out again page by page, each filled with zeros: a quarter of a small model's step. For processes that train; a
    server has better uses for memory. Elsewhere than with glibc nothing happens, and the answer is False.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, _KEPT))
