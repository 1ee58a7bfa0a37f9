"""Judge mutants: run the quick tier and then the remaining tests on each, in a copy of the checkout."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from scripts import pictures
from scripts.mutation import chosen
from scripts.mutation.mutants import Mutant
from scripts.mutation.recording import NODE_TESTS, Recording, node_test
from scripts.mutation.selection import choose, file_of

TIERS = ("quick", "rest")
LIMIT = 120.0  # seconds for the tests of a tier
_START = 180.0  # seconds that pytest may take before its first test
_SHARED = (".venv", "node_modules", ".caddy", ".real")  # ignored folders that tests need
_RULES = "F,B,PLE"  # of ruff: faults. A mutant's style says nothing.
COLLECTION = "collection"


@dataclass
class Verdict:
    """What a tier said of a mutant.

    Attributes:
        verdict: "killed", "passed", or "limit" where the time ended before all tests that run the line had passed.
        by: the test or check that failed.
        tests: how many were to run. seconds: how long it took.
    """

    verdict: str
    by: str
    tests: int
    seconds: float


class Workspace:
    """A clone of the committed tree, in which one file at a time is mutated."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.checkout = folder / "checkout"
        self.answers = folder / "answers.jsonl"
        self.request = folder / "request.json"
        subprocess.run(["git", "clone", "--quiet", "--shared", str(root), str(self.checkout)], check=True)
        for name in _SHARED:
            if (root / name).exists():
                (self.checkout / name).symlink_to((root / name).resolve())
        self._changes = 0

    def commit(self) -> str:
        """Return the commit of the checkout."""
        command = ["git", "rev-parse", "HEAD"]
        done = subprocess.run(command, cwd=self.checkout, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def list_changes(self, commit: str) -> set[str]:
        """Return the files that differ from another commit."""
        command = ["git", "diff", "--name-only", commit, "HEAD"]
        done = subprocess.run(command, cwd=self.checkout, capture_output=True, text=True, check=True)
        return set(done.stdout.splitlines())

    def _write(self, path: Path, source: bytes) -> None:
        """Write a source with a time of its own: Python recognizes a stale module by its size and second."""
        self._changes += 1
        path.write_bytes(source)
        stamp = time.time() + 2 * self._changes
        os.utime(path, (stamp, stamp))

    @contextmanager
    def mutated(self, mutant: Mutant) -> Iterator[None]:
        """Apply a mutant, and take it back at the end."""
        path = self.checkout / mutant.path
        source = path.read_bytes()
        self._write(path, mutant.apply(source))
        try:
            yield
        finally:
            self._write(path, source)

    def run(self, command: list[str], seconds: float, **variables: str) -> int:
        """Run a command in the checkout; end it and all that it started after some seconds (-9)."""
        defaults = {"CI": "true", "OMP_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        process = subprocess.Popen(
            command, cwd=self.checkout, env={**defaults, **os.environ, **variables}, stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            return -signal.SIGKILL
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def pytest(self, tier: str, *arguments: str) -> list[str]:
        """Return a command that runs pytest with the plugin for chosen tests."""
        plugins = ["-p", "scripts.mutation.chosen", "-p", "no:cacheprovider", "-p", "no:randomly"]
        return [sys.executable, "-m", "pytest", "-x", "-q", f"--tier={tier}", *plugins, *arguments]

    def collect(self, tier: str) -> set[str]:
        """Return the tests of a tier, Node's among the quick ones.

        Raises:
            RuntimeError: pytest cannot collect them.
        """
        found = self.answers.with_name("collected.json")
        code = self.run(self.pytest(tier, "--collect-only"), 600, **{chosen.COLLECTED: str(found)})
        if code:
            raise RuntimeError(f"pytest could not collect the {tier} tier (exit code {code})")
        tests = set(json.loads(found.read_text(encoding="utf-8")))
        if tier == "quick":
            paths = (self.checkout / NODE_TESTS).glob("*.test.mjs")
            tests |= {path.relative_to(self.checkout).as_posix() for path in paths}
        return tests

    def find_failure(self, tests: list[str], limits: dict[str, float], tier: str) -> tuple[str, set[str]]:
        """Run tests until one fails.

        Returns:
            The one that failed, or "" ("collection": pytest could not begin), and those that passed.
        """
        passed: set[str] = set()
        for test in [test for test in tests if test.startswith(NODE_TESTS)]:
            if self.run(node_test(self.checkout / test), limits[test]):
                return test, passed
            passed.add(test)
        python = [test for test in tests if not test.startswith(NODE_TESTS)]
        if not python:
            return "", passed
        pairs = [(test, limits[test]) for test in python]
        asked = {"tests": pairs, "limit": LIMIT, "answers": str(self.answers)}
        self.request.write_text(json.dumps(asked), encoding="utf-8")
        self.answers.write_text("", encoding="utf-8")
        files = list(dict.fromkeys(file_of(test) for test in python))
        seconds = _START + LIMIT + max(limits[test] for test in python)
        code = self.run(self.pytest(tier, *files), seconds, **{chosen.REQUEST: str(self.request)})
        for line in self.answers.read_text(encoding="utf-8").splitlines():
            answer = json.loads(line)
            if not answer["passed"]:
                return answer["test"], passed
            passed.add(answer["test"])
        left = [test for test in python if test not in passed]
        if code in (0, 5) or not left or (code == 2 and passed):  # 2: the limit of time, too
            return "", passed
        return left[0] if code < 0 or passed else COLLECTION, passed  # it ended in the middle of a test

    def lint(self, path: str) -> str:
        """Return the first check that refuses a file, or "". Imports never change, so the contracts hold."""
        if path.endswith(".js"):
            node = ["node", "node_modules/typescript/bin/tsc", "-p", "tsconfig.json"]
            return "tsc" if self.run(pictures.command(sys.executable, *node), 300) else ""
        ruff = [sys.executable, "-m", "ruff", "check", "--quiet", "--select", _RULES, path]
        if self.run(ruff, 60):
            return "ruff"
        # A forced condition leaves code that is never reached; the fault that it stands for does not.
        mypy = [sys.executable, "-m", "mypy", "--no-warn-unreachable", "--no-warn-unused-ignores", path]
        return "mypy" if self.run(mypy, 600) else ""


class Judge:
    """Judges one mutant after the other; remembers which tests fail without any."""

    def __init__(self, workspace: Workspace, recording: Recording) -> None:
        self.workspace = workspace
        self.recording = recording
        self.tests = {tier: workspace.collect(tier) for tier in TIERS}
        self.changed = workspace.list_changes(recording.commit)
        self._sound: set[str] = set()
        self._broken: set[str] = set()

    def describe(self) -> str:
        """Say how many tests each tier has, and how many of them the recording lacks."""
        counts = ", ".join(f"{len(tests)} tests of the {tier} tier" for tier, tests in self.tests.items())
        missing = set().union(*self.tests.values()) - self.recording.seconds.keys()
        return f"{counts}; {len(missing)} of them were not recorded"

    def judge(self, mutant: Mutant) -> dict[str, object]:
        """Return the verdicts of both tiers: the other one is only asked where the quick one kills nothing."""
        quick = self._judge_by(mutant, "quick")
        rest = None if quick.verdict == "killed" else self._judge_by(mutant, "rest")
        if rest is None:
            result = "quick"
        elif rest.verdict == "killed":
            result = "full"
        else:
            result = "survived" if quick.verdict == rest.verdict == "passed" else "undecided"
        return {"result": result, "quick": asdict(quick), "rest": rest and asdict(rest)}

    def _judge_by(self, mutant: Mutant, tier: str) -> Verdict:
        begun = time.monotonic()
        choice = choose(mutant, self.recording, self.tests[tier], self.changed)
        required = [test for test in choice.required if test not in self._broken]
        tests = self._cut(required + [test for test in choice.further if test not in self._broken])
        by, passed = self._find_killer(mutant, tests, tier)
        if not by and tier == "quick":
            by = self._lint(mutant)
        missing = set(required) - passed - self._broken
        verdict = "killed" if by else "limit" if missing else "passed"
        return Verdict(verdict, by, len(required), round(time.monotonic() - begun, 1))

    def _cut(self, tests: list[str]) -> list[str]:
        """Return the tests that may run within the limit; the machine that recorded them may have been a busy one."""
        kept: list[str] = []
        seconds = 0.0
        for test in tests:
            seconds += self.recording.seconds.get(test, 1.0)
            if kept and seconds > 3 * LIMIT:
                break
            kept.append(test)
        return kept

    def _limits(self, tests: list[str]) -> dict[str, float]:
        """Return after how many seconds each test hangs."""
        return {test: 30 + 10 * self.recording.seconds.get(test, 3.0) for test in tests}

    def _find_killer(self, mutant: Mutant, tests: list[str], tier: str) -> tuple[str, set[str]]:
        """Return the test that fails because of the mutant, or "", and those that passed."""
        passed: set[str] = set()
        while left := [test for test in tests if test not in passed | self._broken]:
            with self.workspace.mutated(mutant):
                failed, now = self.workspace.find_failure(left, self._limits(left), tier)
            passed |= now
            if not failed:
                break
            if self._is_sound(failed, left, tier) and self._fails_again(mutant, failed, tier):
                return failed, passed
            passed.add(failed)
        return "", passed

    def _is_sound(self, failed: str, tests: list[str], tier: str) -> bool:
        """Return whether a test passes without the mutant."""
        again = tests if failed == COLLECTION else [failed]
        if failed in self._sound:
            return True
        unmutated, _ = self.workspace.find_failure(again, self._limits(again), tier)
        if unmutated == COLLECTION:
            raise RuntimeError(f"pytest cannot run {tests[0]} without a mutant")
        if unmutated == failed:
            self._broken.add(failed)
            return False
        if failed != COLLECTION:
            self._sound.add(failed)
        return True

    def _fails_again(self, mutant: Mutant, failed: str, tier: str) -> bool:
        """Return whether a test fails again when it runs alone: it may depend on other tests or on time."""
        if failed == COLLECTION:
            return True
        with self.workspace.mutated(mutant):
            return bool(self.workspace.find_failure([failed], self._limits([failed]), tier)[0])

    def _lint(self, mutant: Mutant) -> str:
        with self.workspace.mutated(mutant):
            refused = self.workspace.lint(mutant.path)
        return "" if refused and self.workspace.lint(mutant.path) == refused else refused
