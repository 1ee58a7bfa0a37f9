"""The app under development: which changes are noticed, and what they make the server forget."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from app.kit import modules
from app.server import development, launch
from scripts import environment

KINDS = (("app", ".py"), ("app", ".toml"))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A folder with a watched file and one of another kind."""
    (tmp_path / "app/kit").mkdir(parents=True)
    (tmp_path / "app/kit/one.py").write_text("1")
    (tmp_path / "app/kit/one.js").write_text("1")
    return tmp_path


def touch(path: Path) -> None:
    """Give a file a later time of change, whatever the clock's steps are."""
    later = path.stat().st_mtime_ns + 1_000_000_000
    os.utime(path, ns=(later, later))


@pytest.mark.full(reason="the other cases take a second", quick_cases=2)
@pytest.mark.parametrize(
    ("change", "path"),
    [
        (lambda root: touch(root / "app/kit/one.py"), "app/kit/one.py"),
        (lambda root: (root / "app/kit/two.py").write_text("2"), "app/kit/two.py"),
        (lambda root: (root / "app/kit/one.py").unlink(), "app/kit/one.py"),
        (lambda root: (root / "app/config.toml").write_text(""), "app/config.toml"),
    ],
)
def test_a_changed_a_new_and_a_removed_file_are_noticed(
    change: Callable[[Path], object], path: str, root: Path
) -> None:
    before = development.find_times(KINDS, root)
    touch(root / "app/kit/one.js")
    assert development.find_times(KINDS, root) == before, "a file of another kind is not watched"
    change(root)
    assert development.wait_for_change(before, KINDS, root) == path


def test_every_python_file_is_watched_and_every_script_and_style_sheet_is_read_again() -> None:
    restarted, reloaded = (
        set(development.find_times(kinds)) for kinds in (development.RESTARTED, development.RELOADED)
    )
    for folder in ("app", "core", "pages"):
        assert restarted >= set((development.ROOT / folder).rglob("*.py"))
    assert {development.ROOT / path for path in modules.sources()} <= reloaded
    assert set((development.ROOT / "app").rglob("*.css")) <= reloaded
    assert not restarted & reloaded


def test_caches_are_emptied_when_a_script_changed_and_only_then(monkeypatch: pytest.MonkeyPatch) -> None:
    times = {Path("figure.js"): 1}
    monkeypatch.setattr(development, "find_times", lambda kinds: dict(times))
    monkeypatch.setattr(development, "_seen", dict(times))
    first = modules.sources()
    assert not development.reload_files()
    assert modules.sources() is first
    times[Path("figure.js")] = 2
    assert development.reload_files()
    again = modules.sources()
    assert again == first
    assert again is not first
    assert not development.reload_files()
    assert modules.sources() is again


@pytest.mark.parametrize(
    ("scope", "reloads"),
    [
        ({"type": "http", "headers": [(b"accept", b"text/html,*/*;q=0.8")]}, True),
        ({"type": "http", "headers": [(b"accept", b"*/*")]}, False),
        ({"type": "http", "headers": []}, False),
        ({"type": "websocket", "headers": [(b"accept", b"text/html")]}, False),
    ],
)
def test_files_are_read_again_before_a_page_and_not_before_each_of_its_parts(
    scope: dict[str, object], reloads: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = []

    async def app(*given: object) -> None:
        calls.append("app")

    monkeypatch.setattr(development, "reload_files", lambda: calls.append("reload"))
    asyncio.run(development.Reload(app)(scope, None, None))
    assert calls == (["reload", "app"] if reloads else ["app"])


def test_only_make_dev_turns_it_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(development.VARIABLE, raising=False)
    assert not development.is_on()
    monkeypatch.setenv(development.VARIABLE, "1")
    assert development.is_on()


def test_the_command_takes_a_port_and_refuses_one_that_is_in_use(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[tuple[str, int, list[str]]] = []

    def serve(python: str, port: int, extra: list[str]) -> int:
        started.append((python, port, extra))
        return 0

    monkeypatch.setattr(environment, "ensure", lambda which, command: "python")
    monkeypatch.setattr(development, "serve", serve)
    monkeypatch.setattr(launch, "is_free", lambda port, host: port != 8600)
    assert environment.main(["dev", "--port", "8601"]) == 0
    assert started == [("python", 8601, [])]
    assert environment.main(["dev", "--port", "8600"]) == 1
    assert "Port 8600 is in use. Choose another: make dev PORT=8601" in capsys.readouterr().out
    assert len(started) == 1
