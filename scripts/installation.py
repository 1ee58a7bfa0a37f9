"""The environment in `.venv`: uv found or installed, a Python that suits, and exactly the locked requirements.

Standard library only, in the syntax of Python 3.8, like everything that `environment.py` needs before there is an
environment.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from core.installation import ROOT, UV_VENV, find_uv, succeeds, venv_program
from scripts import browser, download

VENV = ROOT / ".venv"
STAMP = VENV / "glassbox.json"
PRODUCT = "requirements.txt"
DEVELOPMENT = "requirements-dev.txt"
OLDEST, NEWEST = (3, 11), (3, 13)
FALLBACK_PYTHON = ">=3.11,<3.14"  # what uv looks for (or downloads) when the running Python does not suit

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


# --- Python and uv ---------------------------------------------------------------------------------------------


def suits(version: tuple[int, int]) -> bool:
    """Whether the locked requirements are resolved for this Python, given as (major, minor)."""
    return OLDEST <= version <= NEWEST


def wanted_python(version: tuple[int, int], executable: str) -> str:
    """What to ask uv for: the running Python when it suits, else a version that uv finds or downloads."""
    return executable if suits(version) else FALLBACK_PYTHON


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


def ensure(asked: str, command: str) -> str:
    """Bring `.venv` to the lock file `asked` (or a superset of it) and return the path of its Python.

    `command` is what was typed after `make`: what is told before a download names it.
    """
    python = str(venv_program(VENV, "python"))
    version = venv_version(VENV)
    usable = version is not None and suits(version)
    stamp = read_stamp(STAMP) if usable else {}
    chosen = os.environ.get("GLASSBOX_TORCH")
    wanted = wanted_stamp(asked, stamp, ROOT, chosen)
    if usable and stamp == wanted:
        return python
    # Two builds of torch differ in what they bring along, and one satisfies what is asked of the other: going between
    # them starts afresh. So does what follows an installation that was stopped: which build it has put here is unknown.
    afresh = stamp.get("torch") != wanted["torch"]
    advice = None if chosen else download.command_for_processors(command)
    told = download.announcement(ROOT / wanted["lock"], None if afresh else VENV, wanted["torch"], advice)
    if told:
        say(told)
    uv = uv_command()
    if afresh:
        say("Making the environment in .venv.")
        make_venv(uv)
    if STAMP.exists():  # an interrupted installation must not look finished
        STAMP.unlink()
    say("Installing " + wanted["lock"] + ".")
    run(install_command(uv, python, wanted))
    STAMP.write_text(json.dumps(wanted, indent=1) + "\n", encoding="utf-8")
    return python
