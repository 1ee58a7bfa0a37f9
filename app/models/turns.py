"""Turns of long work: few steps are computed at once on this server, and the visitor served longest ago is next.

A step is a part of long work that takes about a second at most. Each new one queues again, so one visitor's long work,
in however many tabs, delays another's by a step of each visitor who is waiting, and all of it together leaves
processors for the pages, whose own passes do not queue here. Before each step it lets the pages that are being drawn
come first, for a moment: Python computes in one thread at a time. A page takes no more turns once it has computed for
too long. No Streamlit in here.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from app.counts import counted
from core.messages import say
from core.settings import whole

MOST = 4  # Python computes in one thread at a time: with more, pages would wait for it
EVERY = 0.2  # seconds between two reports of a turn that is waited for
# Seconds for which a step lets pages come first, at most; nor for longer than the step before took: on a busy server
# long work takes twice its time, and not for ever.
GIVES_WAY = 0.3
VARIABLE = "GLASSBOX_PAGE_MINUTES"
LONG_LIST = 1000  # visitors whose last turn is remembered
MINUTES = 15  # for which one run of a page may compute


class TooLong(RuntimeError):
    """Raised in a page that has computed for as long as it may; the message says what to do."""


def at_once(cores: int, threads: int) -> int:
    """Return how many steps are computed at once: a core is left to the pages, and each step takes some threads."""
    return max(1, min(MOST, cores // max(1, threads) - 1))


def _here() -> int:
    import torch

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return at_once(cores, torch.get_num_threads())


def minutes() -> int:
    """Read GLASSBOX_PAGE_MINUTES.

    Raises:
        ValueError: it is no whole number from 1 on.
    """
    return whole(VARIABLE, MINUTES)


@dataclass(frozen=True)
class Page:
    """A page that is being drawn. visitor: whose it is; since: the moment of `time.monotonic` when it began."""

    visitor: str
    since: float


@dataclass(frozen=True, eq=False)
class Waiting:
    """A step that waits. visitor: whose it is; of measurements that several visitors share, a name of their own."""

    visitor: str


class Turns:
    """A queue before a few places.

    Args:
        places: returns how many may compute at once; called at the first turn.
    """

    def __init__(self, places: Callable[[], int] = _here) -> None:
        self._places = places
        self._free: int | None = None
        self._queue: list[Waiting] = []  # in the order in which they came
        self._served: dict[str, int] = {}  # of each visitor who waits or computes, when it was served last
        self._turn = 0
        self._changed = threading.Condition()
        self._pages: dict[int, Page] = {}  # by the thread that draws it
        self._drawing: set[int] = set()  # threads that draw a page, but for those at a turn
        self._took = GIVES_WAY

    @contextmanager
    def drawing(self, visitor: str = "") -> Iterator[None]:
        """Mark this thread as drawing a visitor's page for the body of the `with` block, but for its turns."""
        me = threading.get_ident()
        with self._changed:
            self._pages[me] = Page(visitor, time.monotonic())
            self._drawing.add(me)
        try:
            yield
        finally:
            self._drawn(me)
            del self._pages[me]

    def _drawn(self, thread: int) -> None:
        with self._changed:
            self._drawing.discard(thread)
            self._changed.notify_all()

    @contextmanager
    def aside(self) -> Iterator[None]:
        """Mark this thread as one that only waits, for the body of the `with` block: no step gives way to it."""
        me = threading.get_ident()
        drew = me in self._drawing
        self._drawn(me)
        try:
            yield
        finally:
            if drew:
                with self._changed:
                    self._drawing.add(me)

    @contextmanager
    def turn(self, report: Callable[[], object] = lambda: None) -> Iterator[None]:
        """Wait for a place, and keep it for the body of the `with` block.

        Args:
            report: called from this thread every so often while it waits; what it raises ends the waiting.

        Raises:
            TooLong: the page of this thread has computed for as long as it may.
        """
        thread = threading.get_ident()
        page = self._pages.get(thread)
        if page is not None:
            check(page)
        waiting = Waiting(page.visitor if page is not None and page.visitor else f"thread {thread}")
        self._drawn(thread)
        try:
            with self._place(waiting, report):
                yield
        finally:
            if page is not None:
                with self._changed:
                    self._drawing.add(thread)

    @contextmanager
    def _place(self, waiting: Waiting, report: Callable[[], object]) -> Iterator[None]:
        with self._changed:
            if self._free is None:
                self._free = self._places()
            self._queue.append(waiting)
        try:
            while not self._mine(waiting):
                report()
        except BaseException:  # the waiting page was left
            with self._changed:
                self._queue.remove(waiting)
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

    def _mine(self, waiting: Waiting) -> bool:
        """Wait a moment for the place; return whether it was given."""
        with self._changed:
            assert self._free is not None
            if not self._changed.wait_for(lambda: self._free and self._next() is waiting, EVERY):
                return False
            self._queue.remove(waiting)
            self._turn += 1
            self._served[waiting.visitor] = self._turn
            self._free -= 1
            self._changed.notify_all()
            return True

    def _next(self) -> Waiting:
        """Return who is next: of the visitor who was served longest ago, what came first."""
        if len(self._served) > LONG_LIST:
            there = {one.visitor for one in self._queue}
            self._served = {visitor: at for visitor, at in self._served.items() if visitor in there}
        return min(self._queue, key=lambda one: self._served.get(one.visitor, 0))

    def waiting(self) -> int:
        """Count the steps that wait."""
        return len(self._queue)


def check(page: Page) -> None:
    """Check that a page may compute on. Raises TooLong: it may not."""
    if time.monotonic() - page.since > 60 * minutes():
        raise TooLong(
            say(
                "This page has computed for {minutes}, as long as this server lets one visitor's page at a stretch. "
                "What was found is kept: choose anything on the page, and it goes on.",
                minutes=counted(minutes(), "minute"),
            )
        )


_turns = Turns()
turn = _turns.turn
drawing = _turns.drawing
aside = _turns.aside
waiting = _turns.waiting
