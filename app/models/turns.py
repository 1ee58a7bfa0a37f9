"""Turns of long work: few steps are computed at once on this server, and whoever waited longest is next.

A step is a part of long work that takes about a second at most. Each new one queues again, so one visitor's long work
delays another's by a step of each that is waiting, and all of it together leaves processors for the pages, whose own
passes do not queue here. Before each step it lets the pages that are being drawn come first, for a moment: Python
computes in one thread at a time. No Streamlit in here.
"""

from __future__ import annotations

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MOST = 4  # Python computes in one thread at a time: with more, pages would wait for it
EVERY = 0.2  # seconds between two reports of a turn that is waited for
# Seconds for which a step lets pages come first, at most; nor for longer than the step before took: on a busy server
# long work takes twice its time, and not for ever.
GIVES_WAY = 0.3


def at_once(cores: int, threads: int) -> int:
    """Return how many steps are computed at once: a core is left to the pages, and each step takes some threads."""
    return max(1, min(MOST, cores // max(1, threads) - 1))


def _here() -> int:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return at_once(cores, torch.get_num_threads())


class Turns:
    """A queue before a few places, first come, first served.

    Args:
        places: returns how many may compute at once; called at the first turn.
    """

    def __init__(self, places: Callable[[], int] = _here) -> None:
        self._places = places
        self._free: int | None = None
        self._queue: deque[object] = deque()
        self._changed = threading.Condition()
        self._drawing: set[int] = set()  # threads that draw a page
        self._took = GIVES_WAY

    @contextmanager
    def drawing(self) -> Iterator[None]:
        """Mark this thread as drawing a page for the body of the `with` block, but for its turns."""
        me = threading.get_ident()
        with self._changed:
            first = me not in self._drawing
            self._drawing.add(me)
        try:
            yield
        finally:
            if first:
                self._drawn(me)

    def _drawn(self, thread: int) -> bool:
        with self._changed:
            was = thread in self._drawing
            self._drawing.discard(thread)
            self._changed.notify_all()
            return was

    @contextmanager
    def turn(self, report: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Wait for a place, and keep it for the body of the `with` block.

        Args:
            report: called from this thread every so often while it waits; what it raises ends the waiting.
        """
        me, thread = object(), threading.get_ident()
        drew = self._drawn(thread)
        try:
            with self._place(me, report):
                yield
        finally:
            if drew:
                with self._changed:
                    self._drawing.add(thread)

    @contextmanager
    def _place(self, me: object, report: Callable[[], object]) -> Iterator[None]:
        with self._changed:
            if self._free is None:
                self._free = self._places()
            self._queue.append(me)
        try:
            while not self._mine(me):
                report()
        except BaseException:  # the waiting page was left
            with self._changed:
                self._queue.remove(me)
                self._changed.notify_all()
            raise
        try:
            with self._changed:
                self._changed.wait_for(lambda: not self._drawing, min(GIVES_WAY, self._took))
            began = time.monotonic()
            yield
            self._took = time.monotonic() - began
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify_all()

    def _mine(self, me: object) -> bool:
        """Wait a moment for the place; return whether it was given."""
        with self._changed:
            assert self._free is not None
            if not self._changed.wait_for(lambda: self._free and self._queue[0] is me, EVERY):
                return False
            self._queue.popleft()
            self._free -= 1
            self._changed.notify_all()
            return True


_turns = Turns()
turn = _turns.turn
drawing = _turns.drawing
