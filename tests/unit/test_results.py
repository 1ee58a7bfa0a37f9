"""Files of results: read once, run by run, and a run that is not there is said."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.runs import adaptations, bias_recordings, ladder_recordings
from core.runs.records import RunError
from core.runs.results import Results


def test_a_file_is_read_once_and_asked_by_the_name_of_a_run(tmp_path: Path) -> None:
    path = tmp_path / "runs.json"
    path.write_text(json.dumps({"machine": "this one", "runs": {"a": {"loss": 1.5}}}), encoding="utf-8")
    kept = Results(path)
    assert kept.run("a") == {"loss": 1.5} and kept.all()["machine"] == "this one"
    path.unlink()
    assert Results(path).all() is kept.all(), "one reading for everybody"
    with pytest.raises(RunError, match="no run called 'b' is recorded"):
        kept.run("b")


def test_a_file_that_is_missing_or_broken_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="none"):
        Results(tmp_path / "none.json").all()
    (tmp_path / "half.json").write_text('{"runs": {', encoding="utf-8")
    with pytest.raises(ValueError, match="Expecting"):
        Results(tmp_path / "half.json").run("a")


@pytest.mark.parametrize("table", [bias_recordings, adaptations, ladder_recordings])
def test_every_table_of_the_project_is_there(table: object) -> None:
    found = table.recorded()  # type: ignore[attr-defined]
    assert len(found["runs"]) > 10
