"""A room under any order of events: no vote late, none twice, nothing told too soon, nothing left in the end."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from core.rooms import (
    ELSE,
    Answer,
    Asking,
    Look,
    NoSuchRoom,
    NotNow,
    NotTheTeacher,
    Prompt,
    Room,
    RoomError,
    Rooms,
    TooMuch,
    member_of,
    records,
    states,
)
from core.rooms.schema import meta
from core.runs import Store
from tests.tiers import examples

TEACHER = "7" * 32
BECAUSE = "This cause travels only once it is revealed"
ASKING = Asking("Which one?", ("a", "b", "c"), "/loss?v=1", Answer(1, BECAUSE, "These numbers too"))
TOKEN = Asking(
    "What comes?", ("`a`", "`b`", ELSE), "/?v=1", Answer(1, BECAUSE, "", (0.5, 0.25, 0.25)), "next"
)
# Words as somebody may send them: spellings of one, an option, over-long, invisible, turned, markup, half of one.
WRITTEN = (
    "kite", " KITE ", "ki\tte", "k\u200bite", "boat", "x" * 300, "<b>y</b>", "`A`", " b", "", " ",
    "\u202e", "\ud800", "\0", "\u202ekite", "e\u0301" * 30,
)  # fmt: skip


class Clock:
    """Rooms whose database believes whatever time a test says."""

    def __init__(self, rooms: Rooms) -> None:
        self.rooms, self.at = rooms, 1_000_000.0
        self.set(self.at)

    def set(self, at: float) -> None:
        self.at = at
        self.rooms.now = sa.literal(at, sa.Double)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rooms]:
    """The rooms of one SQLite file."""
    with closing(Store(f"sqlite:///{tmp_path_factory.mktemp('rooms') / 'runs.sqlite'}")) as store:
        yield Rooms(store.database)


@pytest.fixture
def rooms(database: Rooms) -> Iterator[Rooms]:
    """The same, without a room and with a right clock."""
    database.now = database.database.now
    yield database
    database.now = sa.literal(1e12, sa.Double)  # by then every room has ended
    assert not database.sweep()


def rows(rooms: Rooms) -> dict[str, int]:
    """How many rows each table of rooms has."""
    with rooms.database.reading() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in meta.sorted_tables
        }


class AnyOrder(RuleBasedStateMachine):
    """A room beside a model of it: a phase, a clock, and a dictionary of what each member said last."""

    database: Rooms

    @initialize()
    def open(self) -> None:
        self.clock = Clock(self.database)
        self.rooms = self.database
        self.id = self.rooms.open(TEACHER).id
        self.phase, self.before = "lobby", ""
        self.closes: float | None = None
        self.n, self.round = 0, 1
        self.votes: dict[tuple[int, int], dict[str, int]] = {}
        self.tapped: dict[str, float] = {}  # in the present round
        self.words: dict[tuple[int, int], dict[str, str]] = {}
        self.shown: dict[int, set[str]] = {}  # words that the projector shows, by question
        self.numbers: dict[str, int] = {}
        self.typed = False
        for who in range(5):
            self.join(who)

    def teardown(self) -> None:
        if hasattr(self, "id"):
            self.rooms.end(self.id, TEACHER)
            assert set(rows(self.rooms).values()) == {0}, "something of the room is left"

    def fresh(self, phase: str) -> None:
        self.phase, self.closes, self.tapped = phase, None, {}

    def tries(self, allowed: bool, call: Any) -> bool:
        """Call; it must fail exactly where the model says so."""
        if allowed:
            call()
        else:
            with pytest.raises(NotNow):
                call()
        return allowed

    @rule(who=st.integers(0, 6))
    def join(self, who: int) -> None:
        secret = f"secret {who}"
        number = self.rooms.join(self.id, secret)
        assert self.numbers.setdefault(secret, number) == number, "one browser, one number"
        assert len(set(self.numbers.values())) == len(self.numbers), "two with one number"

    @rule(seconds=st.sampled_from([0.1, 0.4, 0.5, 1.0, 2.9, 3.0, 10.0]))
    def wait(self, seconds: float) -> None:
        self.clock.set(self.clock.at + seconds)
        if self.closes is not None and self.closes <= self.clock.at:
            self.phase, self.closes = "closed", None

    @rule(typed=st.booleans())
    def ask(self, typed: bool) -> None:
        asking = TOKEN if typed else ASKING
        if self.tries(
            self.phase in ("lobby", "closed", "revealed"), lambda: self.rooms.ask(self.id, TEACHER, asking)
        ):
            self.n, self.round, self.typed = self.n + 1, 1, typed
            self.fresh("open")

    @rule()
    def close(self) -> None:
        if (
            self.tries(self.phase == "open", lambda: self.rooms.close(self.id, TEACHER))
            and self.closes is None
        ):
            self.closes = self.clock.at + records.COUNTDOWN

    @precondition(lambda self: self.phase == "open")
    @rule()
    def finish(self) -> None:
        self.close()
        self.wait(records.COUNTDOWN)

    @rule()
    def again(self) -> None:
        allowed = self.phase == "closed" and self.round == 1
        if self.tries(allowed, lambda: self.rooms.again(self.id, TEACHER)):
            self.round = 2
            self.fresh("open")

    @rule()
    def reveal(self) -> None:
        if self.tries(self.phase == "closed", lambda: self.rooms.reveal(self.id, TEACHER)):
            self.phase = "revealed"

    @rule(shown=st.booleans())
    def show(self, shown: bool) -> None:
        self.tries(self.phase in ("closed", "revealed"), lambda: self.rooms.show(self.id, TEACHER, shown))

    @rule(paused=st.booleans())
    def pause(self, paused: bool) -> None:
        allowed = (self.phase == "paused") != paused
        if not self.tries(allowed, lambda: self.rooms.pause(self.id, TEACHER, paused)):
            return
        if paused:
            self.phase, self.before, self.closes = "paused", self.phase, None
        else:
            self.phase = self.before

    @precondition(lambda self: self.n > 0)
    @rule(who=st.integers(0, 4), choice=st.integers(0, 2), word=st.sampled_from(WRITTEN))
    def vote(self, who: int, choice: int, word: str) -> None:
        self.cast(f"secret {who}", choice, 0, 0, word if self.typed and choice == 2 else "")

    @precondition(lambda self: self.n > 0)
    @rule(who=st.integers(0, 4), choice=st.integers(0, 2), word=st.sampled_from(WRITTEN))
    def write_oddly(self, who: int, choice: int, word: str) -> None:
        self.cast(f"secret {who}", choice, 0, 0, word)

    @precondition(lambda self: self.n > 0)
    @rule(word=st.sampled_from((*WRITTEN, None)), shown=st.booleans(), n=st.sampled_from([0, 0, 0, -1]))
    def show_word(self, word: str | None, shown: bool, n: int) -> None:
        key = None if word is None else records.same(records.cleaned(word))
        written = self.written()
        right = self.phase in ("closed", "revealed") and n == 0

        def call() -> None:
            self.rooms.show_words(self.id, TEACHER, self.n + n, shown, key)

        if right and key is not None and key not in written:
            with pytest.raises(RoomError, match="nobody wrote"):
                call()
        elif self.tries(right, call):
            of = self.shown.setdefault(self.n, set())
            changed = written if key is None else {key}
            self.shown[self.n] = of | changed if shown else of - changed

    def written(self) -> set[str]:
        """The keys of the words that stand in the present question's votes."""
        return {
            records.same(word) for round in (1, 2) for word in self.words.get((self.n, round), {}).values() if word
        }  # fmt: skip

    @precondition(lambda self: self.n > 0)
    @rule(
        who=st.integers(0, 7), choice=st.integers(0, 3),
        n=st.sampled_from([0, -1, 1]), round=st.sampled_from([0, 1, -1]),
    )  # fmt: skip
    def vote_oddly(self, who: int, choice: int, n: int, round: int) -> None:
        self.cast(f"secret {who}", choice, n, round)

    def cast(self, secret: str, choice: int, n: int, round: int, word: str = "") -> None:
        member = member_of(self.id, secret)
        right = n == 0 and round == 0 and choice < 3 and secret in self.numbers and self.phase == "open"
        asks, kept = self.typed and choice == 2, records.cleaned(word)
        counted = ("a", "b").index(kept.casefold()) if asks and kept.casefold() in ("a", "b") else choice
        last = self.tapped.get(secret, -1e9)

        def call() -> None:
            found = self.rooms.vote(self.id, member, self.n + n, self.round + round, choice, word)
            assert found.choice == counted
            assert self.rooms.look(self.id).room.version == found.version

        if right and bool(kept) != asks:
            with pytest.raises(RoomError, match="word"):
                call()
        elif right and last > self.clock.at - records.BETWEEN:
            with pytest.raises(TooMuch):
                call()
        elif self.tries(right, call):
            self.tapped[secret] = self.clock.at
            self.votes.setdefault((self.n, self.round), {})[secret] = counted
            self.words.setdefault((self.n, self.round), {})[secret] = kept if counted == choice else ""

    @rule(stranger=st.sampled_from(["", "7" * 31 + "8"]))
    def forge(self, stranger: str) -> None:
        for act in (
            lambda: self.rooms.ask(self.id, stranger, ASKING), lambda: self.rooms.close(self.id, stranger),
            lambda: self.rooms.again(self.id, stranger), lambda: self.rooms.reveal(self.id, stranger),
            lambda: self.rooms.talk(self.id, stranger), lambda: self.rooms.show(self.id, stranger, True),
            lambda: self.rooms.leave_question(self.id, stranger), lambda: self.rooms.pause(self.id, stranger, True),
            lambda: self.rooms.lead(self.id, stranger, "/loss"), lambda: self.rooms.gather(self.id, stranger),
            lambda: self.rooms.counts(self.id, stranger), lambda: self.rooms.end(self.id, stranger),
            lambda: self.rooms.show_words(self.id, stranger, self.n, True),
            lambda: self.rooms.measure_words(self.id, stranger, self.n, {}),
            lambda: self.rooms.sent_views(self.id, stranger), lambda: self.rooms.take_back(self.id, stranger),
            lambda: self.rooms.keep_runs(self.id, stranger, "mine"),
        ):  # fmt: skip
            with pytest.raises(NotTheTeacher):
                act()

    @invariant()
    def the_room_is_what_was_done(self) -> None:
        look = self.rooms.look(self.id)
        assert look is not None
        assert look.room.phase == self.phase
        assert (look.room.closes is None) == (self.closes is None)
        assert (look.room.prompt or 0) == self.n
        for round in (1, 2):
            cast = list(self.votes.get((self.n, round), {}).values())
            if self.n:
                assert look.bars(round) == [cast.count(option) for option in range(3)]
        for secret in self.numbers:
            own = look.own(member_of(self.id, secret))
            rounds = range(1, self.round + 1) if self.n else ()
            assert own == [self.votes.get((self.n, round), {}).get(secret) for round in rounds]
            words = look.own_words(member_of(self.id, secret))
            assert words == [self.words.get((self.n, round), {}).get(secret, "") for round in rounds]
        told = {word.key: word for word in look.words}
        assert set(told) == self.written()
        for key, word in told.items():
            rounds = range(1, self.round + 1)
            said = [list(self.words.get((self.n, round), {}).values()) for round in rounds]
            assert word.votes == tuple(sum(records.same(one) == key for one in each) for each in said)
            assert records.same(word.text) == key and word.text in [one for each in said for one in each]
            assert 0 < len(word.text) <= records.WORD and word.shown == (key in self.shown.get(self.n, set()))

    @invariant()
    def nobody_is_told_too_much(self) -> None:
        look = self.rooms.look(self.id)
        assert look is not None
        ids = {secret: member_of(self.id, secret) for secret in self.numbers}
        teacher = json.dumps(states.teacher_state(look))
        screen = states.screen_state(look)
        phones = {secret: states.member_state(look, id) for secret, id in ids.items()}
        for written in (teacher, json.dumps(screen), *map(json.dumps, phones.values())):
            assert not any(id in written or secret in written for secret, id in ids.items())
            assert TEACHER not in written
        for told in (screen, *phones.values()):
            assert (BECAUSE in json.dumps(told)) == (self.phase == "revealed")
            for word in told.get("told", []):
                assert (
                    self.phase in ("closed", "revealed") and records.same(word["text"]) in self.shown[self.n]
                )
                for round, votes in enumerate(word["votes"], 1):
                    assert (votes is None) == (len(self.votes.get((self.n, round), {})) < states.FEW)
            for round, bars in enumerate(told.get("bars", []), 1):
                cast = self.votes.get((self.n, round), {})
                assert self.phase in ("closed", "revealed") and (bars is None) == (len(cast) < states.FEW)
        assert "bars" not in screen or self.phase != "open"
        for secret, told in phones.items():
            mine = {self.words.get((self.n, round), {}).get(secret) for round in (1, 2)}
            assert set(told.get("words", [])) <= mine | {""}, "another's word"
        assert (BECAUSE in teacher) == (self.phase in ("closed", "revealed")), (
            "the teacher's screen is seen, too"
        )

    @invariant()
    def a_version_stands_for_one_state(self) -> None:
        look = self.rooms.look(self.id)
        assert look is not None
        assert self.rooms.look(self.id, look.room.version) is None


