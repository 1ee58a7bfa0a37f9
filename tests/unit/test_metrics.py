"""Health and metrics: what they tell, and to whom."""

from __future__ import annotations

import shutil
from contextlib import closing
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families as families
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from app.server import metrics
from app.session.visitors import Visitor
from core.runs import Store, StoreAway


class Answers:
    """A store that answers, or does not."""

    def __init__(self) -> None:
        self.away, self.full, self.asked = False, False, 0
        self.database = self

    def is_full(self) -> bool:
        """Say whether its disk is full."""
        return self.full

    def counts(self, owner: str) -> tuple[int, int, int]:
        """Say how many runs wait."""
        self.asked += 1
        if self.away:
            raise StoreAway("the database at db.school.example:5432 does not answer")
        return 0, 3, 0


def client(store: Any, peer: str = "127.0.0.1") -> TestClient:
    """A visitor of a server with this store."""
    app = Starlette(routes=metrics.routes(lambda: store, lambda: 2), middleware=[Middleware(Visitor)])
    return TestClient(app, client=(peer, 4711))


@pytest.fixture(autouse=True)
def nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GLASSBOX_PROXIES", metrics.VARIABLE):
        monkeypatch.delenv(name, raising=False)


def test_a_server_whose_store_does_not_answer_is_not_well(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "RESTS", 0.0)
    store = Answers()
    server = client(store, "203.0.113.7")
    well = server.get("/healthz")
    assert well.status_code == 200
    assert well.json() == {"status": "ok", "store": "answers", "workers": 2, "runs_waiting": 3}
    store.away = True
    away = server.get("/healthz")
    assert away.status_code == 503 and away.json()["status"] == "away"
    assert "school" not in away.text and "5432" not in away.text
    store.away = False
    assert server.get("/healthz").status_code == 200


def test_a_full_disk_is_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with closing(Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")) as store:
        server = client(store)
        assert server.get("/healthz").json()["status"] == "ok"
        monkeypatch.setattr(metrics, "RESTS", 0.0)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=4096))
        full = server.get("/healthz")
    assert full.status_code == 200 and full.json()["status"] == "full", "its pages can still be read"
    assert full.json()["store"] == "answers"


def test_the_store_is_not_asked_at_every_question() -> None:
    store = Answers()
    server = client(store)
    for _ in range(20):
        server.get("/healthz")
    assert store.asked == 1


def test_metrics_are_numbers_that_prometheus_reads() -> None:
    before = sample("glassbox_view_seconds_count", page="test page")
    with pytest.raises(ValueError, match="on the way"), metrics.viewed("test page"):
        raise ValueError("on the way")
    metrics.refused("test kind")
    metrics.gauges.watch("test_gauge", "A test", lambda: 7)
    metrics.gauges.watch("test_unknown", "A test", lambda: None)
    assert sample("glassbox_view_seconds_count", page="test page") == before + 1
    assert sample("glassbox_refusals_total", what="test kind") >= 1
    assert sample("glassbox_test_gauge") == 7 and sample("glassbox_runs_waiting") == 3
    assert sample("process_resident_memory_bytes") > 1e6
    assert "test_unknown" not in client(Answers()).get("/metrics").text


def sample(name: str, **labels: str) -> float:
    """A number of the metrics, 0 where it is not told."""
    told = client(Answers()).get("/metrics")
    assert told.status_code == 200 and told.headers["content-type"].startswith("text/plain")
    for family in families(told.text):
        for one in family.samples:
            if one.name == name and one.labels == labels:
                return float(one.value)
    return 0.0


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "named", "status"),
    [
        ("127.0.0.1", "", "", "", 200),
        ("::1", "", "", "", 200),
        ("203.0.113.7", "", "", "", 403),
        ("203.0.113.7", "127.0.0.1", "", "", 403),  # anybody can write that
        ("127.0.0.1", "203.0.113.7", "", "", 403),  # a proxy of this machine that nobody has named
        ("127.0.0.1", "203.0.113.7", "127.0.0.1", "", 403),
        ("127.0.0.1", "203.0.113.7", "127.0.0.1", "203.0.113.0/24", 200),
        ("203.0.113.7", "", "", "203.0.113.7", 200),
        ("2001:db8:1:2::9", "", "", "2001:db8:1:2::9", 200),
        ("2001:db8:1:3::9", "", "", "2001:db8:1:2::9", 403),
    ],
)
def test_who_may_see_the_metrics(
    peer: str, forwarded: str, proxies: str, named: str, status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GLASSBOX_PROXIES", proxies)
    monkeypatch.setenv(metrics.VARIABLE, named)
    headers = {"x-forwarded-for": forwarded} if forwarded else {}
    assert client(Answers(), peer).get("/metrics", headers=headers).status_code == status


def test_a_watcher_that_is_no_address_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(metrics.VARIABLE, "prometheus")
    with pytest.raises(ValueError, match="GLASSBOX_WATCHERS: 'prometheus'"):
        client(Answers())
