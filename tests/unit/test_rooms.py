"""The routes of rooms, by requests as phones, projectors and teachers send them."""

from __future__ import annotations

import asyncio
import csv
import io
import json
import re
import secrets
import subprocess
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from playwright._impl._driver import compute_driver_executable
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.rooms import addresses, documents, feed, limits, pictures, routes
from app.rooms.cookies import REMOTE
from app.rooms.feed import Hub
from app.rooms.limits import Rate
from app.session import owner as owners
from app.session.owner import OwnerCookie
from core import messages
from core.rooms import (
    Answer,
    Asking,
    Look,
    NotTheTeacher,
    Rooms,
    TooMuch,
    member_of,
    records,
    schema,
    states,
)
from core.runs import Store, StoreAway

TEACHER = "7" * 32
HERE = "http://testserver"
OURS = {"origin": HERE}
ASKING = Asking(
    "Which of `these`?", ("a", "=b", "c"), "/loss?v=1", Answer(1, "Secret cause", "Secret numbers")
)


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    """Rooms of a database of the test's own."""
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    with closing(Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")) as store:
        yield Rooms(store.database)


@pytest.fixture
def app(rooms: Rooms) -> Starlette:
    """The routes with the cookie of owners around them, as the server has them."""
    return Starlette(
        routes=routes.routes(lambda: rooms),
        middleware=[Middleware(OwnerCookie, bare=("/join", "/room/"))],
    )


@pytest.fixture
def browser(app: Starlette) -> Iterator[Callable[[], TestClient]]:
    """`browser()` is a new browser without cookies."""
    clients = []

    def new() -> TestClient:
        client = TestClient(app, base_url=HERE, headers=OURS)
        clients.append(client)
        return client

    yield new
    for client in clients:
        client.close()


def teaching(client: TestClient, owner: str = TEACHER) -> TestClient:
    """The browser as one that this server has given an id."""
    client.cookies.set(owners.COOKIE, owners.signed(owner))
    return client


def joined(client: TestClient, code: str) -> dict[str, Any]:
    """Let a phone in."""
    answer = client.post("/rooms/join", json={"code": code})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_whole_vote(browser: Callable[[], TestClient], rooms: Rooms) -> None:
    teacher = teaching(browser())
    room = teacher.post("/rooms").json()
    assert teacher.post("/rooms").json() == room, "one room a teacher"
    id, code = room["id"], room["code"]
    phones = [browser() for _ in range(6)]
    numbers = [joined(phone, code.lower())["number"] for phone in phones]
    assert len(set(numbers)) == 6
    assert joined(phones[0], code)["number"] == numbers[0], "loaded again, it is the same member"
    screen = browser()
    assert screen.get(f"/rooms/of/{code}").json() == {"id": id}
    assert screen.get(f"/rooms/{id}/state?as=screen").json()["here"] == 6

    rooms.ask(id, TEACHER, ASKING)
    for at, phone in enumerate(phones):
        assert phone.put(f"/rooms/{id}/vote", json={"n": 1, "round": 1, "choice": at % 3}).status_code == 200
    seen = screen.get(f"/rooms/{id}/state?as=screen").json()
    assert (seen["answered"], seen["of"]) == (6, 6) and "bars" not in seen
    assert teacher.get(f"/rooms/{id}/state?as=teacher").json()["bars"] == [[2, 2, 2]]
    rooms.close(id, TEACHER, 0.0)
    late = phones[0].put(f"/rooms/{id}/vote", json={"n": 1, "round": 1, "choice": 2})
    assert late.status_code == 409 and late.json()["state"]["phase"] == "closed"
    assert late.json()["state"]["choices"] == [0], "the true state comes along"
    teachers = teacher.get(f"/rooms/{id}/state?as=teacher").json()
    assert teachers["right"] == pytest.approx(1 / 3) and teachers["suggests"] == "talk"
    assert (
        "Secret"
        not in phones[0].get(f"/rooms/{id}/state").text + screen.get(f"/rooms/{id}/state?as=screen").text
    )

    for act in ("talk", "again"):
        assert teacher.post(f"/rooms/{id}/{act}").status_code == 200
    assert phones[0].get(f"/rooms/{id}/state").json()["choices"] == [0, None]
    for phone in phones:
        phone.put(f"/rooms/{id}/vote", json={"n": 1, "round": 2, "choice": 1})
    rooms.close(id, TEACHER, 0.0)
    assert teacher.post(f"/rooms/{id}/again").status_code == 409, "twice at most"
    assert teacher.post(f"/rooms/{id}/reveal").status_code == 200
    phone = phones[0].get(f"/rooms/{id}/state").json()
    assert phone["answer"]["because"] == "Secret cause" and phone["bars"] == [[2, 2, 2], [0, 6, 0]]
    seen = screen.get(f"/rooms/{id}/state?as=screen").json()
    assert seen["bars"] == phone["bars"] and seen["fewest"] <= 6, "nobody has pressed Show the votes"
    saved = teacher.get(f"/rooms/{id}/counts.csv")
    origin, _, table = saved.text.partition("\n")
    assert origin.startswith("# page=class&version=Glassbox ")
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["second vote"] for row in rows] == ["0", "6", "0"]
    assert rows[1]["option"] == "'=b", "no formula for a spreadsheet"
    assert not re.search(r"[0-9a-f]{24,}", saved.text), "nobody's id"
    assert teacher.delete(f"/rooms/{id}").status_code == 200
    for asked in (phones[0].get(f"/rooms/{id}/state"), screen.get(f"/rooms/{id}/state?as=screen")):
        assert asked.status_code == 404
    assert browser().post("/rooms/join", json={"code": code}).status_code == 404


