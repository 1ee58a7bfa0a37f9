"""A loss of a whole model stands on no page without what it is taken over: the same model has another one elsewhere."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

import core
from app.controls import scope
from app.models import cache
from core.analysis.story_loss import STORIES, mean_loss, story_losses
from core.efficiency import held_out
from core.efficiency.judging import judge_original
from core.runs import compression_recordings
from tests.pages.conftest import OpenPage


def html(app: AppTest) -> str:
    """All that the page wrote, as one text."""
    return re.sub(r"<[^>]+>", " ", "\n".join(block.value for block in [*app.html, *app.caption]))


def pictures(app: AppTest) -> list[dict[str, Any]]:
    """The data of the page's pictures."""
    found = [json.loads(one.proto.json) for one in app.get("bidi_component") if one.proto.json]
    return [data[0] for data in found if isinstance(data, list) and isinstance(data[0], dict)]


def test_the_cards_loss_says_its_rows_on_both_pages_that_show_it(open_page: OpenPage) -> None:
    card = core.load("tales-gpt").card
    assert card["held_out_loss"] == 0.5689
    over = "24,576 tokens of 127 held-out texts, read in rows of 384 tokens, one text behind the other"
    assert scope.of_card(card) == over
    for slug, link in (("models", {}), ("applications", {"use": "story"})):
        said = html(open_page(slug, **link))
        assert "0.569" in said or "0.5689" in said, slug
        assert over in said, slug


@pytest.mark.full(reason="takes 2 s")
def test_the_losses_of_efficiency_say_their_texts(open_page: OpenPage) -> None:
    app = open_page("efficiency")
    before, own = cache.share(judge_original, cache.key("tales-gpt"))
    (shown,) = (data for data in pictures(app) if "original" in data)
    assert shown["original"]["loss"] == own.loss and own.places == sum(one.asked for one in before.asked)
    over = f"{own.places:,} tokens of {len(before.asked)} held-out texts, each read by itself and cut at 128 tokens"
    assert shown["original"]["over"] == over and over in html(app)
    (below,) = (data for data in pictures(app) if "students" in data)
    base = compression_recordings.base()
    told = " ".join(below["said"]["pruned"])
    assert f"{base['places']:,} tokens of {held_out.STORIES} held-out stories" in told
    assert f"{base['loss']:.3f} nats for tales-gpt" in told


def test_the_stories_of_attention_say_how_many_and_how_long(open_page: OpenPage) -> None:
    lm = core.load("tales-gpt")
    asked = story_losses(lm)
    assert max(ids.shape[1] for one in asked for ids in one.inputs) <= 128
    (below,) = (data for data in pictures(open_page("attention")) if "masks" in data)
    assert (below["stories"], below["longest"]) == (STORIES, 128) == (len(asked), 128)
    own = next(mask for mask in below["masks"] if mask["own"])
    assert abs(own["stories"] - mean_loss(lm, asked)) < 1e-4


def test_what_a_card_does_not_say_is_not_made_up() -> None:
    assert scope.of_card({}) == "" == scope.of_card({"held_out_loss": 1.0})
    assert (
        scope.of_card({"context": 64})
        == "held-out texts, read in rows of 64 tokens, one text behind the other"
    )
    for name in ("tales-bert", "tales-t5"):
        card = core.load(name).card
        assert f"{card['held_out_interval']['tokens']:,}" in scope.of_card(card)
        assert ("hidden tokens" in scope.of_card(card)) is (name == "tales-bert")
        assert ("each by itself" in scope.of_card(card)) is (name == "tales-t5")
