"""Results of long work that hangs on no model: kept for every session, the one used longest ago makes room."""

from __future__ import annotations

import pytest

from app import cache


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty store for the test."""
    monkeypatch.setattr(cache, "_results", type(cache._results)())
    monkeypatch.setattr(cache, "_small", type(cache._small)())


def test_what_is_kept_is_the_very_object() -> None:
    result = [1, 2]
    assert cache.kept("a") is None
    cache.keep("a", result)
    assert cache.kept("a") is result


def test_the_one_used_longest_ago_makes_room() -> None:
    for number in range(cache.KEPT):
        cache.keep(str(number), number)
    assert cache.kept("0") == 0  # used now
    cache.keep("new", "new")
    assert cache.kept("1") is None
    assert [cache.kept(key) for key in ("0", "2", "new")] == [0, 2, "new"]
    assert len(cache._results) == cache.KEPT


def test_small_results_have_a_place_of_their_own() -> None:
    cache.keep("small", 1, small=True)
    for number in range(cache.KEPT + 1):
        cache.keep(str(number), number)
    assert cache.kept("small") == 1 and cache.kept("0") is None
    for number in range(cache.KEPT_SMALL):
        cache.keep(f"small {number}", number, small=True)
    assert cache.kept("small") is None and cache.kept(str(cache.KEPT)) == cache.KEPT
