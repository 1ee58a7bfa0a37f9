"""The example notebooks run from the first cell to the last, and show their pictures."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from tests import real as published

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
PICTURES = {"attention": 2, "induction": 1, "patching": 2, "slides": 3, "tokenizer": 1, "training": 2}


def test_there_is_one_for_each_thing_that_people_ask_for() -> None:
    assert {path.stem for path in NOTEBOOKS} == set(PICTURES)


@pytest.mark.full(reason="6 cases, 102 s together")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_runs_and_shows_its_pictures(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    published.here(monkeypatch)
    book = nbformat.read(path, as_version=4)
    assert not any(cell.get("outputs") for cell in book.cells), "it is kept without what it printed"
    ran = NotebookClient(
        book, timeout=600, kernel_name="python3", resources={"metadata": {"path": str(ROOT)}}
    ).execute()
    outputs = [output for cell in ran.cells if cell.cell_type == "code" for output in cell.outputs]
    shown = [output for output in outputs if "<iframe" in output.get("data", {}).get("text/html", "")]
    assert len(shown) == PICTURES[path.stem]
    assert not [output.text for output in outputs if output.get("name") == "stderr"]
