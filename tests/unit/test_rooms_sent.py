"""What a class sends by requests: words, views, runs; and a browser that wants to be forgotten."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.rooms import addresses, routes
from app.rooms.cookies import HINT, MEMBER, REMOTE
from app.session import owner as owners
from app.session.owner import OwnerCookie
from core.rooms import ELSE, Answer, Asking, NotNow, RoomError, Rooms, Size, group_of, member_of, records
from core.rooms.deals import runner_of
from core.rooms.schema import meta
from core.runs import Engine, Limits, Store, StoreFull
from core.runs.location import reserve
from core.runs.schema import texts
from tests.runs import tiny
from tests.unit.test_rooms import HERE, OURS, TEACHER, joined, teaching

TOKEN = Asking(
    "What comes next? `She found the`", ("`ball`", "`hat`", ELSE), "/loss?v=1",
    Answer(0, "", "Secret numbers", (0.5, 0.125, 0.375)), "next",
)  # fmt: skip


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A run store of the test's own."""
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    with closing(Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")) as opened:
        yield opened


@pytest.fixture
def rooms(store: Store) -> Rooms:
    """Its rooms."""
    return Rooms(store.database)


@pytest.fixture
def engine(store: Store) -> Engine:
    """An engine that puts runs into the queue; nobody trains them."""
    return Engine(store, workers=0, scheduler="", limits=Limits())


@pytest.fixture
def browser(rooms: Rooms, engine: Engine) -> Iterator[Callable[[], TestClient]]:
    """`browser()` is a new browser without cookies."""
    app = Starlette(
        routes=routes.routes(lambda: rooms, lambda: engine),
        middleware=[Middleware(OwnerCookie, bare=("/join", "/room/"))],
    )
    clients = []

    def new() -> TestClient:
        clients.append(TestClient(app, base_url=HERE, headers=OURS))
        return clients[-1]

    yield new
    for client in clients:
        client.close()


@pytest.fixture
def room(browser: Callable[[], TestClient]) -> dict[str, Any]:
    """A room that TEACHER has opened: its id and its code."""
    found: dict[str, Any] = teaching(browser()).post("/rooms").json()
    return found


def phones_of(browser: Callable[[], TestClient], room: dict[str, Any], count: int) -> list[TestClient]:
    """Phones that have joined."""
    phones = [browser() for _ in range(count)]
    for phone in phones:
        joined(phone, room["code"])
    return phones


def writes(phone: TestClient, room: dict[str, Any], word: object, choice: int = 2, round: int = 1) -> Any:
    """Send a word as a phone does."""
    body = {"n": 1, "round": round, "choice": choice, "word": word}
    return phone.put(f"/rooms/{room['id']}/vote", content=json.dumps(body))


def screen_of(browser: Callable[[], TestClient], room: dict[str, Any]) -> dict[str, Any]:
    """What the projector shows."""
    found: dict[str, Any] = browser().get(f"/rooms/{room['id']}/state?as=screen").json()
    return found


# ------------------------------------------------------------------------------------------------- words


def test_a_word_is_shown_after_a_tap_alone_and_never_with_who_wrote_it(
    browser: Callable[[], TestClient], rooms: Rooms, room: dict[str, Any]
) -> None:
    teacher, id = teaching(browser()), room["id"]
    phones = phones_of(browser, room, 6)
    rooms.ask(id, TEACHER, TOKEN)
    for phone, word in zip(phones, ("kite", "Kite", " kI te ", "<b>dog</b>", "Ball")):
        assert writes(phone, room, word).status_code == 200
    answer = writes(phones[5], room, " BALL ").json()
    assert (answer["choice"], answer["word"]) == (0, ""), "a word that is offered is a vote for that"
    told = teacher.get(f"/rooms/{id}/state?as=teacher").json()
    assert told["bars"] == [[2, 0, 4]]
    assert [(one["text"], one["votes"], one["shown"]) for one in told["told"]] == [
        ("kite", [3], False),
        ("<b>dog</b>", [1], False),
    ], "the most frequent spelling; of equals that without capitals"
    assert phones[1].get(f"/rooms/{id}/state").json()["words"] == ["Kite"], "its own, as it was written"

    show = {"n": 1, "word": "kite", "shown": True}
    assert teacher.post(f"/rooms/{id}/words", json=show).status_code == 409, "not while it would pull votes"
    assert "told" not in screen_of(browser, room)
    rooms.close(id, TEACHER, 0.0)
    assert screen_of(browser, room)["told"] == []
    for stranger in (browser(), phones[0], teaching(browser(), "8" * 32)):
        assert stranger.post(f"/rooms/{id}/words", json=show).status_code == 403
    for bad in ({**show, "shown": 1}, {**show, "word": 7}, {"word": "kite", "shown": True}):
        assert teacher.post(f"/rooms/{id}/words", json=bad).status_code == 422
    assert teacher.post(f"/rooms/{id}/words", json={**show, "word": "cat"}).status_code == 422, (
        "nobody's word"
    )
    assert teacher.post(f"/rooms/{id}/words", json={**show, "n": 2}).status_code == 409
    assert teacher.post(f"/rooms/{id}/words", json=show).status_code == 200
    rooms.measure_words(id, TEACHER, 1, {"kite": ("kite", 0.0625), "unsaid": ("x", 0.5)})
    assert screen_of(browser, room)["told"] == [{"text": "kite", "votes": [3], "token": None, "p": None}]
    assert teacher.get(f"/rooms/{id}/state?as=teacher").json()["told"][0]["p"] == 0.0625
    assert "told" not in phones[0].get(f"/rooms/{id}/state").json()
    teacher.post(f"/rooms/{id}/reveal")
    for shown in (screen_of(browser, room), phones[5].get(f"/rooms/{id}/state").json()):
        assert shown["told"] == [{"text": "kite", "votes": [3], "token": "kite", "p": 0.0625}]
        assert "dog" not in json.dumps(shown)
    teacher.post(f"/rooms/{id}/words", json={"n": 1, "word": None, "shown": True})
    assert len(screen_of(browser, room)["told"]) == 2, "all of them"
    teacher.post(f"/rooms/{id}/words", json={"n": 1, "word": None, "shown": False})
    assert screen_of(browser, room)["told"] == []


def test_a_word_of_few_votes_has_no_count_on_the_projector(
    browser: Callable[[], TestClient], rooms: Rooms, room: dict[str, Any]
) -> None:
    phones = phones_of(browser, room, 2)
    rooms.ask(room["id"], TEACHER, TOKEN)
    writes(phones[0], room, "kite")
    rooms.close(room["id"], TEACHER, 0.0)
    rooms.show_words(room["id"], TEACHER, 1, True)
    assert [(one["text"], one["votes"]) for one in screen_of(browser, room)["told"]] == [("kite", [None])]


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize(
    ("word", "kept"),
    [
        ("x" * 5000, "x" * 20), ("  two   words\n", "two words"), ("<script>alert(1)</script>", "<script>alert(1)</sc"),
        ("a\u202eb\u200bc\u0000d\ud800", "abcd"), ("e\u0301", "é"), ("”; DROP TABLE--", "”; DROP TABLE--"),
    ],
)  # fmt: skip
def test_a_word_is_cut_and_cleaned_by_the_server(
    browser: Callable[[], TestClient], rooms: Rooms, room: dict[str, Any], word: str, kept: str
) -> None:
    (phone,) = phones_of(browser, room, 1)
    rooms.ask(room["id"], TEACHER, TOKEN)
    answer = writes(phone, room, word)
    assert answer.status_code == 200 and answer.json()["word"] == kept
    look = rooms.look(room["id"])
    assert look is not None and [one.text for one in look.words] == [kept]


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    ("word", "choice", "status"),
    [
        ("", 2, 422), (" \u200b\n", 2, 422), (None, 2, 422), (7, 2, 422), (["kite"], 2, 422), ("kite", 0, 422),
        ("kite", 3, 409),
    ],
)  # fmt: skip
def test_what_is_no_word(
    browser: Callable[[], TestClient], rooms: Rooms, room: dict[str, Any], word: object, choice: int, status: int
) -> None:  # fmt: skip
    (phone,) = phones_of(browser, room, 1)
    rooms.ask(room["id"], TEACHER, TOKEN)
    assert writes(phone, room, word, choice).status_code == status
    look = rooms.look(room["id"])
    assert look is not None and look.answered == 0


