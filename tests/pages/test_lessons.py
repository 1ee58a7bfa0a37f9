"""Lessons as scripts: the strip over a page, what an answer and leaving do, and the page that lists them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from app.lessons import card, library, strip
from app.session import events, state
from core import messages
from tests.pages.conftest import OpenPage, random_model

LESSON = library.FIRST
TEXT = "A red ball was lost. She found the red"


class Shim:
    """Buttons in place of the components of lessons: AppTest runs no scripts of a browser."""

    def __init__(self) -> None:
        self.shown: dict[str, Any] = {}
        self.sent: dict[str, dict[str, Any]] = {}

    def mount(self, data: Any, key: str, on: Mapping[str, Any]) -> None:
        """Draw a button for each event."""
        self.shown = data
        for name, act in on.items():
            st.button(name, key=f"{key}.{name}", on_click=state.whole(act))

    def act(self, app: AppTest, name: str, key: str = strip.KEY, **value: Any) -> AppTest:
        """Send an event as the browser would."""
        self.sent = {name: value}
        return app.button(key=f"{key}.{name}").click().run()


@pytest.fixture
def shim(monkeypatch: pytest.MonkeyPatch) -> Shim:
    """The components of lessons, as buttons."""
    made = Shim()
    monkeypatch.setattr(strip, "strip", made.mount)
    monkeypatch.setattr(card, "card", made.mount)
    true = events.sent

    def sent(picture: str, name: str) -> dict[str, Any]:
        return made.sent.get(name, {}) if picture in (strip.KEY, card.KEY) else true(picture, name)

    monkeypatch.setattr(events, "sent", sent)
    return made


def store(app: AppTest) -> dict[str, Any]:
    """The session's values."""
    values: dict[str, Any] = app.session_state["gb"].store
    return values


def test_a_link_with_lesson_and_step_alone_sets_the_page_up(open_page: OpenPage, shim: Shim) -> None:
    app = open_page("attention", path=LESSON, mark=6)
    assert not app.exception
    now = store(app)
    assert (now["model"], now["text"]) == ("tales-gpt", TEXT)
    assert (now["block"], now["head"], now["step"], now["row"]) == (3, 2, 7, 10)
    shown = shim.shown
    assert (shown["mark"], shown["name"], shown["own"], shown["answered"]) == (
        6,
        "One head looks back",
        "",
        None,
    )
    assert "11.8" in shown["question"]["text"] and shown["answer"] is None and shown["questions"] == []
    assert "0.995" not in shown["prose"], "the weight is what is asked"
    assert app.session_state["gb"].memos["lesson"]["point"] == "cell 10 3"
    words = " ".join(block.value for block in app.html)
    assert "The lesson asks first." in words and 'class="gb-claim"' not in words


def test_an_answer_shows_the_cause_and_moves_the_picture(open_page: OpenPage, shim: Shim) -> None:
    app = open_page("attention", path=LESSON, mark=7)
    shim.act(app, "answer", index=0)
    assert not app.exception
    assert shim.shown["answered"] == 0 and shim.shown["answer"]["right"] == 2 and shim.shown["own"] == ""
    assert "0.816" in shim.shown["answer"]["evidence"]
    assert store(app)["edits"] == "self.3.2.11.0:10,3,-inf"
    shim.act(app, "answer", index=2)
    assert shim.shown["answered"] == 0, "an answer is committed once"
    app.button(key="tool.undo").click().run()
    assert store(app)["edits"] == "", "one step of undo"
    assert "<b>Predict</b>" in " ".join(block.value for block in app.html)


def test_roaming_is_said_and_can_be_taken_back(open_page: OpenPage, shim: Shim) -> None:
    app = open_page("attention", path=LESSON, mark=6)
    app.toggle(key="scale").set_value(False).run()
    assert shim.shown["own"] == "view" and app.session_state["gb"].memos["lesson"]["point"] == ""
    shim.act(app, "again")
    assert shim.shown["own"] == "" and store(app)["scale"] is True
    app.text_area(key="text").set_value("Lily lost a red ball. Ben found the red").run()
    assert shim.shown["own"] == "text", "the lesson's question is about its own text"
    assert "The lesson asks first." not in " ".join(block.value for block in app.html)
    app.button(key="tool.reset").click().run()
    assert store(app)["path"] == LESSON and store(app)["mark"] == 6, "Reset leaves the lesson alone"


