"""The benchmarks' own command line: `make bench`, or `make bench ARGS="--save FILE"` to keep the numbers."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks import pair


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--save", type=Path, default=None, help="append every comparison to this file, as JSON lines"
    )


@pytest.fixture
def report(request: pytest.FixtureRequest) -> Callable[[pair.Comparison], None]:
    """Print a comparison, and save it where that was asked for."""

    def show(comparison: pair.Comparison) -> None:
        print(comparison.table())
        path = request.config.getoption("--save")
        if path is not None:
            pair.save(comparison, path)

    return show
