"""A prediction on every page: it stays while its question is the same, comes back with it, and answers no other one."""

from __future__ import annotations

import re
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from app import chapters
from app.controls import predict
from tests.pages.conftest import OWN_MODELS, SMALLER, OpenPage, turn_to

SHOWN = [chapter.slug for group in chapters.shown().values() for chapter in group]

# What a visitor looks at on a page after a prediction, of which its question does not speak.
LOOKED_AT: dict[str, dict[str, Any]] = {
    "home": {"walk": 1, "temperature": 0.5, "ribbons": "sign"},
    "tokenization": {"method": "wordpiece", "merge": 3},
    "embeddings": {"gaze": "near", "stage": 1},
    "positions": {"kind": "rotary", "row": 2, "stage": 1, "shift": 7},
    "attention": {"step": 1},
    "multi_head": {"panel": "maps", "added": 1},
    "feed_forward": {"stage": 1, "neuron": 3, "silence": "others"},
    "norm_residual": {"written": 1, "norm": "rms", "layers": 4},
    "loss": {"unit": "bits", "smoothing": 0.3},
    "objectives": {"follow": 2, "lesson": 1},
    "lab": {"block": 1, "axis": "tokens"},
    "optimizers": {"lap": 3, "tick": 2, "plane": "path"},
    "regularization": {"stage": 1, "patience": 5, "glance": 0, "arm": "decay"},
    "fine_tuning": {"stage": 1, "axis": "seconds", "wrow": 1},
    "break_it": {"stage": 1, "look": 0},
    "families": {"drafted": 1, "published": "Llama"},
    "models": {"picked": "tales-bert", "ruler": "linear", "stock": "folder"},
    "decoding": {"level": 1, "seed": 12, "sample": False, "temperature": 0.5},
    "applications": {"spoken": 1, "said": 0},
    "compute": {"counted": 1, "card": "h100", "reached": 0.3},
    "bias": {"stage": 1, "subject": 2, "profession": 3},
    "interpretability": {"stage": 1, "sight": "lens", "tier": 1, "shade": "own"},
    "scaling": {"stage": 1, "width": 32},
    "efficiency": {"stage": 1, "output": 3},
    "multimodal": {"spoken": 1, "crossing": 1, "imaged": 2},
    "adaptability": {"stage": 1, "rank": 8, "few": 50},
    "classroom": {"likely": 3, "unlikely": 1},
}

# What decides an answer and does not stand in the words of its question.
DECIDES: dict[str, dict[str, Any]] = {
    "home": {"follow": 3},
    "positions": {"draw": 5},
    "attention": {"sharpness": 0.5},
    "multi_head": {"instead": "mean"},
    "feed_forward": {"follow": 3},
    "norm_residual": {"follow": 3},
    "loss": {"follow": 3},
    "objectives": {"mask_rate": 0.6},
    "optimizers": {"adam": 0.1},
    "regularization": {"draw": 5},
    "families": {"follow": 2},
    "decoding": {"depth": 5},
    "applications": {"drawn": 5},
    "fine_tuning": {"job": "questions"},
    "break_it": {"part": "mask"},
    "compute": {"floats": "bf16"},
    "scaling": {"withheld": 2},
    "efficiency": {"bits": "8"},
    "adaptability": {"front": 8},
    "multimodal": {"pictured": 100},
    "classroom": {"follow": 3},
}


def card(app: AppTest) -> tuple[str, str]:
    """The question, and what stands under it: the answer; "" before a prediction."""
    question = next(block.value for block in app.html if "<b>Predict</b>" in block.value)
    found = [block.value for block in app.html if 'class="gb-reveal"' in block.value]
    return re.sub(r"<[^>]+>", "", question), found[0] if found else ""


def commit(app: AppTest) -> tuple[str, str]:
    """Say the first thing; returns the question and the answer."""
    app.pills(key="predict.choice").set_value(0).run()
    app.button(key="predict.commit").click().run()
    question, found = card(app)
    assert found, "the model answered"
    return question, found


def look(app: AppTest, values: dict[str, Any]) -> None:
    """Change fields, as clicks in the picture and on its controls do."""
    known = app.session_state["gb"].store
    assert all(known[key] != value for key, value in values.items()), "each of them changes something"
    known.update(values)
    app.run()
    assert not app.exception


@pytest.mark.full(reason="the other cases take 13 s", quick_cases=1)
@pytest.mark.parametrize("slug", SHOWN)
def test_a_prediction_stays_while_its_question_does(slug: str, open_page: OpenPage) -> None:
    app = open_page(slug, **SMALLER.get(slug, {}))
    said = commit(app)
    for key, value in LOOKED_AT[slug].items():
        look(app, {key: value})
        assert card(app) == said, f"{key} is no part of the question"


@pytest.mark.full(reason="the other cases take 3 s", quick_cases=2)
@pytest.mark.parametrize("slug", DECIDES)
def test_what_decides_the_answer_makes_it_another_question(slug: str, open_page: OpenPage) -> None:
    app = open_page(slug)
    commit(app)
    look(app, DECIDES[slug])
    assert not card(app)[1]


