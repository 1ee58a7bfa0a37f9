"""Logs for whoever runs a server: a limit on their lines, and JSON lines on request.

A JSON line says when, how bad, from where, what, and of an error its kind and place.

An error's own message may quote what somebody typed, so it is left out, as are the values in its trace: a line says
that, where and how often something failed, and nothing of what a visitor wrote.
"""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable
from typing import Any

VARIABLE = "GLASSBOX_LOG"
KINDS = ("text", "json")
LINES = 300  # lines of one logger in a minute: a visitor who causes errors must not fill the disk
MINUTE = 60.0


def kind() -> str:
    """Read GLASSBOX_LOG: "text", as Python writes logs, or "json".

    Raises:
        ValueError: it is neither.
    """
    written = os.environ.get(VARIABLE, "").strip() or KINDS[0]
    if written not in KINDS:
        raise ValueError(f"{VARIABLE}={written} must be text or json")
    return written


def set_up() -> None:
    """Let all loggers of this process write as GLASSBOX_LOG says.

    Raises:
        ValueError: it says nothing known.
    """
    if kind() == "json":
        form = formatter()
        handler = logging.StreamHandler()
        handler.setFormatter(form)
        logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
        for known in _handlers():
            known.setFormatter(form)
        for quiet in ("httpx", "httpcore", "matplotlib", "fsspec", "urllib3"):
            logging.getLogger(quiet).setLevel(logging.WARNING)
    for known in _handlers():
        if not any(isinstance(one, LineLimit) for one in known.filters):
            known.addFilter(LineLimit())


def _handlers() -> list[logging.Handler]:
    """List the handlers that write: Streamlit and uvicorn have some of their own."""
    loggers = [logging.root, *map(logging.getLogger, list(logging.root.manager.loggerDict))]
    last = [logging.lastResort] if logging.lastResort else []
    return [*last, *(handler for logger in loggers for handler in logger.handlers)]


class LineLimit(logging.Filter):
    """Leave out lines of a logger beyond so many in a minute; its next line afterwards says how many.

    Args:
        most: lines of one logger in a minute. clock: seconds of a clock that only goes on.
    """

    def __init__(self, most: int = LINES, clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self.most, self.clock = most, clock
        self._minutes: dict[str, tuple[float, int]] = {}  # by logger: when its minute began, lines since

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a line is written."""
        now = self.clock()
        began, count = self._minutes.get(record.name, (now, 0))
        if now - began >= MINUTE:
            if count > self.most:
                record.msg = f"{record.msg} ({count - self.most} lines of {record.name} were left out)"
            began, count = now, 0
        self._minutes[record.name] = began, count + 1
        return count < self.most


def formatter() -> logging.Formatter:
    """Return what writes a record as a line of JSON."""
    from pythonjsonlogger.json import JsonFormatter

    class Lines(JsonFormatter):
        """A record as a line, without what an error says."""

        def format(self, record: logging.LogRecord) -> str:
            """Format a record, without changing it for other handlers."""
            plain = logging.makeLogRecord(record.__dict__)
            plain.args = _unquoted(record.args)
            if record.exc_info:
                setattr(plain, "error", place(record.exc_info[1]))  # noqa: B010
            plain.exc_info, plain.exc_text, plain.stack_info = None, None, None
            return super().format(plain)

    fields = ["asctime", "levelname", "name", "message"]
    names = {"asctime": "time", "levelname": "level", "name": "logger"}
    return Lines(fields, rename_fields=names, datefmt="%Y-%m-%dT%H:%M:%S%z")


def _unquoted(args: Any) -> Any:
    """Return a record's arguments with an error's kind in the place of what it says."""
    if isinstance(args, tuple):
        return tuple(type(arg).__name__ if isinstance(arg, BaseException) else arg for arg in args)
    return args


def place(error: BaseException | None) -> dict[str, Any] | None:
    """Return the kind of an error and where it was raised, innermost last: files, lines and functions."""
    if error is None:
        return None
    frames = traceback.extract_tb(error.__traceback__)
    return {
        "kind": type(error).__name__,
        "at": [f"{os.path.relpath(frame.filename)}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
    }
