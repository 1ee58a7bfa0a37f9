"""The command script's decisions, without installing anything."""

from __future__ import annotations

import json
import os
import socket
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import browser, environment, installation

ROOT = Path(__file__).resolve().parents[2]


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


def test_ports() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert not environment.is_free(port)
        with pytest.raises(installation.Problem, match=f"Port {port} is in use"):
            environment.choose_port(port)
    assert environment.is_free(port)
    assert environment.choose_port(port) == port
    with pytest.raises(installation.Problem, match="does not exist"):
        environment.choose_port(70000)
    assert environment.choose_port(None) >= environment.FIRST_PORT


def test_the_first_free_port_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "is_free", lambda port: port == 8503)
    assert environment.choose_port(None) == 8503
    monkeypatch.setattr(environment, "is_free", lambda port: False)
    with pytest.raises(installation.Problem, match="Every port from 8501 to 8600 is in use"):
        environment.choose_port(None)


def test_a_shim_without_uv_behind_it_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shim = executable(tmp_path / "uv", "exit 127")
    monkeypatch.setattr("shutil.which", lambda name: str(shim))
    monkeypatch.setattr(sys, "executable", str(executable(tmp_path / "python", "exit 1")))
    monkeypatch.setattr(installation, "UV_VENV", tmp_path / "bootstrap")
    assert installation.find_uv() is None
    inner = tmp_path / "bootstrap" / "bin"
    inner.mkdir(parents=True)
    assert installation.find_uv() is None
    executable(inner / "uv", "echo uv 1.0")
    assert installation.find_uv() == [str(inner / "uv")]
    executable(shim, "echo uv 1.0")
    assert installation.find_uv() == [str(shim)]


@pytest.mark.parametrize("root", [True, False])
def test_without_pip_and_venv_the_message_says_what_to_install(
    root: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(installation, "UV_VENV", tmp_path / "bootstrap")
    monkeypatch.setattr(browser, "is_root", lambda: root)
    monkeypatch.setattr("shutil.which", lambda name: f"/usr/bin/{name}" if name == "apt-get" else None)
    asked: list[str] = []
    monkeypatch.setattr(installation, "succeeds", lambda command, timeout=60: asked.append(command[0]))
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

    monkeypatch.setattr(installation, "UV_VENV", tmp_path / "bootstrap")
    monkeypatch.setattr(installation, "succeeds", succeeds)
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

    def ensure(lock: object) -> str:
        asked.append(lock)
        return "python"

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[bytes]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1)

    monkeypatch.setattr(environment, "ensure", ensure)
    monkeypatch.setattr(environment.subprocess, "run", run)
    assert environment.command_models(["--check"]) == 1
    assert asked == [installation.DEVELOPMENT, ["python", "-m", "scripts.train_models", "--check"]]


def test_the_whole_suite_is_shared_by_two_processes_and_a_part_of_it_is_not() -> None:
    assert environment.suite([], 4) == environment.suite([], 64) == [["-n", "2"]]
    assert environment.suite(["-k", "word"], 8) == [["-k", "word"]]
    assert environment.suite(["tests/unit"], 2) == [["tests/unit"]]


@pytest.mark.parametrize("cores", [None, 1, 2, 3])
def test_with_few_cores_each_test_runs_in_one_of_two_turns(cores: int | None) -> None:
    first, second = environment.suite([], cores)
    left = {argument.removeprefix("--ignore=") for argument in first if argument.startswith("--ignore=")}
    assert left == set(second) == set(environment.SLOW) and "-n" not in second
    assert all((environment.ROOT / folder).is_dir() for folder in second)


@pytest.mark.parametrize("codes", [(0, 0), (1, 0), (0, 2), (5, 1)])
def test_a_failure_in_either_turn_is_one_of_the_whole(
    codes: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = iter(codes)
    monkeypatch.setattr(environment, "ensure", lambda which: "python")
    monkeypatch.setattr(environment.browser, "ensure", lambda python, say: "chromium")
    monkeypatch.setattr(environment, "command_lint", lambda: 0)
    monkeypatch.setattr(environment.os, "cpu_count", lambda: 2)
    monkeypatch.setattr(
        environment.subprocess, "run", lambda *args, **options: subprocess.CompletedProcess(args, next(said))
    )
    assert bool(environment.command_test([])) == any(codes)
    assert next(said, None) is None, (
        "the second turn comes even after a failure: one run names all that fails"
    )


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

    assert on("apt-get") == ["apt-get", "Playwright"]
    assert on("dnf") == ["dnf", "Playwright"]
    assert on("pacman", "brew") == ["pacman", "Playwright"]
    assert on() == ["Playwright"]
    # Without root no package manager is asked: it would ask for a password.
    assert [who for who, _ in browser.installers("py", False, lambda name: name)] == ["brew", "Playwright"]
    commands = dict(browser.installers("py", True, lambda name: name))
    assert commands["apt-get"][0] == ["apt-get", "update"]
    assert "chromium" in commands["apt-get"][1]
    assert commands["Playwright"] == [["py", "-m", "playwright", "install", "chromium"]]


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
