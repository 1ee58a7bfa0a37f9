"""Long measurements: one a key however many visitors wait for it, in a thread of its own, and kept for everybody.

It goes on only while somebody waits for it: a click on a page that waits ends the waiting, so that the processors are
free for the answer, and a closed page measures nothing. What was measured by then stays, and whoever asks for the same
key sees it at once and goes on from there. No Streamlit in here.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from app.models import cache

Make = Callable[[Sequence[Any]], Iterator[Any]]  # what is left to measure, given what has been measured
IDLE = 15.0  # seconds after which a measurement that nobody waits for is put away
EVERY = 0.2  # seconds between two looks at how far it is


@dataclass(frozen=True)
class Measured:
    """What a measurement has come to so far. ended: that is all of it."""

    results: tuple[Any, ...] = ()
    ended: bool = False


@dataclass
class Sweep:
    """A measurement under way."""

    results: list[Any]
    waiting: int = 0
    over: bool = False
    ended: bool = False
    failed: Exception | None = None


_under_way: dict[str, Sweep] = {}
_turn = threading.Condition()


def measured(key: str) -> Measured:
    """What there is of `key` by now."""
    with _turn:
        sweep = _under_way.get(key)
        if sweep is not None:
            return Measured(tuple(sweep.results), sweep.ended)
    found: Measured | None = cache.kept(_name(key))
    return found or Measured()


def follow(key: str, make: Make, report: Callable[[int], bool]) -> Measured:
    """Measure on until it ends or `report` says that it is enough for now; returns what there is then.

    Args:
        make: yields what is left to measure, given the results so far; each step in the thread of its own.
        report: called from this thread every so often, and once at the end, with the number of results. Where it ends
            this thread, because the learner did something else, nobody waits any more.

    Raises:
        What the measurement raised.
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
    """Called with the lock held."""
    kept: Measured = cache.kept(_name(key)) or Measured()
    sweep = _under_way[key] = Sweep(list(kept.results))
    threading.Thread(target=_run, args=(key, sweep, make), name="measure", daemon=True).start()
    return sweep


def _run(key: str, sweep: Sweep, make: Make) -> None:
    steps: Iterator[Any] | None = None
    try:
        steps = make(tuple(sweep.results))
        while _wanted(key, sweep):
            try:
                result = next(steps)
            except StopIteration:
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
    """Wait until somebody waits for the next step; False: nobody does any more, and it is put away."""
    with _turn:
        if _turn.wait_for(lambda: sweep.waiting > 0, IDLE):
            return True
        _put_away(key, sweep)  # under the same lock: who comes now begins where it ended
        return False


def _put_away(key: str, sweep: Sweep) -> None:
    """Keep what was measured; with the thread goes its hold on a model. Called with the lock held."""
    if not sweep.over:
        cache.keep(_name(key), Measured(tuple(sweep.results), sweep.ended), small=True)
        if _under_way.get(key) is sweep:
            del _under_way[key]
        sweep.over = True
        _turn.notify_all()


def _name(key: str) -> str:
    return f"measured {key}"
