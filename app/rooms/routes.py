"""The routes of rooms: joining, voting, teaching, and the events that all screens follow.

POST   /rooms                     opens a room of this browser's owner, or returns the one that is open.
GET    /rooms/of/CODE             the room of a code.
POST   /rooms/join                lets a phone in; sets the cookie of its member.
GET    /rooms/ID/events?as=WHO    "state", "away", "end", for a "member", the "screen" of a projector, a live page that
                                  shall "follow", or the "teacher".
GET    /rooms/ID/state?as=WHO     the same state once, where events are blocked.
PUT    /rooms/ID/vote             a member's choice, with a word where it asks for one.
PUT    /rooms/ID/sent             a view that a member sends; GET: the teacher's list of them, /rooms/ID/sent/VIEW one.
POST   /rooms/ID/train            starts the run of a size that the teacher has dealt, for a member.
POST   /rooms/forget              deletes all that this browser has here, and its cookies.
POST   /rooms/ID/words            the teacher's: lets the projector show a written word, or hide it.
POST   /rooms/ID/ACT              the teacher's: `ACTS`.   PUT /rooms/ID/lead, DELETE /rooms/ID: likewise.
POST   /rooms/ID/invite           a one-time key for a second device of the teacher's; POST /rooms/ID/accept takes it.
GET    /rooms/ID/counts.csv       the teacher's.
GET    /rooms/ID/picture          the teacher's view as a finished picture, for all phones.
GET    /rooms/ID/view             the teacher's view as a live page, while a place is free.
GET    /join, /join/CODE, /room/CODE/screen, /room/CODE/remote    the pages of phone, projector and remote.

Questions are asked by the session that computes their answers (`app.rooms.teaching`). What is refused is answered by
{"why"} in words of the request's language. Every writing route wants an Origin of ours. No Streamlit in here.
"""

from __future__ import annotations

import gzip
import json
import re
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from sse_starlette import EventSourceResponse
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from app.csv_table import to_csv
from app.outside.file_record import describe_file, stamp_csv
from app.rooms import addresses, documents
from app.rooms.cookies import HINT, MEMBER, REMOTE
from app.rooms.feed import Hub
from app.rooms.limits import Rate, RoomLimit
from app.session import language, visitors
from app.session import owner as owners
from core.messages import mark, say, speaking

if TYPE_CHECKING:
    from core.rooms import Look, Rooms
    from core.runs import Engine

COOKIE = MEMBER
LASTS = 12 * 3600  # seconds: no room is open for longer
LARGEST = 160_000  # bytes of a request
WRONG_CODES = (20, 60.0)  # of one browser in so many seconds
ADDRESS_WRONG_CODES = (300, 60.0)  # of one network address: a school has one
NO_COOKIE = mark("this browser keeps no cookie of ours, by which its room is known")
NO_REQUEST = mark("that is no request of ours")
NO_VIEW = mark("that is no view of ours")
NOT_JOINED = mark("this browser has not joined the room")
NOTHING_DELETED = mark(
    "nothing was deleted: your runs, texts and votes are still here, because the disk of the server is full. Tell "
    "whoever runs this Glassbox to make room, and press the button again"
)
_SECRET = re.compile(r"[0-9a-f]{32}")
_ROOM = re.compile(r"[0-9a-f]{24}")

# What a teacher does with a button: how the store is called.
ACTS: dict[str, Callable[[Rooms, str, str], None]] = {
    "close": lambda rooms, id, owner: rooms.close(id, owner),
    "again": lambda rooms, id, owner: rooms.again(id, owner),
    "talk": lambda rooms, id, owner: rooms.talk(id, owner),
    "show": lambda rooms, id, owner: rooms.show(id, owner, True),
    "hide": lambda rooms, id, owner: rooms.show(id, owner, False),
    "reveal": lambda rooms, id, owner: rooms.reveal(id, owner),
    "next": lambda rooms, id, owner: rooms.leave_question(id, owner),
    "pause": lambda rooms, id, owner: rooms.pause(id, owner, True),
    "resume": lambda rooms, id, owner: rooms.pause(id, owner, False),
    "lock": lambda rooms, id, owner: rooms.lock(id, owner, True),
    "unlock": lambda rooms, id, owner: rooms.lock(id, owner, False),
    "gather": lambda rooms, id, owner: rooms.gather(id, owner),
}


