"""Finds a Chromium for the browser tests and the screenshots, and installs one where there is none.

Standard library only, in the syntax of Python 3.8, like `environment.py`, which calls it before the environment's
packages can be relied on.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable

from app.outside.browsers import candidates

# What every launch needs: it runs as root in containers, without a graphics card, and asks nothing of the network.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
MISSING = """No Chromium was found and none could be installed; the browser tests need one.
Any one of these helps; then run the same command again:
  * install Chromium or Chrome with your system's package manager, for example
      Debian:  sudo apt-get install chromium        Fedora:  sudo dnf install chromium
      Arch:    sudo pacman -S chromium              macOS:   brew install --cask google-chrome
  * let Playwright download its own:  {python} -m playwright install chromium
  * name one that is already here:    GLASSBOX_BROWSER=/path/to/chrome make test"""


class NoBrowser(Exception):
    """There is no browser and none could be installed; the text says what to do."""


def answers(path: str, platform: str = sys.platform) -> bool:
    """Whether the program is there and starts. Some distributions ship a `chromium` that only says where to get one."""
    if platform == "win32":
        return Path(path).exists()  # `chrome.exe --version` opens a window instead of answering
    try:
        done = subprocess.run([path, "--version"], capture_output=True, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def playwrights_own(python: str) -> str | None:
    """The path of the Chromium that Playwright downloaded for this Python, if it did."""
    code = "from playwright.sync_api import sync_playwright as s\nwith s() as p: print(p.chromium.executable_path)"
    try:
        done = subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    path = done.stdout.strip()
    return path if path and Path(path).exists() else None


def find(python: str) -> str | None:
    """The path of a Chromium that starts, or None."""
    for path in candidates(os.environ, shutil.which):
        if answers(path):
            return path
    return None if os.environ.get("GLASSBOX_BROWSER") else playwrights_own(python)


def is_root() -> bool:
    """Whether system packages can be installed without asking anybody."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def installers(
    python: str, root: bool, which: Callable[[str], str | None]
) -> list[tuple[str, list[list[str]]]]:
    """(who, commands) to try in order. A system's package manager is used only where it asks nobody for a password."""
    ways: list[tuple[str, list[list[str]]]] = []
    if root and which("apt-get"):
        install = ["apt-get", "install", "-y", "--no-install-recommends", "fonts-liberation"]
        ways.append(("apt-get", [["apt-get", "update"], [*install, "chromium-headless-shell"]]))
        ways.append(("apt-get", [[*install, "chromium"]]))  # where there is none without windows
    if root and which("dnf"):
        ways.append(("dnf", [["dnf", "install", "-y", "chromium"]]))
    if root and which("pacman"):
        ways.append(("pacman", [["pacman", "-Sy", "--noconfirm", "chromium"]]))
    if not root and which("brew"):  # Homebrew refuses to run as root
        ways.append(("brew", [["brew", "install", "--cask", "google-chrome"]]))
    ways.append(("Playwright", [[python, "-m", "playwright", "install", "chromium"]]))
    return ways


def ensure(python: str, say: Callable[[str], None]) -> str:
    """Find a Chromium, or install one; raises `NoBrowser` when neither works.

    Args:
        python: the Python of the environment that has Playwright.
        say: takes each line of progress.
    """
    found = find(python)
    if found:
        return found
    if os.environ.get("GLASSBOX_BROWSER"):
        raise NoBrowser(
            "GLASSBOX_BROWSER names {}, which does not start.".format(os.environ["GLASSBOX_BROWSER"])
        )
    env = dict(os.environ, DEBIAN_FRONTEND="noninteractive")
    for who, commands in installers(python, is_root(), shutil.which):
        say("No Chromium here: trying " + who + ".")
        for command in commands:
            try:
                done = subprocess.run(command, env=env, stdin=subprocess.DEVNULL, timeout=900, check=False)
            except (OSError, subprocess.TimeoutExpired) as failed:
                say(f"{who} did not work: {failed}")
                break
            if done.returncode:
                break
        found = find(python)
        if found:
            return found
    raise NoBrowser(MISSING.format(python=python))
