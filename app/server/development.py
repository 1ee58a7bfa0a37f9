"""The app under development: a changed file is seen after a refresh of the browser (`make dev`).

Two mechanisms, since a new process takes seconds and a changed script needs none:

- A changed Python file, lesson, question or table of translations restarts the server, so that no class, registry or
  cache of the old code stays (`serve`).
- Changed scripts and style sheets are read again when a browser asks for a page (`Reload`, `reload_files`).

The variable GLASSBOX_DEVELOPMENT, which is read here and nowhere else, turns the second one on; `make run` has neither.
Standard library only at import, in the syntax of Python 3.8: `make dev` begins before there is an environment.
"""

from __future__ import annotations

import functools
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

from app.server import launch

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send

VARIABLE = "GLASSBOX_DEVELOPMENT"
ROOT = launch.MAIN.parents[1]
# Folders and the kinds of files in them that need a new process; what is read anew without one.
RESTARTED = (
    *((folder, ".py") for folder in ("app", "core", "pages")),
    ("app/.streamlit", ".toml"), ("assets/lessons", ".md"), ("assets/languages", ".po"),
)  # fmt: skip
RELOADED = tuple((folder, suffix) for folder in ("app", "pages") for suffix in (".js", ".css"))
INTERVAL = 0.3  # seconds between two looks for changed files
SETTLES = 0.2  # seconds in which an editor may go on saving

_seen: dict[Path, int] = {}  # the times of the scripts and style sheets that the caches hold


def is_on() -> bool:
    """Return whether this server process is one of `make dev`."""
    return os.environ.get(VARIABLE) == "1"


def find_times(kinds: tuple[tuple[str, str], ...], root: Path = ROOT) -> dict[Path, int]:
    """Return the time of the last change of each file, in nanoseconds.

    Args:
        kinds: pairs of a folder below `root`, which is searched with its subfolders, and a suffix.
    """
    times = {}
    for folder, suffix in kinds:
        for path in (root / folder).rglob(f"*{suffix}"):
            try:
                times[path] = path.stat().st_mtime_ns
            except OSError:  # an editor that replaces a file removes it for a moment
                continue
    return times


def wait_for_change(before: dict[Path, int], kinds: tuple[tuple[str, str], ...], root: Path = ROOT) -> str:
    """Wait until a file was changed, added or removed since `before`; return its path below `root`."""
    while (now := find_times(kinds, root)) == before:
        time.sleep(INTERVAL)
    time.sleep(SETTLES)
    changed = {path for path, _ in before.items() ^ now.items()}
    return min(changed).relative_to(root).as_posix()


def serve(python: str, port: int, extra: list[str]) -> int:
    """Start the app, restart it after each change that needs it, and stay until Ctrl+C.

    Args:
        python: the interpreter that starts it. extra: options of Streamlit's.
    """
    command = launch.command_of(python, launch.HERE, port, extra)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    address, restarts = launch.address_of(launch.HERE, port), 0
    while True:
        before, began = find_times(RESTARTED), time.monotonic()
        server = subprocess.Popen(command, cwd=str(ROOT), env={**os.environ, VARIABLE: "1"})
        try:
            if not launch.wait_until_healthy(server, port):
                print(
                    "\n  The server did not start: see above. It starts again when a file changes.",
                    flush=True,
                )
            elif restarts:
                print(f"  Restarted in {time.monotonic() - began:.1f} s: refresh {address}", flush=True)
            else:
                greet(address)
            print(f"\n  {wait_for_change(before, RESTARTED)} changed: restarting.", flush=True)
        except KeyboardInterrupt:
            return 0
        finally:
            launch.stop(server)
        restarts += 1


def greet(address: str) -> None:
    """Print where the app is and whom it is for."""
    print(f"\n  Glassbox for development:  {address}", flush=True)
    print(
        "  Not for visitors: each change of the code restarts it. Only this machine reaches it.", flush=True
    )
    print("  Save a file and refresh the browser. Ctrl+C stops it.\n", flush=True)


class Reload:
    """Middleware that reads changed scripts and style sheets again before a browser gets a page."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on; a request for a page is one that a browser would show."""
        if scope["type"] == "http" and b"text/html" in dict(scope["headers"]).get(b"accept", b""):
            reload_files()
        await self.app(scope, receive, send)


def reload_files() -> bool:
    """Empty the caches of the app and the pages where a script or style sheet changed; return whether one did."""
    now = find_times(RELOADED)
    if now == _seen:
        return False
    _seen.clear()
    _seen.update(now)
    for cached in find_caches():
        cached.cache_clear()
    return True


def find_caches() -> list[functools._lru_cache_wrapper[Any]]:
    """Return the cached functions of the app and the pages, since any of them may hold what was made of a file."""
    modules = [module for name, module in sys.modules.items() if name.partition(".")[0] in ("app", "pages")]
    return [
        value
        for module in modules
        for value in vars(module).values()
        if isinstance(value, functools._lru_cache_wrapper)
    ]