def test_leaving_restores_the_learners_own(open_page: OpenPage, shim: Shim) -> None:
    app = open_page("home", model="tales-gpt", text="Tom saw a dog. The", block=1, head=0)
    shim.act(app, "start", key=card.KEY, lesson=LESSON, mark=1)
    assert (store(app)["text"], store(app)["path"], store(app)["mark"]) == (TEXT, LESSON, 1)
    shim.act(app, "move", by=1)
    assert store(app)["mark"] == 2 and store(app)["walk"] == 1
    shim.act(app, "move", by=-1)
    assert store(app)["mark"] == 1 and store(app)["walk"] == 0
    shim.act(app, "move", by=-1)
    assert store(app)["mark"] == 1, "there is nothing before the first step"
    shim.act(app, "leave")
    now = store(app)
    assert (now["text"], now["block"], now["head"], now["path"], now["mark"]) == (
        "Tom saw a dog. The",
        1,
        0,
        "",
        0,
    )


def test_next_on_the_last_step_ends_the_lesson(open_page: OpenPage, shim: Shim) -> None:
    last = len(library.find(LESSON).steps)
    app = open_page("home", path=LESSON, mark=last)
    assert shim.shown["next"] == "" and shim.shown["ends"]
    shim.act(app, "move", by=1)
    assert store(app)["path"] == "" and not app.exception


