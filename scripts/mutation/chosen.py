"""A plugin of pytest for one mutant: run the chosen tests in their order, within a limit of time."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

REQUEST = "GLASSBOX_CHOSEN_TESTS"  # the file that says which
COLLECTED = "GLASSBOX_COLLECTED_TESTS"  # the file that receives what pytest collects


class Chosen:
    """Keeps the chosen tests and writes what became of each.

    The file of the request holds: `tests`, pairs of a test and the seconds after which it hangs; `limit`, the seconds
    for all of them; `answers`, the file of the outcomes.
    """

    def __init__(self, request: dict[str, Any]) -> None:
        self.limits: dict[str, float] = dict(request["tests"])
        self.limit: float = request["limit"]
        self.answers = Path(request["answers"])
        self.begun = 0.0

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        ranks = {test: rank for rank, test in enumerate(self.limits)}
        chosen = sorted((item for item in items if item.nodeid in ranks), key=lambda item: ranks[item.nodeid])
        config.hook.pytest_deselected(items=[item for item in items if item.nodeid not in ranks])
        for item in chosen:
            item.add_marker(pytest.mark.timeout(self.limits[item.nodeid]))
        items[:] = chosen

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self.begun = self.begun or time.monotonic()
        result = yield
        if time.monotonic() - self.begun > self.limit:
            item.session.shouldstop = "the limit of time is reached"
        return result

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed or report.when == "teardown":
            with self.answers.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"test": report.nodeid, "passed": not report.failed}) + "\n")


def pytest_configure(config: pytest.Config) -> None:
    """Choose, where a request says so."""
    if REQUEST in os.environ:
        request = json.loads(Path(os.environ[REQUEST]).read_text(encoding="utf-8"))
        config.pluginmanager.register(Chosen(request), "chosen")


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write down what was collected, where that is wanted."""
    if COLLECTED in os.environ:
        tests = [item.nodeid for item in session.items]
        Path(os.environ[COLLECTED]).write_text(json.dumps(tests), encoding="utf-8")
