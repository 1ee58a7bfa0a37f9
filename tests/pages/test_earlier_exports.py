"""Links, notebooks, settings and weights that an earlier version exported (tests/exported) still open."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

import core
from app.session.fields import parse
from core.training.spec import TrainSpec
from tests.pages.conftest import OpenPage

FOLDER = Path(__file__).resolve().parents[1] / "exported"
LINKS: dict[str, dict[str, Any]] = json.loads((FOLDER / "links.json").read_text(encoding="utf-8"))
NOTEBOOKS: dict[str, list[str]] = json.loads((FOLDER / "notebooks.json").read_text(encoding="utf-8"))
QUICK = ("attention", "lab", "tokenization")


def test_links_have_the_same_values() -> None:
    for link, values in LINKS.items():
        parsed = parse(dict(parse_qsl(urlsplit(link).query, keep_blank_values=True)))
        assert parsed.values == values and not parsed.notes, link


def test_links_of_lessons_open_their_page(open_page: OpenPage) -> None:
    first = {urlsplit(link).path.strip("/"): link for link in reversed(LINKS) if urlsplit(link).path != "/"}
    assert len(first) > 8
    for slug, link in first.items():
        app = open_page(slug, **dict(parse_qsl(urlsplit(link).query)))
        assert not app.exception and not app.error, link


@pytest.mark.parametrize(
    "slug",
    [
        slug if slug in QUICK else pytest.param(slug, marks=pytest.mark.full(reason="a notebook takes 1 s"))
        for slug in NOTEBOOKS
    ],
)
def test_a_notebook_runs(slug: str) -> None:
    variables: dict[str, Any] = {"__name__": "__main__"}
    for cell in NOTEBOOKS[slug]:
        exec(compile("import core\n" + cell, "cell", "exec"), variables)


def test_a_spec_is_read() -> None:
    text = (FOLDER / "spec.json").read_text(encoding="utf-8")
    spec = TrainSpec.from_json(text)
    assert spec.steps == 12 and spec.to_dict() == json.loads(text)


def test_weights_open_as_a_model(tmp_path: Path) -> None:
    with zipfile.ZipFile(FOLDER / "weights.zip") as packed:
        packed.extractall(tmp_path)
    lm = core.load(str(tmp_path))
    logits = lm.trace("The 3th line").logits[-1, :3]
    # What the version that wrote it computed.
    assert logits.tolist() == pytest.approx([-0.0423277, 0.0349607, 0.0160114], abs=1e-4)
