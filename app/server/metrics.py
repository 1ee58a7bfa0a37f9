"""What a server process did and does, for whoever runs it: `/healthz` for proxies, `/metrics` for Prometheus.

Both tell numbers and states alone: no text, no id, no address. `/metrics` answers this machine, and what
GLASSBOX_WATCHERS names. No Streamlit in here.
"""

from __future__ import annotations

import ipaddress
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from app.session import visitors

if TYPE_CHECKING:
    from prometheus_client.core import Metric

    from core.runs import Store

VARIABLE = "GLASSBOX_WATCHERS"
HERE = "127.0.0.0/8, ::1"
SECONDS = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 15, 60)  # of a page's run
RESTS = 2.0  # seconds for which the state of the store is remembered
STATES = ("queued", "running", "paused")

registry = CollectorRegistry()
ProcessCollector(registry=registry)
PlatformCollector(registry=registry)
views = Histogram(
    "glassbox_view_seconds", "Seconds that a run of a page took", ["page"], buckets=SECONDS, registry=registry
)
errors = Counter(
    "glassbox_page_errors", "Runs of a page that ended with an error", ["page"], registry=registry
)
refusals = Counter("glassbox_refusals", "What was refused because of a limit", ["what"], registry=registry)


@contextmanager
def viewed(page: str) -> Iterator[None]:
    """Measure a run of a page in the body of the `with` block, however that ends."""
    began = time.perf_counter()
    try:
        yield
    finally:
        views.labels(page).observe(time.perf_counter() - began)


def refused(what: str) -> None:
    """Count a refusal."""
    refusals.labels(what).inc()


class Gauges(Collector):
    """Read figures at the moment when they are asked for, each by a function."""

    def __init__(self) -> None:
        self._read: dict[str, tuple[str, Callable[[], float | None]]] = {}

    def watch(self, name: str, what: str, read: Callable[[], float | None]) -> None:
        """Let a number be read at each request. read: returns None while it is not known."""
        self._read[name] = what, read

    def collect(self) -> Iterator[Metric]:
        """Read all of them."""
        for name, (what, read) in self._read.items():
            if (found := read()) is not None:
                yield GaugeMetricFamily(f"glassbox_{name}", what, value=found)


gauges = Gauges()
registry.register(gauges)


class Health:
    """Tell whether this server can do its work; the store is asked at most every few seconds.

    Args:
        store: the run store. workers: the processes that train here; None: not started yet.
    """

    def __init__(self, store: Callable[[], Store], workers: Callable[[], int | None]) -> None:
        self.store, self.workers = store, workers
        self.waiting: int | None = None
        self.full = False  # whether the disk of the store has no space
        self._asked = -RESTS

    def ask(self) -> bool:
        """Return whether the store answers; may wait for it, so it runs in a thread."""
        now = time.monotonic()
        if now - self._asked >= RESTS:
            self._asked = now
            try:
                self.waiting = self.store().counts("")[1]
                self.full = self.store().database.is_full()
            except Exception:  # whatever is wrong with it: the log and the pages say so
                self.waiting = None
        return self.waiting is not None

    async def answer(self, request: Request) -> Response:
        """Answer /healthz: 200 where the store answers, 503 where it does not. Names no host.

        On a full disk the status is "full", with 200: pages and what is stored can still be read.
        """
        well = await run_in_threadpool(self.ask)
        status = "away" if not well else "full" if self.full else "ok"
        said = {"status": status, "store": "answers" if well else "does not answer"}
        found = {**said, "workers": self.workers(), "runs_waiting": self.waiting}
        return JSONResponse(found, 200 if well else 503, {"Cache-Control": "no-store"})


def watchers(written: str | None = None) -> tuple[visitors.Network, ...]:
    """Read who may see the metrics: this machine, and the addresses or networks of GLASSBOX_WATCHERS.

    Raises:
        ValueError: one of them is neither.
    """
    written = os.environ.get(VARIABLE, "") if written is None else written
    return visitors.networks(f"{HERE},{written}", VARIABLE)


def may_watch(request: Request, known: tuple[visitors.Network, ...]) -> bool:
    """Return whether a request comes from a watcher; of IPv6, from the network of its household.

    What a proxy that nobody has named passes on seems to come from this machine, and is refused.
    """
    try:
        address = ipaddress.ip_address(request.headers.get(visitors.HEADER, ""))
    except ValueError:
        return False
    if address.is_loopback and "x-forwarded-for" in request.headers:
        return False
    whole = address.version == 4 or address.is_loopback
    came = ipaddress.ip_network(address if whole else (address, 64))
    return any(address.version == each.version and came.overlaps(each) for each in known)


def routes(store: Callable[[], Store], workers: Callable[[], int | None]) -> list[Route]:
    """Return the routes of health and metrics.

    Raises:
        ValueError: GLASSBOX_WATCHERS names what is no address.
    """
    health, known = Health(store, workers), watchers()
    gauges.watch("runs_waiting", "Training runs that wait", lambda: health.waiting if health.ask() else None)

    async def metrics(request: Request) -> Response:
        if not may_watch(request, known):
            return PlainTextResponse(
                f"Metrics are told to this machine, and to what {VARIABLE} names.\n", 403
            )
        told = await run_in_threadpool(lambda: generate_latest(registry))
        return Response(told, headers={"Content-Type": CONTENT_TYPE_LATEST, "Cache-Control": "no-store"})

    return [Route("/healthz", health.answer), Route("/metrics", metrics)]
