"""The command script's decisions, without installing anything."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import subprocess
import sys
import threading
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
from packaging.pylock import Pylock

from app.server import launch
from core import installation as core_installation
from scripts import browser, download, environment, installation, lock_sizes

ROOT = Path(__file__).resolve().parents[2]
COMMAND = "make run PORT={}"


def executable(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("version", "fits"),
    [((3, 10), False), ((3, 11), True), ((3, 13), True), ((3, 14), False), ((2, 7), False)],
)
def test_which_pythons_suit(version: tuple[int, int], fits: bool) -> None:
    assert installation.suits(version) is fits
    asked = installation.wanted_python(version, "/usr/bin/python3")
    assert asked == ("/usr/bin/python3" if fits else installation.FALLBACK_PYTHON)


def test_the_range_of_pythons_is_the_projects() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11,<3.14"' in text
    assert (installation.OLDEST, installation.NEWEST) == ((3, 11), (3, 13))


def test_programs_of_an_environment_on_either_system() -> None:
    assert installation.venv_program(Path("v"), "python", windows=False) == Path("v/bin/python")
    assert installation.venv_program(Path("v"), "python", windows=True) == Path("v/Scripts/python.exe")


def test_a_missing_or_broken_environment_has_no_version(tmp_path: Path) -> None:
    assert installation.venv_version(tmp_path / "none") is None
    (tmp_path / "bin").mkdir()
    python = executable(tmp_path / "bin" / "python", "exit 1")
    assert installation.venv_version(tmp_path) is None
    python.unlink()
    python.symlink_to("/nowhere/python3")  # what remains when the Python below an environment is removed
    assert installation.venv_version(tmp_path) is None


def test_stamps(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("a==1")
    (tmp_path / "requirements-dev.txt").write_text("a==1\nb==2")
    run = installation.wanted_stamp("requirements.txt", {}, tmp_path, None)
    test = installation.wanted_stamp("requirements-dev.txt", run, tmp_path, None)
    assert run["lock"] == "requirements.txt"
    assert test["lock"] == "requirements-dev.txt"
    assert run["sha256"] != test["sha256"]
    # Starting the app does not take the test packages away again.
    assert installation.wanted_stamp("requirements.txt", test, tmp_path, None) == test
    # A changed lock is noticed.
    (tmp_path / "requirements.txt").write_text("a==2")
    assert installation.wanted_stamp("requirements.txt", run, tmp_path, None) != run
    # A chosen build of torch stays until another is chosen.
    cpu = installation.wanted_stamp("requirements.txt", {}, tmp_path, "cpu")
    assert installation.wanted_stamp("requirements.txt", cpu, tmp_path, None) == cpu
    assert installation.wanted_stamp("requirements.txt", cpu, tmp_path, "locked")["torch"] == "locked"


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_a_damaged_stamp_counts_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "stamp.json"
    path.write_text(text)
    assert installation.read_stamp(path) == {}
    path.write_text(json.dumps({"lock": "requirements.txt"}))
    assert installation.read_stamp(path) == {"lock": "requirements.txt"}


def test_hashes_are_required_unless_another_torch_is_asked_for() -> None:
    locked = installation.install_command(["uv"], "py", {"lock": "requirements.txt", "torch": "locked"})
    assert locked[:4] == ["uv", "pip", "sync", "--require-hashes"]
    cpu = installation.install_command(["uv"], "py", {"lock": "requirements-dev.txt", "torch": "cpu"})
    assert "--require-hashes" not in cpu
    assert cpu[cpu.index("--torch-backend") + 1] == "cpu"
    assert cpu[-4:] == ["-c", "requirements-dev.txt", "-r", "requirements-dev.in"]


# --- what a download is told to be -----------------------------------------------------------------------------

LOCK = """\
torch==2.15.0 \\
    --hash=sha256:00
nvidia-cudnn-cu13==9.26 ; sys_platform == 'linux'
numpy==2.4.6 ; python_full_version < '3.12'
numpy==2.5.5 ; python_full_version >= '3.12'
"""
LINUX, MAC, WINDOWS = "Linux x86_64", "Darwin arm64", "Windows AMD64"


def a_lock(folder: Path, text: str = LOCK) -> Path:
    """A small lock with its sizes: torch with its card's library on Linux alone, and numpy."""
    lock = folder / "requirements.txt"
    lock.write_bytes(text.encode())
    kept = {
        "locks": {lock.name: download.lock_digest(lock)},
        "systems": [LINUX, MAC, WINDOWS],
        "kilobytes": {
            "torch": [500_000, 140_000, 130_000],
            "nvidia-cudnn-cu13": [900_000, 0, 0],
            "numpy": [20_000, 6_000, 13_000],
        },
    }
    (folder / download.SIZES).write_text(json.dumps(kept), encoding="utf-8")
    return lock