def test_a_question_without_such_an_option_takes_no_word(rooms: Rooms, room: dict[str, Any]) -> None:
    id = room["id"]
    rooms.join(id, "secret")
    rooms.ask(id, TEACHER, Asking("Which?", ("one", "two", ELSE)))
    with pytest.raises(RoomError, match="no word"):
        rooms.vote(id, member_of(id, "secret"), 1, 1, 2, "kite")
    rooms.vote(id, member_of(id, "secret"), 1, 1, 2)
    with pytest.raises(RoomError, match="last option"):
        Asking("Which?", ("one", "two"), kind="next")


# ------------------------------------------------------------------------------------------------- views


def test_one_view_each_without_a_number(
    browser: Callable[[], TestClient], rooms: Rooms, room: dict[str, Any]
) -> None:
    teacher, id = teaching(browser()), room["id"]
    one, two = phones_of(browser, room, 2)
    for phone, link in (
        (one, "/attention?v=1&text=first"), (two, "/loss?v=1&text=A+red+ball&class=777&view=projector"),
        (one, "/attention?v=1&text=%3Cb%3Esecond"),
    ):  # fmt: skip
        assert phone.put(f"/rooms/{id}/sent", json={"link": link}).status_code == 200
    assert teacher.get(f"/rooms/{id}/state?as=teacher").json()["sent"] == 2
    assert "sent" not in screen_of(browser, room) and "sent" not in one.get(f"/rooms/{id}/state").json()
    listed = teacher.get(f"/rooms/{id}/sent").json()["views"]
    assert sorted((view["title"], view["text"]) for view in listed) == [
        ("Attention", "<b>second"),
        ("Loss", "A red ball"),
    ]
    assert all(set(view) == {"id", "title", "text"} for view in listed)
    for phone in (one, two):
        assert str(owners.read(phone.cookies[MEMBER], purpose=MEMBER)) not in json.dumps(listed)
    for view in listed:
        opened = teacher.get(f"/rooms/{id}/sent/{view['id']}", follow_redirects=False)
        assert opened.status_code == 303 and opened.headers["location"].endswith("&view=figure")
        assert "class=" not in opened.headers["location"] and "projector" not in opened.headers["location"]
    assert teacher.get(f"/rooms/{id}/sent/{'0' * 12}").status_code == 404
    for stranger in (browser(), one, teaching(browser(), "8" * 32)):
        assert stranger.get(f"/rooms/{id}/sent").status_code == 403
        assert stranger.get(f"/rooms/{id}/sent/{listed[0]['id']}").status_code == 403
    other = teaching(browser(), "8" * 32).post("/rooms").json()
    assert one.put(f"/rooms/{other['id']}/sent", json={"link": "/loss?v=1"}).status_code == 409, (
        "no member there"
    )
    assert browser().put(f"/rooms/{id}/sent", json={"link": "/loss?v=1"}).status_code == 409
    rooms.end(id, TEACHER)
    assert rows(rooms)["glassbox_views"] == 0
    assert one.put(f"/rooms/{id}/sent", json={"link": "/loss?v=1"}).status_code == 409


