"""Follow the current test in each process that a test has started: a plugin of coverage.py.

coverage.py starts in each Python process that finds `COVERAGE_PROCESS_START`, and loads this module. The process that
runs the tests writes the name of the current test into a file; every process that it started (a server, a worker) reads
the file and switches its context. Before a test begins, all of them have confirmed the switch (`recorder.py`).
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

from coverage import Coverage

CURRENT = "GLASSBOX_CURRENT_TEST"  # the file with the name of the running test
_POLL, _FLUSH = 0.02, 0.3  # seconds


def coverage_init(registry: Any, options: Any) -> None:
    """Follow the current test from now on; coverage.py calls this when it starts."""
    if CURRENT in os.environ:
        threading.Thread(
            target=_follow, args=(Path(os.environ[CURRENT]),), name="context", daemon=True
        ).start()


def _follow(current: Path) -> None:
    """Switch the context when the test changes. Data are written often: a killed process saves nothing."""
    confirmed = current.with_suffix(".read") / str(os.getpid())
    test, written = "", 0.0
    while True:
        coverage = Coverage.current()
        try:
            name = current.read_text(encoding="utf-8")
            if coverage is not None and (name != test or time.monotonic() - written > _FLUSH):
                coverage.switch_context(name)
                confirmed.write_text(name, encoding="utf-8")
                test, written = name, time.monotonic()
        except FileNotFoundError:
            return  # the tests have ended
        except Exception:  # coverage has stopped, or is about to start
            written = time.monotonic()
        time.sleep(_POLL)
