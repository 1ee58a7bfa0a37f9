"""Which tests belong to which tier, and what a run says at its end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import tiers

ROOT = Path(__file__).resolve().parents[2]


class StandIn:
    """Stand for a collected test; unlike a SimpleNamespace it can be the key of a dictionary."""

    def __init__(self, **values: Any) -> None:
        self.__dict__.update(values)


def item(mark: pytest.Mark | None = None, hypothesis: bool = False) -> Any:
    function = SimpleNamespace(is_hypothesis_test=True) if hypothesis else SimpleNamespace()
    return StandIn(nodeid="test_x.py::test_y", obj=function, get_closest_marker=lambda name: mark)


def test_a_marked_test_is_left_to_the_full_tier_and_a_hypothesis_test_is_in_both() -> None:
    full = pytest.mark.full(reason="ten seconds").mark
    for one, quick, rest in [
        (item(), True, False),
        (item(full), False, True),
        (item(hypothesis=True), True, True),
        (item(full, hypothesis=True), False, True),
    ]:
        assert (tiers.runs_in(one, tiers.QUICK), tiers.runs_in(one, tiers.REST)) == (quick, rest)
        assert tiers.runs_in(one, tiers.ALL)


def test_the_first_cases_of_a_marked_test_may_stay_in_the_quick_tier() -> None:
    mark = pytest.mark.full(reason="each page in turn", quick_cases=2).mark
    items = [item(mark) for _ in range(4)]
    for one, (a, b) in zip(items, [(1, 1), (0, 1), (1, 0), (0, 0)], strict=True):
        one.callspec = SimpleNamespace(indices={"a": a, "b": b})
    cases = tiers.number_cases(items)
    assert [cases[one] for one in items] == [3, 1, 2, 0], "the first is that of each parameter's first value"
    assert [tiers.runs_in(one, tiers.QUICK, cases[one]) for one in items] == [False, True, False, True]
    assert [tiers.runs_in(one, tiers.REST, cases[one]) for one in items] == [True, False, True, False]


@pytest.mark.parametrize(
    "mark",
    [
        pytest.mark.full,
        pytest.mark.full("slow"),
        pytest.mark.full(reason=" "),
        pytest.mark.full(reason="slow", quick=1),
    ],
)
def test_a_mark_without_a_reason_is_refused(mark: pytest.MarkDecorator) -> None:
    with pytest.raises(pytest.UsageError, match=r"test_x\.py::test_y.*reason"):
        tiers.runs_in(item(mark.mark), tiers.ALL)


def test_the_quick_tier_tries_fewer_examples() -> None:
    before = tiers._most_examples
    try:
        tiers.limit_examples(tiers.QUICK_EXAMPLES)
        assert (tiers.examples(100), tiers.examples(3)) == (tiers.QUICK_EXAMPLES, 3)
        tiers.limit_examples(None)
        assert (tiers.examples(100), tiers.examples(3)) == (100, 3)
    finally:
        tiers.limit_examples(before)


def test_the_slowest_files_are_counted_over_all_phases_of_their_tests() -> None:
    def report(nodeid: str, duration: float) -> Any:
        return SimpleNamespace(nodeid=nodeid, duration=duration)

    reports = [report("a.py::x", 1.0), report("a.py::x", 0.5), report("a.py::y", 2.0), report("b.py::z", 9.0)]
    assert tiers.slowest_files(reports) == [("b.py", 9.0, 1), ("a.py", 3.5, 2)]
    many = [report(f"{i}.py::x", float(i)) for i in range(20)]
    assert [file for file, *_ in tiers.slowest_files(many)] == [f"{i}.py" for i in range(19, 9, -1)]


tried: list[int] = []


@settings(max_examples=tiers.examples(40), database=None)
@given(st.integers())
def test_example_of_both_tiers(value: int) -> None:
    tried.append(value)
    assert len(tried) <= 40


@pytest.mark.full(reason="the example that the next test looks for")
def test_example_of_the_full_tier() -> None:
    assert not tried or len(tried) > tiers.QUICK_EXAMPLES, "Hypothesis tried all of its examples"


@pytest.mark.full(reason="starts pytest in two processes")
@pytest.mark.parametrize(
    ("tier", "passed", "left"), [("quick", 1, "`make test-rest`: 1"), ("rest", 2, "`make test`: 0")]
)
def test_a_run_counts_the_tests_that_it_leaves_to_the_other_tier(tier: str, passed: int, left: str) -> None:
    command = [sys.executable, "-m", "pytest", "--tier", tier, "-n", "2", "-k", "test_example_of", __file__]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{passed} passed" in done.stdout and "slowest files, of" in done.stdout
    assert f"tests left to {left}\n" in done.stdout
