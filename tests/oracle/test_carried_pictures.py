"""A picture that carries its model: what the browser computes of a text is what Python computes of it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
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
}
APART = {"home": ()}  # what names the file's own state, and no number


def computed(name: str, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The data that the picture's file computes of other texts and choices than it came with, by its own scripts."""
    node, _ = compute_driver_executable()
    picture = getattr(show, name)(core.load("tales-gpt"), "Something else").with_model(rewind=EARLY)
    own = picture._own
    asked = {
        "way": own.script, "cases": cases,
        "own": {"model": own.model, "text": own.text, "values": own.values, "told": own.told, "longest": own.longest},
    }  # fmt: skip
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
