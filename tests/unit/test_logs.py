"""Logs as JSON: a line for each record, and nothing of what a visitor wrote."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core import logs

ROOT = Path(__file__).resolve().parents[2]
SECRET = "my grandmother's maiden name"


def line(message: str, *args: object, error: BaseException | None = None) -> dict[str, Any]:
    """A record as the formatter writes it."""
    info = None if error is None else (type(error), error, error.__traceback__)
    record = logging.LogRecord("glassbox", logging.WARNING, __file__, 1, message, args, info)
    written = logs.formatter().format(record)
    assert "\n" not in written
    found: dict[str, Any] = json.loads(written)
    return found


def raised() -> ValueError:
    """An error that quotes what somebody typed."""
    try:
        raise ValueError(f"{SECRET} is no token")
    except ValueError as error:
        return error


def test_a_line_says_when_how_bad_from_where_and_what() -> None:
    found = line("Run %s goes on later", "0123")
    assert found.pop("time")[:2] == "20"
    assert found == {"level": "WARNING", "logger": "glassbox", "message": "Run 0123 goes on later"}


def test_an_error_is_its_kind_and_its_place() -> None:
    found = line("A page failed", error=raised())
    assert found["error"]["kind"] == "ValueError"
    assert found["error"]["at"][-1].startswith("tests/unit/test_logs.py:") and found["error"]["at"][
        -1
    ].endswith(" raised")
    assert SECRET not in json.dumps(found)


def test_an_error_in_a_message_is_its_kind() -> None:
    found = line("A room could not be read: %s", raised())
    assert found["message"] == "A room could not be read: ValueError"


def test_a_record_is_the_same_for_other_handlers() -> None:
    error = raised()
    record = logging.LogRecord(
        "glassbox", logging.ERROR, __file__, 1, "no: %s", (error,), (ValueError, error, None)
    )
    before = dict(record.__dict__)
    logs.formatter().format(record)
    assert {name: record.__dict__[name] for name in before} == before


PROCESS = """
import logging, sys
other = logging.getLogger("streamlit.other")
other.addHandler(logging.StreamHandler())
other.propagate = False
from core import logs
logs.set_up()
logging.getLogger("glassbox").info("Begins")
other.warning("Heard")
try:
    1 / 0
except ZeroDivisionError:
    logging.getLogger("glassbox.runs").exception("Fails")
"""


@pytest.mark.parametrize("how", ["json", "text", ""])
def test_a_process_logs_as_it_is_told(how: str) -> None:
    made = subprocess.run(
        [sys.executable, "-c", PROCESS],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
        env={logs.VARIABLE: how},
    )
    if how == "json":
        said = [json.loads(each)["message"] for each in made.stderr.splitlines()]
        assert said == ["Begins", "Heard", "Fails"]
    else:
        assert "Heard\n" in made.stderr and "Traceback" in made.stderr


def test_a_flood_of_lines_is_cut_off_and_counted() -> None:
    now = 0.0
    limit = logs.LineLimit(most=3, clock=lambda: now)

    def written(name: str, message: str = "%s failed") -> str:
        record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, ("A page",), None)
        return record.getMessage() if limit.filter(record) else ""

    assert [bool(written("flood")) for _ in range(10)] == [True] * 3 + [False] * 7
    assert written("other") == "A page failed", "other loggers still write"
    now = logs.MINUTE
    assert written("flood") == "A page failed (7 lines of flood were left out)"
    assert written("flood") == written("other") == "A page failed"


@pytest.mark.parametrize("how", logs.KINDS)
def test_every_handler_of_a_process_has_the_limit(how: str) -> None:
    code = (
        "import logging, streamlit.logger; from core import logs; streamlit.logger.get_logger('root'); logs.set_up();"
        "[logging.getLogger(name).warning('line') for name in ('glassbox', 'streamlit') for _ in range(1000)]"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, logs.VARIABLE: how},
    )  # fmt: skip
    assert logs.LINES <= done.stderr.count("line") <= 2 * logs.LINES + 10


def test_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(logs.VARIABLE, "xml")
    with pytest.raises(ValueError, match="GLASSBOX_LOG=xml must be text or json"):
        logs.set_up()
