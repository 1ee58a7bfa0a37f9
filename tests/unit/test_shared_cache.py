"""Models at hand: loaded once, shared, bounded by number and by bytes."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

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
    shelf, together = Shelf[LanguageModel](4, 10**9), threading.Barrier(2, timeout=5)

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
