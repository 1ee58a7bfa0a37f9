"""A class without browsers: learners who open pages, type, choose and select, phones that vote, trainings beside them.

Each learner is a `Visitor` of its own, with an act every few seconds; each phone holds the stream of its room. All of
them share one event loop, so the client costs little, and `Meter` says how much.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import httpx
import psutil

from app import chapters
from tests.benchmarks.visitor import LONGEST, Broken, Visitor, visiting

# Pages of a lesson, which most of a class is on; the others are opened too, each as often as another.
LESSON = ("home", "attention", "multi_head", "tokenization", "embeddings", "loss", "decoding")
ON_LESSON = 0.75  # of all openings
SHARED = (
    "A red ball was lost. She found the red",
    "Once upon a time, Lily saw a big dog. The dog",
    "Tim gave Lily a",
)
ACTS = {"open": 0.25, "text": 0.25, "choose": 0.2, "select": 0.25, "stream": 0.05}  # how often each is done
NOT_CHOSEN = (
    "Small or real",
    "Your prediction",
)  # rows of buttons: another model, and a guess that counts once
AGAIN = 0.6  # seconds until a phone sends a vote again (app/rooms/phone.js)...
TRIED_AGAIN = (0, 429, 503)  # ...that found no connection, or a server that cannot take it now
STREAMED = 6.0  # seconds for which a run is followed

# What a click in the picture of a page selects, beside what every picture of tokens knows.
SELECTIONS: dict[str, tuple[dict[str, Any], ...]] = {
    "home": ({"block": 1}, {"head": 1}, {"follow": 2}, {"block": 0, "head": 0}),
    "attention": ({"row": 3, "col": 1}, {"step": 4}, {"head": 1}, {"row": 2, "col": 0}),
    "multi_head": ({"block": 0, "head": 1}, {"row": 2}, {"off": "0.1"}, {"off": ""}),
    "tokenization": ({"follow": 1}, {"follow": 2}),
    "embeddings": ({"follow": 1}, {"follow": 2}),
    "loss": ({"follow": 1}, {"follow": 3}),
    "decoding": ({"node": 1}, {"level": 2}),
    "positions": ({"row": 2, "col": 1}, {"number": 3}),
    "feed_forward": ({"neuron": 5}, {"follow": 2}),
    "norm_residual": ({"line": 2}, {"follow": 1}),
    "objectives": ({"follow": 1}, {"follow": 2}),
    "families": ({"follow": 1}, {"follow": 2}),
    "compute": ({"counted": "flops"}, {"counted": "weights"}),
    "interpretability": ({"row": 2, "tier": 1}, {"block": 1, "head": 0}),
    "optimizers": ({"racer": "adam"}, {"lap": 5}),
    "regularization": ({"row": 1}, {"number": 2}),
    "efficiency": ({"block": 0}, {"output": 3}),
}  # fmt: skip


@dataclass(frozen=True)
class Act:
    """One act of a learner or a phone. what: "open", "text", "choose", "select", "stream", "vote"; at: when it began,
    in seconds of the meter's clock."""

    what: str
    page: str
    at: float
    seconds: float


@dataclass
class Log:
    """What a class did, and what failed."""

    acts: list[Act] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)

    def seconds(self, what: str = "", since: float = 0.0) -> list[float]:
        """Return how long the acts of a kind took ("": all that draw a page) that began after a moment."""
        drawn = ("open", "text", "choose", "select")
        return [
            act.seconds for act in self.acts if act.at >= since and act.what in ((what,) if what else drawn)
        ]


def texts(number: int, random: random.Random) -> Sequence[str]:
    """Return what a learner types: every third one what others type, too."""
    if number % 3 == 0:
        return SHARED
    names, colours = ("Lily", "Ben", "Anna", "Tim", "Ruth", "Sam"), ("red", "blue", "golden", "small", "big")
    things = ("ball", "kite", "boat", "key", "hat", "book", "lamp", "cup")
    made = []
    for _ in range(40):
        who, colour, thing = random.choice(names), random.choice(colours), random.choice(things)
        made.append(
            f"{who} had {random.randint(2, 99)} {colour} {thing}s. One {thing} was lost. {who} found the"
        )
    return made


