"""Notebooks: valid, the same for the same page, and able to find Glassbox or to say how."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from app.frame import notebook

ROOT = Path(__file__).resolve().parents[2]
CELLS = ["# %% The trace\nx = 1 + 1", "assert x == 2"]


def test_it_is_a_valid_notebook_with_the_cells_in_order() -> None:
    book = nbformat.reads(notebook.build("Glassbox: Home", "What it shows.", CELLS), as_version=4)
    nbformat.validate(book)
    kinds = [cell.cell_type for cell in book.cells]
    assert kinds == ["markdown", "code", "markdown", "code", "code"]
    assert book.cells[2].source == "## The trace"
    assert [cell.source for cell in book.cells[3:]] == ["x = 1 + 1", "assert x == 2"]


def test_the_same_page_gives_the_same_file() -> None:
    assert notebook.build("T", "a", CELLS) == notebook.build("T", "a", CELLS)
    assert notebook.build("T", "a", CELLS) != notebook.build("T", "b", CELLS)


ASSERTED = [
    "# %% Así\nread = len('a text')\nassert read == 6; assert read > 5",
    "for number in range(2):\n    assert [\n        read, number\n    ] == [6, number]",
]


@pytest.mark.parametrize("text", ["a text", "another text"])
def test_exported_numbers_are_checked_for_the_exported_text_alone(
    text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    book = nbformat.reads(notebook.build("T", "a", ASSERTED, {"TEXT": "a text"}), as_version=4)
    variables: dict[str, object] = {}
    for cell in [cell for cell in book.cells if cell.cell_type == "code"][1:]:
        exec(cell.source.replace("TEXT = 'a text'", f"TEXT = {text!r}"), variables)
    assert variables["read"] == len(text)
    reports = capsys.readouterr().out.count("TEXT was changed: the exported numbers are not checked.")
    assert reports == (text != "a text")


def test_a_wrong_number_of_the_exported_text_fails() -> None:
    wrong = [*ASSERTED, "assert len('a text') == 7"]
    book = nbformat.reads(notebook.build("T", "a", wrong, {"TEXT": "a text"}), as_version=4)
    code = "\n".join(cell.source for cell in book.cells[2:] if cell.cell_type == "code")
    with pytest.raises(AssertionError):
        exec(code, {})


def first_cell(folder: Path, home: str = "") -> subprocess.CompletedProcess[str]:
    """Run the first code cell in `folder`, as a notebook there would."""
    source = nbformat.reads(notebook.build("T", "a", []), as_version=4).cells[1].source
    script = source + "\nprint(core.__file__)"
    return subprocess.run(
        [sys.executable, "-I", "-c", script],
        cwd=folder,
        env={"GLASSBOX_HOME": home} if home else {},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("inside", [".", "tests", "pages/attention"])
def test_the_first_cell_finds_glassbox_from_inside_the_repository(inside: str) -> None:
    done = first_cell(ROOT / inside)
    assert done.stdout.strip() == str(ROOT / "core" / "__init__.py"), done.stderr


def test_the_first_cell_finds_glassbox_by_its_variable(tmp_path: Path) -> None:
    done = first_cell(tmp_path, home=str(ROOT))
    assert done.stdout.strip() == str(ROOT / "core" / "__init__.py"), done.stderr


def test_elsewhere_the_first_cell_says_how_to_get_this_revision(tmp_path: Path) -> None:
    done = first_cell(tmp_path)
    assert done.returncode == 1
    assert "Glassbox was not found" in done.stderr
    assert notebook.revision() in done.stderr
    assert "Traceback" not in done.stderr


def test_the_revision_is_the_commit_or_the_version() -> None:
    revision = notebook.revision()
    assert len(revision) == 40 or revision.startswith("v")


def test_a_notebook_of_a_run_looks_for_the_weights_that_the_page_gives_away(tmp_path: Path) -> None:
    id = "0123456789abcdef01234567"
    book = nbformat.reads(notebook.build("T", "a", [f"core.load('run:{id}')"]), as_version=4)
    cell = book.cells[2].source
    assert notebook.archive(id) in cell and f"run-{id}" in cell
    with zipfile.ZipFile(tmp_path / notebook.archive(id), "w") as packed:
        packed.writestr(f"run-{id}/moments", "5\n")
    subprocess.run([sys.executable, "-I", "-c", cell], cwd=tmp_path, timeout=60, check=True)
    assert (tmp_path / f"run-{id}" / "moments").read_text() == "5\n"
    plain = nbformat.reads(notebook.build("T", "a", CELLS), as_version=4)
    assert not any("zipfile" in cell.source for cell in plain.cells)