@pytest.mark.full(reason="the other cases take a second", quick_cases=4)
@pytest.mark.parametrize(
    "link",
    [
        "https://elsewhere/loss", "//elsewhere/loss", "javascript:alert(1)", "/loss?v=1#<script>", "/nowhere?v=1",
        "", None, 7, "/classroom?v=1", "/lessons?v=1", "/models?v=1", "/../loss", "/loss?text=" + "a" * 40_000,
    ],
)  # fmt: skip
def test_a_foreign_address_is_no_view(
    browser: Callable[[], TestClient], rooms: Rooms, room: dict[str, Any], link: object
) -> None:
    (phone,) = phones_of(browser, room, 1)
    assert phone.put(f"/rooms/{room['id']}/sent", json={"link": link}).status_code == 422
    assert rooms.sent_views(room["id"], TEACHER) == []


def test_a_view_is_looked_at_without_how_it_was_shown() -> None:
    assert (
        addresses.sent("/attention?v=1&class=1&view=figure&embed=true&text=a+b") == "/attention?v=1&text=a+b"
    )
    assert addresses.sent("/home") == "/?" and addresses.looked_at("/?") == "/?view=figure"
    assert addresses.named("/?v=1&text=" + "a" * 99)["text"] == "a" * 60 + "…"


# ------------------------------------------------------------------------------------------------- runs


def sizes(count: int) -> list[Size]:
    """Sizes that differ in their seed."""
    return [Size(tiny(seed=at), f"Class: {at}", f"size {at}") for at in range(count)]


