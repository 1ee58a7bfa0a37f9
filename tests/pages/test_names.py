"""An open run is called by the name that its learner gave it, wherever a page speaks of it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage, Runs

# What a picture does not write but sends back, or compares: a link's name of a model stands there.
KEPT = {"model", "now", "stamp", "selection", "key", "query", "record", "embed"}  # the last two hold links
_TAG = re.compile(r"<[^<>]*>")
PAGES = ("break_it", "regularization", "bias", "efficiency", "compute", "embeddings", "families")


def words(value: Any) -> Iterator[str]:
    """All strings of a picture's data that it may write."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from words(one)
    elif isinstance(value, dict):
        for name, one in value.items():
            if name == "name" and "label" in value:
                continue  # what a card sends back; its label is what it writes
            if name not in KEPT and not name.endswith("stamp"):
                yield from words(one)
            elif name == "model" and isinstance(one, str) and not one.startswith("run:"):
                yield one


def written(app: AppTest) -> list[str]:
    """Everything that the page says, in its pictures and around them."""
    found = [
        text
        for one in app.get("bidi_component")
        if one.proto.json
        for text in words(json.loads(one.proto.json))
    ]
    found += [one.value for one in (*app.caption, *app.warning)]
    found += [_TAG.sub(" ", one.value) for one in app.get("html")]  # an address may name the run
    return [*found, *(one.label for one in app.button)]


@pytest.mark.full(reason="the other cases take 2 s", quick_cases=1)
@pytest.mark.parametrize("slug", PAGES)
def test_an_open_run_is_called_by_its_own_name(slug: str, runs: Runs, open_page: OpenPage) -> None:
    run = runs.ready("Fernando")
    app = open_page(slug, model=f"run:{run.id}", text="Once upon a time")
    assert not app.exception
    assert app.session_state["gb"].store["model"] == f"run:{run.id}"
    said = written(app)
    assert not [text for text in said if run.id[:8] in text]
    assert [text for text in said if "Fernando" in text]