def test_only_who_opened_a_room_teaches_in_it(browser: Callable[[], TestClient]) -> None:
    room = teaching(browser()).post("/rooms").json()
    id = room["id"]
    nobody, other = browser(), teaching(browser(), "8" * 32)
    forged = browser()
    forged.cookies.set(owners.COOKIE, owners.signed(TEACHER, b"not the server's key"))
    phone = browser()
    joined(phone, room["code"])
    for client in (nobody, other, forged, phone):
        for act in routes.ACTS:
            assert client.post(f"/rooms/{id}/{act}").status_code == 403
        assert client.put(f"/rooms/{id}/lead", json={"link": "/loss?v=1"}).status_code == 403
        assert client.get(f"/rooms/{id}/state?as=teacher").status_code == 403
        assert client.get(f"/rooms/{id}/events?as=teacher").status_code == 403
        assert client.get(f"/rooms/{id}/counts.csv").status_code == 403
        assert client.delete(f"/rooms/{id}").status_code == 403
    assert nobody.post("/rooms").status_code == 403 and forged.post("/rooms").status_code == 403
    for client in (nobody, other):
        assert client.get(f"/rooms/{id}/state").status_code == 403, "who has not joined is no member"
        assert client.put(f"/rooms/{id}/vote", json={"n": 1, "round": 1, "choice": 0}).status_code == 403


def test_a_phone_teaches_by_a_link_that_is_good_once(browser: Callable[[], TestClient], rooms: Rooms) -> None:
    teacher = teaching(browser())
    room = teacher.post("/rooms").json()
    id = room["id"]
    assert browser().post(f"/rooms/{id}/invite").status_code == 403
    void = teacher.post(f"/rooms/{id}/invite").json()["link"].partition("#")[2]
    given = teacher.post(f"/rooms/{id}/invite").json()
    address, _, key = given["link"].partition("#")
    assert address.endswith(f"/room/{room['code']}/remote") and given["qr"].startswith("data:image/svg+xml")
    assert key not in str(rows_of(rooms)), "the store knows a hash of it"
    remote, thief = browser(), browser()
    assert remote.post(f"/rooms/{id}/accept", json={"key": void}).status_code == 403, (
        "there is one link at a time"
    )
    for bad in ("", "x", None, "0" * 32):
        assert remote.post(f"/rooms/{id}/accept", json={"key": bad}).status_code in (403, 422)
    assert remote.post(f"/rooms/{id}/accept", json={"key": key}).status_code == 200
    assert thief.post(f"/rooms/{id}/accept", json={"key": key}).status_code == 403, "once"
    rooms.ask(id, TEACHER, ASKING)
    assert thief.post(f"/rooms/{id}/close").status_code == 403
    assert remote.post(f"/rooms/{id}/close").status_code == 200
    assert remote.get(f"/rooms/{id}/state?as=teacher").json()["closes"] is not None
    teaching(remote, "9" * 32)  # it has opened pages of the app before: it teaches all the same
    assert remote.get(f"/rooms/{id}/state?as=teacher").status_code == 200
    other = teaching(browser(), "8" * 32).post("/rooms").json()["id"]
    assert remote.post(f"/rooms/{other}/pause").status_code == 403, "in no other room"
    late = rooms.invite(id, TEACHER)
    rooms.now = rooms.database.now + records.INVITED + 1
    with pytest.raises(NotTheTeacher):
        rooms.accept(id, late)


