"""Choosing a model: its own texts come with it, a learner's text stays."""

from __future__ import annotations

import pytest

from app import choice, models, state
from core import zoo

OWN = ("summarize: Nora lost her kite.", "sentiment: It never broke.")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> dict[str, object]:
    """A state of a session, as a plain record; the model "made-for-tasks" has texts of its own."""
    now: dict[str, object] = {"model": "tales-gpt", "text": state.DEFAULT_TEXT, "target": "", "snapshot": 10}
    monkeypatch.setattr(state, "get", now.get)
    monkeypatch.setattr(state, "update", now.update)
    monkeypatch.setattr(models, "bundled", lambda: ("tales-gpt", "made-for-tasks"))
    monkeypatch.setattr(zoo, "card", lambda name: {"texts": OWN} if name == "made-for-tasks" else {})
    return now


def test_a_text_that_nobody_wrote_gives_way_to_the_models_own_and_comes_back(told: dict[str, object]) -> None:
    choice.choose("made-for-tasks")
    assert told == {"model": "made-for-tasks", "text": OWN[0], "target": "", "snapshot": -1}
    told["text"] = OWN[1]  # another of the model's own
    choice.choose("tales-gpt")
    assert told["text"] == state.DEFAULT_TEXT and told["model"] == "tales-gpt"


def test_a_learners_text_stays(told: dict[str, object]) -> None:
    told["text"] = "My own words"
    choice.choose("made-for-tasks")
    assert told["text"] == "My own words" and told["snapshot"] == -1
    choice.choose("./a-folder", picked="")
    assert told["text"] == "My own words" and told["model"] == "./a-folder" and told["picked"] == ""


def test_models_without_texts_of_their_own(told: dict[str, object]) -> None:
    assert choice.texts("./folder") == () and choice.texts("tales-gpt") == ()
    assert choice.texts("made-for-tasks") == OWN