@pytest.mark.full(reason="takes a second")
def test_each_member_trains_one_size(
    browser: Callable[[], TestClient], rooms: Rooms, store: Store, room: dict[str, Any]
) -> None:
    id = room["id"]
    one, two, three = phones_of(browser, room, 3)
    assert one.post(f"/rooms/{id}/train").status_code == 409, "nothing was dealt"
    rooms.deal(id, TEACHER, sizes(2))
    assert one.get(f"/rooms/{id}/state").json()["size"] == {"says": "size 0", "mine": False, "state": ""}
    for phone in (one, one, two):
        assert phone.post(f"/rooms/{id}/train").status_code == 200
    assert one.get(f"/rooms/{id}/state").json()["size"] == {"says": "size 0", "mine": True, "state": "queued"}
    assert (
        three.post(f"/rooms/{id}/train").status_code == 409
        and "size" not in three.get(f"/rooms/{id}/state").json()
    )
    assert browser().post(f"/rooms/{id}/train").status_code == 409, "no member"
    trained = store.list(group=group_of(id))
    assert sorted(run.name for run in trained) == ["Class: 0", "Class: 1"], "one tap or two: one run"
    assert len({run.owner for run in trained}) == 2
    assert screen_of(browser, room)["dealt"] == {"all": 2, "free": 0, "done": 0}
    own = store.create(tiny(), TEACHER, "mine")
    rooms.end(id, TEACHER)
    assert [run.id for run in store.list()] == [own.id], (
        "the class's go with the room, the teacher's own stay"
    )


def test_a_teacher_keeps_the_classs_runs(
    browser: Callable[[], TestClient], rooms: Rooms, store: Store, room: dict[str, Any]
) -> None:
    id = room["id"]
    (phone,) = phones_of(browser, room, 1)
    rooms.deal(id, TEACHER, sizes(3))
    phone.post(f"/rooms/{id}/train")
    with pytest.raises(RoomError):
        rooms.keep_runs(id, "8" * 32, "mine")
    assert rooms.keep_runs(id, TEACHER, "mine") == 1
    rooms.take_back(id, TEACHER)
    look = rooms.look(id)
    assert look is not None and len(look.deals) == 1
    rooms.end(id, TEACHER)
    (kept,) = store.list()
    assert (kept.owner, kept.group) == (TEACHER, "mine")


def test_a_size_that_cannot_be_trained_is_free_again(
    browser: Callable[[], TestClient], rooms: Rooms, store: Store, engine: Engine, room: dict[str, Any]
) -> None:
    id = room["id"]
    (phone,) = phones_of(browser, room, 1)
    engine.limits = Limits(steps=1)
    rooms.deal(id, TEACHER, sizes(1))
    refused = phone.post(f"/rooms/{id}/train")
    assert refused.status_code == 429 and "steps" in refused.json()["why"]
    assert phone.get(f"/rooms/{id}/state").json()["size"]["mine"] is False and store.list() == []
    app = Starlette(routes=routes.routes(lambda: rooms))
    with TestClient(app, base_url=HERE, headers=OURS, cookies=phone.cookies) as elsewhere:
        assert elsewhere.post(f"/rooms/{id}/train").status_code == 503


