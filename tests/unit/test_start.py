"""What the server does once, and what a child process must not do."""

from __future__ import annotations

import asyncio
import gc
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import cache, start

MAIN = Path(__file__).resolve().parents[2] / "app" / "main.py"


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the models that were warmed; nothing stays frozen afterwards."""
    names: list[str] = []
    monkeypatch.setattr(cache, "warm", names.extend)
    yield names
    gc.unfreeze()


def live_once() -> None:
    async def live() -> None:
        async with start.lifespan(None):
            assert gc.get_freeze_count() > 0

    asyncio.run(live())


def test_the_default_model_is_warm_before_the_first_visitor(warmed: list[str]) -> None:
    live_once()
    assert warmed == ["tales-gpt"]


def test_a_server_without_its_default_model_starts_all_the_same(
    warmed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(names: list[str]) -> None:
        raise OSError("no such file")

    monkeypatch.setattr(cache, "warm", fails)
    live_once()
    assert warmed == []


def test_a_child_process_starts_no_second_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert "app" not in runpy.run_path(str(MAIN), run_name="__mp_main__")
    assert "app" in runpy.run_path(str(MAIN), run_name="main")


def test_the_entry_makes_the_repository_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(MAIN.parent.parent)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", root)])
    runpy.run_path(str(MAIN), run_name="__mp_main__")
    assert root in sys.path
