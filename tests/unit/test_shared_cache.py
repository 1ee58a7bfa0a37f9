"""Models at hand: loaded once, shared, bounded by number and by bytes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core
from app.models import cache
from app.models.shared_cache import Shelf, weigh
from core.language_model import LanguageModel


@pytest.fixture(scope="module")
def tales() -> LanguageModel:
    return core.load("tales-gpt", device="cpu")


def test_a_model_is_loaded_once_and_shared(tales: LanguageModel) -> None:
    shelf, loads = Shelf[LanguageModel](4, 10**9), []

    def load() -> LanguageModel:
        loads.append(1)
        time.sleep(0.05)
        return replace(tales)

    found: list[LanguageModel] = []
    threads = [threading.Thread(target=lambda: found.append(shelf.get("a", load))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert loads == [1]
    assert len(found) == 8 and all(lm is found[0] for lm in found)


def test_two_models_are_loaded_side_by_side(tales: LanguageModel) -> None:
    shelf, together = Shelf[LanguageModel](4, 10**9), threading.Barrier(2, timeout=60)

    def load() -> LanguageModel:
        together.wait()  # passes only when both loads run at once
        return tales

    other = threading.Thread(target=shelf.get, args=("a", load))
    other.start()
    assert shelf.get("b", load) is tales
    other.join()
    assert len(shelf) == 2


def test_the_one_used_longest_ago_makes_room(tales: LanguageModel) -> None:
    size = weigh(tales)
    assert size == 4 * tales.n_parameters
    for most, most_bytes in ((3, 10**9), (99, 3 * size), (99, 4 * size - 1)):
        shelf = Shelf[LanguageModel](most, most_bytes)
        for key in "abc":
            shelf.get(key, lambda: replace(tales))
        first = shelf.get("a", lambda: pytest.fail("it is at hand"))
        shelf.get("d", lambda: replace(tales))
        assert [shelf.peek(key) is not None for key in "abcd"] == [True, False, True, True]
        assert shelf.peek("a") is first
        assert shelf.bytes == 3 * size


def test_a_model_larger_than_the_shelf_stays_alone(tales: LanguageModel) -> None:
    shelf = Shelf[LanguageModel](9, 10)
    shelf.get("a", lambda: replace(tales))
    shelf.get("b", lambda: replace(tales))
    assert (len(shelf), shelf.peek("b") is not None) == (1, True)


def test_a_load_that_fails_is_tried_again(tales: LanguageModel) -> None:
    shelf = Shelf[LanguageModel](4, 10**9)
    for _ in range(2):
        with pytest.raises(OSError, match="no disk"):
            shelf.get("a", lambda: (_ for _ in ()).throw(OSError("no disk")))
    assert shelf.get("a", lambda: tales) is tales


class Interrupted(BaseException):
    """As Streamlit ends the run of a page."""


def asked_at_once(
    shelf: Shelf[object], load: Callable[[], object], count: int = 4
) -> tuple[list[object], list[BaseException]]:
    """Ask for one key from so many threads, the others while the first one loads; what they got, and their errors."""
    found: list[object] = []
    failed: list[BaseException] = []
    begun, go = threading.Event(), threading.Event()

    def first() -> object:
        begun.set()
        assert go.wait(30)
        return load()

    def ask(how: Callable[[], object]) -> None:
        try:
            found.append(shelf.get("a", how))
        except BaseException as why:
            failed.append(why)

    threads = [threading.Thread(target=ask, args=(first,))]
    threads[0].start()
    assert begun.wait(30)
    threads += [threading.Thread(target=ask, args=(load,)) for _ in range(count - 1)]
    for thread in threads[1:]:
        thread.start()
    time.sleep(0.05)  # they wait
    go.set()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive(), "nobody waits for ever"
    return found, failed


def test_an_error_reaches_all_who_wait_and_is_met_once() -> None:
    shelf, loads = Shelf[object](4, 10**9, weigh=lambda thing: 1), list[int]()

    def load() -> object:
        loads.append(1)
        raise OSError("no disk")

    found, failed = asked_at_once(shelf, load)
    assert (found, loads) == ([], [1])
    assert [str(why) for why in failed] == ["no disk"] * 4
    assert shelf.get("a", lambda: "there") == "there", "later ones try again"


def test_an_interrupted_load_is_taken_over_by_one_who_waits() -> None:
    shelf, loads = Shelf[object](4, 10**9, weigh=lambda thing: 1), list[int]()

    def load() -> object:
        loads.append(1)
        if len(loads) == 1:
            raise Interrupted
        return "there"

    found, failed = asked_at_once(shelf, load)
    assert (found, len(loads)) == (["there"] * 3, 2)
    assert [type(why) for why in failed] == [Interrupted]


def test_a_load_that_asks_for_itself_is_refused() -> None:
    shelf = Shelf[object](4, 10**9, weigh=lambda thing: 1)
    with pytest.raises(RecursionError, match="asks for itself"):
        shelf.get("a", lambda: shelf.get("b", lambda: shelf.get("a", lambda: "there")))
    assert shelf.get("a", lambda: "there") == "there"


@given(
    needs=st.lists(st.sets(st.integers(0, 7), max_size=3), min_size=8, max_size=8),
    asked=st.lists(st.integers(0, 7), min_size=2, max_size=6),
    most=st.integers(1, 8),
)
def test_whatever_asks_for_whatever_ends_and_is_right(
    needs: list[set[int]], asked: list[int], most: int
) -> None:
    """Loads that need others, asked for from several threads, on a shelf of one place or of many."""
    shelf = Shelf[int](most, 10**9, left=lambda: None, weigh=lambda thing: 1)
    loads: list[int] = []

    def load(key: int) -> int:
        loads.append(key)
        return 1 + sum(shelf.get(one, partial(load, one)) for one in needs[key] if one < key)

    def right(key: int) -> int:
        return 1 + sum(right(one) for one in needs[key] if one < key)

    found: dict[int, int] = {}
    threads = [
        threading.Thread(
            target=lambda at, key: found.update({at: shelf.get(key, partial(load, key))}), args=pair
        )
        for pair in enumerate(asked)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert found == {at: right(key) for at, key in enumerate(asked)}
    if most == 8:
        assert len(loads) == len(set(loads)), "each once"


def test_every_moment_of_the_bundled_model_is_at_hand_after_one_visit() -> None:
    moments = cache.moments("tales-gpt")
    assert len(moments) >= 12
    for moment in moments:
        cache.model("tales-gpt", moment)
    assert all(cache.is_at_hand("tales-gpt", moment) for moment in moments)
    finished = cache.model("tales-gpt")
    first = cache.model("tales-gpt", moments[0])
    assert first.tokenizer is finished.tokenizer, "one vocabulary for all moments"
    assert not (first.trace("Once").logits == finished.trace("Once").logits).all()


def test_what_was_made_elsewhere_takes_the_place_of_what_was_there() -> None:
    shelf = Shelf[bytes](9, 100, weigh=len)
    first, second = bytes(60), bytes(30)
    shelf.put("a", first)
    shelf.put("a", first)
    assert (len(shelf), shelf.bytes) == (1, 60)
    shelf.put("b", second)
    shelf.put("a", bytes(40))
    assert (shelf.names(), shelf.bytes) == (["b", "a"], 70)
    shelf.put("c", bytes(40))
    assert (shelf.names(), shelf.bytes) == (["a", "c"], 80)
    shelf.clear()
    assert (shelf.names(), shelf.bytes) == ([], 0)
