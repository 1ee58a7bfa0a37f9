"""A run's points as server-sent events: one stream per watcher, one poller of the store for all of them.

GET /runs/ID/events?after=STEP   events "state", "checkpoint", "points", "away"; "end" or "gone" is the last one.
GET /runs/ID/points              the whole curve as JSON, or with ?format=csv as CSV.
GET /runs/ID/map?step=STEP       where the words lie at a checkpoint; with &word=WORD the nearest ones of a word then.

After a reconnect the browser's Last-Event-ID names its last step, and it gets the events since. Knowing a run's id
grants reading. No Streamlit in here.
"""

from __future__ import annotations

import asyncio
import base64
import csv
import io
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from sse_starlette import EventSourceResponse, ServerSentEvent
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from app.outside.file_record import describe_file, stamp_csv
from app.runs.feed import Feed, Trouble
from app.session import language
from core.messages import ENGLISH, later, mark, say, speaking

if TYPE_CHECKING:
    from core.runs import Points, Run, Store

MOST = 20_000  # points in one event
RETRY = 1000  # milliseconds until a browser reconnects
PROGRESS = 1.0  # seconds between two "state" events that only tell how far the run is
_STEP = re.compile(r"-?[0-9]{1,9}")
AWAY = mark("the store of the training runs does not answer just now; it is tried again")
LONGEST_WORD = 100  # characters
NEAREST = 8  # words beside a chosen one
WHOLE = ("step", "tokens")  # columns of whole numbers


class Hub:
    """All feeds of a server: one for each watched run.

    Args:
        starting: whether the server's workers are still starting; None: it has none.
    """

    def __init__(self, store: Callable[[], Store], starting: Callable[[], bool] | None = None) -> None:
        self.store, self.starting = store, starting or (lambda: False)
        self.feeds: dict[str, Feed] = {}

    async def watch(self, id: str, after: int = -1, spoken: str = ENGLISH) -> AsyncIterator[bytes]:
        """Yield the events for one watcher, from the points after step `after` on, until the run's end.

        Closing the iterator (the page was closed) unsubscribes; the feed ends with its last watcher.
        """
        feed = self.feeds.get(id)
        if feed is None:
            feed = self.feeds[id] = Feed(id, self.store, self.starting)
        feed.watchers += 1
        feed.begin()
        watcher = Watcher(feed, after, spoken)
        try:
            yield ServerSentEvent(comment="here", retry=RETRY).encode()
            while True:
                news = feed.news  # taken before reading: a change meanwhile wakes us at once
                for event in watcher.events():
                    yield event
                if watcher.done:
                    return
                await news.wait()
        finally:
            feed.watchers -= 1
            if feed.watchers == 0:
                self.feeds.pop(id, None)
                feed.end()


class Watcher:
    """The state of one browser's subscription: what was sent so far and what comes next.

    Args:
        spoken: the language that it reads troubles in.
    """

    def __init__(self, feed: Feed, after: int, spoken: str = ENGLISH) -> None:
        self.feed, self.after, self.listed, self.done = feed, after, 0, False
        self.spoken = spoken
        self.told: dict[str, Any] = {}
        self.told_at = 0.0
        self.trouble: Trouble | None = None

    def events(self) -> list[bytes]:
        """Return all new events in order: the run's state, its checkpoints, its points."""
        feed, found = self.feed, []
        if feed.trouble != self.trouble:
            self.trouble, self.told = feed.trouble, {}
            if feed.trouble is not None:
                with speaking(self.spoken):
                    found.append(event(feed.trouble[0], {"why": say(feed.trouble[1])}))
        if feed.trouble is not None or feed.run is None:
            self.done = feed.trouble is not None and feed.trouble[0] == "gone"
            return found
        beyond = {"starting": feed.starting, "beside": feed.beside, "foretold": feed.foretold}
        found += self._state(describe(feed.run) | beyond)
        found += [event("checkpoint", made) for made in feed.checkpoints[self.listed :]]
        self.listed = len(feed.checkpoints)
        while (packed := self._points()) is not None:
            found.append(packed)
        if feed.run.over:
            self.done = True
            found.append(event("end", {}))
        return found

    def _state(self, said: dict[str, Any]) -> list[bytes]:
        now = asyncio.get_running_loop().time()
        progress = {"step", "seconds", "tokens"}
        changed = {name for name, value in said.items() if self.told.get(name) != value}
        if not changed or (changed <= progress and self.told and now - self.told_at < PROGRESS):
            return []
        self.told, self.told_at = said, now
        return [event("state", said)]

    def _points(self) -> bytes | None:
        span = self.feed.span(self.after, MOST)
        if span is None:
            return None
        cut = self.feed.cut(*span)
        self.after = int(cut["step"][-1])
        return self.feed.packed(span, lambda: points_event(cut))


def event(name: str, data: dict[str, Any], id: int | None = None) -> bytes:
    """Format one server-sent event."""
    written = json.dumps(data, allow_nan=False)
    return ServerSentEvent(data=written, event=name, id=None if id is None else str(id)).encode()


def points_event(columns: dict[str, np.ndarray[Any, Any]]) -> bytes:
    """Format the event "points"; its id is the last step in it."""
    steps = columns["step"]
    span = {"from": int(steps[0]), "to": int(steps[-1]), "count": len(steps)}
    packed = {name: pack_column(name, column) for name, column in columns.items()}
    return event("points", {**span, "cols": packed}, int(steps[-1]))