@pytest.mark.full(reason="takes 11 s")
def test_any_order_of_events(database: Rooms) -> None:
    AnyOrder.database = database
    from hypothesis.stateful import run_state_machine_as_test

    run_state_machine_as_test(AnyOrder, settings=settings(max_examples=examples(40), stateful_step_count=40))  # type: ignore[no-untyped-call]


@pytest.mark.parametrize("votes", [0, states.FEW - 1, states.FEW])
@pytest.mark.parametrize("shown", [False, True])
@pytest.mark.parametrize("resumes", ["open", "closed", "revealed"])
@pytest.mark.parametrize("phase", records.PHASES)
def test_what_each_screen_may_know(phase: Any, resumes: str, shown: bool, votes: int) -> None:
    """All phases with all that a room may have on in them: the answer and the bars are nowhere too soon."""
    paused = resumes if phase == "paused" else ""
    room = Room("0" * 24, "BCDFGH", TEACHER, phase, paused, None, 7, 1, False, shown, "", 0, False)
    prompt = Prompt(1, "predict", ASKING.question, ASKING.options, "", 2, ASKING.answer)
    members = {f"{one:032x}": one + 1 for one in range(8)}
    cast = {round: dict.fromkeys(list(members)[:votes], round - 1) for round in (1, 2)}
    look = Look(room, prompt, members, frozenset(members), "", cast)
    member, screen, teacher = (
        states.member_state(look, next(iter(members))), states.screen_state(look), states.teacher_state(look),
    )  # fmt: skip
    counted = [[votes, 0, 0], [0, votes, 0]] if votes >= states.FEW else [None, None]
    for told, opens in (
        (member, phase == "revealed"),
        (screen, phase == "revealed" or (phase == "closed" and shown)),
    ):
        assert told.get("bars") == (counted if opens else None)
        assert (BECAUSE in json.dumps(told)) == (phase == "revealed")
    assert (BECAUSE in json.dumps(teacher)) == (phase in ("closed", "revealed"))
    assert member["choices"] == ([0, 1] if votes else [None, None])


