"""Memory of this machine: how much there is and is left, and what glibc does with what is freed.

Freed memory is kept in a process that trains, where each step asks for the same again; elsewhere it is not.
"""

from __future__ import annotations

import ctypes
from pathlib import Path

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


def available(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes that can still be had on this machine: what the system calls available, or less in a container with a
    limit of its own. None: the system does not say (elsewhere than on Linux)."""
    free = _meminfo(proc, "MemAvailable")
    limit, used = _group(groups)
    if free is None or limit is None:
        return free
    return min(free, max(0, limit - used))


def total(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Bytes of memory of this machine, or of the container that it is; None: the system does not say."""
    whole = _meminfo(proc, "MemTotal")
    limit, _ = _group(groups)
    return whole if whole is None or limit is None else min(whole, limit)


def _meminfo(proc: Path, name: str) -> int | None:
    try:
        lines = (proc / "meminfo").read_text(encoding="ascii").splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(f"{name}:"))
    except (OSError, StopIteration, ValueError, IndexError):
        return None


def _group(groups: Path) -> tuple[int | None, int]:
    """The limit of the control group that this process sees as its root, and what is used of it: version 2, then 1.

    Pages of files that were read lately count as used there, but give way at once.
    """
    for limit, used in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        try:
            most = int((groups / limit).read_text(encoding="ascii"))
            held = int((groups / used).read_text(encoding="ascii"))
            lines = (groups / used).with_name("memory.stat").read_text(encoding="ascii").splitlines()
            files = next(
                int(line.split()[1])
                for line in lines
                if line.startswith(("inactive_file ", "total_inactive_file "))
            )
        except (OSError, ValueError, StopIteration, IndexError):  # "max" is no number: no limit
            continue
        if most < 2**60:  # version 1 writes a huge number where there is no limit
            return most, max(0, held - files)
    return None, 0
