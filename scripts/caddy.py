"""Finds Caddy for the tests of several server processes, and fetches Debian's where there is none.

Nothing is installed: Debian's package would start a web server of its own on port 80. Standard library only, in the
syntax of Python 3.8, like `browser.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path

from app.server import proxy
from scripts import browser

FOLDER = Path(__file__).resolve().parent.parent / ".caddy"
MISSING = """No Caddy was found and none could be fetched; the tests of several server processes need it.
Install it with your system's package manager, then run the same command again, for example
  Debian, Ubuntu:  sudo apt-get install caddy        Fedora:  sudo dnf install caddy
  Arch:            sudo pacman -S caddy              macOS:   brew install caddy"""


class NoCaddy(Exception):
    """There is no Caddy and none could be fetched; the text says what to do."""


def path_with(environment: dict[str, str]) -> str:
    """The PATH of an environment, and where a fetched Caddy lies."""
    return os.pathsep.join(filter(None, [environment.get("PATH", ""), str(FOLDER / "usr" / "bin")]))


def find() -> str | None:
    """The path of Caddy, on the PATH or fetched before; None: there is none that starts."""
    found = proxy.find({"PATH": path_with(dict(os.environ))})
    return found if found is not None and _works([found, "version"]) else None


def ensure(say: Callable[[str], None]) -> str:
    """Find Caddy, or fetch it through apt; raises `NoCaddy` when neither works.

    Args:
        say: takes each line of progress.
    """
    if (found := find()) is not None:
        return found
    if shutil.which("apt-get") and shutil.which("dpkg-deb"):
        say("No Caddy here: fetching Debian's into .caddy.")
        if not _fetch() and browser.is_root():  # without lists of packages, or with old ones
            _works(["apt-get", "update"])
            _fetch()
    if (found := find()) is None:
        raise NoCaddy(MISSING)
    return found


def _fetch() -> bool:
    with tempfile.TemporaryDirectory() as scratch:
        if not _works(["apt-get", "download", "caddy"], scratch):
            return False
        return all(_works(["dpkg-deb", "-x", str(file), str(FOLDER)]) for file in Path(scratch).glob("*.deb"))


def _works(command: list[str], folder: str | None = None) -> bool:
    try:
        done = subprocess.run(
            command, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, timeout=300, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0
