"""Where a Chromium, Chrome or Edge of this machine may be.

Standard library only, in the syntax of Python 3.8: scripts call it before packages can be relied on.
"""

from __future__ import annotations

import sys
from typing import Callable, Iterator, Mapping

NAMED = "GLASSBOX_BROWSER"
NAMES = (
    "chromium-headless-shell",  # without windows: the smallest, and a tenth quicker with a page
    "chrome-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
)
PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        r"C:\Program Files\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Google\Chrome\Application\chrome.exe",
        r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
    ),
}


def candidates(
    environ: Mapping[str, str], which: Callable[[str], str | None], platform: str = sys.platform
) -> Iterator[str]:
    """Yield paths worth trying: the one named in GLASSBOX_BROWSER (then no other), those on PATH, the usual places."""
    named = environ.get(NAMED)
    if named:
        yield named
        return
    yield from (path for path in map(which, NAMES) if path)
    yield from PLACES.get(platform, ())
