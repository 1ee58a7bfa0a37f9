"""Take away of a page whose picture is a figure: file and notebook hold the picture that the page shows."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from app import show
from app.kit.packing import narrowed
from app.outside import documents
from tests.pages.conftest import OpenPage, notebook, run_notebook
from tests.pictures import SHOWN


def carried(document: str) -> Any:
    """The data of a document's picture."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', document, re.S)
    assert found is not None
    return json.loads(found[1])[0][0]["data"]


@pytest.mark.full(reason="the other cases take 83 s", quick_cases=1)
@pytest.mark.parametrize("model", ["tales-gpt", "tales-bert", "tales-t5"])
@pytest.mark.parametrize("name", SHOWN)
def test_file_and_notebook_hold_the_picture_of_the_page(name: str, model: str, open_page: OpenPage) -> None:
    app = open_page(name, model=model, text="Once upon a time", block=1, head=1, follow=2)
    assert not app.exception
    document = app.session_state["gb"].memos["takeaway"]["html"]()
    last = notebook(app).cells[-1].source
    assert last.startswith("from app import show\n\nshow.")
    drawn = eval(last.partition("\n\n")[2], {"show": show, "lm": run_notebook(app).get("lm")})  # noqa: S307  # our own cell
    same = carried(document)
    there = json.loads(json.dumps(narrowed(drawn.data, drawn._drawing.figure.digits)))
    for one in (same, there):
        for key in ("stamp", "mapsStamp", "model", "passes"):  # names of the session's model; times
            one.pop(key, None)
        one["selection"].pop("follow", None)  # a notebook names the row itself
        if name == "decoding":
            one["verdict"].pop("act", None)  # its page alone offers another text
    assert same == there


def test_of_a_picture_that_cannot_be_written_the_file_says_why(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("home")
    monkeypatch.setattr(documents, "WARNED", 1000)
    monkeypatch.setattr(documents, "MOST", 1000)
    said = app.session_state["gb"].memos["takeaway"]["html"]()
    assert "Leave out a part of the text" in said
    assert "<script" not in said