def pack_column(name: str, column: np.ndarray[Any, Any]) -> dict[str, Any]:
    """Encode a column as `unpack` of shared/shapes.js decodes it: steps and tokens i32 where they fit, else f32."""
    fits = name in WHOLE and int(column.max(initial=0)) < 2**31
    kind, raw = ("i32", column.astype("<i4")) if fits else ("f32", column.astype("<f4"))
    return {"b64": base64.b64encode(raw.tobytes()).decode("ascii"), "dtype": kind, "shape": [len(column)]}


def describe(run: Run) -> dict[str, Any]:
    """Describe a run's state, without its owner's id."""
    fields = (
        "id", "kind", "name", "state", "control", "step", "steps", "ended", "place", "started", "finished", "seconds",
        "tokens",
    )  # fmt: skip
    return {name: getattr(run, name) for name in fields}


def as_json(run: Run, points: Points) -> dict[str, Any]:
    """Format the whole curve with its run's description as JSON; a value that was not measured is null."""
    columns = {
        name: [None if value != value else value for value in column.tolist()]
        for name, column in points.columns().items()
    }
    about = {"id": run.id, "name": run.name, "spec": run.spec.to_dict(), "seed": run.seed}
    return {**about, "revision": run.revision, "state": run.state, "ended": run.ended, "cols": columns}


def as_csv(points: Points) -> str:
    """Format the whole curve as CSV, a row per step; a value that was not measured is empty."""
    columns = points.columns()
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in zip(*(column.tolist() for column in columns.values())):
        writer.writerow(["" if value != value else value for value in row])
    return out.getvalue()


def as_map(store: Store, id: str, step: int, word: str) -> dict[str, Any]:
    """Format a checkpoint of a word map: its words, their positions and measurements; the neighbours of a word.

    Raises:
        RunError: there is no such run or moment, or it has no map.
    """
    from core.runs import RunError
    from core.runs.word_vectors import words_of

    places = store.places(id, step)
    if places is None:
        raise RunError(later("this run keeps no map of step {step}", step=step))
    points = np.ascontiguousarray(places.points, "<f4")
    found: dict[str, Any] = {
        "step": step,
        "health": next((dict(one.health) for one in store.checkpoints(id) if one.step == step), {}),
        "words": words_of(store.model(id)[1])[: len(points)],
        "points": {
            "b64": base64.b64encode(points.tobytes()).decode("ascii"),
            "dtype": "f32",
            "shape": points.shape,
        },
    }
    return found | (_near(store, id, step, word) if word else {})


def _near(store: Store, id: str, step: int, word: str) -> dict[str, Any]:
    """Return the nearest words of a word, or in `why` the reason for none.

    The word was not read, or the vectors were evicted.
    """
    from core.runs import RunError, StoreAway
    from core.runs import table as read
    from core.vectors.static import UnknownWord

    try:
        near = read(store, id, step).neighbours(word, NEAREST)
        return {"near": [{"word": one.word, "cosine": round(one.cosine, 6)} for one in near]}
    except StoreAway:
        raise
    except (RunError, UnknownWord) as why:
        return {"near": [], "why": str(why)}


def routes(store: Callable[[], Store], starting: Callable[[], bool] | None = None) -> list[Route]:
    """Return the three routes over this store; `starting` as in `Hub`."""
    hub = Hub(store, starting)

    async def events(request: Request) -> Response:
        after = _whole(request.headers.get("last-event-id"), _whole(request.query_params.get("after"), -1))
        return EventSourceResponse(hub.watch(request.path_params["id"], after, language.of_request(request)))

    async def points(request: Request) -> Response:
        from core.runs import RunError, StoreAway

        id = request.path_params["id"]
        try:
            run = await run_in_threadpool(lambda: store().get(id))
            curve = await run_in_threadpool(lambda: store().points(id))
        except StoreAway:
            return _away(request)
        except RunError as why:
            return _missing(request, why)
        if request.query_params.get("format") == "csv":
            name = f'attachment; filename="glassbox-run-{run.id[:8]}.csv"'
            origin = describe_file("lab", f"/lab?model=run:{run.id}", f"run:{run.id}")
            table = stamp_csv(as_csv(curve), origin)
            return Response(table, media_type="text/csv", headers={"Content-Disposition": name})
        return JSONResponse(as_json(run, curve))

    async def places(request: Request) -> Response:
        from core.runs import RunError, StoreAway

        query = request.query_params
        step, word = _whole(query.get("step"), -1), query.get("word", "")[:LONGEST_WORD]
        try:
            with speaking(
                language.of_request(request)
            ):  # why a word has no neighbours is part of what is found
                found = await run_in_threadpool(
                    lambda: as_map(store(), request.path_params["id"], step, word)
                )
        except StoreAway:
            return _away(request)
        except RunError as why:
            return _missing(request, why)
        return JSONResponse(found)

    return [
        Route("/runs/{id}/events", events),
        Route("/runs/{id}/points", points),
        Route("/runs/{id}/map", places),
    ]


def _missing(request: Request, why: Exception) -> JSONResponse:
    """Answer why there is no such run, or nothing of it."""
    with speaking(language.of_request(request)):
        return JSONResponse({"why": str(why)}, 404)


def _away(request: Request) -> JSONResponse:
    """Answer that the store does not answer, without its message, which names the database's host."""
    with speaking(language.of_request(request)):
        return JSONResponse({"why": say(AWAY)}, 503, {"Retry-After": "2"})


def _whole(written: str | None, otherwise: int) -> int:
    """Parse a step from a request; anything invalid gives the default."""
    return int(written) if written and _STEP.fullmatch(written) else otherwise
