"""The project's commands, with nothing but Python's standard library.

`make run` and `make test` call this file; where there is no make (Windows), call it directly:
`python scripts/environment.py run`. It makes `.venv` through uv, installs exactly the locked requirements into it,
and then hands over to the tools that live there. The syntax stays that of Python 3.8, so that an older Python can
at least say which one is needed.
"""

from __future__ import annotations

import argparse
import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from scripts import browser  # noqa: E402  (found once the root is on the path)

VENV = ROOT / ".venv"
UV_VENV = ROOT / ".venv-uv"
STAMP = VENV / "glassbox.json"
PRODUCT = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
OLDEST, NEWEST = (3, 11), (3, 13)
FALLBACK_PYTHON = ">=3.11,<3.14"  # what uv looks for (or downloads) when the running Python does not suit
FIRST_PORT, PORTS = 8501, 100
MADE = (".pytest_cache", ".mypy_cache", ".ruff_cache", ".hypothesis", ".shots", "glassbox.egg-info")

NO_UV = """uv could not be found or installed with {python}.
Any one of these helps; then run the same command again:
  * install uv: https://docs.astral.sh/uv/getting-started/installation/
  * give this Python pip or venv, for example
      Debian, Ubuntu:  sudo apt-get install python3-venv python3-pip
      Fedora:          sudo dnf install python3-pip
      elsewhere:       {python} -m ensurepip --upgrade"""


NO_PYTHON = """Glassbox needs Python 3.11, 3.12 or 3.13. This is {version}; uv found no other and can download none.
Install one of them, or name it: make run PYTHON=/path/to/python3.12"""


class Problem(Exception):
    """Something the person at the terminal can put right; its text says how."""


def say(text: str) -> None:
    print(text, flush=True)


def run(command: list[str], env: dict[str, str] | None = None) -> None:
    """Run a command in the project's root and raise `CalledProcessError` when it fails."""
    subprocess.run(command, cwd=str(ROOT), env=env, check=True)


