"""A picture that carries its model: what the browser computes of a text is what Python computes of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from playwright._impl._driver import compute_driver_executable

import core
from app import show
from app.kit.packing import unpack
from app.outside.documents import CARRY
from core.text import edit
from pages.attention.edits import Cells, Edits, apply_event, read_edits, read_shown, write_edits

SCRIPT = Path(__file__).with_name("carried_picture.mjs")
MOST = 1e-4  # by which a number may differ; one in a row with values above 1, by this part of the largest
TEXT = "A red ball was lost. She found the red"
TEXTS = (TEXT, "Tom", "It's 12 o'clock; “café” 日本語 🦊!", "</script><img><b>\u2028 <s> the the the the")
EARLY = 150
# By page, the arguments of show.NAME and the fields behind them.
ASKED: dict[str, list[tuple[dict[str, Any], dict[str, Any]]]] = {
    "home": [
        ({}, {}),
        (
            {"layer": 0, "head": 3, "row": 0, "temperature": 0.5},
            {"block": 0, "head": 3, "follow": 0, "temperature": 0.5},
        ),
    ],
    "attention": [
        ({"layer": 3, "head": 2}, {"block": 3, "head": 2}),
        (
            {"layer": 0, "head": 1, "row": 0, "col": 0, "step": "softmax"},
            {"block": 0, "head": 1, "row": 0, "col": 0, "step": 8},
        ),
        (
            {"layer": 1, "head": 3, "scale": False, "temperature": 0.7},
            {"block": 1, "head": 3, "scale": False, "sharpness": 0.7},
        ),
        (
            {"layer": 2, "head": 0, "mask": False, "position": False},
            {"block": 2, "head": 0, "mask": False, "turn": False},
        ),
        (
            {"layer": 2, "head": 0, "local": True, "window": 3, "sinks": 1},
            {"block": 2, "head": 0, "local": True, "reach": 3, "sinks": 1},
        ),
    ],
}


def computed(name: str, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The data that the picture's file computes of other texts and choices than it came with, by its own scripts."""
    node, _ = compute_driver_executable()
    picture = getattr(show, name)(core.load("tales-gpt"), "Something else").with_model(rewind=EARLY)
    own = picture._own
    asked = {"way": own.script, "cases": cases, "own": {**asdict(own), "model": own.model}}
    with TemporaryDirectory() as folder:
        file = Path(folder) / "asked.json"
        file.write_text(json.dumps(asked), encoding="utf-8")
        done = subprocess.run(
            [node, "--no-warnings", str(SCRIPT), str(file)], capture_output=True, text=True, check=True
        )
    return list(json.loads(done.stdout))


def alike(here: Any, there: Any, path: str) -> None:
    """Compare two parts of a picture's data: words exactly, numbers as far as float32 goes."""
    if isinstance(there, Mapping) and {"b64", "dtype"} <= there.keys():
        close(unpack(here), unpack(there), path)
    elif isinstance(there, Mapping):
        assert here.keys() == there.keys(), path
        for key in there:
            alike(here[key], there[key], f"{path}.{key}")
    elif isinstance(there, list | tuple):
        assert len(here) == len(there), path
        for i, (one, other) in enumerate(zip(here, there, strict=True)):
            alike(one, other, f"{path}[{i}]")
    elif isinstance(there, float) and not isinstance(here, bool) and here is not None:
        assert abs(here - there) <= MOST * max(1.0, abs(there)), f"{path}: {here} is not {there}"
    else:
        assert here == there, path


def close(here: np.ndarray[Any, Any], there: np.ndarray[Any, Any], path: str) -> None:
    assert here.shape == there.shape, path
    here, there = here.astype(np.float64), there.astype(np.float64)
    both = np.isfinite(there)
    np.testing.assert_array_equal(here[~both], there[~both], err_msg=path)
    finite = np.where(both, there, 0.0)
    most = np.abs(finite).max(-1, keepdims=True, initial=1.0)
    assert (np.abs(np.where(both, here, 0.0) - finite) <= MOST * most).all(), path


@pytest.mark.parametrize("name", CARRY)
def test_the_file_computes_what_python_computes(name: str) -> None:
    cases = [(text, moment, *asked) for asked in ASKED[name] for text in TEXTS for moment in (0, 1)]
    models = [core.load("tales-gpt"), core.load("tales-gpt", snapshot=EARLY)]
    found = computed(
        name, [{"text": text, "moment": moment, "values": values} for text, moment, _, values in cases]
    )
    for (text, moment, words, _), one in zip(cases, found, strict=True):
        want = getattr(show, name)(models[moment], text, **words)._drawing.data
        here = one["data"]
        apart = {"stamp", "mapsStamp", "model"}  # they name the state of the file, or of the server
        assert here.keys() - apart == want.keys() - apart
        for key in want.keys() - apart:
            alike(here[key], want[key], f"{text!r}, {words}: {key}")


def test_scores_are_edited_in_the_file_as_on_the_page() -> None:
    lm, ids = core.load("tales-gpt"), core.load("tales-gpt").tokenizer.encode(TEXT)
    place, values = f"self.3.2.{len(ids)}.0", {"block": 3, "head": 2}
    events = [
        {"row": 10, "col": 4, "value": 3.25},
        {"row": 10, "col": 2, "hide": True},
        {"row": 3, "col": 7, "value": 2, "show": True},
        {"row": 10, "col": 4, "value": 5000},
        {"row": 10, "col": 2, "back": True},
        {"row": 99, "col": 2, "hide": True},
        {"row": 3, "col": 7, "value": -0.5},
    ]
    edits: Edits = ()
    shown: Cells = ()
    text = ""
    for event in events:
        [one] = computed(
            "attention", [{"text": TEXT, "values": {**values, "edits": text}, "event": ["edit", event]}]
        )
        edits, shown = apply_event(event, edits, shown, len(ids), len(ids))
        text = one["now"]["values"]["edits"]
        assert text == write_edits(edits, place, shown)
        edits, shown = (read(text, place, len(ids), len(ids)) for read in (read_edits, read_shown))
        want = show.attention(lm, TEXT, layer=3, head=2, edits=text)._drawing.data
        for key in want:
            alike(one["data"][key], want[key], f"{event}: {key}")
    [one] = computed(
        "attention",
        [{"text": TEXT, "values": {**values, "edits": text, "mask": False}, "event": ["reset", {}]}],
    )
    want = show.attention(lm, TEXT, layer=3, head=2)._drawing.data
    for key in want:
        alike(one["data"][key], want[key], f"reset: {key}")


def test_a_token_is_put_at_the_end_as_on_the_page() -> None:
    tokenizer = core.load("tales-gpt").tokenizer
    for text, token in ((TEXT, tokenizer.encode(" ball")[-1]), ("caf", tokenizer.encode("é")[-2]), (TEXT, 1)):
        [one] = computed("home", [{"text": text, "event": ["append", {"id": token, "row": 0}]}])
        assert one["now"]["text"] == edit.continued(tokenizer, text, token)
        assert ("note" in one["turn"]) == (token == 1), "the end of a text is no text, and the file says so"
    long = "ball " * 200
    [one] = computed("home", [{"text": long, "event": ["append", {"id": 50, "row": 0}]}])
    assert one["now"]["text"] == long and "shorten the text" in one["turn"]["note"]
