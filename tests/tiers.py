"""The two tiers of the tests: what `make test` runs, and what it leaves to `make test-rest`.

A test is in the quick tier unless it is marked `@pytest.mark.full(reason="...")`. With `quick_cases=2` the first two
cases of a parametrized test stay in the quick tier. Hypothesis tests are in both: with few examples in the quick tier,
with all of theirs in the other.
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


def is_full(item: pytest.Item, case: int) -> bool:
    """Return whether the quick tier leaves out a test, which is the case of this number of its function.

    Raises:
        pytest.UsageError: its mark `full` gives no reason, or something that is neither a reason nor `quick_cases`.
    """
    mark = item.get_closest_marker("full")
    if mark is None:
        return False
    if (
        mark.args
        or not str(mark.kwargs.get("reason", "")).strip()
        or mark.kwargs.keys() - {"reason", "quick_cases"}
    ):
        raise pytest.UsageError(f'{item.nodeid}: write @pytest.mark.full(reason="...") or add quick_cases=1')
    return case >= mark.kwargs.get("quick_cases", 0)


def runs_in(item: pytest.Item, tier: str, case: int = 0) -> bool:
    """Return whether a test, the case of this number of its function, belongs to a tier."""
    full = is_full(item, case)
    if tier == QUICK:
        return not full
    if tier == REST:
        return full or getattr(getattr(item, "obj", None), "is_hypothesis_test", False)
    return True


def number_cases(items: list[pytest.Item]) -> dict[pytest.Item, int]:
    """Return the number of each test among the cases of its function, in the order of their parameters."""

    def parameters(item: pytest.Item) -> tuple[int, tuple[int, ...]]:
        indices = tuple(getattr(getattr(item, "callspec", None), "indices", {}).values())
        return sum(indices), indices

    cases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        cases[item.nodeid.split("[", 1)[0]].append(item)
    return {item: case for group in cases.values() for case, item in enumerate(sorted(group, key=parameters))}


def select(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the tests of one tier in `items`, and keep how many are left out."""
    tier, cases = config.getoption("tier"), number_cases(items)
    chosen: list[pytest.Item] = []
    left_out: list[pytest.Item] = []
    for item in items:
        (chosen if runs_in(item, tier, cases[item]) else left_out).append(item)
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
