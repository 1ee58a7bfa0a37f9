"""Where this code lies, in a checkout or among installed packages, where it keeps what it makes, and where uv is.

Standard library only, in the syntax of Python 3.8, but for an installed package.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

# holds core, app, pages and assets, in a checkout and installed
ROOT = Path(__file__).resolve().parent.parent
UV_VENV = ROOT / ".venv-uv"  # a checkout's own uv, where the machine has none


def is_checkout() -> bool:
    """Return whether this code lies in a checkout; else a package manager installed it."""
    return (ROOT / "pyproject.toml").is_file()


def home() -> Path:
    """Return the folder for what is kept without a setting: .glassbox of a checkout, else the user's data folder.

    Nothing is written where packages are installed: they may be read-only, and are removed with their environment.
    """
    if is_checkout():
        return ROOT / ".glassbox"
    from platformdirs import user_data_path

    return user_data_path("glassbox", appauthor=False)


def version() -> str:
    """Return the version in pyproject.toml, or of the installed package; "unknown" where it is neither."""
    if is_checkout():
        for line in (ROOT / "pyproject.toml").read_text(encoding="utf-8").splitlines():
            name, _, value = line.partition("=")
            if name.strip() == "version":
                return value.strip().strip('"')
    from importlib.metadata import PackageNotFoundError
    from importlib.metadata import version as installed

    try:
        return installed("glassbox")
    except PackageNotFoundError:
        return "unknown"


def venv_program(venv: Path, name: str, windows: bool = os.name == "nt") -> Path:
    """Return the path of a program inside a virtual environment, on either kind of system."""
    return venv / "Scripts" / (name + ".exe") if windows else venv / "bin" / name


def succeeds(command: list[str], timeout: float = 60) -> bool:
    """Return whether a command exists, ends within `timeout` seconds and exits with 0; its output is not shown."""
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


def find_uv() -> list[str] | None:
    """Return the command that starts uv, or None where there is none.

    uv is looked for on PATH, as a module of this Python, as a module of the Python that this environment was made
    from (`pip install --user uv` puts it there, and not always on PATH), and in a checkout's `.venv-uv`.
    """
    on_path = shutil.which("uv")
    base = getattr(sys, "_base_executable", None) or sys.executable
    candidates = [[on_path]] if on_path else []
    candidates += [[python, "-m", "uv"] for python in dict.fromkeys((sys.executable, base))]
    candidates.append([str(venv_program(UV_VENV, "uv"))])
    # A name on PATH may be a version manager's shim without a program behind it: only one that answers counts.
    return next((command for command in candidates if succeeds([*command, "--version"])), None)
