"""The two tiers of the tests: what `make test` runs, and what it leaves to `make test-rest`.

A test is in the quick tier unless it is marked `@pytest.mark.full(reason="...")`. Hypothesis tests are in both: with
few examples in the quick tier, with all of theirs in the other.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pytest

QUICK, REST, ALL = "quick", "rest", "all"
QUICK_EXAMPLES = 15
SLOWEST = 10
LEFT_OUT = pytest.StashKey[int]()

_most_examples: int | None = None


def limit_examples(most: int | None) -> None:
    """Set how many examples a Hypothesis test may try from now on; None: as many as it asks for."""
    global _most_examples
    _most_examples = most


def examples(full: int) -> int:
    """Return `full`, or the quick tier's number where that is less: for `@settings(max_examples=examples(100))`."""
    return full if _most_examples is None else min(full, _most_examples)


def runs_in(item: pytest.Item, tier: str) -> bool:
    """Return whether a test belongs to a tier. Raises pytest.UsageError where its mark `full` gives no reason."""
    mark = item.get_closest_marker("full")
    if mark is not None and not (not mark.args and str(mark.kwargs.get("reason", "")).strip()):
        raise pytest.UsageError(f'{item.nodeid}: write @pytest.mark.full(reason="...")')
    if tier == QUICK:
        return mark is None
    if tier == REST:
        return mark is not None or getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return True


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of one tier in `items`, and keep how many are left out."""
    tier = config.getoption("tier")
    chosen: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (chosen if runs_in(item, tier) else left_out).append(item)
    config.stash[LEFT_OUT] = len(left_out)
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = chosen


def slowest_files(reports: list[pytest.TestReport]) -> list[tuple[str, float, int]]:
    """Return (file, seconds, tests) of the files that took longest, the slowest first."""
    seconds: dict[str, float] = defaultdict(float)
    tests: dict[str, set[str]] = defaultdict(set)
    for report in reports:
        file = report.nodeid.split("::", 1)[0]
        seconds[file] += report.duration
        tests[file].add(report.nodeid)
    slowest = sorted(seconds, key=lambda file: -seconds[file])[:SLOWEST]
    return [(file, seconds[file], len(tests[file])) for file in slowest]


def summary(terminalreporter: Any, tier: str, left_out: int) -> list[str]:
    """Return the lines that say where the time went and how many tests the other tier has."""
    everything = [report for reports in terminalreporter.stats.values() for report in reports]
    timed = [report for report in everything if isinstance(report, pytest.TestReport)]
    total = sum(report.duration for report in timed)
    lines = [f"slowest files, of {total:.0f} s in all processes together:"]
    lines += [f"{seconds:7.1f} s  {file} ({tests} tests)" for file, seconds, tests in slowest_files(timed)]
    if tier == QUICK:
        lines.append(f"tests left to `make test-rest`: {left_out}")
    elif tier == REST:
        lines.append(f"tests left to `make test`: {left_out}")
    return lines