def test_a_remote_is_known_by_what_the_server_has_signed_for_it(browser: Callable[[], TestClient]) -> None:
    teacher = teaching(browser())
    id = teacher.post("/rooms").json()["id"]
    for forged in (TEACHER, owners.signed(TEACHER), owners.signed(TEACHER, b"not the server's key")):
        thief = browser()
        thief.cookies.set(REMOTE, forged, path="/rooms")
        assert thief.get(f"/rooms/{id}/state?as=teacher").status_code == 403, forged
        assert thief.delete(f"/rooms/{id}").status_code == 403, forged
    key = teacher.post(f"/rooms/{id}/invite").json()["link"].partition("#")[2]
    remote = browser()
    assert remote.post(f"/rooms/{id}/accept", json={"key": key}).status_code == 200
    assert remote.get(f"/rooms/{id}/state?as=teacher").status_code == 200
    thief.cookies.clear()
    thief.cookies.set(owners.COOKIE, remote.cookies[REMOTE])
    assert thief.get(f"/rooms/{id}/state?as=teacher").status_code == 403, "good as a remote alone"


def rows_of(rooms: Rooms) -> list[Any]:
    """All rows of rooms."""
    with rooms.database.reading() as connection:
        return list(connection.execute(sa.select(schema.rooms)))


@pytest.mark.parametrize("origin", [None, "http://elsewhere", "null", "http://testserver.elsewhere", ""])
def test_another_site_writes_nothing(browser: Callable[[], TestClient], origin: str | None) -> None:
    teacher = teaching(browser())
    room = teacher.post("/rooms").json()
    id = room["id"]
    joined(teacher, room["code"])
    if origin is None:
        del teacher.headers["origin"]
    else:
        teacher.headers["origin"] = origin
    writes = [
        teacher.post("/rooms"), teacher.post("/rooms/join", json={"code": room["code"]}),
        teacher.post(f"/rooms/{id}/pause"), teacher.put(f"/rooms/{id}/lead", json={"link": "/loss?v=1"}),
        teacher.put(f"/rooms/{id}/vote", json={"n": 1, "round": 1, "choice": 0}), teacher.delete(f"/rooms/{id}"),
    ]  # fmt: skip
    assert [answer.status_code for answer in writes] == [403] * len(writes)
    assert teacher.get(f"/rooms/{id}/state?as=screen").json()["phase"] == "lobby"


def test_the_cookie_of_a_member(browser: Callable[[], TestClient], rooms: Rooms) -> None:
    code = teaching(browser()).post("/rooms").json()["code"]
    phone = browser()
    answer = phone.post("/rooms/join", json={"code": code})
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "Path=/rooms" in cookie and "SameSite=lax" in cookie
    secret = owners.read(phone.cookies[routes.COOKIE], purpose=routes.COOKIE)
    assert secret is not None
    assert secret not in str(rooms.look(answer.json()["id"])), "the store knows a hash of it"
    page = browser().get(f"/join/{code}", headers={"accept": "text/html"})
    assert page.status_code == 200 and "set-cookie" not in page.headers, "a phone owns nothing"


