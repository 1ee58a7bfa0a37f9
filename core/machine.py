"""Cached benchmarks of this machine, repeated when processor, torch or thread count change."""

from __future__ import annotations

import json
import os
import platform
import secrets
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

from core.installation import home

MOST = 32  # measurements kept in the file, for several devices and versions of torch
# environment variables that choose torch's kernels
_SWITCHES = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_ENABLE_INSTRUCTIONS")
_lock = threading.RLock()
_known: dict[str, dict[str, float]] = {}


def folder() -> Path:
    """Return the data folder: GLASSBOX_DATA, or `home`."""
    named = os.environ.get("GLASSBOX_DATA", "").strip()
    return Path(named).expanduser() if named else home()


def models() -> Path:
    """Return the folder of the models that `glassbox train` writes, which the app offers."""
    return folder() / "models"


def measured(name: str, measure: Callable[[], Mapping[str, float]], device: str = "cpu") -> dict[str, float]:
    """Return a measurement of this machine, taken once and then read from the data folder's machine.json.

    It is taken again on another machine, and under another version or other kernels of torch. Where the folder cannot
    be written to, it is taken once a process. A file that is damaged counts as none.

    Args:
        name: of the measurement; measure: takes it, as numbers by name.
        device: "cpu", "cuda" or "mps": what it is taken on.
    """
    key = f"{name} | {signature(device)}"
    with _lock:
        if key not in _known:
            path = folder() / "machine.json"
            found = _read(path).get(key)
            if found is None:
                found = dict(measure())
                _write(path, {**_read(path), key: found})
            _known[key] = found
        return _known[key]


def forget() -> None:
    """Clear what this process read or measured; the file stays."""
    with _lock:
        _known.clear()


@lru_cache(maxsize=4)
def signature(device: str = "cpu") -> str:
    """Describe what a measurement depends on, in one line: processor or graphics card, torch's version and kernels."""
    import torch

    parts = [processor(), torch.__version__, torch.backends.cpu.get_cpu_capability()]
    parts += [f"{name}={value}" for name in _SWITCHES if (value := os.environ.get(name))]
    if device == "cuda":
        parts.append(torch.cuda.get_device_name())
    elif device != "cpu":
        parts.append(device)
    return ", ".join(parts)


@lru_cache(maxsize=1)
def processor() -> str:
    """Return the processor's name, for records and reports only."""
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _read(path: Path) -> dict[str, dict[str, float]]:
    try:
        values: Any = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {name: of for name, of in values.items() if _sound(of)} if isinstance(values, dict) else {}


def _sound(of: Any) -> bool:
    """Return whether these are valid measurements: numbers above zero, by name."""
    return (
        isinstance(of, dict)
        and bool(of)
        and all(isinstance(value, (int, float)) and 0 < value < 1e18 for value in of.values())
    )


def _write(path: Path, values: Mapping[str, Mapping[str, float]]) -> None:
    kept = dict(list(values.items())[-MOST:])
    beside = path.with_name(f"{path.name}-{secrets.token_hex(4)}")
    with suppress(OSError):  # a read-only folder, a full disk: the next process measures again
        path.parent.mkdir(parents=True, exist_ok=True)
        beside.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        beside.replace(path)