class Refused(Exception):
    """Raised for a request that is not answered as it wishes: a status and the reason in words."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why


Handler = Callable[[Request], Awaitable[Response]]


def _guarded(handler: Handler) -> Handler:
    """Wrap a handler: a writing request needs an Origin of ours, and errors become answers in its language."""

    async def guarded(request: Request) -> Response:
        from core.rooms import NoSuchRoom, NotNow, NotTheTeacher, RoomError, TooMuch
        from core.runs import RunError

        try:
            if request.method not in ("GET", "HEAD") and not is_ours(request):
                raise Refused(403, say("this request comes from another site"))
            return await handler(request)
        except Refused as no:
            return _no(no.status, no.why)
        except NoSuchRoom as why:
            return _no(404, str(why))
        except NotTheTeacher as why:
            return _no(403, str(why))
        except NotNow as why:
            return _no(409, str(why))
        except TooMuch as why:
            return _no(429, str(why))
        except RoomError as why:
            return _no(422, str(why))
        except RunError:  # of the database: its message names files and hosts
            return _no(503, say("the rooms cannot be reached just now; try again in a moment"))

    async def spoken(request: Request) -> Response:
        with speaking(language.of_request(request)):
            return await guarded(request)

    return spoken


def _no(status: int, why: str) -> JSONResponse:
    return JSONResponse({"why": why[:1].upper() + why[1:] + "."}, status, {"Cache-Control": "no-store"})


def is_ours(request: Request) -> bool:
    """Return whether a request says that a page of this server sent it."""
    origin = request.headers.get("origin", "")
    return bool(origin) and urlsplit(origin).netloc == request.headers.get("host", "")


def owner_of(request: Request) -> str:
    """Return the signed id of the browser. Raises Refused: it has none."""
    found = owners.read(request.cookies.get(owners.COOKIE))
    if found is None:
        raise Refused(403, say(NO_COOKIE))
    return found


def teachers_of(request: Request) -> list[str]:
    """Return the ids by which this browser may teach: its own, and that of a remote. Raises Refused: it has none."""
    remote = owners.read(request.cookies.get(REMOTE), purpose=REMOTE)
    known = [one for one in (owners.read(request.cookies.get(owners.COOKIE)), remote) if one is not None]
    if not known:
        raise Refused(403, say(NO_COOKIE))
    return known


def secret_of(request: Request) -> str:
    """Return the secret of the browser's member cookie; "" without one that this server has issued."""
    return owners.read(request.cookies.get(COOKIE), purpose=COOKIE) or ""


async def body_of(request: Request) -> dict[str, Any]:
    """Read a request's JSON object. Raises Refused: it is too large, or none."""
    read = b""
    async for part in request.stream():
        read += part
        if len(read) > LARGEST:
            raise Refused(413, say("that is too large"))
    try:
        found = json.loads(read)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Refused(422, say(NO_REQUEST))
    return found


def _whole(found: object) -> int:
    if isinstance(found, bool) or not isinstance(found, int) or abs(found) > 10**6:
        raise Refused(422, say(NO_REQUEST))
    return found


def _text(found: object) -> str:
    if not isinstance(found, str):
        raise Refused(422, say(NO_REQUEST))
    return found


def _room_id(request: Request) -> str:
    from core.rooms import NoSuchRoom

    id: str = request.path_params["id"]
    if not _ROOM.fullmatch(id):
        raise NoSuchRoom(say("there is no such room, or it has ended"))
    return id