def an_environment(folder: Path, *packages: str) -> Path:
    for package in packages:
        (folder / "lib" / "python3.12" / "site-packages" / f"{package}.dist-info").mkdir(parents=True)
    return folder


def announced(
    monkeypatch: pytest.MonkeyPatch,
    lock: Path,
    venv: Path | None = None,
    torch: str = "locked",
    advice: str | None = "GLASSBOX_TORCH=cpu make run",
    system: str = LINUX,
    driver: bool = False,
) -> str:
    monkeypatch.setattr(download, "system_name", lambda: system)
    monkeypatch.setattr(download, "has_nvidia_driver", lambda: driver)
    return download.announcement(lock, venv, torch, advice)


def test_linux_without_a_driver_is_told_of_the_smaller_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = announced(monkeypatch, a_lock(tmp_path)).splitlines()
    assert lines[0].startswith("Downloads at most 1.4 GB")
    assert lines[1].startswith("1.4 GB of that is PyTorch's build for NVIDIA cards")
    assert "about 0.2 GB in all" in lines[2]  # numpy's 20 MB and the build for processors
    assert lines[-1].strip() == "GLASSBOX_TORCH=cpu make run"


@pytest.mark.parametrize(
    ("system", "driver", "advice", "size"),
    [
        (LINUX, True, "try", "1.4 GB"),
        (LINUX, False, None, "1.4 GB"),  # somebody has chosen: GLASSBOX_TORCH=locked
        (MAC, False, "try", "0.1 GB"),
        (WINDOWS, False, "try", "0.1 GB"),
    ],
)
def test_elsewhere_only_the_size_is_told(
    system: str,
    driver: bool,
    advice: str | None,
    size: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    told = announced(monkeypatch, a_lock(tmp_path), advice=advice, system=system, driver=driver)
    assert told.startswith(f"Downloads at most {size};")
    assert len(told.splitlines()) == 1


def test_a_chosen_build_is_told_by_its_own_size(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = a_lock(tmp_path)
    assert announced(monkeypatch, lock, torch="cpu", advice=None).startswith("Downloads about 0.2 GB;")
    on_a_mac = announced(monkeypatch, lock, torch="cpu", advice=None, system=MAC)
    assert on_a_mac.startswith("Downloads at most 0.1 GB;")
    assert "GLASSBOX_TORCH=auto" in announced(monkeypatch, lock, torch="auto", advice=None)


def test_only_what_is_not_here_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = a_lock(tmp_path)
    with_cards = an_environment(tmp_path / "cards", "torch-2.15.0", "nvidia_cudnn_cu13-9.26", "numpy-1.0")
    assert download.missing(lock, with_cards) == {"numpy"}
    # torch is here: a smaller one would be one download more.
    assert announced(monkeypatch, lock, with_cards) == download.FETCHES.format(size="at most 20 MB")
    # The build for processors needs nothing for cards, and is the locked version under a name of its own.
    for_processors = an_environment(tmp_path / "processors", "torch-2.15.0+cpu", "numpy-2.4.6")
    assert announced(monkeypatch, lock, for_processors, torch="cpu", advice=None) == ""
    without_numpy = an_environment(tmp_path / "less", "torch-2.15.0+cpu")
    assert (
        announced(monkeypatch, lock, without_numpy, torch="cpu", advice=None).split(";")[0]
        == "Downloads at most 20 MB"
    )


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "{}", '{"locks": {"requirements.txt": "0"}}', '{"locks": 1}']
)
def test_sizes_of_another_lock_or_system_are_not_used(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = a_lock(tmp_path)
    assert download.read_sizes(lock, LINUX)
    assert download.read_sizes(lock, "Linux riscv64") is None
    lock.write_bytes(LOCK.replace("\n", "\r\n").encode())  # what git may make of it on Windows
    assert download.read_sizes(lock, WINDOWS)
    lock.write_text(LOCK + "scipy==1.0\n")
    assert announced(monkeypatch, lock) == download.UNKNOWN_SIZES
    (tmp_path / download.SIZES).write_text(text)
    lock.write_text(LOCK)
    assert announced(monkeypatch, lock) == download.UNKNOWN_SIZES


@pytest.mark.parametrize("name", [installation.PRODUCT, installation.DEVELOPMENT])
def test_the_kept_sizes_are_those_of_the_lock(name: str) -> None:
    """A change of a lock without `make lock` leaves them stale: nobody would be told a size any more."""
    lock = ROOT / name
    names = download.missing(lock, None)
    for system in download.SYSTEMS:
        sizes = download.read_sizes(lock, system)
        assert sizes, f"{download.SIZES} does not fit {name}: run make lock"
        assert names <= set(sizes.kilobytes)
        assert sizes.kilobytes["torch"] > 0
        linux = system.startswith("Linux")
        assert (sizes.kilobytes["triton"] > 0) == linux
        assert (download.for_processors(sizes, names, system) < sizes.total(names)) == linux


@pytest.mark.parametrize("name", [installation.PRODUCT, installation.DEVELOPMENT])
def test_what_cards_need_comes_with_the_locked_torch_alone(name: str) -> None:
    """So the build for processors, which asks for none of it, leaves all of it out: constraints bring nothing."""
    sizes = download.read_sizes(ROOT / name, "Linux x86_64")
    assert {"triton", "nvidia-cudnn-cu13", "cuda-toolkit"} <= sizes.cards
    blocks = re.split(r"^(?=[a-z0-9-]+==)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    brought_by = {
        block.partition("==")[0]: set(
            re.findall(r"^    #(?: via)? +(?!via)(\S.*)$", block, flags=re.MULTILINE)
        )
        for block in blocks[1:]
    }
    for card in sizes.cards:
        wanting = {who for who in brought_by[card] if not who.startswith("-c ")}
        assert wanting
        assert wanting <= {"torch", *sizes.cards}, card


def test_a_driver_shows_in_its_files_or_its_library(tmp_path: Path) -> None:
    asked: list[str] = []

    def none(name: str) -> object:
        asked.append(name)
        raise OSError("cannot open shared object file")

    def no_ctypes(name: str) -> object:
        raise ImportError(name)

    there = tmp_path / "version"
    there.write_text("NVRM version: 1")
    nowhere = (str(tmp_path / "none"),)
    assert not download.has_nvidia_driver(none, nowhere)
    assert asked == ["libcuda.so.1"]
    assert not download.has_nvidia_driver(no_ctypes, nowhere)
    assert download.has_nvidia_driver(none, (*nowhere, str(there)))
    assert download.has_nvidia_driver(lambda name: object(), nowhere)
    with pytest.raises(OSError, match=r"libglassbox-none\.so"):
        download.load_library("libglassbox-none.so")


@pytest.mark.parametrize(
    ("kilobytes", "text"),
    [(1, "1 MB"), (20_400, "20 MB"), (99_400, "99 MB"), (100_000, "0.1 GB"), (3_152_000, "3.2 GB")],
)
def test_sizes_are_told_in_round_figures(kilobytes: int, text: str) -> None:
    assert download.readable(kilobytes) == text


def test_the_advice_is_a_command_that_exists_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: "/usr/bin/make")
    assert download.command_for_processors("test") == "GLASSBOX_TORCH=cpu make test"
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert download.command_for_processors("run") == "GLASSBOX_TORCH=cpu python3 scripts/environment.py run"
    assert environment.parse(["run"])[0] == "run"


