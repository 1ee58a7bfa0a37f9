"""The frame that Embed copies names the very file that the button HTML saves."""

from __future__ import annotations

import json

import pytest

from tests.pages.conftest import OpenPage

LINKS = {
    "a bundled model": {"text": "A red ball was lost."},
    "a folder": {"model": "./other", "text": "The cat saw the dog"},
    "a moment": {"snapshot": 300, "text": "A red ball was lost."},
}


@pytest.mark.full(reason="takes 3 s")
@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS.keys())
@pytest.mark.usefixtures("other_model")
def test_embed_names_the_saved_file(link: dict[str, str | int], open_page: OpenPage) -> None:
    app = open_page("attention", **link)
    given = [json.loads(one.proto.json) for one in app.get("bidi_component") if one.proto.json]
    flat = [part for one in given for part in (one if isinstance(one, list) else [one])]
    (take,) = (one for one in flat if isinstance(one, dict) and "embed" in one)
    assert f'src="{take["name"]}.html"' in take["embed"]
