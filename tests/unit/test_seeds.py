"""Means over seeds, held against SciPy's Student t."""

from __future__ import annotations

import pytest
from scipy import stats

from core.analysis.seeds import apart, difference, interval


@pytest.mark.parametrize("count", [2, 3, 5, 20, 31, 32, 41, 500])
def test_the_interval_is_students(count: int) -> None:
    values = [0.5 + 0.3 * ((7 * at) % 11 - 5) / 11 for at in range(count)]
    found = interval(values, -9, 9)
    low, high = stats.t.interval(0.95, count - 1, loc=sum(values) / count, scale=stats.sem(values))
    assert [found.low, found.high] == pytest.approx([low, high], abs=2e-4)
    assert found.mean == pytest.approx(sum(values) / count)
    assert found.of == count


def test_it_stays_within_what_a_share_can_be() -> None:
    assert interval([0.99, 1.0]).high == 1.0
    assert interval([0.0, 0.02]).low == 0.0
    assert (interval([0.7]).low, interval([0.7]).high) == (0.0, 1.0), "one run says nothing about the next"
    assert interval([0.8, 0.8, 0.8]).low == pytest.approx(0.8)


def test_seed_by_seed_tells_more_than_two_intervals() -> None:
    one, other = [0.60, 0.70, 0.80], [0.55, 0.66, 0.74]
    assert interval(one).low < interval(other).high, "the intervals overlap"
    assert difference(one, other).mean == pytest.approx(0.05)
    assert (apart(one, other), apart(other, one)) == (1, -1)
    assert apart([0.6, 0.7, 0.8], [0.7, 0.6, 0.8]) == 0


def test_what_cannot_be_compared_is_refused() -> None:
    with pytest.raises(ValueError, match="no runs"):
        interval([])
    with pytest.raises(ValueError, match="2 and 1 runs"):
        difference([0.5, 0.6], [0.5])
