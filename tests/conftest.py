"""What every test shares: devices, threads, Hypothesis's profile, and a network that ends at this machine."""

from __future__ import annotations

import errno
import gc
import ipaddress
import os
import socket
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, settings

from tests import tiers

# Elsewhere what a machine is quick in decides "auto". Here it is one precision on all machines, so that they take the
# same steps; what a precision changes is tested in both by their names.
os.environ.setdefault("GLASSBOX_PRECISION", "float32")

# jsonschema checks addresses with a package that builds 38 grammars at import, which takes seconds. No test needs it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

# The pages are tested as they are without the published models; the tests of these name their folder.
REAL = os.environ.get("GLASSBOX_REAL", "")
os.environ["GLASSBOX_REAL"] = "none"

# One thread, here and in the processes that tests start: models as small as the tests' are slower on two, which mostly
# wait for each other; beside a second process of tests they take seven times the processor time.
torch.set_num_threads(1)
os.environ["OMP_NUM_THREADS"] = "1"

# No deadline: a shared machine's pauses are no bug. In CI the examples are the same in every run.
quiet = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
settings.register_profile("local", deadline=None, suppress_health_check=quiet)
settings.register_profile("ci", parent=settings.get_profile("local"), derandomize=True, print_blob=True)
PROFILE = "ci" if os.environ.get("CI") else "local"
settings.register_profile("quick", parent=settings.get_profile(PROFILE), max_examples=tiers.QUICK_EXAMPLES)


def present_devices() -> list[str]:
    """The devices that the models can run on here: always "cpu", and "cuda" or "mps" where there is one."""
    devices = ["cpu"]
    if torch.cuda.is_available():
        devices.append("cuda")
    if torch.backends.mps.is_available():
        devices.append("mps")
    return devices


DEVICES = present_devices()

# What fails there says what it compared, as in a test.
pytest.register_assert_rewrite("tests.browser.checks")


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> torch.device:
    """Each device that is present, one after the other."""
    return torch.device(request.param)


def is_local(host: Any) -> bool:
    """Whether a host given to `connect` or `getaddrinfo` is this machine itself."""
    if host is None or host in ("", "localhost", b"", b"localhost"):
        return True
    try:
        return ipaddress.ip_address(host.decode() if isinstance(host, bytes) else host).is_loopback
    except ValueError:
        return False


_imported = 0


@pytest.fixture(autouse=True)
def quick_collections() -> None:
    """Keep what has been imported out of later collections, as the server does: each walks all of torch otherwise."""
    global _imported
    if len(sys.modules) >= _imported + 25:
        _imported = len(sys.modules)
        gc.collect()
        gc.freeze()


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    """Begin and end each test in English, whatever a session in it speaks."""
    from core.messages import ENGLISH, speaking

    with speaking(ENGLISH):
        yield


@pytest.fixture(scope="session", autouse=True)
def freed_in_the_end() -> Iterator[None]:
    """Let all of it go when Python ends: libraries report what stays behind."""
    yield
    gc.unfreeze()


@pytest.fixture(scope="session", autouse=True)
def own_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What is measured of this machine while tests run is no measurement for whoever works in this checkout."""
    with pytest.MonkeyPatch.context() as patch:
        if "GLASSBOX_DATA" not in os.environ:
            patch.setenv("GLASSBOX_DATA", str(tmp_path_factory.mktemp("own")))
        yield


@pytest.fixture(scope="session", autouse=True)
def no_network() -> Iterator[None]:
    """Every address outside this machine is unreachable, everywhere: a test never depends on the internet."""
    connect, getaddrinfo = socket.socket.connect, socket.getaddrinfo

    def guarded_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not is_local(address[0]):
            raise OSError(errno.ENETUNREACH, "the tests have no network", str(address))
        connect(self, address)

    def guarded_getaddrinfo(host: Any, *args: Any, **options: Any) -> Any:
        if not is_local(host):
            raise socket.gaierror(socket.EAI_NONAME, "the tests have no network")
        return getaddrinfo(host, *args, **options)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded_connect)
        patch.setattr(socket, "getaddrinfo", guarded_getaddrinfo)
        yield


# Files that take minutes. Two processes share a turn file by file, from both ends (tests/sharing.py): one of these
# where they meet would leave the other without work. So they stand at the end of their folder.
LONG = {"test_bad_input.py", "test_lab.py", "test_lessons.py", "test_lessons_phone.py", "test_show.py"}


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--tier",
        choices=[tiers.QUICK, tiers.REST, tiers.ALL],
        default=tiers.ALL,
        help="quick: what `make test` runs; rest: what it leaves to `make test-rest`; all: both",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the tier's Hypothesis profile, before test modules read how many examples they may try."""
    quick = config.getoption("tier") == tiers.QUICK
    settings.load_profile("quick" if quick else PROFILE)
    tiers.limit_examples(tiers.QUICK_EXAMPLES if quick else None)


@pytest.hookimpl(trylast=True)  # after `-k` has chosen: what it leaves out is not counted as the other tier's
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The quick tests first, then faults and the browser's: a wrong number is reported before a slow page is opened.

    The order also keeps the event loop that Playwright's synchronous interface leaves running in this thread out of
    the way of tests that start one of their own (notebooks).
    """
    order = {"unit": 0, "property": 1, "oracle": 2, "pages": 3, "browser": 4, "faults": 5}
    root = Path(__file__).parent

    def rank(item: pytest.Item) -> tuple[int, bool]:
        return order.get(item.path.relative_to(root).parts[0], 0), item.path.name in LONG

    tiers.select(config, items)
    items.sort(key=rank)
    for item in items:
        if rank(item)[0] == order["browser"]:
            item.add_marker(pytest.mark.browser)
        parameters = getattr(getattr(item, "callspec", None), "params", {})
        if "device" in parameters:  # travels with the test's report to the summary
            item.user_properties.append(("device", str(parameters["device"])))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Tell the process that prints the summary how many tests were left out; all processes leave out the same."""
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_out"] = session.config.stash.get(tiers.LEFT_OUT, 0)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    node.config.stash[tiers.LEFT_OUT] = getattr(node, "workeroutput", {}).get("left_out", 0)


@pytest.hookimpl(optionalhook=True)  # where pytest-xdist is there and asked for processes
def pytest_xdist_make_scheduler(config: Any, log: Any) -> Any:
    """Who of several processes runs what."""
    from tests.sharing import scheduler

    return scheduler(config, log)


def device_line(used: Counter[str], present: list[str]) -> str:
    """The line of the summary that says on how many devices the tests ran, and how many tests on each."""
    counts = ", ".join(f"{used[name]} tests on {name}" for name in present if used[name])
    return f"devices: {', '.join(present)} ({len(present)}); {counts or 'no test of this run uses one'}"


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    for line in tiers.summary(
        terminalreporter, config.getoption("tier"), config.stash.get(tiers.LEFT_OUT, 0)
    ):
        terminalreporter.write_line(line)
    used: Counter[str] = Counter()
    for outcome in ("passed", "failed"):
        for report in terminalreporter.stats.get(outcome, []):
            if report.when == "call":
                used.update(value for name, value in report.user_properties if name == "device")
    terminalreporter.write_line(device_line(used, DEVICES))
