"""Measurements of a page's finished runs: taken once, with a progress bar, and kept in the session.

A result evicted from the server's cache is not measured again while the session lasts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from app.controls import work
from app.models import cache
from app.runs.trained import Arm
from app.session import state
from core.messages import say


def of(page: str, arm: Arm) -> Any:
    """Return the measurement of a run; None: none yet."""
    memo, key = state.memo(f"{page}.measured"), _key(page, arm)
    if key not in memo and (found := cache.kept(key)) is not None:
        memo[key] = found
    return memo.get(key)


def measure(
    page: str, arms: Sequence[Arm], slot: Any, steps: Callable[[], Iterator[tuple[Arm, Any]]]
) -> None:
    """Measure these runs, with a progress bar in `slot`, then rerun the page.

    Args:
        steps: yields each of them with what was found.
    """
    if not arms:
        return
    key = " ".join(_key(page, arm) for arm in arms)
    if work.of(page, key) is None:
        work.begin(page, key, len(arms), lambda: _kept(page, steps()))
    work.go_on(page, key, slot, say("runs measured on the held-out stories"))


def _kept(page: str, found: Iterator[tuple[Arm, Any]]) -> Iterator[str]:
    for arm, one in found:
        cache.keep(_key(page, arm), one, small=True)
        state.memo(f"{page}.measured")[_key(page, arm)] = one
        yield arm.id


def _key(page: str, arm: Arm) -> str:
    return f"measured {page} {arm.id} {arm.run.step if arm.run else 0}"