class FreshCheckout(NamedTuple):
    """A checkout with a lock and nothing installed; uv's part is played by a list of what it is asked for."""

    lock: str
    venv: Path
    asked: list[list[str]]
    told: list[str]


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FreshCheckout:
    fresh = FreshCheckout(a_lock(tmp_path).name, tmp_path / ".venv", [], [])

    def uv_command() -> list[str]:
        assert fresh.told, "the size is told before uv is looked for, or fetched"
        return ["uv"]

    def run(command: list[str]) -> None:
        fresh.asked.append(command)
        fresh.venv.mkdir(exist_ok=True)

    monkeypatch.setattr(installation, "ROOT", tmp_path)
    monkeypatch.setattr(installation, "VENV", fresh.venv)
    monkeypatch.setattr(installation, "STAMP", fresh.venv / "glassbox.json")
    monkeypatch.setattr(installation, "uv_command", uv_command)
    monkeypatch.setattr(installation, "run", run)
    monkeypatch.setattr(installation, "say", fresh.told.append)
    monkeypatch.setattr(download, "system_name", lambda: LINUX)
    monkeypatch.setattr(download, "has_nvidia_driver", lambda: False)
    monkeypatch.delenv("GLASSBOX_TORCH", raising=False)
    return fresh


@pytest.mark.parametrize(("chosen", "advised"), [(None, True), ("", True), ("locked", False), ("cpu", False)])
@pytest.mark.parametrize("command", ["run", "test"])
def test_the_download_is_told_before_anything_is_fetched(
    command: str, chosen: str | None, advised: bool, checkout: FreshCheckout, monkeypatch: pytest.MonkeyPatch
) -> None:
    if chosen is not None:
        monkeypatch.setenv("GLASSBOX_TORCH", chosen)
    installation.ensure(checkout.lock, command)
    assert checkout.told[0].startswith("Downloads ")
    advice = download.command_for_processors(command)
    assert checkout.told[0].endswith(advice) is advised
    assert ("--torch-backend" in checkout.asked[-1]) is (chosen == "cpu")
    stamp = installation.read_stamp(checkout.venv / "glassbox.json")
    assert stamp["torch"] == ("cpu" if chosen == "cpu" else "locked")


