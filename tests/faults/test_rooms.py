"""Rooms on both databases: votes against a vote that closes, in many threads, and a database that goes in between."""

from __future__ import annotations

import threading
import time

import pytest

from core.rooms import ELSE, Answer, Asking, NotNow, Rooms, Size, TooMuch, group_of, member_of
from core.rooms.records import BETWEEN
from core.runs import Store
from core.runs.records import StoreAway
from tests.faults.postgres import Postgres
from tests.runs import tiny

TEACHER = "7" * 32
ASKING = Asking("Which?", ("one", "two", "three"))
PHONES = 60


def opened(store: Store) -> tuple[Rooms, str, list[str]]:
    """A room with phones, and a vote that is open."""
    rooms = Rooms(store.database)
    id = rooms.open(TEACHER).id
    for one in range(PHONES):
        rooms.join(id, f"{one}")
    rooms.ask(id, TEACHER, ASKING)
    return rooms, id, [member_of(id, f"{one}") for one in range(PHONES)]


def test_what_was_let_in_is_counted_and_nothing_comes_after_the_close(store: Store) -> None:
    """Phones tap on and on while the teacher closes: who was told "counted" is counted, and nobody else."""
    rooms, id, members = opened(store)
    counted: dict[str, int] = {}
    refused: set[str] = set()
    stray: list[Exception] = []
    start = threading.Barrier(11)

    def tapping(of: list[str]) -> None:
        start.wait()
        for turn in range(40):
            for member in of:
                choice = (turn + len(of)) % 3
                try:
                    rooms.vote(id, member, 1, 1, choice)
                    counted[member] = choice
                except NotNow:
                    refused.add(member)
                except TooMuch:
                    pass
                except Exception as why:
                    stray.append(why)
            if refused:
                return

    threads = [threading.Thread(target=tapping, args=(members[at::10],)) for at in range(10)]
    for thread in threads:
        thread.start()
    start.wait()
    time.sleep(0.3)
    rooms.close(id, TEACHER, 0.0)
    at_close = rooms.look(id)
    for thread in threads:
        thread.join()
    assert not stray, stray[:1]
    assert refused, "some came late"
    look = rooms.look(id)
    assert look is not None and at_close is not None
    assert {member: look.own(member)[0] for member in members if look.own(member)[0] is not None} == counted
    assert look.bars(1) == at_close.bars(1), "no vote after the close"
    rooms.end(id, TEACHER)


def test_codes_and_numbers_are_told_apart_by_the_database(store: Store) -> None:
    rooms = Rooms(store.database)
    id = rooms.open(TEACHER).id
    found: list[int] = []

    def joining(first: int) -> None:
        found.extend(rooms.join(id, f"{one}") for one in range(first, first + 8))

    threads = [threading.Thread(target=joining, args=(8 * at,)) for at in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(set(found)) == 48
    rooms.end(id, TEACHER)


def test_a_vote_survives_the_database_and_counts_once(postgres: Postgres) -> None:
    """Killed in the middle, PostgreSQL comes back with the votes that were confirmed, and each counts once."""
    store = Store(postgres.fresh())
    rooms, id, members = opened(store)
    for member in members[:5]:
        rooms.vote(id, member, 1, 1, 0)
    postgres.kill()
    with pytest.raises(StoreAway):
        rooms.vote(id, members[5], 1, 1, 1)
    postgres.start()
    deadline = time.monotonic() + 30
    while True:
        try:
            rooms.vote(id, members[5], 1, 1, 1)
            break
        except StoreAway:
            assert time.monotonic() < deadline
            time.sleep(0.2)
    time.sleep(2 * BETWEEN)  # a database that is back at once finds the first vote still fresh
    rooms.vote(id, members[0], 1, 1, 2)
    look = rooms.look(id)
    assert look is not None and look.room.phase == "open" and look.bars(1) == [4, 1, 1]
    rooms.end(id, TEACHER)
    store.close()


def test_words_views_and_runs_are_kept_and_go_with_the_room_on_both(store: Store) -> None:
    rooms = Rooms(store.database)
    id = rooms.open(TEACHER).id
    rooms.join(id, "one")
    member = member_of(id, "one")
    given = Answer(None, probabilities=(0.5, 0.25, 0.25))
    rooms.ask(id, TEACHER, Asking("What comes?", ("a", "b", ELSE), answer=given, kind="next"))
    assert rooms.vote(id, member, 1, 1, 2, "Ki\u0000te").choice == 2
    rooms.close(id, TEACHER, 0.0)
    rooms.show_words(id, TEACHER, 1, True)
    rooms.measure_words(id, TEACHER, 1, {"kite": ("k", 0.125)})
    for link in ("/loss?v=1", "/attention?v=1"):
        rooms.send_view(id, member, link)
    rooms.deal(id, TEACHER, [Size(tiny(), "Class: 1", "tiny")])
    got = rooms.take(id, member)
    run = store.create(got.spec, got.owner, got.name, group=got.group)
    assert rooms.started(id, got.n, run.id)
    look = rooms.look(id)
    assert look is not None and look.sent == 1 and [one.state for one in look.deals] == ["queued"]
    (word,) = look.words
    assert (word.text, word.votes, word.shown, word.token, word.probability) == (
        "Kite",
        (1,),
        True,
        "k",
        0.125,
    )
    assert [view.link for view in rooms.sent_views(id, TEACHER)] == ["/attention?v=1"]
    rooms.forget("", "one")
    look = rooms.look(id)
    assert look is not None and (look.sent, look.words, look.deals, look.numbers) == (0, [], (), {})
    assert store.list(group=group_of(id)) == []
    rooms.end(id, TEACHER)