def test_an_invented_member_is_none_and_the_absent_make_room(
    browser: Callable[[], TestClient], rooms: Rooms
) -> None:
    room = teaching(browser()).post("/rooms").json()
    id, code = room["id"], room["code"]
    numbers = set()
    for invented in ("a" * 32, owners.signed("a" * 32), owners.signed("a" * 32, b"no key", routes.COOKIE)):
        rooms.join(id, "a" * 32)
        phone = browser()
        phone.cookies.set(routes.COOKIE, invented, path="/rooms")
        assert phone.get(f"/rooms/{id}/state").status_code == 403, invented
        numbers.add(joined(phone, code)["number"])
    assert len(numbers) == 3, "each has got a secret of its own"
    for one in range(records.MEMBERS - 4):
        rooms.join(id, f"{one}")
    assert browser().post("/rooms/join", json={"code": code}).status_code == 429, "all of them are here"
    rooms.seen(id, (), [member_of(id, "7")])
    assert joined(browser(), code)["number"] > 0
    look = rooms.look(id)
    assert look is not None and len(look.numbers) == records.MEMBERS
    assert member_of(id, "7") not in look.numbers and member_of(id, "8") in look.numbers
    assert browser().post("/rooms/join", json={"code": code}).status_code == 429


def test_a_locked_room_keeps_its_members_and_lets_nobody_new_in(browser: Callable[[], TestClient]) -> None:
    teacher, phone = teaching(browser()), browser()
    room = teacher.post("/rooms").json()
    number = joined(phone, room["code"])["number"]

    def locked() -> bool:
        return bool(teacher.get(f"/rooms/{room['id']}/state?as=teacher").json()["locked"])

    assert not locked()
    assert phone.post(f"/rooms/{room['id']}/lock").status_code == 403, "the teacher's alone"
    assert teacher.post(f"/rooms/{room['id']}/lock").status_code == 200 and locked()
    assert browser().get(f"/rooms/{room['id']}/state?as=screen").json()["locked"], "the projector says so"
    refused = browser().post("/rooms/join", json={"code": room["code"]})
    assert refused.status_code == 409 and "locked this room" in refused.json()["why"]
    assert joined(phone, room["code"])["number"] == number
    assert teacher.post(f"/rooms/{room['id']}/unlock").status_code == 200 and not locked()
    assert joined(browser(), room["code"])["number"] != number


def test_wrong_codes_of_one_phone_lock_no_other_phone_of_the_school_out(
    browser: Callable[[], TestClient],
) -> None:
    code = teaching(browser()).post("/rooms").json()["code"]
    for _ in range(routes.WRONG_CODES[0] + 5):
        guesser = browser()
        assert guesser.post("/rooms/join", json={"code": "BBBBBB"}).status_code == 404
    assert joined(browser(), code)["number"] > 0
    left = routes.ADDRESS_WRONG_CODES[0] - routes.WRONG_CODES[0] - 5
    guesser = browser()
    for _ in range(left):  # as a program that keeps no cookie
        guesser.cookies.clear()
        assert guesser.post("/rooms/join", json={"code": "BBBBBB"}).status_code == 404
    assert browser().post("/rooms/join", json={"code": code}).status_code == 429, (
        "no code is found by trying all"
    )


def test_wrong_codes_are_few_and_look_like_ended_rooms(
    browser: Callable[[], TestClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    teacher = teaching(browser())
    ended = teacher.post("/rooms").json()
    teacher.delete(f"/rooms/{ended['id']}")
    room = teacher.post("/rooms").json()
    guesser = browser()
    wrong = [
        guesser.post("/rooms/join", json={"code": code}) for code in (ended["code"], "BBBBBB", "x", "", None)
    ]
    assert {(one.status_code, one.text) for one in wrong} == {(404, wrong[0].text)}
    for _ in range(routes.WRONG_CODES[0] - len(wrong)):
        guesser.post("/rooms/join", json={"code": "BBBBBB"})
    assert guesser.post("/rooms/join", json={"code": room["code"]}).status_code == 429, (
        "nor is a right one tried"
    )
    projector = teaching(browser(), "6" * 32)
    for _ in range(routes.WRONG_CODES[0]):
        assert projector.get("/room/BBBBBB/screen").status_code == 404
    assert projector.get(f"/room/{room['code']}/screen").status_code == 429
    assert browser().get(f"/room/{room['code']}/screen").status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"null", b'{"n": true}', b'{"n": 1.5}', b'{"n": 1, "round": 1, "choice": "0"}',
        b'{"n": 1e999}',
    ],
)  # fmt: skip
def test_a_vote_that_is_none(browser: Callable[[], TestClient], rooms: Rooms, body: bytes) -> None:
    room = teaching(browser()).post("/rooms").json()
    phone = browser()
    joined(phone, room["code"])
    rooms.ask(room["id"], TEACHER, ASKING)
    answer = phone.put(f"/rooms/{room['id']}/vote", content=body)
    assert answer.status_code == 422 and answer.json()["why"]


