"""One token is followed in the whole session: every picture whose rows are the text's tokens shows it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage

PAGES = ("home", "positions", "attention", "multi_head", "regularization")


def shown(app: AppTest) -> dict[str, Any]:
    """The selection of the page's picture."""
    pictures = [json.loads(one.proto.json) for one in app.get("bidi_component") if one.proto.json]
    found: dict[str, Any] = next(
        data["selection"] for data, *_ in pictures if isinstance(data, dict) and "selection" in data
    )
    return found


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("slug", PAGES)
def test_the_followed_token_is_the_row_that_is_shown(slug: str, open_page: OpenPage) -> None:
    key = "follow" if slug == "home" else "row"
    app = open_page(slug, text="Once upon a time, Lily saw a", follow=3)
    assert shown(app)[key] == 3
    app.session_state["gb"].store["row"] = 5
    if slug != "home":
        assert shown(app.run())[key] == 5, "a cell that was chosen since"


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize("slug", PAGES[1:])
@pytest.mark.usefixtures("other_model")
def test_a_position_that_this_text_or_stack_has_not_is_left_alone(slug: str, open_page: OpenPage) -> None:
    app = open_page(
        slug, model="./pair", text="The sun and wind shone", target="A", stack="decoder", follow=4
    )
    assert not app.exception
    assert 0 <= shown(app)["row"] <= 1, "the decoder has written one token"