class Routes:
    """The handlers, with what they share: the rooms, the watchers, the limits."""

    def __init__(
        self, rooms: Callable[[], Rooms], engine: Callable[[], Engine | None], limit: RoomLimit
    ) -> None:
        self.rooms, self.engine, self.hub = rooms, engine, Hub(rooms)
        self.wrong, self.address_wrong = Rate(*WRONG_CODES), Rate(*ADDRESS_WRONG_CODES)
        self.limit = limit

    async def open(self, request: Request) -> Response:
        """Open a room."""
        owner = owner_of(request)
        address = visitors.name_of(_address(request))
        room = await run_in_threadpool(lambda: self.limit.open_room(self.rooms(), owner, owner, address))
        self.hub.keep_swept()
        return JSONResponse({"id": room.id, "code": room.code})

    async def _find(self, request: Request, code: object, secret: str = "") -> Any:
        """Find the room of a code; wrong ones are counted. Raises NoSuchRoom, Refused.

        Args:
            secret: of a member whose cookie is set with this answer; "": the browser is known by what it brings.
        """
        from core.rooms import NoSuchRoom

        browser = secret or secret_of(request) or owners.read(request.cookies.get(owners.COOKIE)) or ""
        counts = [(self.address_wrong, _address(request))]
        if browser:
            counts.append((self.wrong, browser))
        if any(rate.reached(place) for rate, place in counts):
            raise Refused(429, say("many wrong codes came from here: wait a minute"))
        written = code if isinstance(code, str) else ""
        try:
            return await run_in_threadpool(lambda: self.rooms().find(written))
        except NoSuchRoom:
            for rate, place in counts:
                rate.count(place)
            raise

    async def of_code(self, request: Request) -> Response:
        """Return the room of a code, for the projector."""
        room = await self._find(request, request.path_params["code"])
        return JSONResponse({"id": room.id})

    async def join(self, request: Request) -> Response:
        """Let a phone in. A wrong code sets the cookie, too: by it the wrong codes of a browser are counted."""
        from core.rooms import NoSuchRoom

        body = await body_of(request)
        secret = secret_of(request) or secrets.token_hex(16)
        try:
            room = await self._find(request, body.get("code"), secret)
        except NoSuchRoom as why:
            answer = _no(404, str(why))
        else:
            number = await run_in_threadpool(lambda: self.rooms().join(room.id, secret))
            self.hub.hurry(room.id)
            self.hub.keep_swept()
            answer = JSONResponse({"id": room.id, "number": number})
        answer.set_cookie(
            COOKIE, owners.signed(secret, purpose=COOKIE), max_age=LASTS, path=f"{_root(request)}/rooms",
            httponly=True, samesite="lax", secure=request.url.scheme == "https",
        )  # fmt: skip
        return answer

    async def _who(self, request: Request) -> tuple[str, str, Callable[[Look], dict[str, Any]]]:
        """Return the room, the member ("" for others) and what this screen may know. Raises Refused, NoSuchRoom."""
        from core.rooms import member_of, states

        id = _room_id(request)
        role = request.query_params.get("as", "member")
        if role in ("screen", "follow"):
            return id, "", states.screen_state
        found = await run_in_threadpool(lambda: self.rooms().look(id))
        if role == "teacher":
            await self._teacher(request, id)
            return id, "", states.teacher_state
        member = member_of(id, secret_of(request))
        if found is None or member not in found.numbers:
            raise Refused(403, say(NOT_JOINED))
        return id, member, lambda look: states.member_state(look, member)

    async def _teacher(self, request: Request, id: str) -> str:
        """Return the id by which this browser teaches in a room. Raises NotTheTeacher, NoSuchRoom, Refused."""
        from core.rooms import NotTheTeacher

        for one in teachers_of(request):
            if await run_in_threadpool(lambda one=one: self.rooms().teaches(id, one)):  # type: ignore[misc]
                return one
        raise NotTheTeacher(say("another browser teaches in this room"))

    async def events(self, request: Request) -> Response:
        """Stream a room's states."""
        id, member, derive = await self._who(request)
        if request.query_params.get("as") == "follow":
            return EventSourceResponse(self.hub.follow(id, derive, _address(request)))
        return EventSourceResponse(self.hub.watch(id, derive, member))

    async def state(self, request: Request) -> Response:
        """Return a room's state once."""
        id, member, derive = await self._who(request)

        def read() -> dict[str, Any]:
            if member:
                self.rooms().seen(id, (member,))
            found = self.rooms().look(id)
            assert found is not None  # asked without a version
            return derive(found)

        return JSONResponse(await run_in_threadpool(read), headers={"Cache-Control": "no-store"})

    async def vote(self, request: Request) -> Response:
        """Count a choice; one that comes too late is answered by the true state."""
        from core.rooms import NotNow
        from core.rooms.records import cleaned

        body = await body_of(request)
        id, member, derive = await self._who(request)
        if not member:
            raise Refused(403, say(NOT_JOINED))
        n, round, choice = (_whole(body.get(name)) for name in ("n", "round", "choice"))
        word = cleaned(_text(body.get("word", "")))
        try:
            counted = await run_in_threadpool(lambda: self.rooms().vote(id, member, n, round, choice, word))
        except NotNow as why:
            found = await run_in_threadpool(lambda: self.rooms().look(id))
            assert found is not None
            return JSONResponse({"why": str(why), "state": derive(found)}, 409)
        kept = word if counted.choice == choice else ""
        return JSONResponse({"n": n, "round": round, "word": kept, **asdict(counted)})

    async def words(self, request: Request) -> Response:
        """Let the projector show a written word, all of them, or hide them."""
        id, body = _room_id(request), await body_of(request)
        owner = await self._teacher(request, id)
        n, key, shown = _whole(body.get("n")), body.get("word"), body.get("shown")
        if not isinstance(shown, bool) or not (key is None or isinstance(key, str)):
            raise Refused(422, say(NO_REQUEST))
        await run_in_threadpool(lambda: self.rooms().show_words(id, owner, n, shown, key))
        self.hub.hurry(id)
        return JSONResponse({})

    async def send_view(self, request: Request) -> Response:
        """Keep the view that a member sends to the teacher."""
        from core.rooms import member_of

        id, body = _room_id(request), await body_of(request)
        link = addresses.sent(_text(body.get("link")))
        if not link:
            raise Refused(422, say(NO_VIEW))
        member = member_of(id, secret_of(request))
        await run_in_threadpool(lambda: self.rooms().send_view(id, member, link))
        self.hub.hurry(id)
        return JSONResponse({})

    async def sent_views(self, request: Request) -> Response:
        """List the sent views: of each the title of its page, and how its text begins."""
        id = _room_id(request)
        owner = await self._teacher(request, id)
        found = await run_in_threadpool(lambda: self.rooms().sent_views(id, owner))
        listed = [{"id": one.id, **addresses.named(one.link)} for one in found]
        return JSONResponse({"views": listed}, headers={"Cache-Control": "no-store"})

    async def sent_view(self, request: Request) -> Response:
        """Open a sent view's picture."""
        id = _room_id(request)
        owner = await self._teacher(request, id)
        found = await run_in_threadpool(lambda: self.rooms().sent_views(id, owner))
        link = next((one.link for one in found if one.id == request.path_params["view"]), "")
        if not addresses.is_view(link):
            raise Refused(404, say("this view is no longer there"))
        return RedirectResponse(f"{_root(request)}{addresses.looked_at(link)}", 303, headers=PAGE)

    async def train(self, request: Request) -> Response:
        """Start the run of the size that a member gets."""
        from core.rooms import member_of
        from core.runs import LimitExceeded, RunError

        id = _room_id(request)
        trainer = self.engine()
        if trainer is None:
            raise Refused(503, say("nothing trains on this server"))
        member, place = member_of(id, secret_of(request)), visitors.name_of(_address(request))

        def start() -> None:
            rooms = self.rooms()
            deal = rooms.take(id, member)
            if deal.run:
                return
            try:
                run = trainer.submit(deal.spec, deal.owner, name=deal.name, group=deal.group, address=place)
            except (RunError, ValueError):
                rooms.started(id, deal.n, "")
                raise
            if not rooms.started(id, deal.n, run.id):
                trainer.store.delete(run.id, deal.owner)

        try:
            await run_in_threadpool(start)
        except LimitExceeded as why:
            raise Refused(429, str(why)) from why
        self.hub.hurry(id)
        return JSONResponse({})

    async def forget(self, request: Request) -> Response:
        """Delete all that this browser has here, and the cookies that it is known by."""
        from core.runs import StoreFull

        owner, secret = owners.read(request.cookies.get(owners.COOKIE)) or "", secret_of(request)
        try:
            await run_in_threadpool(lambda: self.rooms().forget(owner, secret))
        except StoreFull:
            raise Refused(507, say(NOTHING_DELETED)) from None
        answer = JSONResponse({})
        inside = f"{_root(request)}/rooms"
        for name, path in ((owners.COOKIE, "/"), (COOKIE, inside), (REMOTE, inside), (HINT, "/")):
            answer.delete_cookie(name, path)
        return answer

    async def act(self, request: Request) -> Response:
        """Do what a teacher's button says."""
        id = _room_id(request)
        owner = await self._teacher(request, id)
        act = ACTS.get(request.path_params["act"])
        if act is None:
            raise Refused(404, say("there is no such button"))
        await run_in_threadpool(lambda: act(self.rooms(), id, owner))
        self.hub.hurry(id)
        return JSONResponse({})

    async def lead(self, request: Request) -> Response:
        """Set the view that the room follows."""
        id, body = _room_id(request), await body_of(request)
        owner = await self._teacher(request, id)
        link = body.get("link")
        if not isinstance(link, str) or not addresses.is_view(link):
            raise Refused(422, say(NO_VIEW))
        await run_in_threadpool(lambda: self.rooms().lead(id, owner, link))
        self.hub.hurry(id)
        return JSONResponse({})

    async def end(self, request: Request) -> Response:
        """End the room."""
        id = _room_id(request)
        owner = await self._teacher(request, id)
        await run_in_threadpool(lambda: self.rooms().end(id, owner))
        self.hub.hurry(id)
        return JSONResponse({})

    async def counts(self, request: Request) -> Response:
        """Return the counts of all questions as CSV."""
        id = _room_id(request)
        owner = await self._teacher(request, id)
        table = await run_in_threadpool(lambda: self.rooms().counts(id, owner))
        name = 'attachment; filename="glassbox-class.csv"'
        return Response(
            stamp_csv(to_csv(table), describe_file("class")),
            media_type="text/csv",
            headers={"Content-Disposition": name},
        )

    async def invite(self, request: Request) -> Response:
        """Return a one-time link for the teacher's phone, and its QR code; its key stands where no server sees it."""
        id = _room_id(request)
        owner = await self._teacher(request, id)
        key = await run_in_threadpool(lambda: self.rooms().invite(id, owner))
        found = await run_in_threadpool(lambda: self.rooms().look(id))
        assert found is not None
        where = addresses.joining(request.headers.get("host", ""), request.url.scheme, _root(request))
        link = f"{addresses.in_language(f'{where.base}/room/{found.room.code}/remote')}#{key}"
        return JSONResponse({"link": link, "qr": documents.qr_image(link)})

    async def accept(self, request: Request) -> Response:
        """Let a second device teach."""
        id, body = _room_id(request), await body_of(request)
        key = body.get("key")
        if not isinstance(key, str) or not _SECRET.fullmatch(key):
            raise Refused(422, say(NO_REQUEST))
        secret = await run_in_threadpool(lambda: self.rooms().accept(id, key))
        answer = JSONResponse({})
        answer.set_cookie(
            REMOTE, owners.signed(secret, purpose=REMOTE), max_age=LASTS, path=f"{_root(request)}/rooms",
            httponly=True, samesite="lax", secure=request.url.scheme == "https",
        )  # fmt: skip
        return answer

    async def picture(self, request: Request) -> Response:
        """Return the led view as a finished picture: a document that may run its own scripts and nothing else."""
        id = _room_id(request)
        found = await run_in_threadpool(lambda: self.rooms().picture(id))
        if found is None:
            raise Refused(404, say("there is no picture of this view"))
        tag, body = f'"{found[0]}"', found[1]
        headers = {"ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding", **SANDBOXED}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        if "gzip" not in request.headers.get("accept-encoding", ""):
            return HTMLResponse(await run_in_threadpool(gzip.decompress, body), headers=headers)
        return HTMLResponse(body, headers=headers | {"Content-Encoding": "gzip"})

    async def view(self, request: Request) -> Response:
        """Open the view that the room follows, as a page that follows it; without a free place say so and wait."""
        id = _room_id(request)
        found = await run_in_threadpool(lambda: self.rooms().look(id))
        assert found is not None
        if not found.room.lead:
            return HTMLResponse(
                documents.nothing(say("the teacher shows nothing yet"), again=5), headers=PAGE
            )
        if not self.hub.has_place(id, _address(request)):
            full = say("the live page opens when a place is free; this page tries again by itself")
            return HTMLResponse(documents.nothing(full, again=10), 503, headers=PAGE)
        path, _, query = found.room.lead.partition("?")
        there = (
            f"{_root(request)}{path}?{query}&class={id}" if query else f"{_root(request)}{path}?class={id}"
        )
        return RedirectResponse(there, 303, headers=PAGE)

    async def phone(self, request: Request) -> Response:
        """Return the page of a phone: the same for every code, right or wrong."""
        code = str(request.path_params.get("code", ""))[:20]
        return HTMLResponse(documents.phone(code, deep="code" in request.path_params), headers=PAGE)

    async def remote(self, request: Request) -> Response:
        """Return the page of the teacher's phone: who has no key can do nothing on it."""
        return HTMLResponse(documents.remote(str(request.path_params["code"])[:20]), headers=PAGE)

    async def screen(self, request: Request) -> Response:
        """Return the page of the projector."""
        from core.rooms import NoSuchRoom

        try:
            room = await self._find(request, request.path_params["code"])
        except NoSuchRoom as why:
            return HTMLResponse(documents.nothing(str(why)), 404, headers=PAGE)
        except Refused as why:
            return HTMLResponse(documents.nothing(why.why), why.status, headers=PAGE)
        where = addresses.joining(request.headers.get("host", ""), request.url.scheme, _root(request))
        return HTMLResponse(documents.screen(room.id, room.code, where), headers=PAGE)


