"""Memory of this machine: the total, what is available, and glibc's handling of freed memory.

A training process keeps freed memory, as each step allocates the same again; other processes return it.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Iterator
from pathlib import Path

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8  # the names of glibc's mallopt(3)
_LARGEST = 32 << 20  # bytes; what glibc allows for the second at most
_KEPT = 32 << 20  # bytes
_NOT_NEEDED = 4  # what madvise(2) calls pages that are not needed
_MAPPED = re.compile(r"(?P<start>[0-9a-f]+)-(?P<end>[0-9a-f]+) (?P<mode>\S{4}) \S+ \S+ \S+\s*(?P<file>.*)")
_LIBRARY = re.compile(r"\.so(\.[0-9.]+)?$")


def keep_freed_memory() -> bool:
    """Configure glibc to reuse buffers of up to 32 MB and to keep up to 32 MB of free memory in the process.

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


def share_one_heap() -> bool:
    """Configure glibc to give threads that begin from now on one heap in common.

    Otherwise each of the first sixteen has one of its own on two processors, and keeps there what pages, which are
    threads that come and go, have freed. Elsewhere than with glibc nothing happens, and the answer is False.
    """
    try:
        return bool(ctypes.CDLL(None).mallopt(_ARENA_MAX, 1))
    except (AttributeError, OSError, TypeError):
        return False


def give_back() -> None:
    """Return freed memory to the system, where the C library can: after work that does not come again soon."""
    try:
        ctypes.CDLL(None).malloc_trim(0)
    except (AttributeError, OSError, TypeError):
        return


def let_go_of_libraries(maps: Path = Path("/proc/self/smaps")) -> int:
    """Release the memory pages read while loading shared libraries; return their size in bytes.

    PyTorch's build for CUDA brings a gigabyte of libraries, of which the loader reads some 250 MB, once: tables of
    names and places. On a machine without a GPU nobody reads them again. Only pages that are in the file as they are
    in memory go, so a page that is wanted after all comes back from the file. To be called when no library is just
    being loaded. Elsewhere than on Linux nothing happens.
    """
    try:
        advise = ctypes.CDLL(None, use_errno=True).madvise
        lines = maps.read_text(encoding="utf-8", errors="replace").splitlines()
    except (AttributeError, OSError, TypeError):
        return 0
    advise.argtypes = (ctypes.c_size_t, ctypes.c_size_t, ctypes.c_int)
    freed = 0
    for start, end, about in _libraries(lines):
        if not about["Anonymous"] and not about["Private_Dirty"] and about["Rss"]:
            freed += about["Rss"] if advise(start, end - start, _NOT_NEEDED) == 0 else 0
    return freed


def _libraries(lines: list[str]) -> Iterator[tuple[int, int, dict[str, int]]]:
    """Yield read-only mappings of shared libraries, with the resident bytes of each."""
    span, about = (0, 0), dict[str, int]()
    for line in [*lines, "0-0 r--p 0 0 0"]:
        head = _MAPPED.match(line)
        if head is None:
            name, _, size = line.partition(":")
            if size.endswith("kB"):
                about[name] = int(size.removesuffix("kB")) * 1024
            continue
        if span[1] and {"Rss", "Anonymous", "Private_Dirty"} <= about.keys():
            yield *span, about
        fixed = head["mode"] in ("r--p", "r-xp") and _LIBRARY.search(head["file"]) is not None
        span, about = (int(head["start"], 16), int(head["end"], 16)) if fixed else (0, 0), {}


def available(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the available memory of this machine, or less in a container with a limit.

    None: unknown (not on Linux).
    """
    free = _meminfo(proc, "MemAvailable")
    limit, used = _group(groups)
    if free is None or limit is None:
        return free
    return min(free, max(0, limit - used))


def total(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> int | None:
    """Return the memory of this machine, or of its container, in bytes; None: unknown."""
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
    """Return limit and usage of this process's root control group: version 2, then 1.

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