def test_a_run_of_a_room_that_ended_meanwhile_is_deleted(
    browser: Callable[[], TestClient], rooms: Rooms, store: Store, engine: Engine, room: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    id = room["id"]
    (phone,) = phones_of(browser, room, 1)
    rooms.deal(id, TEACHER, sizes(1))
    submit = engine.submit

    def slow(*given: Any, **named: Any) -> Any:
        rooms.end(id, TEACHER)
        return submit(*given, **named)

    monkeypatch.setattr(engine, "submit", slow)
    phone.post(f"/rooms/{id}/train")
    assert store.list() == []


def test_only_so_many_sizes_are_dealt(rooms: Rooms, room: dict[str, Any]) -> None:
    for count in (0, records.DEALT + 1):
        with pytest.raises(RoomError):
            rooms.deal(room["id"], TEACHER, sizes(count))
    with pytest.raises(RoomError):
        rooms.deal(room["id"], "8" * 32, sizes(1))
    rooms.deal(room["id"], TEACHER, sizes(3))
    rooms.deal(room["id"], TEACHER, sizes(2))
    look = rooms.look(room["id"])
    assert look is not None and len(look.deals) == 2, "what nobody has taken is replaced"
    with pytest.raises(NotNow):
        rooms.take(room["id"], member_of(room["id"], "nobody"))


# ------------------------------------------------------------------------------------------------- forgetting


def rows(rooms: Rooms) -> dict[str, int]:
    """How many rows each table of rooms has."""
    with rooms.database.reading() as connection:
        return {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in meta.sorted_tables
        }


def test_forget_me_here_leaves_nothing_of_a_browser(
    browser: Callable[[], TestClient], rooms: Rooms, store: Store, room: dict[str, Any]
) -> None:
    id, pupil, text = room["id"], "5" * 32, "an own text, of which there is enough " * 40
    client, other = teaching(browser(), pupil), browser()
    for one in (client, other):
        joined(one, room["code"])
    own = tiny(corpus="own", text=hashlib.sha256(text.encode()).hexdigest())
    store.create(own, pupil, "own text", text=text)
    store.create(tiny(), pupil, "a run")
    kept = store.create(tiny(), TEACHER, "another's")
    rooms.ask(id, TEACHER, TOKEN)
    writes(client, room, "kite")
    client.put(f"/rooms/{id}/sent", json={"link": "/loss?v=1"})
    rooms.deal(id, TEACHER, sizes(1))
    client.post(f"/rooms/{id}/train")
    client.cookies.set(HINT, "1")
    cookie = client.cookies[MEMBER]
    secret = owners.read(cookie, purpose=MEMBER)
    assert secret is not None
    taught = client.post("/rooms").json()["id"]
    assert len(store.list(owner=pupil)) == 2 and store.list(owner=runner_of(id, member_of(id, secret)))

    del client.headers["origin"]
    assert client.post("/rooms/forget").status_code == 403, "another site forgets nobody"
    client.headers.update(OURS)
    gone = client.post("/rooms/forget").headers.get_list("set-cookie")
    assert {one.partition("=")[0] for one in gone} == {owners.COOKIE, MEMBER, REMOTE, HINT}
    assert all("Max-Age=0" in one for one in gone), "a browser that was never here"
    client.cookies.clear()
    assert [run.id for run in store.list()] == [kept.id]
    with store.database.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(texts)).scalar_one() == 0
    left = rows(rooms)
    assert (left["glassbox_rooms"], left["glassbox_members"]) == (1, 1), "the room it taught in has ended"
    assert left["glassbox_votes"] == left["glassbox_views"] == left["glassbox_deals"] == 0
    assert client.get(f"/rooms/{taught}/state?as=screen").status_code == 404
    assert client.get(f"/rooms/{id}/state").status_code == 403
    assert other.get(f"/rooms/{id}/state").status_code == 200
    client.cookies.set(MEMBER, cookie, path="/rooms")
    assert client.get(f"/rooms/{id}/state").status_code == 403, "an old cookie is good for nothing"
    assert browser().post("/rooms/forget").status_code == 200, "who has nothing loses nothing"
    assert [run.id for run in store.list()] == [kept.id]


def test_forget_me_on_a_full_disk_uses_the_reserve_or_says_what_is_left(
    browser: Callable[[], TestClient], store: Store, room: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    pupil, spare = "5" * 32, reserve(store.database.engine.url)
    client = teaching(browser(), pupil)
    writing = store.database.writing
    space = False  # once the reserve is gone

    def full() -> Any:
        if spare.exists() or not space:
            raise StoreFull("the disk is full")
        return writing()

    store.create(tiny(), pupil, "a run")
    monkeypatch.setattr(store.database, "writing", full)
    answer = client.post("/rooms/forget")
    assert answer.status_code == 507 and answer.json()["why"].startswith(
        "Nothing was deleted: your runs, texts"
    )
    assert "set-cookie" not in answer.headers, "it is still known by its cookie, so that it may try again"
    assert len(store.list(owner=pupil)) == 1
    spare.write_bytes(b"0")
    space = True
    assert client.post("/rooms/forget").status_code == 200
    assert store.list(owner=pupil) == []


def test_words_are_told_apart_by_their_letters() -> None:
    assert records.same(" Ice  CREAM") == records.same("icecream") and records.same("a") != records.same("b")
    assert records.cleaned("a\r\n b") == "a b" and len(records.cleaned("é" * 99)) == records.WORD