# Opened by itself, too, it is of no origin: it can ask nothing of this server in its visitor's name.
SANDBOXED = {"Content-Security-Policy": "sandbox allow-scripts", "X-Content-Type-Options": "nosniff"}
PAGE = {"Cache-Control": "no-store", "Referrer-Policy": "same-origin", "X-Content-Type-Options": "nosniff"}


def _address(request: Request) -> str:
    return request.headers.get(visitors.HEADER, "")


def _root(request: Request) -> str:
    return str(request.scope.get("root_path", ""))


def _nobody() -> None:
    """Stand for the engine of a server that trains nothing."""


def routes(
    rooms: Callable[[], Rooms],
    engine: Callable[[], Engine | None] = _nobody,
    limit: RoomLimit | None = None,
) -> list[Route]:
    """Return the routes over these rooms.

    Args:
        engine: what trains the runs that a teacher deals; None: nothing does.
        limit: of the rooms that are opened, where pages share it; None: one of these routes alone.
    """
    here = Routes(rooms, engine, limit or RoomLimit())
    table: list[tuple[str, str, Handler]] = [
        ("POST", "/rooms", here.open),
        ("GET", "/rooms/of/{code}", here.of_code),
        ("POST", "/rooms/join", here.join),
        ("POST", "/rooms/forget", here.forget),
        ("GET", "/rooms/{id}/events", here.events),
        ("GET", "/rooms/{id}/state", here.state),
        ("PUT", "/rooms/{id}/vote", here.vote),
        ("PUT", "/rooms/{id}/lead", here.lead),
        ("PUT", "/rooms/{id}/sent", here.send_view),
        ("GET", "/rooms/{id}/sent", here.sent_views),
        ("GET", "/rooms/{id}/sent/{view}", here.sent_view),
        ("POST", "/rooms/{id}/words", here.words),
        ("POST", "/rooms/{id}/train", here.train),
        ("GET", "/rooms/{id}/counts.csv", here.counts),
        ("GET", "/rooms/{id}/picture", here.picture),
        ("GET", "/rooms/{id}/view", here.view),
        ("POST", "/rooms/{id}/invite", here.invite),
        ("POST", "/rooms/{id}/accept", here.accept),
        ("POST", "/rooms/{id}/{act}", here.act),
        ("DELETE", "/rooms/{id}", here.end),
        ("GET", "/join", here.phone),
        ("GET", "/join/{code}", here.phone),
        ("GET", "/room/{code}/screen", here.screen),
        ("GET", "/room/{code}/remote", here.remote),
    ]
    return [Route(path, _guarded(handler), methods=[method]) for method, path, handler in table]