def test_a_vote_counts_only_while_its_own_vote_is_open(rooms: Rooms) -> None:
    """Every way to come late or wrong, one by one; nobody looks at the room in between, which would settle it."""
    clock = Clock(rooms)
    id = rooms.open(TEACHER).id
    rooms.join(id, "secret")
    member = member_of(id, "secret")

    def refused(n: int, round: int, choice: int = 0) -> None:
        clock.set(clock.at + 1)
        with pytest.raises(NotNow):
            rooms.vote(id, member, n, round, choice)

    rooms.ask(id, TEACHER, ASKING)
    for n, round, choice in ((0, 1, 0), (2, 1, 0), (1, 0, 0), (1, 2, 0), (1, 1, 3)):
        refused(n, round, choice)
    rooms.vote(id, member, 1, 1, 0)
    rooms.pause(id, TEACHER, True)
    refused(1, 1)
    rooms.pause(id, TEACHER, False)
    rooms.close(id, TEACHER)
    clock.set(clock.at + records.COUNTDOWN - 0.1)
    rooms.vote(id, member, 1, 1, 1)
    clock.set(clock.at + 0.2)
    refused(1, 1, 2)  # the countdown is over, and no screen has asked yet
    rooms.again(id, TEACHER)
    refused(1, 1, 2)  # a copy of the first vote
    rooms.vote(id, member, 1, 2, 2)
    rooms.close(id, TEACHER, 0.0)
    rooms.reveal(id, TEACHER)
    refused(1, 2)
    rooms.ask(id, TEACHER, ASKING)
    refused(1, 2)
    look = rooms.look(id)
    assert look is not None and look.own(member) == [None]
    counts = rooms.counts(id, TEACHER)
    assert (counts["first vote"][:3], counts["second vote"][:3]) == ([0, 1, 0], [0, 0, 1])