def test_what_no_phone_sends(browser: Callable[[], TestClient]) -> None:
    room = teaching(browser()).post("/rooms").json()
    phone = browser()
    joined(phone, room["code"])
    big = b'{"n": "' + b"a" * routes.LARGEST + b'"}'
    assert phone.put(f"/rooms/{room['id']}/vote", content=big).status_code == 413
    for id in ("../etc", "0" * 24, "%00", "x" * 500):
        assert phone.get(f"/rooms/{id}/state").status_code == 404
    assert teaching(phone).post(f"/rooms/{room['id']}/explode").status_code == 404


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    ("link", "ours"),
    [
        ("/loss?v=1&text=a+b", True), ("/?v=1", True), ("/lessons?v=1", True), ("/attention", True),
        ("//elsewhere/loss", False), ("https://elsewhere", False), ("javascript:alert(1)", False),
        ("/loss?v=1#<script>", False), ('/loss?v="', False), ("/nowhere?v=1", False), ("/../loss", False), ("", False),
    ],
)  # fmt: skip
def test_only_a_view_of_ours_leads(browser: Callable[[], TestClient], link: str, ours: bool) -> None:
    assert addresses.is_view(link) is ours
    teacher = teaching(browser())
    id = teacher.post("/rooms").json()["id"]
    answer = teacher.put(f"/rooms/{id}/lead", json={"link": link})
    assert answer.status_code == (200 if ours else 422)
    assert teacher.get(f"/rooms/{id}/state?as=screen").json()["lead"] == (link if ours else "")


def test_the_led_view_as_a_finished_picture(browser: Callable[[], TestClient], rooms: Rooms) -> None:
    teacher = teaching(browser())
    id = teacher.post("/rooms").json()["id"]
    phone = browser()
    assert phone.get(f"/rooms/{id}/picture").status_code == 404
    link, page = "/loss?v=1&text=a", "<!doctype html><p>é" + "a" * 5000
    rooms.keep_picture(id, TEACHER, link, page)
    assert phone.get(f"/rooms/{id}/picture").status_code == 404, "of a view that is not led"
    teacher.put(f"/rooms/{id}/lead", json={"link": link})
    picture = phone.get(f"/rooms/{id}/picture")
    assert picture.text == page and picture.headers["content-encoding"] == "gzip"
    assert picture.headers["content-security-policy"] == "sandbox allow-scripts"
    plain = phone.get(f"/rooms/{id}/picture", headers={"accept-encoding": "identity"})
    assert plain.text == page and "content-encoding" not in plain.headers
    tag = picture.headers["etag"]
    assert phone.get(f"/rooms/{id}/picture", headers={"if-none-match": tag}).status_code == 304
    assert phone.get(f"/rooms/{id}/state?as=screen").json()["picture"] == tag.strip('"')
    teacher.put(f"/rooms/{id}/lead", json={"link": "/attention?v=1"})
    assert phone.get(f"/rooms/{id}/state?as=screen").json()["picture"] == "", "the view has moved on"
    with pytest.raises(NotTheTeacher):
        rooms.keep_picture(id, "8" * 32, link, page)
    with pytest.raises(TooMuch):
        rooms.keep_picture(id, TEACHER, link, secrets.token_hex(4_000_000))


