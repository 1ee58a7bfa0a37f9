"""Measurements that visitors share: one a key, only while somebody waits, and what was measured stays."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import uuid4

import pytest

from app.models import cache, sweeps
from app.models.sweeps import Measured, follow, measured


class Work:
    """Ten steps, `held` waits for `gate`; `made`: what each beginning was given, `taken`: the steps of all."""

    def __init__(self, fails_at: int = 99, held: int = 99) -> None:
        self.key, self.fails_at, self.held, self.gate = uuid4().hex, fails_at, held, threading.Event()
        self.made: list[int] = []
        self.taken: list[int] = []

    def make(self, known: Sequence[Any]) -> Iterator[int]:
        """The steps that are left."""
        self.made.append(len(known))
        for step in range(len(known), 10):
            if step == self.fails_at:
                raise ValueError("no such step")
            assert step != self.held or self.gate.wait(30)
            self.taken.append(step)
            yield step

    def until(self, done: int) -> Measured:
        """Wait for so many results."""
        return follow(self.key, self.make, lambda there: there >= done)


def put_away(key: str) -> None:
    """Wait until nobody waits any more for so long that the measurement is put away."""
    sweep = sweeps._under_way.get(key)
    while sweep is not None and not sweep.over:
        with sweeps._turn:
            sweeps._turn.wait(0.05)


def test_all_of_it_is_measured_once_for_everybody() -> None:
    work = Work()
    assert measured(work.key) == Measured()
    told: list[int] = []
    found = follow(work.key, work.make, lambda there: told.append(there) or False)  # type: ignore[func-returns-value]
    assert found == Measured(tuple(range(10)), True) and told == sorted(told)
    assert measured(work.key) == found
    assert work.taken == list(range(10))


def test_two_who_wait_share_one_measurement() -> None:
    work, both, found = Work(), threading.Barrier(2), list[Measured]()

    def wait() -> None:
        both.wait()
        found.append(work.until(99))

    visitors = [threading.Thread(target=wait) for _ in range(2)]
    for one in visitors:
        one.start()
    for one in visitors:
        one.join()
    assert [one.results for one in found] == [tuple(range(10))] * 2
    assert work.taken == list(range(10))


def test_what_was_measured_stays_when_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    work = Work(held=5)
    monkeypatch.setattr(sweeps, "IDLE", 0.05)
    found = work.until(3)
    assert 3 <= len(found.results) <= 5 and not found.ended
    work.gate.set()
    put_away(work.key)
    there = measured(work.key)
    assert there.results[: len(found.results)] == found.results and not there.ended
    assert work.key not in sweeps._under_way, "its hold on a model is gone"
    assert work.until(99) == Measured(tuple(range(10)), True)
    assert work.taken == list(range(10)), "nothing is measured twice"
    assert work.made == [0, len(there.results)]


def test_nothing_is_measured_while_nobody_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "IDLE", 0.2)
    go = threading.Semaphore(0)
    key, taken = uuid4().hex, list[int]()

    def make(known: Sequence[Any]) -> Iterator[int]:
        for step in range(10):
            assert go.acquire(timeout=30)
            taken.append(step)
            yield step

    go.release()
    follow(key, make, lambda there: there >= 1)
    for _ in range(10):
        go.release()
    put_away(key)
    assert len(taken) <= 2, "one step may have begun"
    assert len(measured(key).results) == len(taken)


class Gone(Exception):
    """As Streamlit ends the run of a page."""


def test_a_page_that_ends_waits_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeps, "IDLE", 0.05)
    work = Work()

    def report(there: int) -> bool:
        raise Gone

    with pytest.raises(Gone):
        follow(work.key, work.make, report)
    put_away(work.key)
    assert work.until(99).results == tuple(range(10))
    assert work.taken == list(range(10))


def test_a_failure_is_raised_and_what_was_there_stays() -> None:
    work = Work(fails_at=4)
    with pytest.raises(ValueError, match="no such step"):
        work.until(99)
    assert measured(work.key) == Measured((0, 1, 2, 3))
    work.fails_at = 99
    assert work.until(99).results == tuple(range(10))


def test_results_are_forgotten_with_all_others() -> None:
    work = Work()
    work.until(99)
    cache.forget_results()
    assert measured(work.key) == Measured()