def test_a_room_holds_so_many_members_and_deals_their_numbers_at_random(rooms: Rooms) -> None:
    id = rooms.open(TEACHER).id
    numbers = [rooms.join(id, f"{one}") for one in range(records.MEMBERS)]
    assert len(set(numbers)) == records.MEMBERS and min(numbers) >= 1
    with pytest.raises(TooMuch):
        rooms.join(id, "one more")
    assert rooms.join(id, "7") == numbers[7], "who is in stays in"
    first = numbers[:30]
    assert sum(a < b for a, b in pairwise(first)) < 29, "in the order of coming"


def test_a_room_holds_so_many_questions(rooms: Rooms) -> None:
    id = rooms.open(TEACHER).id
    for _ in range(records.PROMPTS):
        rooms.ask(id, TEACHER, ASKING)
        rooms.close(id, TEACHER, 0.0)
    with pytest.raises(TooMuch):
        rooms.ask(id, TEACHER, ASKING)


def test_a_teacher_has_one_room_and_codes_are_told_apart(rooms: Rooms) -> None:
    first = rooms.open(TEACHER)
    assert rooms.open(TEACHER).id == first.id
    other = rooms.open("8" * 32)
    assert other.id != first.id and other.code != first.code
    assert set(first.code) <= set(records.ALPHABET) and len(first.code) == records.CODE_LENGTH
    assert rooms.find(f" {first.code[:3].lower()} {first.code[3:]}").id == first.id
    for wrong in ("", "AEIOUY", "BBBBBBB", "%", first.code[:5], "é" * 6):
        with pytest.raises(NoSuchRoom):
            rooms.find(wrong)