@pytest.mark.full(reason="the other cases take 4 s", quick_cases=1)
@pytest.mark.parametrize("slug", [slug for slug in SHOWN if slug not in OWN_MODELS | {"efficiency"}])
def test_another_text_is_another_question_and_undo_brings_the_first_back(
    slug: str, open_page: OpenPage
) -> None:
    app = open_page(slug, **SMALLER.get(slug, {}))
    said = commit(app)
    app.text_area(key="text").set_value("Tom and Anna went to the park, and Tom saw a dog.").run()
    assert not card(app)[1], "nothing was said to this one"
    assert app.pills(key="predict.choice").value is None
    app.button(key="tool.undo").click().run()
    assert card(app) == said


def test_a_prediction_is_there_when_one_comes_back_to_its_page(open_page: OpenPage) -> None:
    app = open_page("home")
    said = commit(app)
    turn_to(app, "loss")
    assert not card(app)[1]
    turn_to(app, "home")
    assert card(app) == said


@pytest.mark.full(reason="takes 2 s")
def test_another_asks_anew_what_was_answered_before(open_page: OpenPage) -> None:
    app = open_page("embeddings", text="The cat saw the dog")
    asked = []
    for _ in range(6):
        commit(app)
        asked.append(app.session_state["gb"].memos["predict"]["question"])
        app.button(key="predict.another").click().run()
        question, answered = card(app)[0], card(app)[1]
        assert not answered and question
        assert app.session_state["gb"].memos["predict"]["question"] != asked[-1]
    assert len(set(asked)) == 3, "the words of the text that are long enough"


@pytest.mark.full(reason="each case takes 1 s")
@pytest.mark.parametrize("slug", ["attention", "bias", "efficiency", "loss"])
def test_another_comes_back_to_no_answered_question_while_there_are_others(
    slug: str, open_page: OpenPage
) -> None:
    app = open_page(slug, text="A red ball was lost")
    asked = []
    for _ in range(5):
        commit(app)
        asked.append(app.session_state["gb"].memos["predict"]["signature"])
        app.button(key="predict.another").click().run()
        assert not app.exception and not card(app)[1]
    assert len(set(asked)) == 5


@pytest.mark.full(reason="takes a second")
def test_another_leads_on_from_an_answered_question_only_while_it_finds_others(open_page: OpenPage) -> None:
    app = open_page("fine_tuning")
    asked = []
    for _ in range(4):
        commit(app)
        asked.append(app.session_state["gb"].memos["predict"]["signature"])
        app.button(key="predict.another").click().run()
    assert asked[0] == asked[2] != asked[1] == asked[3]


@pytest.mark.full(reason="takes a second")
def test_no_more_predictions_are_kept_than_a_session_may_hold(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predict, "KEPT", 2)
    app = open_page("home")
    rows = [-1, 3, 4, 5]
    said = []
    for row in rows:
        app.session_state["gb"].store["follow"] = row
        app.run()
        said.append(commit(app))
    assert len(app.session_state["gb"].memos["predictions"]) == 2
    look(app, {"follow": rows[2]})
    assert card(app) == said[2]
    look(app, {"follow": rows[0]})
    assert not card(app)[1]


OWN = "Tom and Anna went to the park, and Tom saw a dog."


def asked_anew(app: AppTest) -> str:
    """Commit and ask anew; returns the text that the question brings."""
    commit(app)
    app.button(key="predict.another").click().run()
    assert not app.exception
    text: str = app.session_state["gb"].store["text"]
    assert text != OWN and app.text_area(key="text").value == text
    return text


@pytest.mark.full(reason="takes 2 s")
def test_a_text_that_a_question_brings_is_given_back(open_page: OpenPage) -> None:
    app = open_page("tokenization", text=OWN)
    assert not [button for button in app.button if button.key == "predict.back"]
    asked_anew(app)
    app.button(key="predict.back").click().run()
    assert app.text_area(key="text").value == OWN
    assert not [button for button in app.button if button.key == "predict.back"]


@pytest.mark.full(reason="takes 2 s")
def test_the_next_page_has_the_learners_own_text(open_page: OpenPage) -> None:
    app = open_page("tokenization", text=OWN, follow=3)
    asked_anew(app)
    commit(app)
    turn_to(app, "attention")
    assert app.session_state["gb"].store["text"] == OWN == app.text_area(key="text").value
    assert app.session_state["gb"].store["follow"] == 3


def test_what_a_learner_has_typed_since_stays(open_page: OpenPage) -> None:
    app = open_page("tokenization", text=OWN)
    asked_anew(app)
    app.text_area(key="text").set_value("Anna saw a cat.").run()
    turn_to(app, "attention")
    assert app.session_state["gb"].store["text"] == "Anna saw a cat."


def test_what_show_it_sets_is_left_with_its_page(open_page: OpenPage) -> None:
    app = open_page("attention", text=OWN)
    commit(app)
    before = dict(app.session_state["gb"].store)
    app.button(key="predict.show").click().run()
    assert app.session_state["gb"].store["edits"] != before["edits"]
    turn_to(app, "multi_head")
    now = app.session_state["gb"].store
    assert {key: now[key] for key in ("edits", "text", "follow", "row", "col")} == {
        key: before[key] for key in ("edits", "text", "follow", "row", "col")
    }
