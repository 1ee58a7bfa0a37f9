"""A text unlike all that the models read: every page that asks one about it says so, and shows no score beside it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from tests.pages.conftest import OpenPage, run_notebook

FILM = "This film was great"
TALE = "Nora lost the red kite. Tom found the kite under the bench."


def captions(app: AppTest) -> str:
    return " ".join(one.value for one in app.caption).replace("\\", "")


def pictures(app: AppTest) -> list[dict[str, Any]]:
    return [json.loads(one.proto.json)[0] for one in app.get("bidi_component") if one.proto.json]


@pytest.mark.parametrize("slug", ["fine_tuning", "adaptability", "loss", "break_it"])
def test_the_page_says_so(slug: str, open_page: OpenPage) -> None:
    app = open_page(slug, text=FILM)
    assert not app.exception
    assert "Your text is unlike all the model read: 2." in captions(app)
    assert "unlike all" not in captions(open_page(slug, text=TALE))


def test_of_a_model_of_other_texts_nothing_is_said(open_page: OpenPage) -> None:
    assert "unlike all" not in captions(open_page("loss", text=FILM, model="austen-gpt"))


def test_the_sentiment_of_a_film_has_no_score(open_page: OpenPage) -> None:
    for text, strange in (
        (FILM, True),
        ("I thought that the silver boat would be slow, and I was wrong.", False),
    ):
        app = open_page("applications", use="sentiment", text=text)
        app.button(key="applications.own").click().run() if not app.button(
            key="applications.own"
        ).disabled else None
        assert not app.exception
        data = next(data for data in pictures(app) if "verdict" in data)
        assert text in data["source"]
        first = data["verdict"][0]["text"] if data["verdict"] else ""
        assert first.startswith("Unlike all it read: 2.") == strange
        assert [one["p"] is None for one in data["written"]] == [strange] * len(data["written"])
        assert bool(data["labels"]) != strange


def test_no_way_of_adapting_is_sure_of_it(open_page: OpenPage) -> None:
    app = open_page("fine_tuning", text=FILM)
    ways = next(data["ways"] for data in pictures(app) if "ways" in data)
    assert all(way["judged"] == {"why": "unlike all it read"} for way in ways)
    run_notebook(app)
    app = open_page("adaptability", text=FILM)
    judged = next(data["judged"] for data in pictures(app) if "judged" in data)
    assert all(
        one["why"] == "unlike all it read" and "probability" not in one
        for many in judged.values()
        for one in many
    )
    run_notebook(app)
