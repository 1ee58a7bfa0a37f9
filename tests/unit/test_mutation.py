"""Mutation sampling: the same mutants from the same seed, the tests that run a line, and what the tiers say."""

from __future__ import annotations

import ast
import json
import subprocess
from pathlib import Path

import pytest

from scripts.mutation import __main__ as commands
from scripts.mutation import assertions, python_mutants, results
from scripts.mutation.mutants import Mutant, draw, list_mutants
from scripts.mutation.recording import Recording, record
from scripts.mutation.selection import choose

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.full(reason="records a project and judges its mutants, 16 s")

SUMS = '''"""Sums."""

import logging

log = logging.getLogger("sums")
LARGEST = 100


def add(left: int, right: int) -> int:
    """Add 1 and 2."""
    log.info("adding %d", 1)
    return left + right


def limit(value: int) -> int:
    return LARGEST if value > LARGEST else value


def unused(value: int) -> int:
    return value - 3
'''
TESTS = """import pytest

from core.sums import add, limit


def test_add():
    assert add(2, 3) == 5


@pytest.mark.full(reason="a slow one")
def test_limit():
    assert limit(200) == 100 and limit(5) == 5
"""
CONFTEST = """import pytest


def pytest_addoption(parser):
    parser.addoption("--tier", default="all")


def pytest_collection_modifyitems(config, items):
    tier = config.getoption("--tier")
    if tier != "all":
        items[:] = [item for item in items if bool(item.get_closest_marker("full")) == (tier == "rest")]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project of one module and two tests, one in each tier, under git and recorded."""
    root = tmp_path_factory.mktemp("project")
    files = {
        "core/__init__.py": "",
        "core/sums.py": SUMS,
        "tests/test_sums.py": TESTS,
        "tests/conftest.py": CONFTEST,
        "pytest.ini": "[pytest]\ntestpaths = tests\nmarkers = full\n",
        "docs/testing.md": "# Testing\n\n<!-- mutants -->\n<!-- end of mutants -->\n",
        ".gitignore": "__pycache__\n.coverage-tests\n",
    }
    for name, text in files.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "scripts").symlink_to(ROOT / "scripts")
    for command in (["init"], ["add", "."], ["commit", "-m", "Begin"]):
        identity = ["-c", "user.name=Tests", "-c", "user.email=tests@localhost"]
        subprocess.run(["git", *identity, *command], cwd=root, check=True, capture_output=True)
    assert record(root, ["-q", "-p", "no:cacheprovider"]) == 0
    return root


def find(mutants: list[Mutant], before: str, after: str, function: str = "") -> Mutant:
    """The one mutant of a change, in a line that holds some words."""
    (found,) = [
        mutant
        for mutant in mutants
        if (mutant.before, mutant.after) == (before, after) and function in SUMS.splitlines()[mutant.line - 1]
    ]
    return found


def test_a_seed_decides_the_mutants(project: Path) -> None:
    mutants = list_mutants(project)
    first, again, other = draw(mutants), draw(list_mutants(project)), draw(mutants, seed=1)
    assert first == again
    assert sorted(other, key=repr) == sorted(first, key=repr) and other != first
    assert len({mutant.identity for mutant in mutants}) == len(mutants)


def test_a_change_elsewhere_keeps_the_order(project: Path, tmp_path: Path) -> None:
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "sums.py").write_text("FURTHER = 7\n" + SUMS, encoding="utf-8")
    before = [mutant.identity for mutant in draw(list_mutants(project))]
    after = [mutant.identity for mutant in draw(list_mutants(tmp_path))]
    assert [identity for identity in after if identity in before] == before and len(after) > len(before)


@pytest.mark.parametrize("path", ["core/verdict_rule.py", "pages/attention/page.py", "app/kit/modules.py"])
def test_a_mutant_compiles_and_differs_at_one_place(path: str) -> None:
    source = (ROOT / path).read_bytes()
    tree = ast.dump(ast.parse(source))
    changes = list(python_mutants.find_changes(source))
    assert len(changes) > 2
    for change in changes:
        before = source[change.start : change.end].decode()
        mutant = Mutant(path, before=before, identity="", **vars(change))
        mutated = mutant.apply(source)
        assert ast.dump(ast.parse(mutated)) != tree, change
        assert mutated.startswith(source[: change.start]) and mutated.endswith(source[change.end :])
        assert change.first <= change.line <= change.last, change


