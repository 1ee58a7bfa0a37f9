"""Run tests and record which of them runs which line; read the recording."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any

from coverage import CoverageData, numbits
from coverage.exceptions import DataError

from scripts import pictures
from scripts.mutation import recorder

FOLDER = ".coverage-tests"
NODE_TESTS = "tests/scripts"
CONFIGURATION = """[run]
source =
    {root}/core
    {root}/app
    {root}/pages
data_file = {folder}/lines
parallel = true
patch = fork, _exit
sigterm = true
disable_warnings = no-data-collected, module-not-imported, module-not-measured, already-imported
plugins = scripts.mutation.context
"""


def record(root: Path, arguments: list[str]) -> int:
    """Run pytest with these arguments and the scripts' own tests, and add what they run to the recording.

    Returns:
        pytest's exit code.
    Raises:
        ValueError: the recording is of another commit.
    """
    folder = root / FOLDER
    folder.mkdir(exist_ok=True)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True
    ).stdout.strip()
    origin = folder / "commit"
    if origin.exists() and origin.read_text(encoding="utf-8") != commit:
        raise ValueError(f"{folder} was recorded at another commit; delete it, or check that commit out")
    origin.write_text(commit, encoding="utf-8")
    configuration = folder / "coveragerc"
    configuration.write_text(CONFIGURATION.format(root=root, folder=folder), encoding="utf-8")
    environment = {
        **os.environ,
        "COVERAGE_PROCESS_START": str(configuration),
        "COVERAGE_CORE": "ctrace",  # the only one that knows contexts
        "PYTHONPATH": str(root),
        recorder.FOLDER: str(folder),
    }
    command = [sys.executable, "-m", "pytest", "-p", "scripts.mutation.recorder", *arguments]
    code = subprocess.run(command, cwd=root, env=environment, check=False).returncode
    _combine(folder)
    _record_node_tests(root, folder)
    return code


def _combine(folder: Path) -> None:
    """Add the data of all processes to one file; a process that was killed as it wrote may have left half a file."""
    whole = CoverageData(str(folder / "contexts"))
    whole.read()
    for path in sorted(folder.glob("lines.*")):
        part = CoverageData(str(path))
        with suppress(DataError):
            part.read()
            whole.update(part)
        part.close()
        path.unlink()
    whole.close()


def _record_node_tests(root: Path, folder: Path) -> None:
    """Run each file of Node's tests by itself, and write down which scripts it runs."""
    with (folder / "tests-node.jsonl").open("w", encoding="utf-8") as file:
        for path in sorted((root / NODE_TESTS).glob("*.test.mjs")):
            written = folder / "node" / path.stem
            started = time.monotonic()
            environment = {**os.environ, recorder.NODE: str(written)}
            subprocess.run(node_test(path), cwd=root, env=environment, capture_output=True, check=True)
            name = path.relative_to(root).as_posix()
            seconds = round(time.monotonic() - started, 3)
            file.write(json.dumps({"test": name, "seconds": seconds}) + "\n")
            file.write(json.dumps({"test": name, "scripts": recorder.read_scripts(written)}) + "\n")
    shutil.rmtree(folder / "node", ignore_errors=True)


def node_test(*paths: Path) -> list[str]:
    """Return the command that runs files of Node's tests."""
    return pictures.command(sys.executable, "node", "--test", "--test-reporter=tap", *map(str, paths))


class Recording:
    """What was recorded: tests by line, their seconds, and the scripts that they ran in Node.

    Attributes:
        commit: at which it was recorded.
        seconds: of each test.
        scripts: for each script, the tests that ran it in Node.
    """

    def __init__(self, root: Path) -> None:
        folder = root / FOLDER
        self.root = root
        self.commit = (folder / "commit").read_text(encoding="utf-8")
        self.seconds: dict[str, float] = {}
        self.scripts: dict[str, set[str]] = {}
        for path in sorted(folder.glob("tests-*.jsonl")):
            for line in path.read_text(encoding="utf-8").splitlines():
                record = json.loads(line)
                if "seconds" in record:
                    self.seconds[record["test"]] = record["seconds"]
                for script in record.get("scripts", ()):
                    if Path(script).is_relative_to(root):
                        name = Path(script).relative_to(root).as_posix()
                        self.scripts.setdefault(name, set()).add(record["test"])
        self._data = sqlite3.connect(folder / "contexts")

    def _select(self, what: str, where: str, *values: object) -> list[tuple[Any, ...]]:
        """Query the tables of coverage.py, whose form its documentation describes (dbschema)."""
        joined = "line_bits JOIN file ON file.id = file_id JOIN context ON context.id = context_id"
        query = f"SELECT {what} FROM {joined} WHERE context.context <> '' AND {where}"
        return self._data.execute(query, values).fetchall()

    def tests_of_lines(self, path: str, first: int, last: int) -> set[str]:
        """Return the tests that run one of these lines of a file."""
        lines = numbits.nums_to_numbits(range(first, last + 1))
        rows = self._select("context.context, numbits", "file.path = ?", str(self.root / path))
        return {test for test, run in rows if numbits.numbits_any_intersection(run, lines)}

    def tests_of_file(self, path: str) -> set[str]:
        """Return the tests that run any line of a file."""
        return {test for (test,) in self._select("context.context", "file.path = ?", str(self.root / path))}

    def tests_of_folder(self, folder: str) -> set[str]:
        """Return the tests that run any line of any file below a folder."""
        prefix = f"{self.root / folder}/"
        rows = self._select("DISTINCT context.context", "substr(file.path, 1, ?) = ?", len(prefix), prefix)
        return {test for (test,) in rows}

    @cached_property
    def breadth(self) -> dict[str, int]:
        """For each test, of how many files it runs lines: the fewer, the more it is about each."""
        return dict(self._select("context.context, count(*)", "true GROUP BY context.id"))