@dataclass
class Learner:
    """One learner: where to, what is typed, how often.

    every: seconds between two acts, on average; runs: ids of trainings that can be followed.
    """

    number: int
    url: str
    log: Log
    every: float = 5.0
    runs: Sequence[str] = ()
    query: str = ""  # of the link that is opened first

    def __post_init__(self) -> None:
        self.random = random.Random(self.number)
        self.texts = texts(self.number, self.random)

    async def learn(self, until: Callable[[], bool]) -> None:
        """Come, act until then, and leave; whoever meets an error comes again."""
        await asyncio.sleep(self.random.random() * self.every)
        while not until():
            try:
                async with visiting(self.url, self.query) as visitor:
                    await self._do("open", visitor)
                    await self._act(visitor, until)
            except (
                Exception
            ) as why:  # a page that says that it went wrong, a closed connection, a time that ran out
                self.log.failures.append(f"learner {self.number}: {type(why).__name__}: {str(why)[:200]}")
                await asyncio.sleep(self.every)

    async def _act(self, visitor: Visitor, until: Callable[[], bool]) -> None:
        due = time.monotonic()
        while not until():
            due = max(time.monotonic(), due + self.every * self.random.uniform(0.5, 1.5))
            await asyncio.sleep(due - time.monotonic())
            if not until():
                await self._do(self.random.choices(list(ACTS), list(ACTS.values()))[0], visitor)

    async def _do(self, what: str, visitor: Visitor) -> None:
        """Act; where a page has nothing of the kind, another page is opened."""
        at = time.monotonic()
        if what == "stream":
            if self.runs:
                async with httpx.AsyncClient(base_url=self.url, trust_env=False) as http:
                    seconds = await follow(http, self.random.choice(self.runs), STREAMED)
                self.log.acts.append(Act(what, "lab", at, seconds))
            return
        calls = {"text": self._write, "choose": self._choose, "select": self._select}
        done = await calls[what](visitor) if what in calls else None
        if done is None:
            done = await visitor.open(self._page())
        self.log.acts.append(Act(done.act, done.page, at, done.drawn))

    def _page(self) -> str:
        slugs = [chapter.slug for section in chapters.shown().values() for chapter in section]
        return self.random.choice(LESSON if self.random.random() < ON_LESSON else slugs)

    async def _write(self, visitor: Visitor) -> Any:
        if "Your text" not in visitor.labelled("text_area"):
            return None
        return await visitor.write(self.random.choice(self.texts))

    async def _choose(self, visitor: Visitor) -> Any:
        rows = [
            row for label, row in visitor.labelled("button_group").items()
            if label not in NOT_CHOSEN and len(row.options) > 1
        ]  # fmt: skip
        if not rows:
            return None
        row = self.random.choice(rows)
        return await visitor.choose(row.label, self.random.choice(row.options).content)

    async def _select(self, visitor: Visitor) -> Any:
        choices = SELECTIONS.get(visitor.page)
        if choices is None:
            return None
        return await visitor.select(visitor.page, self.random.choice(choices))


async def follow(http: httpx.AsyncClient, run: str, seconds: float) -> float:
    """Follow a run's stream for a while; return the seconds until its first points or state came.

    Raises:
        Broken: none came.
    """
    began = time.monotonic()
    first = None
    async with http.stream("GET", f"/runs/{run}/events", timeout=None) as answer:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                async for line in answer.aiter_lines():
                    if first is None and line.startswith(("event: points", "event: state")):
                        first = time.monotonic() - began
    if first is None:
        raise Broken(f"run {run} sent nothing in {seconds:.0f} s")
    return first


# ---------------------------------------------------------------------------- a room's phones


@dataclass
class Screen:
    """The states that one screen of a room was sent, each with when it came."""

    states: list[tuple[float, dict[str, Any]]] = field(default_factory=list)

    def when(self, holds: Callable[[dict[str, Any]], bool], since: float = 0.0) -> float | None:
        """Return when a state first held after a moment; None: never."""
        return next((at for at, state in self.states if at >= since and holds(state)), None)

    def counted(self, n: int, votes: int) -> float | None:
        """Return when it first showed so many votes on question `n`."""
        return self.when(lambda state: state.get("n") == n and state["answered"] >= votes)

    def led(self, link: str, since: float) -> float | None:
        """Return when it first heard, after a moment, that the room is led to a view."""
        return self.when(lambda state: state["lead"] == link, since)


