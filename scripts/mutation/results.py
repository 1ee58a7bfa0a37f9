"""The results of mutation sampling: a file of JSON lines, and the table of `docs/testing.md`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scripts.mutation.mutants import Mutant

RESULTS = "docs/mutants.jsonl"
DOCUMENT = "docs/testing.md"
LABELS = {
    "quick": "Killed by the quick tier", "full": "Killed only by the full tier", "survived": "Survived",
    "equivalent": "Equivalent", "undecided": "Undecided",
}  # fmt: skip
_LONGEST = 80  # characters of code in a line

Result = dict[str, Any]


def describe(number: int, seed: int, mutant: Mutant, commit: str, verdicts: dict[str, object]) -> Result:
    """Return the line of a mutant."""
    return {
        "number": number, "seed": seed, "id": mutant.identity, "commit": commit[:12], "file": mutant.path,
        "line": mutant.line, "operator": mutant.operator, "before": _shorten(mutant.before),
        "after": _shorten(mutant.after), **verdicts,
    }  # fmt: skip


def _shorten(code: str) -> str:
    code = " ".join(code.split())
    return code if len(code) <= _LONGEST else f"{code[: _LONGEST - 1]}…"


def append(root: Path, result: Result) -> None:
    """Append a line to the results."""
    with (root / RESULTS).open("a", encoding="utf-8") as file:
        file.write(json.dumps(result, ensure_ascii=False) + "\n")


def read(root: Path) -> dict[str, Result]:
    """Return the results by the mutant's identity: the last line of each counts."""
    path = root / RESULTS
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return {result["id"]: result for result in map(json.loads, lines)}


def mark_equivalent(root: Path, identity: str, reason: str) -> Result:
    """Record that a mutant behaves as the original does, and why.

    Raises:
        ValueError: there is no result of it, or a test has killed it.
    """
    result = read(root).get(identity)
    if result is None or result["result"] in ("quick", "full"):
        raise ValueError(f"{identity} is no mutant that has survived")
    equivalent = {**result, "result": "equivalent", "reason": reason}
    append(root, equivalent)
    return equivalent


def count(results: list[Result]) -> dict[str, dict[str, int]]:
    """Count the results of each package, by what became of the mutants."""
    counts: dict[str, dict[str, int]] = {}
    for result in results:
        package = result["file"].split("/")[0]
        name = f"scripts of `{package}`" if result["file"].endswith(".js") else f"`{package}`"
        row = counts.setdefault(name, dict.fromkeys(LABELS, 0))
        row[result["result"]] += 1
    order = ["`core`", "`app`", "`pages`", "scripts of `app`", "scripts of `pages`"]
    return {name: counts[name] for name in order if name in counts}


def render_table(results: list[Result]) -> str:
    """Return the table of `docs/testing.md`, and the mutants that no test kills."""
    counts = count(results)
    total = {label: sum(row[label] for row in counts.values()) for label in LABELS}
    lines = [f"| Package | Mutants | {' | '.join(LABELS.values())} |", "|---|" + "---:|" * (len(LABELS) + 1)]
    for name, row in [*counts.items(), ("All", total)]:
        lines.append(f"| {name} | {sum(row.values())} | {' | '.join(map(str, row.values()))} |")
    killed = total["quick"] + total["full"]
    if killed:
        lines += [
            "",
            f"The quick tier kills {total['quick'] / killed:.0%} of the {killed} mutants that both kill.",
        ]
    rows = [_render_row(result) for result in results if result["result"] not in ("quick",)]
    if rows:
        head = ["| Mutant | Place | Change | Result | Killed by, or the reason |", "|---|---|---|---|---|"]
        lines += ["", "The mutants that the quick tier does not kill:", "", *head, *rows]
    return "\n".join(lines)


def _render_row(result: Result) -> str:
    cells = (
        f"`{result[side].replace('|', chr(92) + '|')}`" if result[side] else "nothing"
        for side in ("before", "after")
    )
    why = result.get("reason") or (f"`{result['rest']['by']}`" if result["result"] == "full" else "")
    change = " → ".join(cells)
    return f"| {result['id']} | `{result['file']}:{result['line']}` | {change} | {result['result']} | {why} |"


def write_between(document: Path, name: str, text: str) -> None:
    """Replace what stands between the markers of a name in a document.

    Raises:
        ValueError: the document has no such markers.
    """
    begin, end = f"<!-- {name} -->", f"<!-- end of {name} -->"
    whole = document.read_text(encoding="utf-8")
    if begin not in whole or end not in whole:
        raise ValueError(f"{document} has no markers {begin} and {end}")
    before, rest = whole.split(begin, 1)
    document.write_text(f"{before}{begin}\n\n{text}\n\n{end}{rest.split(end, 1)[1]}", encoding="utf-8")