def test_scripts_have_mutants(tmp_path: Path) -> None:
    folder = tmp_path / "app"
    folder.mkdir()
    text = "// ü\nexport const f = (a) => {\n  if (a > 1) a.run();\n  return a['key'] && !a.b;\n};\n"
    (folder / "f.js").write_text(text, encoding="utf-8")
    source = text.encode()
    found = {(mutant.line, mutant.before, mutant.after) for mutant in list_mutants(tmp_path)}
    assert {
        (3, ">", ">="), (3, "1", "2"), (3, "1", "(-1)"), (3, "a > 1", "true"), (3, "a.run();", ";"), (4, "&&", "||"),
        (4, "'key'", "'key_'"), (4, "!", ""), (4, "a['key'] && !a.b", "null"),
    } <= found  # fmt: skip
    assert all(mutant.apply(source) != source for mutant in list_mutants(tmp_path))


def test_what_only_serves_readers_is_left_alone(project: Path) -> None:
    places = {(mutant.line, mutant.before) for mutant in list_mutants(project)}
    assert not {line for line, _ in places} & {1, 3, 10, 11}, "documentation, imports, and messages of a log"
    assert (12, "+") in places and (16, ">") in places


def test_a_mutant_of_another_source_is_refused(project: Path) -> None:
    with pytest.raises(ValueError, match=r"core/sums.py has changed: line 12 does not hold '\+'"):
        find(list_mutants(project), "+", "-").apply(b"x" + SUMS.encode())


def test_the_tests_that_run_a_line_are_chosen(project: Path) -> None:
    recording, mutants = Recording(project), list_mutants(project)
    add, limit = "tests/test_sums.py::test_add", "tests/test_sums.py::test_limit"
    both = {add, limit}
    assert set(recording.seconds) == both

    chosen = choose(find(mutants, "+", "-"), recording, both, set())
    assert (chosen.required, chosen.further) == ([add], [limit])
    assert choose(find(mutants, ">", "<="), recording, both, set()).required == [limit]
    assert choose(find(mutants, "-", "+"), recording, both, set()).required == []
    at_import = choose(find(mutants, "100", "101"), recording, both, set())
    assert set(at_import.required) == both, "all tests of a module may notice what its import does"
    assert choose(find(mutants, "+", "-"), recording, {limit}, set()).required == []
    moved = choose(find(mutants, "+", "-"), recording, both, {"core/sums.py"})
    assert set(moved.required) == both, "the lines of a changed module are no longer where they were"
    new = "tests/test_sums.py::test_new"
    assert new in choose(find(mutants, "-", "+"), recording, {*both, new}, {"tests/test_sums.py"}).required


def test_both_tiers_judge_and_the_results_are_appended(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    mutants = list_mutants(project)
    sample = [find(mutants, "+", "-"), find(mutants, ">", "<="), find(mutants, "3", "4", "value")]
    monkeypatch.setattr(commands, "draw", lambda mutants, seed: sample)
    commands.main(["judge"], project)
    commands.main(["judge", "--from", "0", "--to", "2"], project)
    lines = (project / results.RESULTS).read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    assert [result["number"] for result in found] == [0, 1, 2], "what has a result is not judged again"
    assert [result["result"] for result in found] == ["quick", "full", "survived"]
    assert found[0]["quick"]["by"] == "tests/test_sums.py::test_add"
    assert found[1]["rest"]["by"] == "tests/test_sums.py::test_limit"
    assert (project / "core" / "sums.py").read_text(encoding="utf-8") == SUMS

    document = (project / results.DOCUMENT).read_text(encoding="utf-8")
    assert "| `core` | 3 | 1 | 1 | 1 | 0 | 0 |" in document
    assert "The quick tier kills 50% of the 2 mutants that both kill." in document

    commands.main(["equivalent", sample[2].identity, "Nothing calls it."], project)
    document = (project / results.DOCUMENT).read_text(encoding="utf-8")
    assert "| `core` | 3 | 1 | 1 | 0 | 1 | 0 |" in document and "Nothing calls it." in document
    with pytest.raises(ValueError, match="is no mutant that has survived"):
        results.mark_equivalent(project, sample[0].identity, "It was killed.")


def test_assertion_statements_are_counted_by_tier() -> None:
    whole = "import pytest\npytestmark = [pytest.mark.full(reason='long')]\ndef test_a():\n    assert 1\n"
    counts = assertions.count([("tests/test_sums.py", TESTS), ("tests/a.py", whole)])
    assert counts == {("quick", "assert"): 1, ("full", "assert"): 2}
    helper = "def check(page):\n    expect(page).to_be_visible()\n"
    helper += "def test_b():\n    with pytest.raises(E):\n        pass\n"
    counts = assertions.count(
        [("tests/b.py", helper), ("tests/scripts/c.mjs", "assert(1);\nassert.equal(1, 1);\n")]
    )
    assert counts == {("shared", "expect"): 1, ("quick", "pytest.raises"): 1, ("quick", "assert"): 2}
    assert assertions.count([("tests/benchmarks/test_a.py", TESTS)]).total() == 0
