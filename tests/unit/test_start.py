"""What the server does once, and what a child process must not do."""

from __future__ import annotations

import ast
import asyncio
import gc
import runpy
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app import runs
from app.models import cache
from app.server import start
from core.runs import SchemaError, StoreAway

runs_begin = runs.begin  # tests put another in its place
ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "app" / "main.py"


@pytest.fixture
def warmed(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The names of the models that were warmed; nothing stays frozen afterwards."""
    names: list[str] = []
    usual = sys.getswitchinterval()
    monkeypatch.setattr(cache, "warm", names.extend)
    monkeypatch.setattr(runs, "begin", lambda: None)
    monkeypatch.setattr(start, "prepare", lambda: None)
    yield names
    gc.unfreeze()
    sys.setswitchinterval(usual)


def live_once() -> None:
    async def live() -> None:
        async with start.lifespan(None):
            assert gc.get_freeze_count() > 0

    asyncio.run(live())


@pytest.mark.full(reason="takes a second")
def test_the_default_model_is_warm_before_the_first_visitor(warmed: list[str]) -> None:
    live_once()
    assert warmed == ["tales-gpt"]


@pytest.mark.full(reason="takes 2 s")
def test_a_server_without_its_default_model_starts_all_the_same(
    warmed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(names: list[str]) -> None:
        raise OSError("no such file")

    monkeypatch.setattr(cache, "warm", fails)
    live_once()
    assert warmed == []


@pytest.mark.full(reason="takes more than a second")
def test_the_workers_start_behind_the_first_visitor_and_end_with_the_server(
    warmed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[str] = []
    go_on = threading.Event()

    def begin() -> None:
        go_on.wait(60)
        told.append("begun")

    monkeypatch.setattr(runs, "begin", begin)
    monkeypatch.setattr(runs, "close", lambda: told.append("closed"))

    async def live() -> None:
        async with start.lifespan(None):
            assert told == [], "the first page waits for no worker"
            go_on.set()

    asyncio.run(live())
    assert told == ["begun", "closed"], "what is just starting is ended, too"


def test_workers_wait_for_a_store_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    tries: list[int] = []

    class Worker:
        def __init__(self, store: object) -> None:
            tries.append(1)
            if len(tries) < 3:
                raise StoreAway("the run store does not answer")

        def start(self, wait: bool) -> None:
            assert not wait

        def expect(self) -> None:
            tries.append(7)

        def close(self) -> None:
            tries.append(-1)

    monkeypatch.setattr("core.runs.engine.Engine", Worker)
    monkeypatch.setattr(runs, "REST", 0.01)
    monkeypatch.setattr(runs, "store", lambda: None)
    runs.begin()
    assert isinstance(runs.engine(), Worker)
    runs.expect()
    runs.close()
    assert tries == [1, 1, 1, 7, -1]
    assert runs.engine() is None
    assert "does not answer; trying again" in caplog.text


def test_a_page_that_was_quicker_than_the_engine_is_not_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    class Worker:
        def __init__(self, store: object) -> None:
            if not told:
                runs.expect()  # while it was being made

        def start(self, wait: bool) -> None:
            told.append("started")

        def expect(self) -> None:
            told.append("expected")

        def close(self) -> None:
            told.append("closed")

    monkeypatch.setattr("core.runs.engine.Engine", Worker)
    monkeypatch.setattr(runs, "store", lambda: None)
    runs.begin()
    runs.close()
    runs.begin()  # another server of this process begins without it
    runs.close()
    assert told == ["started", "expected", "closed", "started", "closed"]


@pytest.mark.parametrize(
    ("variables", "prepared"),
    [({}, True), ({"GLASSBOX_WORKERS": "0"}, False), ({"GLASSBOX_SCHEDULER": "tls://localhost:8786"}, False)],
)
def test_a_process_to_fork_from_stands_only_where_workers_may(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], prepared: bool
) -> None:
    told: list[bool] = []
    for name in ("GLASSBOX_WORKERS", "GLASSBOX_SCHEDULER"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("core.runs.fork_server.prepare", lambda: told.append(True))
    start.prepare()
    assert told == [True] * prepared


def test_a_number_of_workers_that_is_none_is_said_when_they_are_asked_for(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("GLASSBOX_WORKERS", "many")
    start.prepare()
    assert "No process to fork workers from" in caplog.text


def test_a_database_of_another_version_leaves_a_server_without_workers(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuses() -> None:
        raise SchemaError("version 7")

    monkeypatch.setattr(runs, "store", refuses)
    runs.begin()
    assert runs.engine() is None
    assert "version 7" in caplog.text


def test_a_child_process_starts_no_second_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    assert "app" not in runpy.run_path(str(MAIN), run_name="__mp_main__")
    assert "app" in runpy.run_path(str(MAIN), run_name="main")


def test_a_child_born_while_a_page_runs_draws_nothing() -> None:
    router = MAIN.parent / "router.py"
    code = f"import runpy, sys; runpy.run_path({str(router)!r}, run_name='__mp_main__'); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert "runpy" in done.stdout.split() and "streamlit" not in done.stdout.split()


def test_the_entry_makes_the_repository_importable(monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(MAIN.parent.parent)
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry not in ("", root)])
    runpy.run_path(str(MAIN), run_name="__mp_main__")
    assert root in sys.path


@pytest.mark.full(reason="takes 2 s")
def test_a_server_whose_database_is_away_ends_all_the_same(
    warmed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = threading.Event()

    def away() -> None:
        tried.set()
        raise StoreAway("the run store does not answer")

    monkeypatch.setattr(runs, "store", away)
    monkeypatch.setattr(runs, "begin", runs_begin)

    async def live() -> None:
        async with start.lifespan(None):
            await asyncio.to_thread(tried.wait, 30)
        assert not runs._beginning.is_set()

    asyncio.run(asyncio.wait_for(live(), 60))


@pytest.mark.full(reason="takes 2 s")
def test_what_does_not_come_back_is_not_waited_for(
    warmed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    stuck = threading.Event()
    monkeypatch.setattr(start, "BEGINS", 0.01)
    monkeypatch.setattr(start, "CLOSES", 0.01)
    monkeypatch.setattr(runs, "begin", stuck.wait)
    monkeypatch.setattr(runs, "close", stuck.wait)
    live_once()
    stuck.set()


@pytest.mark.full(reason="takes 2 s")
def test_a_signal_ends_a_server_that_waits_for_something() -> None:
    code = (
        "import signal, time\n"
        "from app.server import start\n"
        "start.LEAVES = 0.2\n"
        "signal.signal(signal.SIGTERM, lambda *_: print('heard', flush=True))\n"
        "with start._leaving_in_time():\n"
        "    signal.raise_signal(signal.SIGTERM)\n"
        "    time.sleep(600)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert (done.returncode, done.stdout) == (1, "heard\n"), done.stderr


def own_modules(package: Path) -> bool:
    """Whether a package imports modules of its own as it is imported."""
    name = ".".join(package.relative_to(ROOT).parts)
    imports = ast.parse((package / "__init__.py").read_text(encoding="utf-8")).body
    return any(isinstance(one, ast.ImportFrom) and f"{one.module}.".startswith(f"{name}.") for one in imports)


@pytest.mark.full(reason="starts processes and waits for them, 3 s")
def test_packages_that_two_threads_would_import_at_once_are_there_before() -> None:
    packages = [
        found.parent for part in ("app", "core", "pages") for found in (ROOT / part).rglob("__init__.py")
    ]
    risky = {".".join(one.relative_to(ROOT).parts) for one in packages if own_modules(one)}
    assert {"core.training", "core.rooms"} <= risky
    code = "import sys, app.main; from app.server import start; start.import_together(); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True
    )
    assert risky <= set(done.stdout.split()), risky - set(done.stdout.split())


RAISE = """
import resource
from core.server_process import FILES, raise_file_limit
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (200, hard))
most = FILES if hard == resource.RLIM_INFINITY else min(FILES, hard)
assert raise_file_limit() == most > 200
resource.setrlimit(resource.RLIMIT_NOFILE, (100, 150))
assert raise_file_limit() == 150  # never above what the system allows
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_server_may_open_as_many_files_as_the_system_allows() -> None:
    subprocess.run([sys.executable, "-c", RAISE], cwd=ROOT, check=True)


def test_the_limit_of_files_is_raised_at_start(warmed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[bool] = []
    monkeypatch.setattr(start.server_process, "raise_file_limit", lambda: called.append(True))
    live_once()
    assert called == [True]
