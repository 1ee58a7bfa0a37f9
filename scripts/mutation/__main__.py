"""The commands of mutation sampling: `python -m scripts.mutation COMMAND`."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from scripts.mutation import assertions, results
from scripts.mutation.judging import Judge, Workspace
from scripts.mutation.mutants import SEED, draw, list_mutants
from scripts.mutation.recording import Recording, record

ROOT = Path(__file__).resolve().parents[2]


def judge(root: Path, start: int, end: int, seed: int, again: list[str]) -> None:
    """Judge the mutants from number `start` to the one before `end`, and append each result.

    Args:
        again: mutants with these results are judged once more; others that have a result are left out.
    """
    recording = Recording(root)
    with TemporaryDirectory(prefix="mutants-") as folder:
        workspace = Workspace(root, Path(folder))
        sample = draw(list_mutants(workspace.checkout), seed)
        commit = workspace.commit()
        known = {identity for identity, result in results.read(root).items() if result["result"] not in again}
        wanted = [
            (i, sample[i]) for i in range(start, min(end, len(sample))) if sample[i].identity not in known
        ]
        if not wanted:
            return
        judge = Judge(workspace, recording)
        print(judge.describe(), flush=True)
        for number, mutant in wanted:
            result = results.describe(number, seed, mutant, commit, judge.judge(mutant))
            results.append(root, result)
            by = (result["rest"] or result["quick"])["by"]
            print(
                f"{number} {mutant.path}:{mutant.line} {mutant.operator}: {result['result']} {by}", flush=True
            )
    write_table(root)


def write_table(root: Path) -> None:
    """Write the table of all results into the documentation."""
    table = results.render_table(list(results.read(root).values()))
    results.write_between(root / results.DOCUMENT, "mutants", table)


def write_assertions(root: Path, base: str) -> None:
    """Count the assertion statements of a revision and of the working tree into the documentation."""
    now = assertions.count(assertions.read_tests(root))
    columns = {"Now": now}
    if base:
        short = ["git", "rev-parse", "--short", base]
        name = subprocess.run(short, cwd=root, capture_output=True, text=True, check=True).stdout.strip()
        columns = {f"Before ({name})": assertions.count(assertions.read_tests(root, base)), **columns}
    table = assertions.render_table(columns)
    results.write_between(root / results.DOCUMENT, "assertions", table)
    print(table)


def parse(arguments: list[str]) -> tuple[argparse.Namespace, list[str]]:
    """Split a command line into the options and what `record` passes on to pytest."""
    parser = argparse.ArgumentParser(prog="python -m scripts.mutation", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser(
        "record", help="run tests and record which of them runs which line; pytest gets what follows"
    )
    judged = commands.add_parser("judge", help="judge mutants and append the results")
    judged.add_argument("--from", dest="start", type=int, default=0, metavar="N")
    judged.add_argument("--to", dest="end", type=int, default=200, metavar="N")
    judged.add_argument("--seed", type=int, default=SEED)
    judged.add_argument(
        "--again", nargs="*", default=[], choices=[*results.LABELS], help="judge these once more"
    )
    equivalent = commands.add_parser("equivalent", help="record that a survivor changes nothing")
    equivalent.add_argument("identity")
    equivalent.add_argument("reason")
    commands.add_parser("table", help="write the table of the results")
    counted = commands.add_parser("assertions", help="count the assertion statements by tier")
    counted.add_argument("--base", default="", metavar="REVISION", help="count these, too")
    options, extra = parser.parse_known_args(arguments)
    if extra and options.command != "record":
        parser.error(f"unknown arguments: {' '.join(extra)}")
    return options, extra


def main(arguments: list[str], root: Path = ROOT) -> int:
    """Run a command."""
    options, extra = parse(arguments)
    match options.command:
        case "record":
            return record(root, extra)
        case "judge":
            judge(root, options.start, options.end, options.seed, options.again)
        case "equivalent":
            results.mark_equivalent(root, options.identity, options.reason)
            write_table(root)
        case "table":
            write_table(root)
        case "assertions":
            write_assertions(root, options.base)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