@dataclass
class Phone(Screen):
    """A phone in a room."""

    http: httpx.AsyncClient = field(default_factory=httpx.AsyncClient)
    room: str = ""

    async def vote(self, n: int, choice: int) -> float:
        """Vote in question `n`, again while the server cannot take it, as phones do; return the seconds to its answer.

        Raises:
            Broken: it was refused.
        """
        began = time.monotonic()
        sent = {"n": n, "round": 1, "choice": choice}
        status, text = 0, ""
        while status in TRIED_AGAIN and time.monotonic() < began + LONGEST:
            if status or text:
                await asyncio.sleep(AGAIN)
            try:
                answer = await self.http.put(f"/rooms/{self.room}/vote", json=sent)
                status, text = answer.status_code, answer.text
            except httpx.TransportError as why:  # a server closes idle connections, maybe just now
                status, text = 0, repr(why)
        if status != 200:
            raise Broken(f"a vote was answered with {status}: {text[:100]}")
        return time.monotonic() - began


async def listen(http: httpx.AsyncClient, room: str, role: str, screen: Screen) -> None:
    """Keep the states that a screen of a room is sent, until the room ends."""
    async with http.stream("GET", f"/rooms/{room}/events?as={role}", timeout=None) as answer:
        answer.raise_for_status()
        name = ""
        async for line in answer.aiter_lines():
            if line.startswith("event: "):
                name = line[7:]
            elif line.startswith("data: ") and name == "state":
                screen.states.append((time.monotonic(), json.loads(line[6:])))
            elif name == "end":
                return


@asynccontextmanager
async def phones(url: str, room: str, code: str, count: int) -> AsyncIterator[tuple[list[Phone], Screen]]:
    """Let so many phones join a room, with the projector beside them, each with its stream open."""
    async with AsyncExitStack() as stack:
        made = []
        for _ in range(count + 1):
            http = httpx.AsyncClient(base_url=url, headers={"origin": url}, timeout=LONGEST, trust_env=False)
            made.append(Phone(http=await stack.enter_async_context(http), room=room))
        *joined, projector = made
        for phone in joined:
            (await phone.http.post("/rooms/join", json={"code": code})).raise_for_status()
        tasks = [asyncio.create_task(listen(projector.http, room, "screen", projector))]
        tasks += [asyncio.create_task(listen(phone.http, room, "member", phone)) for phone in joined]
        try:
            while not all(phone.states for phone in made):
                for task in tasks:
                    if task.done():
                        task.result()
                await asyncio.sleep(0.05)
            yield joined, projector
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


# ---------------------------------------------------------------------------- what it costs


def servers_of(process: psutil.Process) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Return the processes that serve pages below a process, itself among them, and all others: proxy and workers."""
    found = [process, *process.children(recursive=True)]
    serving = [one for one in found if _serves(one)]
    return serving, [one for one in found if one not in serving]


def _serves(process: psutil.Process) -> bool:
    try:
        return "streamlit" in process.cmdline() and not process.name().startswith("glassbox-")
    except psutil.NoSuchProcess:
        return False


@dataclass
class Meter:
    """Processor time and memory of servers, of what else they started, and of this client, since it was made.

    Processes that begin or end meanwhile count as far as they are there at the end.
    """

    root: psutil.Process

    def __post_init__(self) -> None:
        self.began = time.monotonic()
        self.before = self._spent()

    def _spent(self) -> tuple[dict[int, float], dict[int, float], float]:
        serving, others = servers_of(self.root)
        return _seconds(serving), _seconds(others), sum(psutil.Process().cpu_times()[:2])

    def shares(self) -> dict[str, float]:
        """Return how many processors each part kept busy: "servers", "workers" (with the proxy), "client"."""
        spent, wall = self._spent(), time.monotonic() - self.began
        parts = [
            sum(seconds - before.get(pid, 0.0) for pid, seconds in now.items())
            for now, before in zip(spent[:2], self.before[:2], strict=True)
        ]
        return dict(
            zip(("servers", "workers", "client"), [one / wall for one in (*parts, spent[2] - self.before[2])])
        )

    def memory(self) -> float:
        """Return the megabytes of the servers now, what they share counted once."""
        serving, _ = servers_of(self.root)
        return sum(_megabytes(one) for one in serving)


def _seconds(processes: list[psutil.Process]) -> dict[int, float]:
    found = {}
    for one in processes:
        with suppress(psutil.NoSuchProcess):
            found[one.pid] = sum(one.cpu_times()[:2])
    return found


def _megabytes(process: psutil.Process) -> float:
    """Return a process's proportional set size where the system tells that, else its resident set."""
    about = process.memory_full_info()
    return float(getattr(about, "pss", about.rss)) / 1e6
