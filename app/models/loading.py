"""Long openings: one job a model however many visitors wait for it, each of whom sees how far it is.

The work runs in a thread of its own, and whoever waits asks it how far it is from his own: he may draw, and where that
ends him, because the learner chose something else, the work goes on for the next visitor. No Streamlit in here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

Result = TypeVar("Result")
Tell = Callable[
    [str, int, int], None
]  # what is being done, how much of it is done, how much there is (0: not known)


@dataclass
class Job:
    """An opening under way, and what came of it."""

    stage: str = ""
    done: int = 0
    total: int = 0
    result: Any = None
    failed: Exception | None = None
    thread: threading.Thread | None = None

    def tell(self, stage: str, done: int, total: int) -> None:
        """For the work: how far it is."""
        self.stage, self.done, self.total = stage, done, total


_jobs: dict[Hashable, Job] = {}
_lock = threading.Lock()


def follow(key: Hashable, work: Callable[[Tell], Result], report: Tell, every: float = 0.2) -> Result:
    """What `work` returns, done once for all who ask for `key` while it lasts; `report` hears how far it is.

    Args:
        work: gets a function to tell with; runs in a thread of its own.
        report: called from this thread every so many seconds, and once at the end.

    Raises:
        What the work raised.
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
    """The job of `key`, if there is one just now."""
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
