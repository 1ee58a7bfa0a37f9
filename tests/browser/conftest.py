"""One real app and one real browser for all tests of this folder; a fresh context for each test."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser import driver


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app on a free port, without workers: nothing trains there."""
    with driver.serving(tmp_path_factory.mktemp("server")) as running:
        yield running


@pytest.fixture(scope="package")
def training_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app as `make run` starts it, with two workers; a module whose pages train says `server = ...` (see below).

    @pytest.fixture(scope="module")
    def server(training_server: driver.Server) -> driver.Server:
        return training_server
    """
    with driver.serving(tmp_path_factory.mktemp("training"), workers=2) as running:
        yield running


# Not for the whole session: the event loop in it would be in the way of every later test that needs one.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with driver.launched() as chromium:
        yield chromium


@pytest.fixture
def findings() -> driver.Findings:
    """What the page of this test complains about; a test that provokes an error looks here and clears it."""
    return driver.Findings()


@pytest.fixture
def page(browser: Browser, server: driver.Server, findings: driver.Findings) -> Iterator[Page]:
    """An empty tab of a fresh browser; the test fails when the console, a script or the network complained."""
    context = driver.new_context(browser, server)
    tab = context.new_page()
    findings.watch(tab, server.url)
    yield tab
    context.close()
    assert not findings.messages, "\n".join(findings.messages)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Put what the server printed under a failed test."""
    report = yield
    running = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(running, driver.Server):
        report.sections.append(("the server's log", running.output()))
    return report
