"""Choose the tests that may notice a mutant, and the order in which they run."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from scripts.mutation.mutants import Mutant
from scripts.mutation.recording import NODE_TESTS, Recording

BROWSER = "tests/browser/"
# A file of tests whose text says one of these may read scripts or hand them to a browser or to Node.
READS_SCRIPTS = re.compile(r"\.m?js\b|\bnode\b|modules|rendering")


@dataclass
class Choice:
    """The tests for one mutant, in the order in which they run.

    Attributes:
        required: they run the line; until all have passed, the mutant has not survived.
        further: they run other lines of the file. What a fixture or a cache has computed for an earlier test of the
            recording leaves no trace in theirs.
    """

    required: list[str]
    further: list[str]


def choose(mutant: Mutant, recording: Recording, tests: set[str], changed: set[str]) -> Choice:
    """Choose among the tests of a tier.

    Args:
        tests: those of the tier that pytest collects now, and Node's.
        changed: the files that have changed since the recording: of a module, the lines are no longer where they were,
            and a test may be a new one, which is chosen for every mutant.
    """
    if mutant.is_script:
        required = _find_tests_of_script(mutant.path, recording, tests)
        further: set[str] = set()
    else:
        further = recording.tests_of_file(mutant.path)
        required = recording.tests_of_lines(mutant.path, mutant.first, mutant.last)
        if mutant.at_import or mutant.path in changed:
            required = further
    new = {test for test in tests if test not in recording.seconds and file_of(test) in changed}
    required = (required & tests) | new
    return Choice(order(required, recording), order((further & tests) - required, recording))


def _find_tests_of_script(path: str, recording: Recording, tests: set[str]) -> set[str]:
    """Return the tests that ran a script in Node, and those that may have handed it to a browser.

    A browser loads the scripts of a page's folder in the tests that run Python of the folder, and any other in all.
    Other tests that read scripts do it by themselves or through `app.kit.modules`.
    """
    folder = "/".join(path.split("/")[:2])
    near = recording.tests_of_folder(folder) if path.startswith("pages/") else tests
    without_python = recording.seconds.keys() - recording.breadth.keys()
    reading = near | recording.tests_of_file("app/kit/modules.py") | without_python
    files = {file_of(test) for test in tests if not test.startswith((BROWSER, NODE_TESTS))}
    readers = {file for file in files if _reads_scripts(recording.root / file)}
    in_browser = {test for test in near if test.startswith(BROWSER)}
    return (
        recording.scripts.get(path, set())
        | in_browser
        | {test for test in reading if file_of(test) in readers}
    )


def file_of(test: str) -> str:
    """Return the file that a test is in."""
    return test.partition("::")[0]


def _reads_scripts(file: Path) -> bool:
    return file.exists() and READS_SCRIPTS.search(file.read_text(encoding="utf-8")) is not None


def order(tests: set[str], recording: Recording) -> list[str]:
    """Order tests: Node's first, a browser's last, and within these the quick files that are about few modules first.

    A file's tests stay together, for the sake of its fixtures, the fastest first.
    """

    def seconds(test: str) -> float:
        return recording.seconds.get(test, 0.0)

    def cost(group: list[str]) -> tuple[int, float]:
        kind = 0 if group[0].startswith(NODE_TESTS) else 2 if group[0].startswith(BROWSER) else 1
        breadth = sum(recording.breadth.get(test, 1) for test in group) / len(group)
        return kind, (seconds(group[0]) + 0.1) * breadth

    groups = [
        sorted(group, key=lambda test: (seconds(test), test))
        for _, group in groupby(sorted(tests, key=file_of), file_of)
    ]
    return [test for group in sorted(groups, key=cost) for test in group]
