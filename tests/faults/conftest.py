"""A real PostgreSQL for the session, and the settings of quick faults in this process, too."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.runs import Store
from tests.faults.postgres import Postgres
from tests.faults.runs import SETTINGS


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL server. Its folder's path is short: a socket lies in it."""
    with tempfile.TemporaryDirectory(prefix="gb-pg-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        server.start()
        yield server
        server.stop()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Short leases and frequent states; a store of the test's own."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path))
    monkeypatch.delenv("GLASSBOX_DB", raising=False)
    monkeypatch.delenv("GLASSBOX_SCHEDULER", raising=False)


@pytest.fixture
def lite(tmp_path: Path) -> Iterator[Store]:
    """A store in a SQLite file."""
    store = Store(f"sqlite:///{tmp_path / 'runs.sqlite'}")
    yield store
    store.close()


@pytest.fixture
def big(postgres: Postgres, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A store in a database of its own of a PostgreSQL server."""
    url = postgres.fresh()
    monkeypatch.setenv("GLASSBOX_DB", url)
    store = Store(url)
    yield store
    store.close()


@pytest.fixture(scope="module")
def shared(postgres: Postgres) -> Iterator[Store]:
    """The store of a module's cluster, in PostgreSQL."""
    store = Store(postgres.fresh())
    yield store
    store.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that is not there yet, in both kinds of database."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'runs.sqlite'}"
    found: str = request.getfixturevalue("postgres").fresh()
    return found


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest) -> Store:
    """Both kinds of store, one after the other."""
    return request.getfixturevalue("lite" if request.param == "sqlite" else "big")
