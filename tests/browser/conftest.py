"""One real app and one real browser for all tests of this folder; each test finds an empty tab."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

import core
from core import real
from tests import real as published
from tests.browser import driver, tabs
from tests.pages.conftest import random_model

expect.set_options(timeout=1000 * driver.SECONDS)  # as long as every other wait (driver.new_context)

# A page lives for a few seconds here: only what is called very often is worth being compiled, and garbage is collected
# in large portions, on one thread. Together that takes a seventh of a page's processor time.
BRIEF = (
    "--js-flags=--no-turbofan --invocation-count-for-maglev=20000 --no-flush-bytecode"
    " --initial-heap-size=512 --min-semi-space-size=64 --single-threaded-gc"
)


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


@pytest.fixture(scope="package")
def real_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app as everybody has it, with the published models; without workers."""
    with pytest.MonkeyPatch.context() as patch:
        published.here(patch)
    # The folder is named to this server only: the servers that other modules start meanwhile are without these models.
    with driver.serving(
        tmp_path_factory.mktemp("real"), env={real.VARIABLE: str(published.FOLDER)}
    ) as running:
        yield running


@pytest.fixture(scope="session")
def lm() -> core.LanguageModel:
    """The bundled model that every page opens with."""
    return core.load("tales-gpt")


@pytest.fixture(scope="package")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with models of the other shapes.

    The encoder has a mask token; one has GPT-2's heads; one as many blocks and shared keys as a published model.
    """
    root = tmp_path_factory.mktemp("models")
    random_model(root / "both", seed=2, tokens=("[MASK]",), shape="encoder", mask_id=400)
    random_model(root / "pair", seed=3, shape="encoder-decoder", n_layers=2, position="relative", norm="rms")
    random_model(root / "large", seed=4, n_layers=12, n_heads=12, d_model=96)
    rotary: dict[str, Any] = {"position": "rotary", "norm": "rms", "gated": True, "act": "silu"}
    random_model(
        root / "thirty-blocks-whose-heads-share-keys",
        seed=5,
        spread=0.6,
        n_layers=30,
        n_heads=9,
        n_kv_heads=3,
        d_model=36,
        **rotary,
    )
    return root


@pytest.fixture(scope="package")
def own_server(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[driver.Server]:
    """The app with these models in its list, as ./both, ./pair, ./large and so on; without workers."""
    with driver.serving(tmp_path_factory.mktemp("own"), env={"GLASSBOX_MODELS": str(models)}) as running:
        yield running


# Not for the whole session: the event loop in it would be in the way of every later test that needs one.
@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """A headless Chromium."""
    with driver.launched(BRIEF) as chromium:
        yield chromium


@pytest.fixture
def findings() -> driver.Findings:
    """What the page of this test complains about; a test that provokes an error looks here and clears it."""
    return driver.Findings()


@pytest.fixture
def page(browser: Browser, server: driver.Server, findings: driver.Findings) -> Iterator[Page]:
    """An empty tab; the test fails when the console, a script or the network complained."""
    with tabs.opened(browser, server, findings) as tab:
        yield tab


@pytest.fixture
def training_page(browser: Browser, training_server: driver.Server) -> Iterator[Page]:
    """The same, of the app with workers."""
    with tabs.opened(browser, training_server) as tab:
        yield tab


@pytest.fixture
def own_page(browser: Browser, own_server: driver.Server) -> Iterator[Page]:
    """The same, of the app that offers `models`."""
    with tabs.opened(browser, own_server) as tab:
        yield tab


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Put what the server printed under a failed test."""
    report = yield
    running = getattr(item, "funcargs", {}).get("server")
    if report.failed and isinstance(running, driver.Server):
        report.sections.append(("the server's log", running.output()))
    return report
