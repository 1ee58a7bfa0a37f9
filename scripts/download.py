"""How much an installation fetches, told before it begins: the lock's wheels by size, and what is here already.

`make lock` writes the sizes beside the lock (`scripts/lock_sizes.py`). Standard library only, in the syntax of
Python 3.8, like `installation.py`.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import shutil
from pathlib import Path
from typing import Any, Callable, NamedTuple

SIZES = "requirements.sizes.json"
SYSTEMS = ("Linux x86_64", "Linux aarch64", "Darwin arm64", "Windows AMD64")
# Kilobytes of PyTorch's build for processors alone on Linux, which is in no lock: the size of the published file of
# torch 2.13.0+cpu for x86_64 and Python 3.11 (160,289,091 bytes). It stands for the locked version and for aarch64
# too, whose files have not been measured; that is why what is counted with it is told as "about".
CPU_TORCH = 160_289

# Where the driver shows itself besides the library path: its kernel module, and the library that Windows lends to WSL.
DRIVER_FILES = ("/proc/driver/nvidia/version", "/usr/lib/wsl/lib/libcuda.so.1")

FETCHES = "Downloads {size}; what uv keeps from earlier installations is not fetched again."
NO_DRIVER = """{cards} of that is PyTorch's build for NVIDIA cards, and this computer shows no driver for one.
The same versions with PyTorch's build for processors alone are about {cpu} in all (not checked against our hashes).
To take those, stop here (Ctrl+C) and run:
    {command}"""
UNKNOWN_BUILD = "How much is downloaded depends on the build of PyTorch that GLASSBOX_TORCH={torch} chooses."
UNKNOWN_SIZES = (
    "How much is downloaded is not known: " + SIZES + " does not cover this system with this lock."
)


class Sizes(NamedTuple):
    """Kilobytes of each package of a lock on one system, and the packages that only NVIDIA cards need."""

    kilobytes: dict[str, int]
    cards: frozenset[str]

    def total(self, names: set[str]) -> int:
        """Kilobytes of these packages together; what is not installed on the system counts nothing."""
        return sum(self.kilobytes.get(name, 0) for name in names)


# --- what there is to fetch ------------------------------------------------------------------------------------


def lock_digest(lock: Path) -> str:
    """SHA-256 of a lock's text, whichever line endings git has given it here."""
    return hashlib.sha256(lock.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def locked_versions(lock: Path) -> dict[str, set[str]]:
    """The versions that a lock names of each package: more than one where they differ by Python or system."""
    versions: dict[str, set[str]] = {}
    text = lock.read_text(encoding="utf-8")
    for name, version in re.findall(r"^([a-z0-9-]+)==([^\s;\\]+)", text, flags=re.MULTILINE):
        versions.setdefault(name, set()).add(version)
    return versions


def installed_versions(venv: Path) -> set[tuple[str, str]]:
    """(name, version) of every package in a virtual environment; a build's own mark (`+cpu`) is left out."""
    found: set[tuple[str, str]] = set()
    for pattern in ("lib/python*/site-packages/*.dist-info", "Lib/site-packages/*.dist-info"):
        for folder in venv.glob(pattern):
            name, _, version = folder.name[: -len(".dist-info")].partition("-")
            found.add((re.sub(r"[-_.]+", "-", name).lower(), version.partition("+")[0]))
    return found


def missing(lock: Path, venv: Path | None) -> set[str]:
    """The packages of a lock that an environment holds in none of its versions; all of them where there is none."""
    here = installed_versions(venv) if venv else set()
    return {
        name
        for name, versions in locked_versions(lock).items()
        if not any((name, version) in here for version in versions)
    }


# --- how large it is -------------------------------------------------------------------------------------------


def system_name() -> str:
    """This system and its processor, as the columns of the sizes are named."""
    return platform.system() + " " + platform.machine()


def read_sizes(lock: Path, system: str) -> Sizes | None:
    """The sizes kept beside a lock; None where they were taken of another lock, or this system is not among them."""
    try:
        kept: Any = json.loads((lock.parent / SIZES).read_text(encoding="utf-8"))
        if kept["locks"][lock.name] != lock_digest(lock):
            return None
        rows: dict[str, dict[str, int]] = {
            name: dict(zip(kept["systems"], row)) for name, row in kept["kilobytes"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    if not all(system in row for row in rows.values()):
        return None
    # On a Mac and on Windows the locked torch is the one without CUDA: what it brings on Linux alone is for cards.
    cards = {
        name
        for name, row in rows.items()
        if any(row.values()) and not any(row[other] for other in row if "Linux" not in other)
    }
    return Sizes({name: row[system] for name, row in rows.items()}, frozenset(cards))


def for_processors(sizes: Sizes, names: set[str], system: str) -> int:
    """Kilobytes of these packages when torch is the build for processors alone."""
    if not system.startswith("Linux"):  # the locked build is that one already
        return sizes.total(names)
    others = names - sizes.cards - {"torch"}
    return sizes.total(others) + (CPU_TORCH if "torch" in names else 0)


def readable(kilobytes: int) -> str:
    """A size for people: gigabytes to one place, or whole megabytes below a tenth of one."""
    if kilobytes >= 100_000:
        return f"{kilobytes / 1e6:.1f} GB"
    return f"{max(1, round(kilobytes / 1e3))} MB"


# --- what is told ----------------------------------------------------------------------------------------------


def load_library(name: str) -> object:
    """Open a shared library; raises `OSError` or `ImportError` where there is none."""
    import ctypes  # a Python can be built without it

    return ctypes.CDLL(name)


def has_nvidia_driver(
    load: Callable[[str], object] = load_library, files: tuple[str, ...] = DRIVER_FILES
) -> bool:
    """Whether anything of an NVIDIA driver shows on Linux: in doubt it counts as there."""
    if any(Path(file).exists() for file in files):
        return True
    try:
        load("libcuda.so.1")  # what torch itself opens to reach a card
    except (ImportError, OSError):
        return False
    return True


def command_for_processors(command: str) -> str:
    """What to type on Linux so that `command` (run, test...) takes the build of torch for processors."""
    start = "make " if shutil.which("make") else "python3 scripts/environment.py "
    return "GLASSBOX_TORCH=cpu " + start + command


def announcement(lock: Path, venv: Path | None, torch: str, advice: str | None) -> str:
    """What an installation will fetch, in words; empty where everything is here.

    `venv` is the environment that is brought to the lock (None: a new one), `torch` the build that it gets. `advice`
    is the command that takes a smaller build, or None where somebody has chosen one. It is given where the locked
    build brings gigabytes for a card that there is no sign of: on Linux without an NVIDIA driver.
    """
    names = missing(lock, venv)
    if torch not in ("locked", "cpu") and "torch" in names:
        return UNKNOWN_BUILD.format(torch=torch)
    system = system_name()
    sizes = read_sizes(lock, system)
    if sizes is None:
        return UNKNOWN_SIZES
    processors = for_processors(sizes, names, system)
    if torch != "locked":
        most = "about " if "torch" in names and system.startswith("Linux") else "at most "
        return FETCHES.format(size=most + readable(processors)) if processors else ""
    total = sizes.total(names)
    text = FETCHES.format(size="at most " + readable(total)) if total else ""
    if advice and "torch" in names and system.startswith("Linux") and not has_nvidia_driver():
        cards = sizes.total(names & (sizes.cards | {"torch"}))
        # Another build of torch starts from an empty environment.
        afresh = for_processors(sizes, missing(lock, None), system)
        if afresh < total:
            told = NO_DRIVER.format(cards=readable(cards), cpu=readable(afresh), command=advice)
            text += "\n" + told
    return text
