"""Freed memory goes back to the system after long work, and only then."""

import ctypes
import sys
import time
from pathlib import Path

import pytest

from app import memory

STATUS = Path("/proc/self/status")
GLIBC = sys.platform.startswith("linux") and hasattr(ctypes.CDLL(None), "malloc_trim")


def resident() -> float:
    """Megabytes of this process in memory now."""
    lines = STATUS.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def leave_holes() -> list[bytes]:
    """Free 80 MB in pieces too small for the C library to return by itself; what is kept lies behind them."""
    pieces = [bytes(4_000) for _ in range(20_000)]
    kept = pieces[-1:]
    del pieces
    return kept


@pytest.mark.parametrize("seconds", [0.0, 0.35], ids=["short", "long"])
def test_long_work_leaves_no_freed_memory(seconds: float) -> None:
    memory.give_back()
    before = resident() if STATUS.exists() else 0.0
    with memory.given_back():
        kept = leave_holes()
        time.sleep(seconds)
    grown = (resident() - before) if STATUS.exists() else 0.0
    assert kept
    if GLIBC:
        assert (grown > 40) == (seconds == 0.0), f"{grown:.0f} MB more than before"
