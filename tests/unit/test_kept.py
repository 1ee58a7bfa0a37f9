"""Results that sessions share: computed once, bounded by bytes, and each caller's own where it may be written to."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
import torch

from app.models import cache, room
from app.models.results import measure, own, typed
from core.language_model import LanguageModel

MB = 10**6
_computed: list[Any] = []


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty shelves for the test, of 10 MB together."""
    monkeypatch.setenv(room.RESULTS_VARIABLE, "10")
    for name in ("_called", "_shared", "_results", "_small"):
        usual = getattr(cache, name)
        monkeypatch.setattr(
            cache, name, type(usual)(usual.most, usual.most_bytes, left=usual.left, weigh=usual.weigh)
        )
    _computed.clear()


def table(lm: LanguageModel, megabytes: float, name: str = "") -> np.ndarray:
    """A result of that size."""
    _computed.append(name)
    return np.zeros(int(megabytes * MB / 8))


def slow(lm: LanguageModel) -> list[int]:
    _computed.append(1)
    time.sleep(0.05)
    return [1, 2]


def nothing(lm: LanguageModel) -> None:
    _computed.append(0)


def traced(lm: LanguageModel, text: str) -> Any:
    return lm.trace(text)


# --------------------------------------------------------------------------------------------------------- the limits


def test_the_operator_says_how_much_results_may_take(monkeypatch: pytest.MonkeyPatch) -> None:
    assert room.results() == 10 * MB
    monkeypatch.setenv(room.RESULTS_VARIABLE, "many")
    assert room.results() == room.RESULTS
    shelves = (cache._called, cache._shared, cache._results, cache._small)
    assert sum(shelf.limit for shelf in shelves) <= room.RESULTS


def test_results_leave_when_their_bytes_are_more_than_allowed() -> None:
    key = cache.key("tales-gpt")
    for name in "abc":
        cache.call(table, key, 0.9, name)  # 3 MB: three of them fit
    cache.call(table, key, 0.9, "a")  # at hand, and used now
    cache.call(table, key, 0.9, "d")  # so that b leaves
    assert _computed == ["a", "b", "c", "d"]
    assert cache._called.bytes <= cache._called.limit == 3 * MB
    for name in "acd":
        cache.call(table, key, 0.9, name)
    assert _computed == ["a", "b", "c", "d"]
    cache.call(table, key, 0.9, "b")
    assert _computed[4:] == ["b"]


def test_one_that_is_larger_than_allowed_stays_until_the_next() -> None:
    key = cache.key("tales-gpt")
    for _ in range(2):
        assert cache.call(table, key, 5.0).nbytes == 5 * MB
    assert _computed == [""]
    cache.call(table, key, 0.1)
    assert cache._called.bytes < MB


def test_passes_through_a_model_are_bounded_too_and_its_weights_do_not_count() -> None:
    key, lm = cache.key("tales-gpt"), cache.model("tales-gpt")
    first = cache.share(traced, key, "Once")
    assert cache.share(traced, key, "Once") is first
    size = cache._shared.bytes
    kept = sum(value.untyped_storage().nbytes() for value in {id(v): v for v in first.values()}.values())
    assert size < 2 * kept + 100_000 < 4 * lm.n_parameters
    for number in range(40):
        cache.share(traced, key, f"Once upon a time there were {number} kings and as many queens")
    assert cache._shared.bytes <= cache._shared.limit
    assert len(cache._shared) < 41


def test_a_model_that_leaves_takes_its_passes_along() -> None:
    cache.share(traced, cache.key("tales-gpt"), "Once")
    cache._forget()
    assert len(cache._shared) == 0


# ------------------------------------------------------------------------------------------------ once, and whose it is


