"""Take away of a page whose picture is a figure: file and notebook hold the picture that the page shows."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

import core
from app import show
from app.kit.packing import narrowed
from app.outside import documents
from app.session.fields import BY_KEY
from core.efficiency.settings import USUAL, setting_name
from tests.pages.conftest import OpenPage, notebook, run_notebook
from tests.pictures import CASES, SHOWN, draw
from tests.pictures import figure as figure_of

TEXT = "A red ball was lost. She found the red"


def carried(document: str) -> Any:
    """The data of a document's picture."""
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', document, re.S)
    assert found is not None
    return json.loads(found[1])[0][0]["data"]


@pytest.mark.full(reason="each case takes 2 s")
@pytest.mark.parametrize("model", ["tales-gpt", "tales-bert", "tales-t5"])
@pytest.mark.parametrize("name", SHOWN)
def test_file_and_notebook_hold_the_picture_of_the_page(name: str, model: str, open_page: OpenPage) -> None:
    app = open_page(name, model=model, text="Once upon a time", block=1, head=1, follow=2)
    assert not app.exception
    document = app.session_state["gb"].memos["takeaway"]["html"]()
    last = notebook(app).cells[-1].source
    assert last.startswith("from app import show\n\nshow.")
    drawn = eval(last.partition("\n\n")[2], {**run_notebook(app), "show": show})  # noqa: S307  # our own cell
    same = carried(document)
    there = json.loads(json.dumps(narrowed(drawn.data, drawn._drawing.figure.digits)))
    for one in (same, there):
        remove_what_differs(name, one)
        if name == "efficiency":
            keep_usual_points(one)
        one["selection"].pop("follow", None)  # a notebook names the row itself
    assert same == there


def remove_what_differs(name: str, data: dict[str, Any]) -> None:
    """Remove what a page and a call never share: the names of a session's model, times, and a page's own offers."""
    for key in ("stamp", "mapsStamp", "model", "passes"):
        data.pop(key, None)
    if name == "decoding":
        data["verdict"].pop("act", None)  # its page alone offers another text
    if name == "embeddings":
        for part in ("words", "map"):  # a browser stores them under the name of the session's model
            (data.get(part) or {}).pop("key", None)


def keep_usual_points(data: dict[str, Any]) -> None:
    """Remove what other tests have measured of Efficiency's settings since then, and the chart that holds it."""
    usual = {setting_name(setting) for setting in USUAL}
    data["points"] = [
        {key: point[key] for key in point if key != "front"}
        for point in data["points"]
        if point["here"] or point["name"] in usual
    ]
    data.pop("chart", None)


def link_of(name: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Return the fields of the link that opens the page as `arguments` draw the picture."""
    figure = figure_of(name)
    keys = {argument.word: argument.key for argument in figure.arguments}
    values, _ = figure.values(arguments)
    picture = draw(name, core.load("tales-gpt"), TEXT, **arguments)._drawing
    selected = figure.select(picture.seen)
    query = {keys[word]: selected.get(keys[word], values[keys[word]]) for word in arguments}
    return {key: BY_KEY[key].render(value) for key, value in query.items()}


@pytest.mark.full(reason="each case takes 3 s")
@pytest.mark.parametrize(("name", "arguments"), CASES)
def test_a_link_and_a_call_with_the_same_arguments_draw_the_same_data(
    name: str, arguments: dict[str, Any], open_page: OpenPage
) -> None:
    lm = core.load("tales-gpt")
    app = open_page(name, v=1, model="tales-gpt", text=TEXT, **link_of(name, arguments))
    assert not app.exception
    page = carried(app.session_state["gb"].memos["takeaway"]["html"]())
    call = carried(draw(name, lm, TEXT, **arguments).html())
    for data in (page, call):
        remove_what_differs(name, data)
        if name == "efficiency":
            keep_usual_points(data)
    assert page == call


def test_of_a_picture_that_cannot_be_written_the_file_says_why(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("home")
    monkeypatch.setattr(documents, "WARNED", 1000)
    monkeypatch.setattr(documents, "MOST", 1000)
    said = app.session_state["gb"].memos["takeaway"]["html"]()
    assert "Leave out a part of the text" in said
    assert "<script" not in said