def succeeds(command: list[str], timeout: float = 60) -> bool:
    """Whether a command exists, ends within `timeout` seconds and exits with 0; its output is not shown."""
    try:
        done = subprocess.run(
            command,
            cwd=str(ROOT),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=timeout,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


# --- Python and uv ---------------------------------------------------------------------------------------------


def suits(version: tuple[int, int]) -> bool:
    """Whether the locked requirements are resolved for this Python, given as (major, minor)."""
    return OLDEST <= version <= NEWEST


def wanted_python(version: tuple[int, int], executable: str) -> str:
    """What to ask uv for: the running Python when it suits, else a version that uv finds or downloads."""
    return executable if suits(version) else FALLBACK_PYTHON


def venv_program(venv: Path, name: str, windows: bool = os.name == "nt") -> Path:
    """The path of a program inside a virtual environment, on either kind of system."""
    return venv / "Scripts" / (name + ".exe") if windows else venv / "bin" / name


def venv_version(venv: Path) -> tuple[int, int] | None:
    """(major, minor) of a virtual environment's Python; None where there is none or it no longer starts."""
    code = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run(
            [str(venv_program(venv, "python")), "-c", code],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        major, minor = done.stdout.split()
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
    return int(major), int(minor)


def find_uv() -> list[str] | None:
    """The command that starts uv: on PATH, as a module of this Python, or in our own bootstrap environment."""
    on_path = shutil.which("uv")
    candidates = [[on_path]] if on_path else []
    candidates += [[sys.executable, "-m", "uv"], [str(venv_program(UV_VENV, "uv"))]]
    # A name on PATH may be a version manager's shim without a program behind it: only one that answers counts.
    return next((command for command in candidates if succeeds([*command, "--version"])), None)


def bootstrap_uv() -> None:
    """Try to put uv into an environment of its own, `.venv-uv`."""
    if succeeds([sys.executable, "-m", "venv", "--clear", str(UV_VENV)], timeout=300):
        inner = str(venv_program(UV_VENV, "python"))
        succeeds([inner, "-m", "pip", "install", "--quiet", "uv"], timeout=600)


def install_uv() -> list[str]:
    """Install uv with pip for this user; where that is refused (PEP 668) or there is no pip, into `.venv-uv`.

    Debian's Python comes without venv: whoever is root there (a container) gets it from the package manager.
    """
    say("uv is not here yet: installing it.")
    succeeds([sys.executable, "-m", "pip", "install", "--user", "--quiet", "uv"], timeout=600)
    found = find_uv()
    if not found:
        bootstrap_uv()
        found = find_uv()
    if not found and browser.is_root() and shutil.which("apt-get"):
        say("This Python has neither pip nor venv: asking apt-get for python3-venv.")
        succeeds(["apt-get", "update"], timeout=600)
        succeeds(["apt-get", "install", "-y", "--no-install-recommends", "python3-venv"], timeout=600)
        bootstrap_uv()
        found = find_uv()
    if not found:
        shutil.rmtree(str(UV_VENV), ignore_errors=True)
        raise Problem(NO_UV.format(python=sys.executable))
    return found


def uv_command() -> list[str]:
    return find_uv() or install_uv()


# --- the environment -------------------------------------------------------------------------------------------


def read_stamp(path: Path) -> dict[str, str]:
    """What was installed last; empty where nothing was, or the file is damaged."""
    try:
        stamp = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


def wanted_stamp(asked: str, stamp: dict[str, str], root: Path, torch: str | None) -> dict[str, str]:
    """What should be installed.

    An environment that holds the test packages keeps them when only the app is asked for, and one made for another
    build of torch (`GLASSBOX_TORCH`) stays with that build until told otherwise.
    """
    lock = DEVELOPMENT if DEVELOPMENT in (asked, stamp.get("lock")) else PRODUCT
    digest = hashlib.sha256((root / lock).read_bytes()).hexdigest()
    return {"lock": lock, "sha256": digest, "torch": torch or stamp.get("torch", "locked")}


def install_command(uv: list[str], python: str, wanted: dict[str, str]) -> list[str]:
    """The uv command that brings an environment to `wanted`.

    Normally every file is checked against the lock's hashes. Another build of torch comes from PyTorch's own index,
    whose files the lock does not know: the same versions are then installed without checking hashes.
    """
    if wanted["torch"] == "locked":
        return [*uv, "pip", "sync", "--require-hashes", "--python", python, wanted["lock"]]
    source = wanted["lock"].replace(".txt", ".in")
    torch = ["--torch-backend", wanted["torch"], "--no-verify-hashes"]
    return [*uv, "pip", "install", "--python", python, *torch, "-c", wanted["lock"], "-r", source]


def make_venv(uv: list[str]) -> None:
    """Make an empty `.venv` with the running Python, or another that suits; raises `Problem` where there is none."""
    version = sys.version_info[:2]
    command = [
        *uv,
        "venv",
        "--clear",
        "--no-project",
        "--python",
        wanted_python(version, sys.executable),
        str(VENV),
    ]
    try:
        run(command)
    except subprocess.CalledProcessError:
        if suits(version):
            raise
        raise Problem(NO_PYTHON.format(version=".".join(map(str, version)))) from None


def ensure(asked: str) -> str:
    """Bring `.venv` to the lock file `asked` (or a superset of it) and return the path of its Python."""
    python = str(venv_program(VENV, "python"))
    version = venv_version(VENV)
    usable = version is not None and suits(version)
    stamp = read_stamp(STAMP) if usable else {}
    wanted = wanted_stamp(asked, stamp, ROOT, os.environ.get("GLASSBOX_TORCH"))
    if usable and stamp == wanted:
        return python
    uv = uv_command()
    # Two builds of torch differ in what they bring along: going from one to the other starts afresh.
    if not usable or stamp.get("torch", wanted["torch"]) != wanted["torch"]:
        say("Making the environment in .venv (the first time downloads PyTorch: some minutes).")
        make_venv(uv)
    if STAMP.exists():  # an interrupted installation must not look finished
        STAMP.unlink()
    say("Installing " + wanted["lock"] + ".")
    run(install_command(uv, python, wanted))
    STAMP.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    return python


# --- the app ---------------------------------------------------------------------------------------------------


def is_free(port: int) -> bool:
    """Whether a server could listen on this port, on this machine's own address and on all of them."""
    for host in ("127.0.0.1", ""):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
            if os.name != "nt":  # a port whose last connection is still closing down is free all the same
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                return False
    return True


def choose_port(asked: int | None) -> int:
    """The port asked for, or the first free one from 8501; raises `Problem` when there is none."""
    if asked is not None:
        if not 1 <= asked <= 65535:
            raise Problem(f"Port {asked} does not exist: choose one from 1024 to 65535.")
        if not is_free(asked):
            raise Problem(f"Port {asked} is in use. Choose another: make run PORT={asked + 1}")
        return asked
    for port in range(FIRST_PORT, FIRST_PORT + PORTS):
        if is_free(port):
            return port
    last = FIRST_PORT + PORTS - 1
    raise Problem(f"Every port from {FIRST_PORT} to {last} is in use. Name one: make run PORT=9000")


def wait_until_healthy(server: subprocess.Popen[bytes], port: int, seconds: float = 180) -> bool:
    """Wait until the app answers on its health address; False when it ended or did not answer in time."""
    deadline = time.monotonic() + seconds
    address = f"http://127.0.0.1:{port}/_stcore/health"
    # Never through a proxy: the address is this machine's own.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), opener.open(address, timeout=5) as answer:
            if answer.status == 200:
                return True
        time.sleep(0.2)
    return False


def stop(server: subprocess.Popen[bytes]) -> None:
    """End a server, politely first."""
    if server.poll() is None:
        server.terminate()
    try:
        server.wait(timeout=15)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def command_run(port: int | None, extra: list[str]) -> int:
    """Start the app, print its address, and stay until it ends."""
    python = ensure(PRODUCT)
    port = choose_port(port)
    command = [python, "-m", "streamlit", "run", "app/main.py", "--server.port", str(port)]
    # Headless: Streamlit otherwise asks a first-time user for an e-mail address before it starts.
    command += ["--server.headless", "true", "--browser.gatherUsageStats", "false", *extra]
    server = subprocess.Popen(command, cwd=str(ROOT))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    try:
        if wait_until_healthy(server, port):
            say(f"\n  Glassbox is running:  http://localhost:{port}\n  Ctrl+C stops it.\n")
        elif server.poll() is None:
            say("The app has not answered for three minutes; it may still be starting. Ctrl+C stops it.")
        return server.wait()
    except KeyboardInterrupt:
        return 0
    finally:
        stop(server)


# --- checks ----------------------------------------------------------------------------------------------------


def check_environment(path: str | None = None) -> dict[str, str]:
    """The environment variables that checks run under: threads that fit the machine, no waiting in busy loops."""
    env = dict(os.environ)
    env.setdefault("OMP_NUM_THREADS", str(min(2, os.cpu_count() or 1)))
    env.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    env.setdefault("TOKENIZERS_PARALLELISM", "false")
    env["PYTHONUNBUFFERED"] = "1"
    if path:
        env["GLASSBOX_BROWSER"] = path
    return env


def command_lint() -> int:
    python = ensure(DEVELOPMENT)
    for title, arguments in (
        ("ruff check", ["ruff", "check", "."]),
        ("ruff format --check", ["ruff", "format", "--check", "."]),
        ("mypy", ["mypy"]),
    ):
        say("== " + title)
        run([python, "-m", *arguments])
    return 0


def command_format() -> int:
    python = ensure(DEVELOPMENT)
    run([python, "-m", "ruff", "check", "--fix", "--select", "I", "--quiet", "."])
    run([python, "-m", "ruff", "format", "."])
    return 0


def command_test(extra: list[str]) -> int:
    """Lint, types, then every test; pytest's closing line is the last that is printed."""
    python = ensure(DEVELOPMENT)
    try:
        path = browser.ensure(python, say)
    except browser.NoBrowser as missing:
        raise Problem(str(missing)) from None
    command_lint()
    say("== pytest")
    return subprocess.run(
        [python, "-m", "pytest", *extra], check=False, cwd=str(ROOT), env=check_environment(path)
    ).returncode


def command_bench(extra: list[str]) -> int:
    """The benchmarks, quiet but for their tables."""
    python = ensure(DEVELOPMENT)
    # `-s` shows the tables; a capturing pytest would also sit between the clock and the terminal.
    command = [python, "-m", "pytest", "tests/benchmarks", "-q", "-s", "--timeout", "1800", *extra]
    return subprocess.run(command, check=False, cwd=str(ROOT), env=check_environment()).returncode


def command_models(extra: list[str]) -> int:
    python = ensure(PRODUCT)
    return subprocess.run(
        [python, "-m", "scripts.train_models", *extra], check=False, cwd=str(ROOT)
    ).returncode


def command_shots(extra: list[str]) -> int:
    python = ensure(DEVELOPMENT)
    try:
        env = check_environment(browser.ensure(python, say))
    except browser.NoBrowser as missing:
        raise Problem(str(missing)) from None
    return subprocess.run(
        [python, "-m", "scripts.shots", *extra], check=False, cwd=str(ROOT), env=env
    ).returncode


def command_lock(extra: list[str]) -> int:
    """Resolve requirements*.in for every system and Python at once; `--upgrade` takes the newest versions."""
    uv = uv_command()
    options = ["--universal", "--python-version", "3.11", "--generate-hashes", "--no-emit-index-url"]
    for lock in (PRODUCT, DEVELOPMENT):
        source = lock.replace(".txt", ".in")
        run([*uv, "pip", "compile", "--quiet", *options, *extra, source, "-o", lock])
        say(source + " -> " + lock)
    return 0


def command_clean() -> int:
    for folder in (VENV, UV_VENV, *(ROOT / name for name in MADE)):
        shutil.rmtree(str(folder), ignore_errors=True)
    for folder in ROOT.glob("*/**/__pycache__"):
        shutil.rmtree(str(folder), ignore_errors=True)
    return 0


# --- the command line ------------------------------------------------------------------------------------------


def help_lines(makefile: str) -> list[tuple[str, str]]:
    """(target, description) of every documented target, in the Makefile's order: it is the one list of commands."""
    return re.findall(r"^([a-z]+):.*?## (.+)$", makefile, flags=re.MULTILINE)


def command_help() -> int:
    say("Glassbox. make COMMAND, or without make: python scripts/environment.py COMMAND\n")
    for target, text in help_lines((ROOT / "Makefile").read_text(encoding="utf-8")):
        say(f"  {target:<8} {text}")
    return 0


def parse(arguments: list[str]) -> tuple[str, int | None, list[str]]:
    """Split a command line into the command, the port (of `run`) and what is passed on."""
    names = ("help", "run", "test", "bench", "models", "shots", "lint", "format", "lock", "clean")
    parser = argparse.ArgumentParser(prog="python scripts/environment.py", add_help=False, allow_abbrev=False)
    parser.add_argument("command", nargs="?", default="help", choices=names)
    parser.add_argument("-h", "--help", action="store_true")
    parser.add_argument("--port", type=int)
    known, extra = parser.parse_known_args(arguments)
    return ("help" if known.help else known.command), known.port, extra


def main(arguments: list[str]) -> int:
    command, port, extra = parse(arguments)
    takes_more = {
        "test": command_test,
        "bench": command_bench,
        "models": command_models,
        "shots": command_shots,
        "lock": command_lock,
    }
    alone = {"help": command_help, "lint": command_lint, "format": command_format, "clean": command_clean}
    try:
        if command == "run":
            return command_run(port, extra)
        if command in takes_more:
            return takes_more[command](extra)
        return alone[command]()
    except Problem as problem:
        say("\n" + str(problem))
        return 1
    except subprocess.CalledProcessError as failed:
        say("\nFailed: " + " ".join(map(str, failed.cmd)))
        return failed.returncode or 1
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