def test_later_steps_give_their_prose_after_the_answer(
    open_page: OpenPage, shim: Shim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = "? Which?\n- this\n+ that\ncheck: always\nbecause: it is\n"
    source = f"# Mine\nasks: What?\nminutes: 5\n\n## One\nat: /\nfade: 1\nSome words.\n\n{asked}"
    (tmp_path / "mine.md").write_text(source, encoding="utf-8")
    monkeypatch.setenv(library.VARIABLE, str(tmp_path))
    app = open_page("home", path="mine", mark=1)
    assert shim.shown["prose"] == ""
    shim.act(app, "answer", index=0)
    assert shim.shown["prose"]


@pytest.mark.full(reason="takes 2 s")
def test_a_lesson_on_the_learners_own_keeps_model_and_text(open_page: OpenPage, shim: Shim) -> None:
    app = open_page("home", model="tales-gpt", snapshot=500, text="Tom saw a dog. The", block=1)
    shim.act(app, "start", key=card.KEY, lesson="your-sentence", mark=1)
    now = store(app)
    assert (now["text"], now["snapshot"], now["block"], now["mark"]) == ("Tom saw a dog. The", 500, 1, 1)
    app.text_area(key="text").set_value("Ben lost a kite. The").run()
    assert shim.shown["own"] == "", "writing is what the step asks for"
    shim.act(app, "move", by=1)
    assert store(app)["text"] == "Ben lost a kite. The" and store(app)["mark"] == 2
    assert store(app)["block"] == 1, "what was chosen on one page is followed on the next"
    assert "The lesson asks first." not in " ".join(block.value for block in app.html)


@pytest.mark.parametrize(
    "query", [{"path": "nothing"}, {"path": "own-mine"}, {"path": "../../etc/passwd", "mark": 3}]
)
def test_a_lesson_that_is_not_here_is_said(query: dict[str, Any], open_page: OpenPage) -> None:
    app = open_page("home", **query)
    assert not app.exception and store(app)["path"] == ""
    assert "The lesson could not be opened" in app.info[0].value


def test_every_page_names_its_lessons(open_page: OpenPage) -> None:
    app = open_page("attention", model="tales-gpt", text="Once upon a time")
    menu = app.menu_button(key="lesson.through")
    (at,) = [at for at, name in enumerate(menu.options) if "ball" in name]
    assert menu.options[at].endswith("step 6") and menu.label == f"In {len(menu.options)} lessons"
    menu.click_index(at).run()
    assert store(app)["mark"] == 6 and store(app)["head"] == 2


def test_the_list_reads_a_lesson_out_and_takes_a_file(
    open_page: OpenPage, shim: Shim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.md").write_text("# T\n", encoding="utf-8")
    monkeypatch.setenv(library.VARIABLE, str(tmp_path))
    app = open_page("lessons")
    assert not app.exception and [one["name"] for one in shim.shown["lessons"]] == list(library.ORDER)
    assert "broken" in app.warning[0].value and "no step" in app.warning[0].value
    shim.act(app, "read", key=card.KEY, lesson=LESSON)
    (document,) = [block.value for block in app.html if "<article" in block.value]
    assert (
        document.count("<h3>") == len(library.find(LESSON).steps) + 1
        and "0.816" in document
        and "[" not in document
    )
    own = "# Mine\nasks: <b>Why?</b>\nminutes: 5\n\n## One\nat: /loss\nWords.\n"
    app.file_uploader(key="lessons.file").upload("My class.md", own.encode(), "text/markdown").run()
    assert not app.exception and shim.shown["lessons"][-1]["name"] == "own-my-class"
    shim.act(app, "read", key=card.KEY, lesson="own-my-class")
    assert "&lt;b&gt;Why?" in " ".join(block.value for block in app.html)
    app.file_uploader(key="lessons.file").upload(
        "bad.md", b"# T\nasks: a\nminutes: soon\n\n## x\nat: /\n", "text/markdown"
    ).run()
    assert (
        "bad.md is no lesson" in app.error[0].value.replace("\\", "") and "whole number" in app.error[0].value
    )


def test_a_lesson_whose_model_does_not_open_is_read_without_its_numbers(
    open_page: OpenPage, shim: Shim
) -> None:
    own = (
        "# Mine\nasks: Why?\nminutes: 5\nmodel: no-such-model\ntext: A red ball\n\n## One\nat: /attention?block=3\n"
        "It gives {weight(L3H2, 1, 0)} of its attention.\n\n## Two\nat: /loss\nOther words.\n"
    )
    app = open_page("lessons")
    app.file_uploader(key="lessons.file").upload("mine.md", own.encode(), "text/markdown").run()
    shim.act(app, "read", key=card.KEY, lesson="own-mine")
    assert not app.exception
    (said,) = [one.value.replace("\\", "") for one in app.warning]
    assert "“no-such-model” did not open" in said and "Choose one from the list" in said
    (document,) = [block.value for block in app.html if "<article" in block.value]
    assert "[no-such-model did not open] of its attention" in document and "Other words." in document


def test_the_open_block_of_a_deep_model_is_the_same_in_picture_and_list_after_a_lesson(
    open_page: OpenPage, shim: Shim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deep model's blocks are a list and a lesson's model's a row of buttons: one Streamlit key for both loses it."""
    random_model(tmp_path / "deep", seed=7, n_layers=20, n_heads=2)
    monkeypatch.setenv("GLASSBOX_MODELS", str(tmp_path))
    app = open_page("home", model="./deep", text="Hello world", block=3)
    assert [one.value for one in app.selectbox if one.label == "Open block"] == [3]
    shim.act(app, "start", key=card.KEY, lesson=LESSON, mark=1)
    assert store(app)["path"] == LESSON and not [one for one in app.selectbox if one.label == "Open block"]
    shim.act(app, "leave")
    assert store(app)["model"] == "./deep" and store(app)["block"] == 3
    assert [one.value for one in app.selectbox if one.label == "Open block"] == [3]


def test_the_end_names_the_questions_and_leads_back_to_one(open_page: OpenPage, shim: Shim) -> None:
    lesson = library.find(LESSON)
    asked = [(mark, step.question.right) for mark, step in enumerate(lesson.steps, 1) if step.question]
    app = open_page("home", path=LESSON, mark=len(lesson.steps))
    assert [(one["mark"], one["right"]) for one in shim.shown["questions"]] == asked and len(asked) == 12
    shim.act(app, "look", mark=4)
    assert store(app)["mark"] == 4 and shim.shown["name"] == "How rows meet" and shim.shown["questions"] == []
    for nowhere in (0, 99, True, "4"):
        shim.act(app, "look", mark=nowhere)
        assert store(app)["mark"] == 4


def test_a_lesson_keeps_the_language_in_which_it_was_opened(open_page: OpenPage, shim: Shim) -> None:
    app = open_page("home", lang="es", model="tales-gpt", text="Tom saw a dog. The")
    shim.act(app, "start", key=card.KEY, lesson=LESSON, mark=1)
    first = shim.shown["name"]
    shim.act(app, "move", by=1)
    assert not app.exception
    assert store(app)["lang"] == "es" and shim.shown["mark"] == 2 and shim.shown["own"] == ""
    with messages.speaking("es"):
        spanish = [step.title for step in library.find(LESSON).steps]
    assert (
        [first, shim.shown["name"]] == spanish[:2] != [step.title for step in library.find(LESSON).steps][:2]
    )
    store(app)["lang"] = "en"  # chosen meanwhile
    shim.act(app.run(), "leave")
    assert store(app)["lang"] == "en" and store(app)["path"] == ""
