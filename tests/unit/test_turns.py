"""Turns of long work: a bounded number of steps at once, by visitors, and nobody is forgotten."""

from __future__ import annotations

import threading
import time
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.models.turns import MOST, VARIABLE, TooLong, Turns, at_once, minutes


@given(cores=st.integers(1, 128), threads=st.integers(0, 128))
def test_a_core_is_left_to_the_pages(cores: int, threads: int) -> None:
    found = at_once(cores, threads)
    assert 1 <= found <= MOST
    assert found == 1 or found * max(1, threads) < cores


@pytest.mark.parametrize("places", [1, 3])
def test_no_more_than_so_many_compute_at_once(places: int) -> None:
    turns, now, most = Turns(lambda: places), list[int](), list[int]()

    def work() -> None:
        for _ in range(5):
            with turns.turn():
                now.append(1)
                most.append(len(now))
                time.sleep(0.002)
                now.pop()

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
        assert not thread.is_alive()
    assert len(most) == 30 and max(most) == places


def test_a_short_work_gets_its_turns_between_the_steps_of_a_long_one() -> None:
    turns, order = Turns(lambda: 1), list[str]()
    begun = threading.Event()

    def work(name: str, steps: int) -> None:
        for _ in range(steps):
            with turns.turn():
                order.append(name)
                begun.set()
                time.sleep(0.01)

    long = threading.Thread(target=work, args=("long", 20))
    long.start()
    assert begun.wait(30)
    work("short", 3)
    long.join(30)
    last = max(at for at, name in enumerate(order) if name == "short")
    assert order[: last + 1].count("long") <= 5, "one step of the other before each of its own"


class Left(BaseException):
    """As Streamlit ends the run of a page."""


def test_who_leaves_the_queue_is_not_waited_for() -> None:
    turns = Turns(lambda: 1)
    reports: list[int] = []

    def report() -> None:
        reports.append(1)
        raise Left

    with turns.turn(), pytest.raises(Left), turns.turn(report):
        pytest.fail("the place was taken")
    assert reports == [1]
    with turns.turn():
        pass


def test_an_error_gives_the_place_back() -> None:
    turns = Turns(lambda: 1)
    with pytest.raises(ValueError, match="no such step"), turns.turn():
        raise ValueError("no such step")
    with turns.turn():
        pass


def test_a_step_lets_a_page_that_is_drawn_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.models.turns.GIVES_WAY", 60.0)  # on the slowest machine, too
    turns, drawing, order = Turns(lambda: 1), threading.Event(), list[str]()

    def page() -> None:
        with turns.drawing():
            drawing.set()
            time.sleep(0.05)
            order.append("page")

    thread = threading.Thread(target=page)
    thread.start()
    drawing.wait()
    with turns.turn():
        order.append("step")
    thread.join()
    assert order == ["page", "step"]


def test_no_step_lets_a_page_come_first_that_only_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.models.turns.GIVES_WAY", 60.0)
    turns, waiting, done, order = Turns(lambda: 1), threading.Event(), threading.Event(), list[str]()

    def page() -> None:
        with turns.drawing():
            with turns.aside():
                waiting.set()
                done.wait(30)
                order.append("page")
            assert threading.get_ident() in turns._drawing, "it draws on"

    thread = threading.Thread(target=page)
    thread.start()
    waiting.wait()
    with turns.turn():
        order.append("step")
    done.set()
    thread.join()
    assert order == ["step", "page"]
    with turns.aside():  # of a thread that draws no page
        pass
    assert not turns._drawing


def test_a_step_comes_though_pages_are_always_drawn() -> None:
    turns = Turns(lambda: 1)
    drawing, done = threading.Event(), threading.Event()

    def page() -> None:
        with turns.drawing():
            drawing.set()
            done.wait()

    thread = threading.Thread(target=page)
    thread.start()
    drawing.wait()
    with turns.turn():
        assert thread.is_alive(), "it did not wait for the end of the page"
    done.set()
    thread.join()


def test_a_page_that_computes_a_step_itself_does_not_wait_for_itself() -> None:
    turns = Turns(lambda: 1)
    with turns.drawing():
        with turns.turn():
            assert not turns._drawing
        assert turns._drawing, "it draws on"
    assert not turns._drawing and not turns._pages


def test_many_tabs_of_one_visitor_get_no_more_turns_than_the_one_of_another() -> None:
    turns, order, ready = Turns(lambda: 1), list[str](), threading.Barrier(6)

    def page(visitor: str) -> None:
        with turns.drawing(visitor):
            ready.wait()
            for _ in range(4):
                with turns.turn():
                    order.append(visitor)
                    time.sleep(0.02)

    threads = [threading.Thread(target=page, args=(who,)) for who in ["many"] * 5 + ["one"]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    last = max(at for at, who in enumerate(order) if who == "one")
    assert order.count("many") == 20 and order.count("one") == 4
    assert order[:last].count("many") <= 8, (
        "a turn of the other's between two of its own, or two at the start"
    )


def test_visitors_who_have_left_are_not_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("app.models.turns.LONG_LIST", 10)
    turns = Turns(lambda: 1)
    for number in range(50):
        with turns.drawing(f"visitor {number}"), turns.turn():
            pass
    assert len(turns._served) <= 11


def test_a_page_that_computes_too_long_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "2")
    turns, now = Turns(lambda: 1), [1000.0]
    monkeypatch.setattr("app.models.turns.time", SimpleNamespace(monotonic=lambda: now[0]))
    with turns.drawing("somebody"):
        now[0] += 119
        with turns.turn():
            pass
        now[0] += 2
        with pytest.raises(TooLong, match="2 minutes"), turns.turn():
            pytest.fail("it got a place")
    with turns.drawing("somebody"), turns.turn():  # its next run
        pass


@pytest.mark.parametrize("written", ["0", "-1", "ten", "1.5"])
def test_minutes_that_are_no_number_are_refused(written: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, written)
    with pytest.raises(ValueError, match=VARIABLE):
        minutes()