@pytest.mark.parametrize(
    "text", ["a b+c&d", "it's (odd) *~-._!", "é ש \U0001f600 <b>", "100 % #1 ?x=1&y", "", "a\nb\tc"]
)
def test_a_link_is_written_as_a_browser_writes_it(text: str) -> None:
    query = pictures.led("loss", urlencode({"v": "1", "text": text, "view": "projector", "class": "7"}))
    written = f"new URLSearchParams({{ v: '1', text: {json.dumps(text)} }})"
    node, _ = compute_driver_executable()
    said = subprocess.run([node, "-p", f"String({written})"], capture_output=True, text=True, check=True)
    assert query == f"/loss?{said.stdout.strip()}"


def test_a_store_that_is_away_is_said_in_words(tmp_path: Path) -> None:
    def away() -> Rooms:
        raise StoreAway("postgresql://secret@host does not answer")

    with TestClient(Starlette(routes=routes.routes(away)), base_url=HERE, headers=OURS) as client:
        answer = teaching(client).post("/rooms")
        assert answer.status_code == 503 and "secret" not in answer.text


def events_of(raw: bytes) -> tuple[str, dict[str, Any]]:
    """The name and the data of one event."""
    lines = dict(line.split(": ", 1) for line in raw.decode().splitlines() if ": " in line)
    return lines.get("event", ""), json.loads(lines.get("data", "{}"))


def of_member(member: str, look: Look) -> dict[str, Any]:
    """What a member's phone shows."""
    return states.member_state(look, member)


async def after(stream: AsyncIterator[bytes], holds: Callable[[str, dict[str, Any]], bool]) -> dict[str, Any]:
    """The data of the first event for which this holds."""
    async with asyncio.timeout(10):
        async for raw in stream:
            name, data = events_of(raw)
            if name and holds(name, data):
                return data
    raise AssertionError("the stream ended")


@pytest.mark.full(reason="takes a second")
def test_one_look_serves_all_watchers(rooms: Rooms, monkeypatch: pytest.MonkeyPatch) -> None:
    """Thirty phones are one query every time, each is told its own choice, and all hear the end."""
    id = rooms.open(TEACHER).id
    browsers = [f"{one}" for one in range(30)]
    members = [member_of(id, secret) for secret in browsers]
    for secret in browsers:
        rooms.join(id, secret)
    looks = 0
    look = Rooms.look

    def counted(self: Rooms, *given: Any) -> Any:
        nonlocal looks
        looks += 1
        return look(self, *given)

    monkeypatch.setattr(Rooms, "look", counted)

    async def run() -> None:
        hub = Hub(lambda: rooms)
        streams = [hub.watch(id, partial(of_member, member), member) for member in members]
        for stream in streams:
            await after(stream, lambda name, data: data.get("here") == 30)
        assert looks < 12, "not one for each"
        rooms.ask(id, TEACHER, ASKING)
        rooms.vote(id, members[3], 1, 1, 2)
        for member, stream in zip(members, streams):
            told = await after(stream, lambda name, data: data.get("answered") == 1)
            assert told["choices"] == [2 if member == members[3] else None]
        rooms.close(id, TEACHER, 0.3)
        hub.hurry(id)
        await after(streams[0], lambda name, data: data.get("closes") is not None)
        await after(streams[0], lambda name, data: data["phase"] == "closed")
        await streams[1].aclose()  # type: ignore[attr-defined]
        await after(streams[0], lambda name, data: data["here"] == 29)
        rooms.end(id, TEACHER)
        for stream in (streams[0], *streams[2:]):
            await after(stream, lambda name, data: name == "end")
            await stream.aclose()  # type: ignore[attr-defined]
        assert not hub.feeds

    asyncio.run(run())


