"""Logs as JSON lines for whoever runs a server: when, how bad, from where, what, and of an error its kind and place.

An error's own message may quote what somebody typed, so it is left out, as are the values in its trace: a line says
that, where and how often something failed, and nothing of what a visitor wrote.
"""

from __future__ import annotations

import logging
import os
import traceback
from typing import Any

VARIABLE = "GLASSBOX_LOG"
KINDS = ("text", "json")


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
    if kind() == "text":
        return
    form = formatter()
    handler = logging.StreamHandler()
    handler.setFormatter(form)
    logging.basicConfig(handlers=[handler], level=logging.INFO, force=True)
    for name in list(logging.root.manager.loggerDict):  # Streamlit and uvicorn have handlers of their own
        for known in logging.getLogger(name).handlers:
            known.setFormatter(form)
    for quiet in ("httpx", "httpcore", "matplotlib", "fsspec", "urllib3"):
        logging.getLogger(quiet).setLevel(logging.WARNING)


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
