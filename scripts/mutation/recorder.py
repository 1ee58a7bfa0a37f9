"""Record which test runs which line and how long it takes: a plugin of pytest (`context.py` has the other half)."""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from coverage import Coverage

from scripts.mutation.context import CURRENT

FOLDER = "GLASSBOX_RECORDING"  # the folder of the recording
NODE = "NODE_V8_COVERAGE"  # where Node writes which scripts it ran
_PATIENCE = 2.0  # seconds for the other processes to switch


class Recorder:
    """Names the current test for all processes, and records how long each test takes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.current = folder / f"current-{os.getpid()}"
        self.confirmed = self.current.with_suffix(".read")  # a file for each process, with its test
        self.confirmed.mkdir(exist_ok=True)
        self.seconds: dict[str, float] = {}
        self.announce("")
        os.environ[CURRENT] = str(self.current)

    def announce(self, test: str) -> None:
        """Make a test the current one, here and in every process that was started."""
        following = self.current.with_suffix(".next")
        following.write_text(test, encoding="utf-8")
        following.replace(self.current)
        coverage = Coverage.current()
        if coverage is not None:
            coverage.switch_context(test)
        # Playwright's own Node is left alone: every script may matter to a test with a browser.
        os.environ.pop(NODE, None)
        if test and not test.startswith("tests/browser/"):
            name = hashlib.sha256(test.encode()).hexdigest()[:16]
            os.environ[NODE] = str(self.folder / "node" / name)
        deadline = time.monotonic() + _PATIENCE
        while time.monotonic() < deadline and any(self._are_behind(test)):
            time.sleep(0.005)

    def _are_behind(self, test: str) -> Iterator[bool]:
        for path in self.confirmed.iterdir():
            if not Path(f"/proc/{path.name}").exists():
                path.unlink(missing_ok=True)
            else:
                yield path.read_text(encoding="utf-8") != test

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.announce(item.nodeid)
        return (yield)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.seconds[report.nodeid] = self.seconds.get(report.nodeid, 0.0) + report.duration
        if report.when == "teardown":
            self._write({"test": report.nodeid, "seconds": round(self.seconds.pop(report.nodeid), 3)})

    def pytest_sessionfinish(self) -> None:
        self.current.unlink(missing_ok=True)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Iterator[None]:
        result = yield
        self._write_node_runs(item.nodeid)
        return result

    def _write_node_runs(self, test: str) -> None:
        """Write down which scripts the test ran in Node; what Node wrote is large, and goes."""
        folder = Path(os.environ.get(NODE, ""))
        if NODE in os.environ and folder.is_dir():
            self._write({"test": test, "scripts": read_scripts(folder)})

    def _write(self, record: dict[str, Any]) -> None:
        with (self.folder / f"tests-{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(json.dumps(record) + "\n")


def read_scripts(folder: Path) -> list[str]:
    """Return the scripts that Node ran, from the files that it wrote into a folder, and delete them."""
    found = set()
    for path in folder.glob("coverage-*.json"):
        for script in json.loads(path.read_text(encoding="utf-8"))["result"]:
            if script["url"].startswith("file:") and "/node_modules/" not in script["url"]:
                found.add(script["url"].removeprefix("file://").partition("?")[0])
        path.unlink()
    return sorted(found)


def pytest_configure(config: pytest.Config) -> None:
    """Record in the process that runs tests: the only one, or each of xdist's workers."""
    if os.environ.get(FOLDER) and (
        hasattr(config, "workerinput") or not getattr(config.option, "numprocesses", None)
    ):
        config.pluginmanager.register(Recorder(Path(os.environ[FOLDER])), "recorder")
