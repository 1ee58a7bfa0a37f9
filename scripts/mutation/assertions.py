"""Count the assertion statements of the tests, by tier."""

from __future__ import annotations

import ast
import io
import re
import subprocess
import tarfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

KINDS = ("assert", "pytest.raises", "expect")
_OUTSIDE = ("tests/benchmarks/", "tests/deploy/")  # of neither tier
_NODE = re.compile(r"\bassert(?:\.\w+)*\(")


def read_tests(root: Path, revision: str = "") -> list[tuple[str, str]]:
    """Return the path and the text of each file of tests, here or in a revision of git."""
    if not revision:
        paths = sorted(path for suffix in ("py", "mjs") for path in (root / "tests").rglob(f"*.{suffix}"))
        return [(path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")) for path in paths]
    command = ["git", "archive", revision, "tests"]
    packed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout
    found = []
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        for member in archive:
            file = archive.extractfile(member)
            if file is not None and member.name.endswith((".py", ".mjs")):
                found.append((member.name, file.read().decode()))
    return found


def count(files: Iterable[tuple[str, str]]) -> Counter[tuple[str, str]]:
    """Count assertion statements by (tier, kind); helpers outside test functions belong to "shared"."""
    counts: Counter[tuple[str, str]] = Counter()
    for path, text in files:
        if path.startswith(_OUTSIDE):
            continue
        if path.endswith(".mjs"):
            counts["quick", "assert"] += len(_NODE.findall(text))
            continue
        module = ast.parse(text)
        tier = "full" if any(map(_assigns_full, module.body)) else ""
        for statement in module.body:
            _count_below(statement, tier, counts)
    return counts


def _count_below(node: ast.AST, tier: str, counts: Counter[tuple[str, str]]) -> None:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        if any(map(_is_full, node.decorator_list)) or (
            isinstance(node, ast.ClassDef) and any(map(_assigns_full, node.body))
        ):
            tier = "full"
        elif not tier and node.name.startswith("test_"):
            tier = "quick"
    kind = _kind_of(node)
    if kind:
        counts[tier or "shared", kind] += 1
    for child in ast.iter_child_nodes(node):
        _count_below(child, tier, counts)


def _kind_of(node: ast.AST) -> str:
    if isinstance(node, ast.Assert):
        return "assert"
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        if called in ("pytest.raises", "pytest.warns"):
            return "pytest.raises"
        if called == "expect":
            return "expect"
    return ""


def _is_full(node: ast.AST) -> bool:
    return any(
        isinstance(part, ast.Attribute) and part.attr == "full" and _is_mark(part.value)
        for part in ast.walk(node)
    )


def _is_mark(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) and node.attr == "mark"


def _assigns_full(node: ast.AST) -> bool:
    """Return whether a statement is `pytestmark = ...` with the mark of the full tier."""
    return (
        isinstance(node, ast.Assign)
        and any(isinstance(target, ast.Name) and target.id == "pytestmark" for target in node.targets)
        and _is_full(node.value)
    )


def render_table(columns: dict[str, Counter[tuple[str, str]]]) -> str:
    """Return a table with a row for each tier and kind, and a column for each count."""
    lines = [f"| Tier | Statement | {' | '.join(columns)} |", "|---|---|" + "---:|" * len(columns)]
    for tier in ("quick", "full", "shared"):
        for kind in KINDS:
            values = [counts[tier, kind] for counts in columns.values()]
            if any(values):
                lines.append(f"| {tier} | `{kind}` | {' | '.join(f'{value:,}' for value in values)} |")
    lines.append(f"| all | | {' | '.join(f'{counts.total():,}' for counts in columns.values())} |")
    return "\n".join(lines)
