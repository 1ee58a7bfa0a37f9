"""Sessions of browsers that have gone: kept for a while, then ended with all that they hold."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

import pytest
from streamlit.runtime.session_manager import SessionInfo

from app.server import sessions
from app.server.sessions import Gone


class Clock:
    time = 100.0

    def __call__(self) -> float:
        return self.time


class Session:
    """A session that remembers how often it was ended."""

    def __init__(self, id: str) -> None:
        self.id, self.ended = id, 0

    def shutdown(self) -> None:
        self.ended += 1


def info(session: Session) -> SessionInfo:
    return SessionInfo(client=None, session=session)  # type: ignore[arg-type]


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_a_browser_that_comes_back_in_time_finds_its_session(clock: Clock) -> None:
    storage, session = Gone(120, now=clock), Session("a")
    storage.save(kept := info(session))
    clock.time += 119
    storage.end()
    assert storage.get("a") is kept and storage.list() == [kept]
    storage.delete("a")
    clock.time += 10
    storage.end()
    assert storage.get("a") is None and storage.list() == [] and session.ended == 0


def test_a_session_whose_time_is_over_is_ended_once_though_nobody_comes(clock: Clock) -> None:
    storage, session = Gone(120, now=clock), Session("a")
    storage.save(info(session))
    clock.time += 120
    assert storage.get("a") is None and storage.list() == [] and session.ended == 0
    storage.end()
    storage.end()
    assert session.ended == 1


def test_who_leaves_again_is_kept_from_then_on(clock: Clock) -> None:
    storage, session = Gone(120, now=clock), Session("a")
    storage.save(info(session))
    clock.time += 100
    storage.save(info(session))
    clock.time += 100
    storage.end()
    assert storage.get("a") is not None and session.ended == 0


def test_of_too_many_the_one_that_went_first_is_ended(clock: Clock) -> None:
    storage, went = Gone(120, most=2, now=clock), [Session(name) for name in "abc"]
    for session in went:
        storage.save(info(session))
        clock.time += 1
    assert [session.ended for session in went] == [1, 0, 0]
    storage.delete("nobody")
    assert [one.session.id for one in storage.list()] == ["b", "c"]


def test_the_server_ends_sessions_by_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    manager: Any = SimpleNamespace(_session_storage=None)
    monkeypatch.setattr(sessions.runtime, "get_instance", lambda: SimpleNamespace(_session_mgr=manager))
    monkeypatch.setattr(
        sessions.config, "get_option", lambda name: {"server.disconnectedSessionTTL": 0.05}[name]
    )

    class Broken(Session):
        def shutdown(self) -> None:
            super().shutdown()
            raise RuntimeError("its file is gone")

    went = [Broken("a"), Session("b")]

    async def served() -> None:
        task = asyncio.create_task(sessions.end_those_that_went())
        await asyncio.sleep(0)
        for session in went:
            manager._session_storage.save(info(session))
            await asyncio.sleep(0.03)
        async with asyncio.timeout(20):
            while not all(session.ended for session in went):
                await asyncio.sleep(0.01)
        assert not task.done()
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(served())
    assert [session.ended for session in went] == [1, 1]