def test_what_is_here_is_told_nothing_about(checkout: FreshCheckout, monkeypatch: pytest.MonkeyPatch) -> None:
    installation.ensure(checkout.lock, "run")
    monkeypatch.setattr(installation, "venv_version", lambda venv: (3, 12))
    checkout.told.clear()
    installation.ensure(checkout.lock, "run")
    assert checkout.told == []


@pytest.mark.parametrize("chosen", ["locked", "cpu"])
def test_after_a_stopped_installation_the_environment_starts_afresh(
    chosen: str, checkout: FreshCheckout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who follows the advice stops one: a torch for cards that it left would satisfy `torch==` for processors, too."""
    an_environment(checkout.venv, "torch-2.15.0", "numpy-2.5.5")
    monkeypatch.setattr(installation, "venv_version", lambda venv: (3, 12))
    monkeypatch.setenv("GLASSBOX_TORCH", chosen)
    installation.ensure(checkout.lock, "run")
    assert checkout.asked[0][:3] == ["uv", "venv", "--clear"]
    assert len(checkout.asked) == 2


def test_a_changed_lock_keeps_the_environment(
    checkout: FreshCheckout, monkeypatch: pytest.MonkeyPatch
) -> None:
    an_environment(checkout.venv, "torch-2.15.0+cpu", "numpy-1.0")
    stamp = {"lock": checkout.lock, "sha256": "older", "torch": "cpu"}
    (checkout.venv / "glassbox.json").write_text(json.dumps(stamp))
    monkeypatch.setattr(installation, "venv_version", lambda venv: (3, 12))
    installation.ensure(checkout.lock, "run")
    assert checkout.told[0].startswith("Downloads at most 20 MB;")
    assert [command[1] for command in checkout.asked] == ["pip"]


# --- the sizes that make lock writes ---------------------------------------------------------------------------


def a_wheel(name: str, size: int | None) -> dict[str, object]:
    return {
        "name": name,
        "url": f"https://example.org/{name}",
        "hashes": {"sha256": "00"},
        **({} if size is None else {"size": size}),
    }


def a_pylock(*packages: dict[str, object]) -> Pylock:
    return Pylock.from_dict({"lock-version": "1.0", "created-by": "a test", "packages": list(packages)})


def test_the_file_that_fits_a_system_is_measured() -> None:
    torch = {
        "name": "torch",
        "version": "2.15.0",
        "wheels": [
            a_wheel("torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl", 500_000_000),
            a_wheel("torch-2.15.0-cp313-cp313-manylinux_2_28_x86_64.whl", 501_000_000),
            a_wheel("torch-2.15.0-cp314-cp314-manylinux_2_28_x86_64.whl", 900_000_000),
            a_wheel("torch-2.15.0-cp312-cp312-manylinux_2_28_aarch64.whl", 400_000_000),
            a_wheel("torch-2.15.0-cp312-cp312-macosx_14_0_arm64.whl", 140_000_000),
            a_wheel("torch-2.15.0-cp312-cp312-win_amd64.whl", 130_000_000),
            a_wheel("torch-2.15.0-py3-none-any.whl", 1_000),  # for the Pythons that have no file above
        ],
    }
    card = {
        "name": "nvidia-cudnn",
        "version": "9",
        "marker": "sys_platform == 'linux' and platform_machine == 'x86_64'",
        "wheels": [a_wheel("nvidia_cudnn-9-py3-none-manylinux_2_27_x86_64.whl", 10_000)],
    }
    other = {
        "name": "for-a-browser",
        "version": "1",
        "marker": "sys_platform == 'emscripten'",
        "wheels": [a_wheel("for_a_browser-1-py3-none-any.whl", 10_000)],
    }
    abi3 = {
        "name": "tiny",
        "version": "1",
        "wheels": [a_wheel("tiny-1-cp39-abi3-win_amd64.whl", 4_000), a_wheel("tiny-1-py3-none-any.whl", 10)],
    }
    assert lock_sizes.sizes_of([a_pylock(torch, card), a_pylock(torch, abi3, other)]) == {
        "for-a-browser": [0, 0, 0, 0],
        "nvidia-cudnn": [10, 0, 0, 0],
        "tiny": [1, 1, 1, 4],
        "torch": [501_000, 400_000, 140_000, 130_000],
    }


def test_a_new_lock_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []
    monkeypatch.setattr(environment, "uv_command", lambda: ["python", "-m", "uv"])
    monkeypatch.setattr(environment, "run", asked.append)
    assert environment.command_lock(["--upgrade"]) == 0
    assert [command[-1] for command in asked[:2]] == [installation.PRODUCT, installation.DEVELOPMENT]
    assert all("--upgrade" in command for command in asked[:2])
    assert asked[2][-1] == "assets/real/requirements.txt" and "--no-deps" in asked[2]
    assert asked[3][-6:] == ["python", "-m", "scripts.lock_sizes", "python", "-m", "uv"]


def test_a_registry_without_sizes_is_an_error() -> None:
    unknown = {"name": "a", "version": "1", "wheels": [a_wheel("a-1-py3-none-any.whl", None)]}
    with pytest.raises(ValueError, match="no size of a"):
        lock_sizes.sizes_of([a_pylock(unknown)])


def test_what_is_written_is_what_is_read(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text("torch==1\ntriton==1\n")
    rows = {"torch": [5, 4, 3, 2], "triton": [7, 6, 0, 0], "for-a-browser": [0, 0, 0, 0]}
    text = lock_sizes.written({lock.name: download.lock_digest(lock)}, rows)
    (tmp_path / download.SIZES).write_text(text, encoding="utf-8")
    sizes = download.read_sizes(lock, "Linux aarch64")
    assert sizes == download.Sizes({"torch": 4, "triton": 6, "for-a-browser": 0}, frozenset({"triton"}))
    assert len(text.splitlines()) == 5 + len(rows) + 1


def test_ports() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not launch.is_free(port)
        with pytest.raises(launch.NoPort, match=f"Port {port} is in use"):
            launch.choose_port(port, COMMAND)
    assert launch.is_free(port)
    assert launch.choose_port(port, COMMAND) == port
    with pytest.raises(launch.NoPort, match="does not exist"):
        launch.choose_port(70000, COMMAND)
    assert launch.choose_port(None, COMMAND) >= launch.FIRST_PORT


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only 127.0.0.1 is this machine's own")
def test_a_port_is_free_on_one_address_while_another_has_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.2", 0))
        other.listen()
        port = other.getsockname()[1]
        assert launch.choose_port(port, COMMAND, "127.0.0.3") == port
        for taken in ("127.0.0.2", "0.0.0.0", ""):
            with pytest.raises(launch.NoPort, match="in use"):
                launch.choose_port(port, COMMAND, taken)


@pytest.mark.parametrize(
    ("asked", "host"),
    [
        ("", "127.0.0.1"),
        ("localhost", "127.0.0.1"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "127.0.0.1"),
        ("0.0.0.0", "0.0.0.0"),
        (" 192.0.2.7 ", "192.0.2.7"),
        ("::", "::"),
        (socket.gethostname(), "127.0.0.1"),  # some shells put it there
        ("x86_64-conda-linux-gnu", "127.0.0.1"),  # and some compilers this
    ],
)
def test_only_an_address_opens_the_app_to_others(
    asked: str, host: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HOST", asked)
    assert environment.wanted_host() == host
    assert ("is no address" in capsys.readouterr().out) == ("conda" in asked)


def test_who_reaches_the_app_is_said() -> None:
    opens = "HOST=0.0.0.0 make run"
    said = launch.who_reaches("127.0.0.1", 8501, opens)
    assert "Only this machine reaches it; HOST=0.0.0.0 make run opens" in said
    assert "OPEN TO OTHERS: whoever reaches every address" in launch.who_reaches("0.0.0.0", 8501, opens)
    assert "whoever reaches 192.0.2.7, port 8501" in launch.who_reaches("192.0.2.7", 8501, opens)
    shown = [launch.address_of(host, 8501) for host in ("127.0.0.1", "0.0.0.0", "192.0.2.7", "2001:db8::1")]
    assert shown == [
        "http://localhost:8501",
        "http://localhost:8501",
        "http://192.0.2.7:8501",
        "http://[2001:db8::1]:8501",
    ]


@pytest.mark.parametrize("asked", ["", "0.0.0.0"])
def test_the_app_listens_on_this_machine_alone_unless_it_is_told_otherwise(
    asked: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    started: list[list[str]] = []

    class Server:
        def __init__(self, command: list[str], **_: object) -> None:
            started.append(command)

        def poll(self) -> int:
            return 0

        def wait(self, timeout: float = 0) -> int:
            return 0

    monkeypatch.setenv("HOST", asked)
    monkeypatch.setattr(environment, "ensure", lambda *_: "python")
    monkeypatch.setattr(launch.subprocess, "Popen", Server)
    monkeypatch.setattr(launch, "wait_until_healthy", lambda *_, **__: True)
    monkeypatch.setattr(launch.signal, "signal", lambda *_: None)
    assert environment.command_run(None, []) == 0
    (command,) = started
    assert command[command.index("--server.address") + 1] == (asked or "127.0.0.1")
    assert ("OPEN TO OTHERS" in capsys.readouterr().out) == bool(asked)


def test_without_make_the_app_listens_on_this_machine_alone_too() -> None:
    config = tomllib.loads((ROOT / "app" / ".streamlit" / "config.toml").read_text(encoding="utf-8"))
    assert config["server"]["address"] == "127.0.0.1"


def test_the_first_free_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(launch, "is_free", lambda port, host: port == 8503)
    assert launch.choose_port(None, COMMAND) == 8503
    monkeypatch.setattr(launch, "is_free", lambda port, host: False)
    with pytest.raises(launch.NoPort, match="Every port from 8501 to 8600 is in use"):
        launch.choose_port(None, COMMAND)


def test_a_shim_without_uv_behind_it_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = executable(tmp_path / "uv", "exit 127")
    monkeypatch.setattr("shutil.which", lambda name: str(shim))
    python, base = executable(tmp_path / "python", "exit 1"), executable(tmp_path / "base", "exit 1")
    monkeypatch.setattr(sys, "executable", str(python))
    monkeypatch.setattr(sys, "_base_executable", str(base))
    monkeypatch.setattr(core_installation, "UV_VENV", tmp_path / "bootstrap")
    assert installation.find_uv() is None
    inner = tmp_path / "bootstrap" / "bin"
    inner.mkdir(parents=True)
    assert installation.find_uv() is None
    executable(inner / "uv", "echo uv 1.0")
    assert installation.find_uv() == [str(inner / "uv")]
    executable(base, "echo uv 1.0")  # the Python that the environment was made from
    assert installation.find_uv() == [str(base), "-m", "uv"]
    executable(shim, "echo uv 1.0")
    assert installation.find_uv() == [str(shim)]


@pytest.mark.parametrize("root", [True, False])
def test_without_pip_and_venv_the_message_says_what_to_install(
    root: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (installation, core_installation):
        monkeypatch.setattr(module, "UV_VENV", tmp_path / "bootstrap")
    monkeypatch.setattr(browser, "is_root", lambda: root)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    asked: list[str] = []
    for module in (installation, core_installation):
        monkeypatch.setattr(module, "succeeds", lambda command, timeout=60: asked.append(command[0]))
    with pytest.raises(installation.Problem, match=r"apt-get install python3-venv"):
        installation.install_uv()
    assert ("apt-get" in asked) is root  # only where it asks nobody for a password


def test_a_refused_pip_is_followed_by_a_bootstrap_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a system that manages its Python itself (PEP 668) answers: pip fails, venv works."""
    asked: list[list[str]] = []

    def succeeds(command: list[str], timeout: float = 60) -> bool:
        asked.append(command)
        if command[-1] == "--version":  # uv answers from where it was put, once it was put there
            return command[0].startswith(str(tmp_path)) and any("venv" in earlier for earlier in asked)
        return "--user" not in command

    for module in (installation, core_installation):
        monkeypatch.setattr(module, "UV_VENV", tmp_path / "bootstrap")
        monkeypatch.setattr(module, "succeeds", succeeds)
    assert installation.install_uv() == [str(installation.venv_program(tmp_path / "bootstrap", "uv"))]
    assert [sys.executable, "-m", "venv", "--clear", str(tmp_path / "bootstrap")] in asked


def test_the_help_lists_every_command_of_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    names = [name for name, _ in environment.help_lines(makefile)]
    phony = makefile.split(".PHONY:")[1].splitlines()[0].split()
    assert sorted(names) == sorted(phony)
    for name in names:
        assert environment.parse([name]) == (name, None, [])


def test_arguments_are_passed_on() -> None:
    assert environment.parse([]) == ("help", None, [])
    assert environment.parse(["run", "--port", "8600"]) == ("run", 8600, [])
    assert environment.parse(["test", "-k", "word", "-x"]) == ("test", None, ["-k", "word", "-x"])
    assert environment.parse(["test", "tests/unit"]) == ("test", None, ["tests/unit"])
    assert environment.parse(["models", "--help"]) == ("models", None, ["--help"])
    assert environment.parse(["--help"])[0] == "help"
    with pytest.raises(SystemExit):
        environment.parse(["tset"])


def test_models_are_made_and_checked_with_the_tools_that_their_texts_and_scores_need(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """austen-gpt's text is read with rdata, tales-t5's chrF is sacrebleu's: neither is part of the product."""
    asked: list[object] = []

    def ensure(lock: object, command: str) -> str:
        asked.append(lock)
        return "python"

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(environment, "ensure", ensure)
    monkeypatch.setattr(environment.subprocess, "run", run)
    assert environment.command_models(["--check"]) == 1
    assert asked == [installation.DEVELOPMENT, ["python", "-m", "scripts.train_models", "--check"]]


def test_a_tier_is_shared_by_all_cores_and_a_chosen_part_is_not() -> None:
    tier = ["python", "-m", "pytest", "--tier", "quick"]
    assert environment.pytest_command("python", "quick", []) == [*tier, "-n", "logical"]
    assert environment.pytest_command("python", "quick", ["-k", "word"]) == [*tier, "-k", "word"]


@pytest.mark.parametrize(
    ("run", "tiers", "lints"),
    [
        ("command_test", ["quick"], 1),
        ("command_test_rest", ["rest"], 0),
        ("command_test_all", ["quick", "rest"], 1),
    ],
)
@pytest.mark.parametrize("codes", [(0, 0), (1, 0), (0, 2), (5, 1), (5, 0), (5, 5)])
def test_every_tier_of_a_command_runs_and_a_failure_of_one_is_the_command_s(
    run: str, tiers: list[str], lints: int, codes: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[list[str]] = []
    linted: list[int] = []

    def answer(command: list[str], **options: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, codes[len(asked) - 1])

    monkeypatch.setattr(environment, "ensure", lambda which, command: "python")
    monkeypatch.setattr(environment.browser, "ensure", lambda python, say: "chromium")
    monkeypatch.setattr(environment.caddy, "ensure", lambda say: "caddy")
    monkeypatch.setattr(environment, "command_lint", lambda: linted.append(1))
    models = threading.Thread(target=lambda: None)  # fetches none: their own tests fail then
    models.start()
    monkeypatch.setattr(environment.real_models, "beside", lambda python: models)
    monkeypatch.setattr(environment.subprocess, "run", answer)
    assert bool(getattr(environment, run)([])) == any(codes[: len(tiers)])
    assert [command[command.index("--tier") + 1] for command in asked] == tiers and len(linted) == lints
    asked.clear()
    chosen = getattr(environment, run)(["-k", "word"])
    one_tier = codes[: len(tiers)] == (5, 0)  # the word chooses tests of one tier alone
    assert bool(chosen) == (any(codes[: len(tiers)]) and not one_tier)


def test_each_check_is_made_and_told_whole_and_one_that_fails_ends_the_command(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def says(text: str, code: int = 0) -> list[str]:
        return [sys.executable, "-c", f"print({text!r}); raise SystemExit({code})"]

    made: list[str] = []

    def heard(check: tuple[str, list[str]]) -> tuple[str, subprocess.CompletedProcess[bytes]]:
        made.append(check[0])
        bad = check[0] == wrong
        return real((check[0], says(f"found by {check[0]}", int(bad))))

    real, wrong = environment.heard, ""
    monkeypatch.setattr(environment, "ensure", lambda which, command: "python")
    monkeypatch.setattr(environment.pictures, "ensure", lambda python, say: None)
    monkeypatch.setattr(environment, "heard", heard)
    assert environment.command_lint() == 0
    every = ["mypy", "ruff check", "ruff format --check", "lint-imports", "tsc", "biome check", "node --test"]
    assert sorted(made) == sorted(every)
    said = capfd.readouterr().out
    assert [line for line in said.splitlines() if line] == [
        line for name in every for line in (f"== {name}", f"found by {name}")
    ]
    for wrong in every:
        with pytest.raises(subprocess.CalledProcessError):
            environment.command_lint()
        assert f"found by {wrong}" in capfd.readouterr().out


def test_a_problem_is_told_and_fails(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(port: int | None, extra: list[str]) -> int:
        raise installation.Problem("do this")

    monkeypatch.setattr(environment, "command_run", fails)
    assert environment.main(["run"]) == 1
    assert capsys.readouterr().out.strip() == "do this"


def test_checks_keep_threads_within_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    env = environment.check_environment("/usr/bin/chromium")
    assert env["OMP_NUM_THREADS"] in ("1", "2")
    assert env["GLASSBOX_BROWSER"] == "/usr/bin/chromium"
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    assert environment.check_environment()["OMP_NUM_THREADS"] == "1"


def test_checks_keep_what_is_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in environment.check_environment()


# --- the browser -----------------------------------------------------------------------------------------------


def test_browsers_are_tried_in_order() -> None:
    here = {"chromium-browser": "/snap/chromium", "google-chrome": "/opt/chrome"}
    assert list(browser.candidates({}, here.get, "linux")) == ["/snap/chromium", "/opt/chrome"]
    assert list(browser.candidates({"GLASSBOX_BROWSER": "/my/own"}, here.get, "linux")) == ["/my/own"]
    here["chromium-headless-shell"] = "/usr/bin/small"
    assert next(browser.candidates({}, here.get, "linux")) == "/usr/bin/small"
    assert list(browser.candidates({}, lambda name: None, "linux")) == []
    assert all(path.endswith(".exe") for path in browser.candidates({}, lambda name: None, "win32"))
    assert all(
        path.startswith("/Applications/") for path in browser.candidates({}, lambda name: None, "darwin")
    )


def test_a_program_that_only_explains_itself_is_no_browser(tmp_path: Path) -> None:
    stub = executable(tmp_path / "chromium", "echo 'snap install chromium'; exit 1")
    assert not browser.answers(str(stub), "linux")
    assert not browser.answers(str(tmp_path / "none"), "linux")
    assert browser.answers(str(executable(stub, "echo Chromium 150")), "linux")


def test_how_a_browser_is_installed() -> None:
    def on(*names: str) -> list[str]:
        return [
            who for who, _ in browser.installers("py", True, lambda name: name if name in names else None)
        ]

    assert on("apt-get") == ["apt-get", "apt-get", "Playwright"]
    assert on("dnf") == ["dnf", "Playwright"]
    assert on("pacman", "brew") == ["pacman", "Playwright"]
    assert on() == ["Playwright"]
    # Without root no package manager is asked: it would ask for a password.
    assert [who for who, _ in browser.installers("py", False, lambda name: name)] == ["brew", "Playwright"]
    (_, (update, small)), (_, (whole,)), *others = browser.installers("py", True, lambda name: name)
    assert update == ["apt-get", "update"]
    assert "chromium-headless-shell" in small and "chromium" in whole
    assert dict(others)["Playwright"] == [["py", "-m", "playwright", "install", "chromium"]]


def test_no_browser_and_no_way_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLASSBOX_BROWSER", raising=False)
    monkeypatch.setattr(browser, "find", lambda python: None)
    monkeypatch.setattr(browser, "installers", lambda *_: [("nobody", [["/nowhere/installer"]])])
    told: list[str] = []
    with pytest.raises(browser.NoBrowser, match="playwright install chromium"):
        browser.ensure("py", told.append)
    assert any("nobody did not work" in line for line in told)


def test_the_next_way_is_tried_when_one_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GLASSBOX_BROWSER", raising=False)
    made = tmp_path / "chromium"
    monkeypatch.setattr(browser, "find", lambda python: str(made) if made.exists() else None)
    ways = [
        ("first", [["false"], ["touch", str(tmp_path / "never")]]),
        ("second", [["touch", str(made)]]),
    ]
    monkeypatch.setattr(browser, "installers", lambda *_: ways)
    assert browser.ensure("py", lambda line: None) == str(made)
    assert not (tmp_path / "never").exists()


def test_a_named_browser_that_does_not_start_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GLASSBOX_BROWSER", "/nowhere/chrome")
    with pytest.raises(browser.NoBrowser, match="/nowhere/chrome"):
        browser.ensure(sys.executable, lambda line: None)


def test_the_scripts_are_standard_library_only() -> None:
    """They run before anything is installed."""
    env = {**os.environ, "PYTHONPATH": ""}
    code = "import runpy; runpy.run_path('scripts/environment.py', run_name='checked')"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code],
        cwd=ROOT,
        env=env,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
