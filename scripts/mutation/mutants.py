"""The mutants of a source tree, in an order that a seed decides."""

from __future__ import annotations

import hashlib
import json
import math
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from scripts import pictures
from scripts.mutation import python_mutants

PACKAGES = ("core", "app", "pages")
SEED = 32
# How often a mutant is drawn. Numbers and keys of tables are the most frequent sites and the least interesting ones. A
# script offers twice as many sites per line as a Python module.
WEIGHTS = {"number": 0.25, "number sign": 0.25, "string key": 0.25}
SCRIPT_WEIGHT = 0.4
SCRIPT = Path(__file__).with_name("script_mutants.mjs")


@dataclass(frozen=True)
class Mutant:
    """One change of one file.

    Attributes:
        path: of the file, relative to the root, with slashes.
        operator: the kind of the change.
        start, end: the bytes that are replaced.
        before, after: what stands there, and what replaces it.
        line: the line of the change, from 1.
        first, last: the lines of the statement, or of the head of a compound statement.
        at_import: whether the statement runs when the module is imported.
        identity: 12 hex digits that stay the same as long as the statement stays the same.
    """

    path: str
    operator: str
    start: int
    end: int
    before: str
    after: str
    line: int
    first: int
    last: int
    at_import: bool
    identity: str

    @property
    def is_script(self) -> bool:
        """Whether the file is JavaScript."""
        return self.path.endswith(".js")

    def apply(self, source: bytes) -> bytes:
        """Return the mutated source of the file.

        Raises:
            ValueError: the source is another one.
        """
        if source[self.start : self.end] != self.before.encode():
            raise ValueError(f"{self.path} has changed: line {self.line} does not hold {self.before!r}")
        return source[: self.start] + self.after.encode() + source[self.end :]


def list_mutants(root: Path) -> list[Mutant]:
    """Return every mutant of the Python modules and of the scripts below `root`, in the order of the files."""
    mutants: list[Mutant] = []
    for path in _list_files(root, "py"):
        source = path.read_bytes()
        mutants += _identify(path.relative_to(root).as_posix(), source, python_mutants.find_changes(source))
    scripts = _list_files(root, "js")
    if scripts:
        command = pictures.command(sys.executable, "node", str(SCRIPT), *map(str, scripts))
        done = subprocess.run(command, capture_output=True, check=True)
        for path, changes in zip(scripts, json.loads(done.stdout), strict=True):
            found = (python_mutants.Change(**change) for change in changes)
            mutants += _identify(path.relative_to(root).as_posix(), path.read_bytes(), found)
    return mutants


def draw(mutants: list[Mutant], seed: int = SEED) -> list[Mutant]:
    """Return the mutants in the random order of a seed: mutant number i is the i-th of them, from 0.

    The key of a mutant depends on the seed and on the mutant alone, so a change elsewhere in the tree keeps the order
    of all others. Drawing without replacement by weights: Efraimidis and Spirakis, 2006, algorithm A.
    """

    def key(mutant: Mutant) -> tuple[float, str]:
        digest = hashlib.sha256(f"{seed}/{mutant.identity}".encode()).digest()
        uniform = (int.from_bytes(digest[:8], "big") + 1) / 2**64
        weight = WEIGHTS.get(mutant.operator, 1.0) * (SCRIPT_WEIGHT if mutant.is_script else 1.0)
        return -math.log(uniform) / weight, mutant.identity

    return sorted(mutants, key=key)


def _list_files(root: Path, suffix: str) -> list[Path]:
    return sorted(path for package in PACKAGES for path in (root / package).rglob(f"*.{suffix}"))


def _identify(path: str, source: bytes, changes: Iterator[python_mutants.Change]) -> Iterator[Mutant]:
    """Turn changes into mutants; equal changes of equal lines are counted."""
    lines = source.split(b"\n")
    seen: dict[tuple[object, ...], int] = {}
    for change in changes:
        before = source[change.start : change.end].decode()
        key = (change.operator, before, change.after, lines[change.line - 1].strip())
        seen[key] = seen.get(key, 0) + 1
        identity = hashlib.sha256(repr((path, *key, seen[key])).encode()).hexdigest()[:12]
        yield Mutant(path=path, before=before, identity=identity, **vars(change))