def test_what_two_ask_for_at_once_is_computed_once() -> None:
    key, found = cache.key("tales-gpt"), list[Any]()
    threads = [threading.Thread(target=lambda: found.append(cache.call(slow, key))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert _computed == [1]
    assert found == [[1, 2]] * 6 and len({id(one) for one in found}) == 6


def test_nothing_is_a_result_too() -> None:
    for _ in range(2):
        assert cache.call(nothing, cache.key("tales-gpt")) is None
    assert _computed == [0]


def test_every_caller_of_call_has_a_copy() -> None:
    key = cache.key("tales-gpt")
    cache.call(slow, key).append(3)
    assert cache.call(slow, key) == [1, 2]
    first = cache.call(table, key, 0.1)
    first[0] = 7
    assert cache.call(table, key, 0.1)[0] == 0


def test_arguments_that_are_equal_but_not_the_same_are_told_apart() -> None:
    assert len({typed((1, "a")), typed((1.0, "a")), typed((True, "a"))}) == 3
    assert len({typed(((1,),)), typed(((True,),)), typed((1,))}) == 3
    assert typed((1, ("a",))) == typed((1, ("a",)))


@dataclass(frozen=True)
class Part:
    values: np.ndarray
    names: tuple[str, ...] = ()
    more: dict[str, list[float]] = field(default_factory=dict)


def test_a_copy_shares_nothing_that_can_be_written_to() -> None:
    one = Part(np.asfortranarray(np.arange(6.0).reshape(2, 3)), ("a", "b"), {"x": [1.0]})
    two = own([one, {1, 2}, torch.zeros(2)])
    assert isinstance(two[0], Part) and two[0].names == ("a", "b") and two[1] == {1, 2}
    assert two[0].values.flags.f_contiguous and not np.shares_memory(one.values, two[0].values)
    two[0].values[:], two[0].more["x"][0] = 9, 9
    two[2][0] = 9
    assert one.values.max() == 5 and one.more == {"x": [1.0]}


# ------------------------------------------------------------------------------------------------------ what one weighs


def test_memory_is_measured_once_however_often_it_is_referred_to() -> None:
    array = np.zeros(1000)
    size = measure(array)
    assert size == 8000
    assert measure([array, array[:10], array.reshape(10, 100)]) < size + 500
    tensor = torch.zeros(1000)
    assert measure(tensor) == 4000
    assert 4000 < measure({"a": tensor, "b": tensor[5:], "c": Part(array)}) - 8000 < 5500


def test_a_model_counts_unless_it_is_in_memory_anyway() -> None:
    lm = cache.model("tales-gpt")
    weights = 4 * lm.n_parameters
    assert measure(lm) >= weights
    assert measure(lm, besides=lm.transformer) < weights / 10


def test_texts_and_numbers_count() -> None:
    assert measure("x" * 1000) > 1000
    assert measure(b"x" * 1000) > 1000
    assert measure([0.5] * 1000) > 30_000
    assert measure((None, measure, np)) < 1000


# --------------------------------------------------------------------------------------------- results of long work


def test_what_is_kept_is_the_very_object() -> None:
    result = [1, 2]
    assert cache.kept("a") is None
    cache.keep("a", result)
    assert cache.kept("a") is result


def test_the_one_used_longest_ago_makes_room() -> None:
    for name in "ab":
        cache.keep(name, np.zeros(MB // 10))  # 0.8 MB; 2 MB are allowed
    cache.kept("a")
    cache.keep("c", np.zeros(MB // 10))
    assert [cache.kept(key) is not None for key in "abc"] == [True, False, True]
    cache.keep("c", np.zeros(10))
    cache.keep("d", np.zeros(MB // 10))
    assert [cache.kept(key) is not None for key in "acd"] == [True, True, True], (
        "what was replaced is not counted"
    )


def test_small_results_have_a_place_of_their_own() -> None:
    cache.keep("small", 1, small=True)
    for number in range(9):
        cache.keep(str(number), np.zeros(MB // 10))
    assert cache.kept("small") == 1 and cache.kept("0") is None
    for number in range(200):
        cache.keep(f"small {number}", "x" * 10_000, small=True)
    assert cache.kept("small") is None and cache.kept("8") is not None
    assert cache._small.bytes <= cache._small.limit
