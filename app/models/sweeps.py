"""Long measurements: one per key however many visitors wait for it, in its own thread, with results cached for all.

It runs only while a session waits for it: a click on a waiting page ends the waiting, which frees the processors, and a
closed page measures nothing. Results so far stay, and the next session that asks for the same key sees them at once and
continues from there. Its steps take turns with those of other long work. No Streamlit in here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.models import cache, turns

Make = Callable[[Sequence[Any]], Iterator[Any]]  # what is left to measure, given the results so far
IDLE = 15.0  # seconds after which a measurement without waiting sessions is suspended
EVERY = 0.2  # seconds between two polls of the progress


@dataclass(frozen=True)
class Measured:
    """The results of a measurement so far. ended: they are complete."""

    results: tuple[Any, ...] = ()
    ended: bool = False


@dataclass
class Sweep:
    """A measurement in progress."""

    results: list[Any]
    waiting: int = 0
    over: bool = False
    ended: bool = False
    failed: Exception | None = None


_END = object()  # what comes after the last result
_under_way: dict[str, Sweep] = {}
_turn = threading.Condition()


def measured(key: str) -> Measured:
    """Return the results of `key` so far."""
    with _turn:
        sweep = _under_way.get(key)
        if sweep is not None:
            return Measured(tuple(sweep.results), sweep.ended)
    found: Measured | None = cache.kept(_name(key))
    return found or Measured()


def follow(key: str, make: Make, report: Callable[[int], bool]) -> Measured:
    """Measure until it ends or `report` says that there are enough results; return those.

    Args:
        make: yields the results that are missing, given those so far; it runs in the sweep's thread.
        report: called from this thread every so often, and once at the end, with the number of results. If it ends this
            thread, because the learner did something else, this session no longer waits.

    Raises:
        The exception of the measurement.
    """
    with _turn:
        sweep = _under_way.get(key)
        if sweep is None:
            sweep = _begun(key, make)
        sweep.waiting += 1
        _turn.notify_all()
    try:
        seen = -1
        while not sweep.over:
            with _turn:
                if len(sweep.results) == seen and not sweep.over:
                    _turn.wait(EVERY)
            seen = len(sweep.results)
            if report(seen):
                break
    finally:
        with _turn:
            sweep.waiting -= 1
    if sweep.failed is not None:
        raise sweep.failed
    return Measured(tuple(sweep.results), sweep.ended)


def _begun(key: str, make: Make) -> Sweep:
    """Start the measurement or join a running one. Called with the lock held."""
    kept: Measured = cache.kept(_name(key)) or Measured()
    sweep = _under_way[key] = Sweep(list(kept.results))
    threading.Thread(target=_run, args=(key, sweep, make), name="measure", daemon=True).start()
    return sweep


def _run(key: str, sweep: Sweep, make: Make) -> None:
    steps: Iterator[Any] | None = None
    try:
        steps = make(tuple(sweep.results))
        while _wanted(key, sweep):
            with turns.turn():
                result = next(steps, _END)
            if result is _END:
                sweep.ended = True
                break
            with _turn:
                sweep.results.append(result)
                _turn.notify_all()
    except Exception as why:
        sweep.failed = why
    finally:
        with _turn:
            _put_away(key, sweep)


def _wanted(key: str, sweep: Sweep) -> bool:
    """Wait until a session waits for the next step; False: none does any more, and the measurement is suspended."""
    with _turn:
        if _turn.wait_for(lambda: sweep.waiting > 0, IDLE):
            return True
        # under the same lock: a session that arrives now continues from the stored results
        _put_away(key, sweep)
        return False


def _put_away(key: str, sweep: Sweep) -> None:
    """Store the results and end the thread with its reference to a model. Called with the lock held."""
    if not sweep.over:
        cache.keep(_name(key), Measured(tuple(sweep.results), sweep.ended), small=True)
        if _under_way.get(key) is sweep:
            del _under_way[key]
        sweep.over = True
        _turn.notify_all()


def _name(key: str) -> str:
    return f"measured {key}"