def test_a_member_of_another_room_is_nobody_here(rooms: Rooms) -> None:
    here, there = rooms.open(TEACHER).id, rooms.open("8" * 32).id
    rooms.join(there, "secret")
    assert member_of(here, "secret") != member_of(there, "secret"), "rooms cannot be joined by their members"
    rooms.ask(here, TEACHER, ASKING)
    for member in (member_of(here, "secret"), member_of(there, "secret")):
        with pytest.raises(NotNow):
            rooms.vote(here, member, 1, 1, 0)


@pytest.mark.parametrize("after", [records.IDLE, records.LONGEST])
def test_a_room_ends_by_itself(rooms: Rooms, after: float) -> None:
    clock = Clock(rooms)
    room = rooms.open(TEACHER)
    start = clock.at
    if after == records.LONGEST:  # touched again and again
        while clock.at < start + records.LONGEST - 3600:
            clock.set(clock.at + 3600)
            rooms.gather(room.id, TEACHER)
    clock.set(start + after - 1)
    assert rooms.find(room.code).id == room.id
    clock.set(start + after + 1)
    with pytest.raises(NoSuchRoom):
        rooms.find(room.code)
    with pytest.raises(NoSuchRoom):
        rooms.join(room.id, "secret")
    with pytest.raises(NoSuchRoom):
        rooms.look(room.id)
    assert set(rows(rooms).values()) == {0}


def test_who_is_here_is_who_gave_a_sign_of_life(rooms: Rooms) -> None:
    clock = Clock(rooms)
    id = rooms.open(TEACHER).id
    members = [member_of(id, f"{one}") for one in range(3)]
    for one in range(3):
        rooms.join(id, f"{one}")

    def here() -> int:
        look = rooms.look(id)
        assert look is not None
        return len(look.here)

    assert here() == 3
    clock.set(clock.at + records.PRESENT - 1)
    rooms.seen(id, members[:2], gone=members[2:])
    assert here() == 2
    clock.set(clock.at + 2)
    assert here() == 2
    look = rooms.look(id)
    assert look is not None
    rooms.seen(id, members[:2])
    assert rooms.look(id, look.room.version) is None, "a sign of life of who is here changes nothing"
    rooms.seen(id, members)
    assert here() == 3
    rooms.seen("0" * 24, members)  # a room that has ended


