"""A picture that carries its model: what the browser computes of a text is what Python computes of it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import core
from app import show
from app.kit.packing import unpack
from app.outside.documents import CARRY
from core.analysis.heads.jobs import NAMED_FROM, HeadJobs
from core.analysis.heads.null_distributions import CONTENT
from core.analysis.heads.patterns import NAMES
from core.text import edit
from pages.attention.edits import Cells, Edits, apply_event, read_edits, read_shown, write_edits
from tests.node import answer
from tests.oracle.browser_draws import BrowserDraws

SCRIPT = Path(__file__).with_name("carried_picture.mjs")
MOST = 1e-4  # by which a number may differ; one in a row with values above 1, by this part of the largest
TEXT = "A red ball was lost. She found the red"
TEXTS = (TEXT, "Tom", "It's 12 o'clock; “café” 日本語 🦊!", "</script><img><b>\u2028 <s> the the the the")
EARLY = 150
CAME = "Something else"  # the text that a file comes with
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
    "multi_head": [
        ({}, {}),
        (
            {"layer": 2, "head": 1, "row": 0, "panel": "pair", "off": "3.2 2.0", "instead": "mean"},
            {"block": 2, "head": 1, "row": 0, "panel": "pair", "off": "3.2 2.0", "instead": "mean"},
        ),
        ({"off": "3.2"}, {"off": "3.2"}),
        (
            {"off": "0.* 1.3", "instead": "mean", "layer": 1, "panel": "effect", "order": "effect"},
            {"off": "0.* 1.3", "instead": "mean", "block": 1, "panel": "effect", "order": "effect"},
        ),
        ({"off": "*", "head": 3, "step": 8}, {"off": "*", "head": 3, "tour": 8}),  # the last step
    ],
}


def computed(name: str, cases: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The data that the picture's file computes of other texts and choices than it came with, by its own scripts."""
    picture = getattr(show, name)(core.load("tales-gpt"), CAME).with_model(rewind=EARLY)
    own = picture._own
    asked = {"way": own.script, "cases": cases, "own": {**asdict(own), "model": own.model}}
    return list(answer(SCRIPT, asked))


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
    if there.dtype == np.uint8:  # a share in 256 steps may be rounded to the next one
        apart = np.abs(here.astype(int) - there)
        assert apart.max(initial=0) <= 1 and (apart > 0).mean() < 1e-3, path
        return
    here, there = here.astype(np.float64), there.astype(np.float64)
    both = np.isfinite(there)
    np.testing.assert_array_equal(here[~both], there[~both], err_msg=path)
    finite = np.where(both, there, 0.0)
    most = np.abs(finite).max(-1, keepdims=True, initial=1.0)
    assert (np.abs(np.where(both, here, 0.0) - finite) <= MOST * most).all(), path


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("name", CARRY)
def test_the_file_computes_what_python_computes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np.random, "default_rng", BrowserDraws)  # what is drawn by chance is drawn alike
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


@pytest.mark.full(reason="takes 3 s")
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
        given = (text, place, len(ids), len(ids))
        edits, shown = read_edits(*given), read_shown(*given)
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


@pytest.mark.full(reason="takes 2 s")
def test_a_token_is_put_at_the_end_as_on_the_page() -> None:
    tokenizer = core.load("tales-gpt").tokenizer
    for text, token in ((TEXT, tokenizer.encode(" ball")[-1]), ("caf", tokenizer.encode("é")[-2]), (TEXT, 1)):
        [one] = computed("home", [{"text": text, "event": ["append", {"id": token, "row": 0}]}])
        assert one["now"]["text"] == edit.continued(tokenizer, text, token)
        assert ("note" in one["turn"]) == (token == 1), "the end of a text is no text, and the file says so"
    long = "ball " * 200
    [one] = computed("home", [{"text": long, "event": ["append", {"id": 50, "row": 0}]}])
    assert one["now"]["text"] == long and "shorten the text" in one["turn"]["note"]


@pytest.mark.full(reason="starts processes and waits for them, 3 s")
def test_chance_drawn_by_the_file_itself_says_what_python_s_draws_say() -> None:
    models = [core.load("tales-gpt"), core.load("tales-gpt", snapshot=EARLY)]
    cases = [(text, moment) for text in (CAME, *TEXTS) for moment in (0, 1)]
    found = computed("multi_head", [{"text": text, "moment": moment, "values": {}} for text, moment in cases])
    clear = 0
    for (text, moment), one in zip(cases, found, strict=True):
        drawing, here = show.multi_head(models[moment], text)._drawing, one["data"]
        want, jobs = drawing.data, drawing.seen.jobs
        if text == CAME:  # Python's lines travel with the text that the picture came with
            alike(
                [here[key] for key in ("roles", "scoreTips")],
                [want[key] for key in ("roles", "scoreTips")],
                text,
            )
        for job, null in jobs.chance.text.items():
            tip = here["scoreTips"][want["scoreNames"].index(NAMES[job])]
            line = float(re.search(r"comes to (\d\.\d\d);", tip)[1])
            # 40 draws or fewer where each takes a pass: their 95 % is one of the greatest two.
            assert abs(line - null.line) <= (0.3 if job in CONTENT else 0.05), f"{text}, {moment}: {job}"
        for place in zip(*map(np.ravel, np.indices(jobs.evenness.shape))):
            if all(far > 0.05 for far in distances(jobs, place)):
                i = int(np.ravel_multi_index(place, jobs.evenness.shape))
                alike(here["roles"][i], want["roles"][i], f"{text}, {moment}: head {place}")
                clear += 1
    assert clear > 0.5 * len(cases) * 16, "most heads are far from every line"


def distances(jobs: HeadJobs, place: tuple[int, int]) -> Iterator[float]:
    """How far a head's scores are from what decides about its name: the line of chance, and the height for a name."""
    nulls = [(jobs.scores[job], null) for job, null in jobs.chance.text.items()]
    nulls += [(jobs.chance.classes[name], null) for name, null in jobs.chance.class_nulls.items()]
    for score, null in nulls:
        weight, above = score.weight, score.above_even
        if weight is None or above is None or above[place] < NAMED_FROM - 0.05:
            continue  # no name either way
        wide = 0.25 if null.how == "repeats taken out" else 0.0
        yield max(0.0, abs(weight[place] - null.line) - wide)
        yield abs(above[place] - NAMED_FROM)
