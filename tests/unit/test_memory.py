"""Freed memory goes back to the system after long work, and only then; what was read to load libraries does, too."""

import ctypes
import subprocess
import sys
import time
from pathlib import Path

import pytest

from app.models import memory
from core.memory import _libraries, let_go_of_libraries

STATUS = Path("/proc/self/status")
ROOT = Path(__file__).resolve().parents[2]
GLIBC = sys.platform.startswith("linux") and hasattr(ctypes.CDLL(None), "malloc_trim")


def resident() -> float:
    """Megabytes of this process in memory now."""
    lines = STATUS.read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024


def leave_holes() -> list[bytes]:
    """Free 80 MB in pieces too small for the C library to return by itself; those kept lie all over the heap."""
    pieces = [bytes(4_000) for _ in range(20_000)]
    kept = pieces[::100]
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


LETS_GO = """
import torch
from pathlib import Path
from core.memory import let_go_of_libraries

def resident():
    return next(int(line.split()[1]) for line in Path("/proc/self/status").read_text().splitlines()
                if line.startswith("VmRSS")) / 1024

torch.manual_seed(0)
layer, x = torch.nn.Linear(64, 64), torch.randn(8, 64)
def step():
    layer.zero_grad()
    loss = (layer(x).softmax(-1) ** 2).sum()
    loss.backward()
    return [loss.item(), *layer.weight.grad.flatten().tolist()]
first = step()
before = resident()
freed = let_go_of_libraries() / 2**20
print(freed, before - resident(), step() == first)
"""


@pytest.mark.full(reason="takes 2 s")
@pytest.mark.skipif(not GLIBC, reason="only Linux says what is mapped where")
def test_libraries_that_are_only_loaded_are_not_held() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LETS_GO], capture_output=True, text=True, check=True, timeout=120,
        cwd=Path(__file__).resolve().parents[2],
    )  # fmt: skip
    freed, less, same = done.stdout.split()
    assert float(freed) > 40 and float(less) > 0.8 * float(freed)
    assert same == "True", "what is used comes back as it was"


def test_nothing_is_let_go_of_where_the_system_does_not_say(tmp_path: Path) -> None:
    assert let_go_of_libraries(tmp_path / "none") == 0


def test_only_libraries_that_nobody_writes_to_are_let_go_of() -> None:
    def piece(start: int, mode: str, name: str, anonymous: int = 0) -> list[str]:
        return [
            f"{start:x}-{start + 4096:x} {mode} 00000000 fe:00 1  {name}",
            "Size: 4 kB", "Rss:                   4 kB", "Private_Dirty:   0 kB", f"Anonymous: {anonymous} kB",
            "VmFlags: rd mr mw me",
        ]  # fmt: skip

    lines = [
        *piece(0x1000, "r-xp", "/usr/lib/libc.so.6"),
        *piece(0x2000, "rw-p", "/usr/lib/libc.so.6"),
        *piece(0x3000, "r--p", "/usr/lib/libc.so.6", anonymous=4),
        *piece(0x4000, "r--p", "/models/model.safetensors"),
        *piece(0x5000, "r--p", ""),
        *piece(0x6000, "r--p", "/usr/lib/some thing.so"),
    ]
    found = [(start, about["Anonymous"]) for start, _, about in _libraries(lines)]
    assert found == [(0x1000, 0), (0x3000, 4096), (0x6000, 0)]


HEAPS = """
import ctypes, sys, threading
from core import memory
told = memory.share_one_heap() if sys.argv[1] == "shared" else False
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes = ctypes.c_void_p, [ctypes.c_size_t]
there, done = threading.Barrier(5), threading.Event()
def page():
    libc.malloc(1000)
    there.wait()
    done.wait()
threads = [threading.Thread(target=page, daemon=True) for _ in range(4)]
for thread in threads: thread.start()
there.wait()
if hasattr(libc, "malloc_info"):
    libc.fopen.restype, libc.malloc_info.argtypes = ctypes.c_void_p, [ctypes.c_int, ctypes.c_void_p]
    libc.fclose.argtypes = [ctypes.c_void_p]
    file = libc.fopen(sys.argv[2].encode(), b"w")
    libc.malloc_info(0, file)
    libc.fclose(file)
done.set()
print(told)
"""


def heaps(how: str, file: Path) -> tuple[bool, int]:
    """What a process of four threads was told, and how many heaps it has."""
    command = [sys.executable, "-c", HEAPS, how, str(file)]
    made = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    count = file.read_text(encoding="ascii").count("<heap nr=") if file.exists() else 0
    return made.stdout.strip() == "True", count


def test_threads_share_one_heap_where_the_c_library_can(tmp_path: Path) -> None:
    assert heaps("shared", tmp_path / "shared") == ((True, 1) if GLIBC else (False, 0))
    assert not GLIBC or heaps("apart", tmp_path / "apart")[1] > 1
