"""The Efficiency page about a model whose own file is in few bits: what it holds, a block of it, what is unknown."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app import models
from core import real
from core.checkpoints.gguf_file import GgufFile
from pages.efficiency import stored
from tests import gguf_files
from tests import real as published
from tests.pages.conftest import OpenPage, run_notebook

TEXT = "the thing in the ring"


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two GGUF files of one random model: matrices in Q4_1, and as they are."""
    for name, kind in (("few", "Q4_1"), ("plain", "F32")):
        gguf_files.write(tmp_path / f"{name}.gguf", gguf_files.a_model(), kind)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    return tmp_path


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the section's picture is given, run by run."""
    seen: list[Any] = []
    monkeypatch.setattr(stored, "stored", lambda **given: seen.append(given["data"]))
    return seen


@pytest.mark.full(reason="takes 2 s")
def test_a_model_of_few_bits_is_shown_as_its_file_holds_it(
    files: Path, open_page: OpenPage, drawn: list[Any]
) -> None:
    app = open_page("efficiency", model="./few.gguf", text=TEXT)
    assert not app.exception and not app.error
    shown, file = drawn[-1], GgufFile(files / "few.gguf")
    assert shown["size"] == (files / "few.gguf").stat().st_size
    assert sum(one["bytes"] for one in shown["shares"]) == sum(one.length for one in file.tensors.values())
    few = {one["part"]: one for one in shown["shares"] if one["kind"] == "Q4_1"}
    assert set(few) == {"MLPs", "attention"} and all(one["bits"] == 5.0 for one in few.values())
    said = " ".join(one.value for one in app.caption).replace("\\", "")
    assert "was rounded before it came here: Q4_1, 5 bits a weight in its MLPs and attention" in said
    assert "round it a second time" in said and "cost is not known" in said
    app.selectbox(key="efficiency.filed").set_value("blk.1.attn_q.weight").run()
    block = drawn[-1]["block"]
    assert (block["name"], block["number"]) == ("blk.1.attn_q.weight", 0)
    assert block["values"] == pytest.approx(file.read(block["name"])[0, :32].tolist())
    app = open_page("efficiency", model="./few.gguf", text=TEXT, parcel=3, filed="blk.0.ffn_up.weight")
    block = drawn[-1]["block"]
    assert (block["row"], block["first"]) == (1, 32)
    assert block["values"] == pytest.approx(file.read(block["name"])[1, 32:64].tolist())
    run_notebook(app)
    open_page("efficiency", model="./few.gguf", text=TEXT, parcel=99_999, filed="nobody’s")
    assert drawn[-1]["block"]["number"] == drawn[-1]["block"]["of"] - 1


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("model", ["./plain.gguf", "tales-gpt"])
def test_a_model_that_comes_as_floats_has_no_such_section(
    model: str, files: Path, open_page: OpenPage, drawn: list[Any]
) -> None:
    app = open_page("efficiency", model=model, text=TEXT)
    assert not app.exception and not drawn
    assert not any("rounded before" in one.value for one in app.caption)


def test_the_published_model_is_read_from_the_file_that_was_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    published.here(monkeypatch)
    ctx: Any = SimpleNamespace(name=models.REAL, model_key=f"{models.REAL}@-1@0", label=models.REAL)
    found = stored.stored_weights(ctx)
    assert found is not None and found.path == published.FOLDER / real.BY_NAME[models.REAL].weights
    assert "Q4_1, 5 bits a weight in its MLPs and attention" in stored.rounding_note(ctx, found)[0]
    monkeypatch.setenv(real.VARIABLE, str(published.FOLDER / "ready"))
    assert stored.file_of(models.SMALL) is None
