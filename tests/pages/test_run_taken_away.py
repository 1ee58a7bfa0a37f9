"""A run taken away: its notebook runs where the server's store is not, from the weights beside it."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

import core
from app.frame import notebook as notebooks
from app.frame import takeaway
from core.catalogue import _store, snapshots
from core.checkpoints import CheckpointError
from core.runs import exported
from tests.pages.conftest import OpenPage, Runs, execute, notebook


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("slug", ["home", "lab", "attention"])
def test_its_notebook_runs_elsewhere_from_the_weights_beside_it(
    slug: str, runs: Runs, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = runs.ready()
    steps = runs.store.steps(run.id)
    app = open_page(slug, model=f"run:{run.id}", snapshot=steps[1], text="Once upon a time")
    assert not app.exception
    assert "take.run" in [one.key for one in app.get("download_button")]
    book = notebook(app)
    packed = takeaway.run_zip(run.id, steps[1])
    monkeypatch.setenv("GLASSBOX_DATA", str(tmp_path / "another server"))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CheckpointError, match=f"run-{run.id}"):
        core.load(f"run:{run.id}")
    (tmp_path / notebooks.archive(run.id)).write_bytes(packed)
    found = execute(book)  # but the first cell, which finds Glassbox
    assert found and exported.folder(run.id) is not None
    assert snapshots(f"run:{run.id}") == steps
    _store.cache_clear()


def test_a_large_run_leaves_moments_out_but_never_the_one_that_is_shown(runs: Runs) -> None:
    run = runs.ready()
    steps = runs.store.steps(run.id)
    whole = exported.files(runs.store, run.id)
    size = len(whole["model.safetensors"])
    few = exported.files(runs.store, run.id, step=steps[2], most=2 * size)
    assert {name for name in few if name.startswith("snapshots")} == {f"snapshots/{steps[2]}.safetensors"}
    assert len([name for name in whole if name.startswith("snapshots")]) == len(steps) - 1
    with zipfile.ZipFile(io.BytesIO(takeaway.run_zip(run.id, None))) as packed:
        assert f"run-{run.id}/config.json" in packed.namelist()


def test_a_bundled_model_needs_no_weights_beside_its_notebook(open_page: OpenPage) -> None:
    app = open_page("home")
    assert "take.run" not in [one.key for one in app.get("download_button")]
