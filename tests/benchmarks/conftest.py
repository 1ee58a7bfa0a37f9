"""The benchmarks' own command line: `make bench`, or with ARGS="--save FILE --table docs/benchmarks.md" to keep it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks import table
from tests.benchmarks.pair import Acts, Comparison, Figure, Foretold, Views

Measured = Comparison | Figure | Foretold | Acts | Views


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--save", type=Path, help="append everything measured to this file, as JSON lines")
    parser.addoption("--table", type=Path, help="at the end, write the table of all that --save's file holds")
    parser.addoption(
        "--load-seconds", type=float, default=150, help="how long a class is measured in each setting"
    )
    parser.addoption("--earlier", type=Path, help="a checkout of an earlier version, to measure views beside")
    parser.addoption("--soak-minutes", type=float, default=60, help="how long the server's memory is watched")


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[Measured], None]:
    """Print a comparison or a figure, and save it where that was asked for."""

    def show(measured: Measured) -> None:
        print(measured.table())
        path: Path | None = request.config.getoption("--save")
        if path is None:
            return
        module = request.module.__name__.rpartition(".")[-1]
        record = {**measured.record(), "module": module, "machine": table.machine()}
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(record, ensure_ascii=False) + "\n")

    return show


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write the table."""
    saved, target = (session.config.getoption(name, None) for name in ("--save", "--table"))
    if saved is not None and target is not None and saved.exists():
        target.write_text(table.render(saved.read_text(encoding="utf-8").splitlines()), encoding="utf-8")
