"""Slow model loads: one job per model however many visitors wait for it, with progress for each of them.

The work runs in its own thread; a waiting session polls its progress from the session's thread and may draw it. If the
session's run ends meanwhile, because the learner chose something else, the work goes on for the next visitor. No
Streamlit in here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

Result = TypeVar("Result")
Tell = Callable[[str, int, int], None]  # the stage, how much of it is done, and the total (0: not known)


@dataclass
class Job:
    """A load in progress, and its result."""

    stage: str = ""
    done: int = 0
    total: int = 0
    result: Any = None
    failed: Exception | None = None
    thread: threading.Thread | None = None

    def tell(self, stage: str, done: int, total: int) -> None:
        """Report progress from the worker thread."""
        self.stage, self.done, self.total = stage, done, total


_jobs: dict[Hashable, Job] = {}
_lock = threading.Lock()


def follow(key: Hashable, work: Callable[[Tell], Result], report: Tell, every: float = 0.2) -> Result:
    """Run `work` once for all callers that ask for `key` meanwhile, and return its result; `report` hears the progress.

    Args:
        work: gets a function to report progress with; runs in its own thread.
        report: called from this thread every so many seconds, and once at the end.

    Raises:
        The exception of the work.
    """
    with _lock:
        job = _jobs.get(key)
        if job is None:
            job = _jobs[key] = Job()
            job.thread = threading.Thread(target=_run, args=(key, job, work), name=f"open {key}", daemon=True)
            job.thread.start()
    thread = cast(threading.Thread, job.thread)
    while thread.is_alive():
        thread.join(every)
        report(job.stage, job.done, job.total)
    if job.failed is not None:
        raise job.failed
    return cast(Result, job.result)


def under_way(key: Hashable) -> Job | None:
    """Return the running job of `key`, if there is one."""
    with _lock:
        return _jobs.get(key)


def _run(key: Hashable, job: Job, work: Callable[[Tell], Any]) -> None:
    try:
        job.result = work(job.tell)
    except Exception as why:
        job.failed = why
    finally:
        with _lock:
            _jobs.pop(key, None)