def test_counts_are_a_table_of_all_questions(rooms: Rooms) -> None:
    id = rooms.open(TEACHER).id
    rng = random.Random(0)
    votes = [[rng.randrange(3) for _ in range(5)] for _ in range(2)]
    for one in range(5):
        rooms.join(id, f"{one}")
    rooms.ask(id, TEACHER, ASKING)
    for round in (1, 2):
        for one in range(5):
            rooms.vote(id, member_of(id, f"{one}"), 1, round, votes[round - 1][one])
        rooms.close(id, TEACHER, 0.0)
        if round == 1:
            rooms.again(id, TEACHER)
    table = rooms.counts(id, TEACHER)
    assert table["first vote"] == [votes[0].count(option) for option in range(3)]
    assert table["second vote"] == [votes[1].count(option) for option in range(3)]
    assert table["right"] == [False, True, False] and table["option"] == ["a", "b", "c"]


def test_counts_have_typed_words_and_probabilities_and_leave_open_what_is_not_known(rooms: Rooms) -> None:
    id = rooms.open(TEACHER).id
    for one in range(3):
        rooms.join(id, f"{one}")
    answer = Answer(None, "", "", (0.6, 0.1, 0.3))
    rooms.ask(id, TEACHER, Asking("What comes next?", ("`Milan`", "`Paris`", ELSE), "", answer, "next"))
    rooms.vote(id, member_of(id, "0"), 1, 1, 0)
    for one, word in ((1, "Rome"), (2, "rome")):
        rooms.vote(id, member_of(id, f"{one}"), 1, 1, 2, word)
    table = rooms.counts(id, TEACHER)
    assert table["option"] == ["`Milan`", "`Paris`", ELSE, ""]
    assert [word.lower() for word in table["typed word"]] == ["", "", "", "rome"]
    assert table["first vote"] == [1, 0, 2, 2]
    assert table["second vote"] == [None] * 4, "nobody was asked again"
    assert table["right"] == [None] * 4, "nobody knows what comes"
    assert table["model’s probability"] == [0.6, 0.1, 0.3, None]


@pytest.mark.parametrize(
    ("share", "round", "said"),
    [
        (None, 1, ""),
        (0.2, 1, "explain"),
        (0.5, 1, "talk"),
        (0.7, 1, "talk"),
        (0.8, 1, "reveal"),
        (0.2, 2, "reveal"),
    ],
)
def test_what_is_suggested(share: float | None, round: int, said: str) -> None:
    assert states.suggestion(share, round) == said


@pytest.mark.parametrize(("asking", "right", "said"), [(ASKING, 0.0, "explain"), (TOKEN, None, "")])
def test_no_share_of_votes_is_right_about_a_token(
    rooms: Rooms, asking: Asking, right: float | None, said: str
) -> None:
    id = rooms.open(TEACHER).id
    for one in range(3):
        rooms.join(id, f"{one}")
    rooms.ask(id, TEACHER, asking)
    for one in range(3):
        rooms.vote(id, member_of(id, f"{one}"), 1, 1, 0)  # the answer's option is 1
    rooms.close(id, TEACHER, 0.0)
    look = rooms.look(id)
    assert look is not None
    shown = states.teacher_state(look)
    assert (shown["right"], shown["suggests"]) == (right, said)


@pytest.mark.parametrize(
    "bad",
    [
        {"question": " "}, {"question": "a" * 1001}, {"options": ("a",)}, {"options": ("a",) * 10}, {"kind": "next"},
        {"options": ("a", "")}, {"options": ("a", "b" * 201)}, {"answer": Answer(2)}, {"kind": "poll"},
        {"answer": Answer(0, probabilities=(1.0,))}, {"about": "a" * 30_001},
    ],
)  # fmt: skip
def test_a_question_that_does_not_fit_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(RoomError):
        Asking(**({"question": "Which?", "options": ("a", "b")} | bad))