@pytest.mark.full(reason="takes a second")
def test_followers_of_one_room_leave_places_to_other_rooms(
    browser: Callable[[], TestClient], rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [rooms.open(f"{one}" * 32).id for one in range(4)]
    for one, id in enumerate(ids):
        rooms.lead(id, f"{one}" * 32, "/loss?v=1")
    hub = Hub(lambda: rooms)
    monkeypatch.setattr(routes, "Hub", lambda _: hub)
    client = TestClient(Starlette(routes=routes.routes(lambda: rooms)), base_url=HERE, headers=OURS)

    def places_left() -> list[bool]:
        asked = [client.get(f"/rooms/{id}/view", follow_redirects=False).status_code for id in ids]
        assert set(asked) <= {303, 503}
        return [status == 303 for status in asked]

    async def follow_all() -> None:
        first = [hub.follow(ids[0], states.screen_state, "one") for _ in range(2 * feed.PLACES)]
        for stream in first:
            await anext(stream)
        assert places_left() == [False, True, True, True], "a room's followers take its own places"
        others = [hub.follow(id, states.screen_state, "one") for id in ids[1:3] for _ in range(feed.PLACES)]
        for stream in others:
            await anext(stream)
        assert hub.followers.total() < feed.PLACES and not any(places_left()[:2])
        for address, status in (("one", 503), ("another", 303)):
            headers = {"x-glassbox-address": address}
            asked = client.get(f"/rooms/{ids[3]}/view", headers=headers, follow_redirects=False)
            assert asked.status_code == status, address
        for stream in (*first, *others):
            await stream.aclose()
        assert places_left() == [True] * 4 and not hub.followers and not hub.follower_addresses

    with client:
        asyncio.run(follow_all())


def test_a_store_that_goes_and_comes_back(rooms: Rooms) -> None:
    id = rooms.open(TEACHER).id
    here = True

    def store() -> Rooms:
        if not here:
            raise StoreAway("away")
        return rooms

    async def run() -> None:
        nonlocal here
        stream = Hub(store).watch(id, states.screen_state)
        await after(stream, lambda name, data: name == "state")
        here = False
        await after(stream, lambda name, data: name == "away")
        here = True
        assert (await after(stream, lambda name, data: name == "state"))["phase"] == "lobby"
        await stream.aclose()  # type: ignore[attr-defined]

    asyncio.run(run())


@pytest.mark.full(reason="takes a second")
def test_two_hundred_phones_vote_at_once_and_again(rooms: Rooms) -> None:
    """By threads, as the server's: no vote is lost and none counts twice."""
    id = rooms.open(TEACHER).id
    members = [member_of(id, f"{one}") for one in range(200)]
    for one in range(200):
        rooms.join(id, f"{one}")
    rooms.ask(id, TEACHER, ASKING)
    failed: list[Exception] = []

    def phones(of: list[tuple[int, str]]) -> None:
        for at, member in of:
            try:
                rooms.vote(id, member, 1, 1, at % 3)
            except Exception as why:
                failed.append(why)

    numbered = list(enumerate(members))
    threads = [threading.Thread(target=phones, args=(numbered[at::10],)) for at in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    look = rooms.look(id)
    assert not failed and look is not None
    assert look.bars(1) == [67, 67, 66] and look.answered == 200


def test_rooms_of_one_browser_and_of_one_network_are_few(
    browser: Callable[[], TestClient],
) -> None:
    teacher = teaching(browser())
    for _ in range(limits.BROWSER_ROOMS[0]):
        id = teacher.post("/rooms").json()["id"]
        assert teacher.post("/rooms").json()["id"] == id, "the room that is open is none more"
        teacher.delete(f"/rooms/{id}")
    again = teacher.post("/rooms")
    assert again.status_code == 429 and "this browser opened 10 rooms" in again.json()["why"]
    assert again.json()["why"].endswith("try again in 10 minutes.")
    left = limits.ADDRESS_ROOMS[0] - limits.BROWSER_ROOMS[0]
    found = [teaching(browser(), f"{one:032x}").post("/rooms").status_code for one in range(left + 3)]
    assert found == [200] * left + [429] * 3, "an own id for each room does not help"


def test_a_rate_is_of_each_place_and_forgets() -> None:
    now = 0.0
    rate = Rate(2, 60.0, lambda: now)
    for _ in range(2):
        assert not rate.reached("a")
        rate.count("a")
    assert rate.reached("a") and not rate.reached("b")
    now = 20.0
    assert (rate.wait("a"), rate.wait("b")) == (40.0, 0.0)
    now = 60.5
    assert not rate.reached("a")


@pytest.mark.parametrize(
    ("host", "named", "base"),
    [
        ("192.168.1.7:8501", "", "http://192.168.1.7:8501"), ("glassbox.school", "", "http://glassbox.school"),
        ("localhost:8501", "", "http://10.0.0.9:8501"), ("127.0.0.1:8501", "", "http://10.0.0.9:8501"),
        ("localhost:8501", "https://glassbox.school/", "https://glassbox.school"),
        ("localhost:8501", "glassbox.school", "http://glassbox.school"), ("[::1]:8501", "", "http://10.0.0.9:8501"),
    ],
)  # fmt: skip
def test_the_address_for_phones(host: str, named: str, base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(addresses.VARIABLE, named)
    monkeypatch.setattr(addresses, "network_address", lambda: "10.0.0.9")
    monkeypatch.setattr(addresses, "_listens_alone", lambda: False)
    found = addresses.joining(host, "http")
    assert (found.base, found.trouble) == (base, "")
    assert found.typed == base.partition("://")[2] + "/join" and found.join("BCDFGH") == f"{base}/join/BCDFGH"


def test_an_address_that_no_phone_reaches_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(addresses.VARIABLE, raising=False)
    monkeypatch.setattr(addresses, "_listens_alone", lambda: True)
    assert "HOST=0.0.0.0 make run" in addresses.joining("localhost:8501", "http").trouble
    monkeypatch.setattr(addresses, "_listens_alone", lambda: False)
    monkeypatch.setattr(addresses, "network_address", lambda: None)
    assert "network" in addresses.joining("localhost:8501", "http").trouble


def test_the_pages_are_small_and_quote_what_they_are_given() -> None:
    where = addresses.Joining("http://192.168.1.7:8501", "<b>")
    page = documents.screen("0" * 24, "BCDFGH", where)
    phone = documents.phone('"><script>alert(1)</script>', True)
    assert "<script>alert" not in phone and "<b>" not in page
    assert len(phone.encode()) < 20_000
    assert "<svg" in page and "QR code of http://192.168.1.7:8501/join/BCDFGH" in page
    assert feed.EVERY <= 0.5


def test_pages_and_refusals_speak_the_language_of_the_request(browser: Callable[[], TestClient]) -> None:
    teacher, spanish, english = (
        teaching(browser()),
        {"accept-language": "es-MX,es;q=0.9"},
        {"accept-language": "en"},
    )
    code = teacher.post("/rooms").json()["code"]
    for page in (f"/join/{code}", f"/room/{code}/screen", f"/room/{code}/remote"):
        assert '<html lang="en" data-language="en">' in browser().get(page, headers=english).text
        assert '<html lang="es" data-language="es">' in browser().get(page, headers=spanish).text
        assert '<html lang="es" data-language="es">' in browser().get(f"{page}?lang=es", headers=english).text
    assert "<title>Glassbox: entrar</title>" in browser().get("/join", headers=spanish).text
    wrong = {"code": "ZZZZZZ"}
    assert (
        browser()
        .post("/rooms/join", json=wrong, headers=spanish)
        .json()["why"]
        .startswith("Esa sala no existe")
    )
    assert browser().post("/rooms/join", json=wrong).json()["why"].startswith("There is no such room")


def test_what_a_spanish_class_opens_names_its_language(browser: Callable[[], TestClient]) -> None:
    teacher = teaching(browser())
    room = teacher.post("/rooms").json()
    screen = f"/room/{room['code']}/screen"
    assert f"/join/{room['code']}?lang=es</title>" in browser().get(f"{screen}?lang=es").text  # the QR code's
    assert f"/join/{room['code']}</title>" in browser().get(screen).text  # a phone's own language
    assert "/remote#" in teacher.post(f"/rooms/{room['id']}/invite").json()["link"]
    spanish = teacher.post(f"/rooms/{room['id']}/invite", headers={"accept-language": "es"}).json()["link"]
    assert f"/room/{room['code']}/remote?lang=es#" in spanish


def test_a_sent_view_is_looked_at_in_the_language_of_who_looks() -> None:
    assert addresses.sent("/loss?v=1&text=a&lang=es&view=projector") == "/loss?v=1&text=a"
    with messages.speaking("es"):
        assert addresses.named("/loss?v=1&text=a") == {"title": "Pérdida", "text": "a"}
