"""The Classroom page as a script: its vote beside a computation by hand, the room, and questions asked from pages."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

import core
from app import rooms as rooms_face
from app import runs as run_face
from app.lessons import library
from app.rooms import follow, teaching
from app.session import session as sessions
from core.analysis.tasks.token_vote import token_vote, vote_cross_entropy
from core.rooms import Rooms, member_of
from core.runs import Store
from core.training.losses import score_text
from tests.pages.conftest import OWNER, OpenPage

TEXT = "A red ball was lost. She found the red"


@pytest.fixture(scope="module")
def lm() -> core.LanguageModel:
    """The bundled model that the page opens with."""
    return core.load("tales-gpt")


@pytest.fixture
def rooms(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Rooms]:
    """A store of the test's own, whose teacher is whoever opens a page."""
    with closing(Store(f"sqlite:///{tmp_path}/runs.sqlite")) as store:
        run_face.use(store)
        monkeypatch.setattr(run_face, "owner", lambda: OWNER)
        yield rooms_face.store()
        run_face.use(None)


def test_the_vote_is_the_models_own_distribution(lm: core.LanguageModel) -> None:
    told = score_text(lm, TEXT)
    ids = lm.encode(TEXT)
    for at in (0, 3, len(told) - 1):
        vote = token_vote(lm, told, at, likely=4, unlikely=2)
        with torch.no_grad():
            p = lm.transformer(torch.tensor([ids[: vote.place]]))[0, -1].double().softmax(-1)
        assert vote.ids[vote.came] == ids[vote.place]
        assert vote.probabilities == pytest.approx(p[list(vote.ids)].tolist(), rel=1e-3, abs=1e-7)
        assert vote.entropy == pytest.approx(torch.distributions.Categorical(p).entropy().item(), rel=1e-4)
        assert vote.surprise == pytest.approx(float(-p[vote.ids[vote.came]].log()), rel=1e-3)
        assert vote.elsewhere == pytest.approx(1 - sum(vote.probabilities), abs=1e-6)
        others = [token for token in p.argsort(descending=True).tolist() if token != vote.ids[vote.came]]
        whole = [
            token for token in others if re.fullmatch(r" [A-Za-z]{3,}|[.,!?]", lm.tokenizer.display(token))
        ]
        assert set(whole[:3]) <= set(vote.ids), "the likeliest other words are offered"
        words = [lm.tokenizer.display(token).strip().lower() for token in vote.ids]
        assert len(vote.ids) == len(set(words)) == 7 and words == sorted(words), (
            "no two look alike; the order tells nothing"
        )
    with pytest.raises(ValueError, match="is not one of"):
        token_vote(lm, told, len(told))


def test_what_votes_cost() -> None:
    assert vote_cross_entropy([3, 1], 0) == pytest.approx(math.log(4 / 3))
    assert vote_cross_entropy([3, 0], 1) == math.inf == vote_cross_entropy([0, 0], 0)


def test_nothing_asks_for_a_room_before_somebody_opens_one(
    open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teaching.rooms, "store", lambda: pytest.fail("the store was asked"))
    for slug in ("home", "classroom"):
        app = open_page(slug, text=TEXT)
        assert not app.exception
        assert "predict.class" not in [button.key for button in app.button]


def test_a_teacher_opens_a_room_and_asks_for_the_token(open_page: OpenPage, rooms: Rooms) -> None:
    app = open_page("classroom", text=TEXT)
    app.button(key="class.open").click().run()
    assert not app.exception
    room = rooms.of(OWNER)
    assert room is not None
    assert any(f"{room.code[:3]} {room.code[3:]}" in block.value for block in app.html)
    assert any(
        "data:image/svg+xml" in block.value and f"/join/{room.code}" in block.value for block in app.html
    ), "its QR code"
    app.button(key="class.ask").click().run()
    look = rooms.look(room.id)
    assert look is not None and look.prompt is not None and look.prompt.answer is not None
    prompt, answer = look.prompt, look.prompt.answer
    assert (
        prompt.kind == "next" and TEXT.removesuffix(" red") in prompt.question and TEXT not in prompt.question
    )
    assert prompt.options[answer.index or 0] == "`red`" and len(prompt.options) == len(answer.probabilities)
    assert any(teaching.ASKED in block.value for block in app.html)
    app.button(key="class.ask").click().run()
    assert any("A vote is going on" in block.value for block in app.html), "one at a time"


def test_the_sidebar_opens_a_room_and_leads_to_it(open_page: OpenPage, rooms: Rooms) -> None:
    app = open_page("loss", text=TEXT)
    app.button(key="tool.class").click().run()
    assert not app.exception and rooms.of(OWNER) is not None
    assert app.session_state["gb"].page == "classroom"
    assert "class.ask" in [button.key for button in app.button]


@pytest.mark.parametrize("slug", ["loss", "attention", "home"])
def test_a_pages_question_is_asked_and_its_answer_waits(slug: str, open_page: OpenPage, rooms: Rooms) -> None:
    room = rooms.open(OWNER)
    app = open_page(slug, text=TEXT)
    app.session_state["gb"].memos["class"] = {"id": room.id}  # as after its button
    app.run()
    app.button(key="predict.class").click().run()
    asked: dict[str, Any] = app.session_state["gb"].memos["predict"]
    assert not app.exception and "answer" not in asked, "the teacher has not committed"
    look = rooms.look(room.id)
    assert look is not None and look.prompt is not None and look.prompt.answer is not None
    assert look.prompt.question == asked["question"] and len(look.prompt.options) == len(asked["options"])
    assert look.prompt.about.startswith("/?v=1" if slug == "home" else f"/{slug}?v=1")
    app.session_state["predict.choice"] = 0
    app.run()
    app.button(key="predict.commit").click().run()
    own = app.session_state["gb"].memos["predict"]["answer"]
    assert (look.prompt.answer.index, look.prompt.answer.because) == (own.index, own.because)
    rooms.join(room.id, "secret")
    rooms.vote(room.id, member_of(room.id, "secret"), 1, 1, own.index)


def test_a_lessons_question_is_asked(open_page: OpenPage, rooms: Rooms) -> None:
    name, lesson = next(iter(library.shown()))
    mark = next(at for at, step in enumerate(lesson.steps, 1) if step.question is not None)
    app = open_page("classroom", text=TEXT)
    app.button(key="class.open").click().run()
    room = rooms.of(OWNER)
    app.session_state["gb"].store.update(path=name, mark=mark)
    app.session_state["gb"].memos["visit"] = {"page": lesson.steps[mark - 1].at.slug}
    app.run()
    app.button(key="lesson.class").click().run()
    look = rooms.look(room.id if room else "")
    question = lesson.steps[mark - 1].question
    assert (
        look is not None
        and look.prompt is not None
        and look.prompt.answer is not None
        and question is not None
    )
    assert look.prompt.answer.index == question.right and "{" not in look.prompt.question
    assert len(look.prompt.options) == len(question.options)


def test_a_followers_page_is_set_up_by_the_rooms_link(open_page: OpenPage, rooms: Rooms) -> None:
    app = open_page("loss", text="The cat", **{"class": "7" * 24, "unit": "bits"})
    assert not app.exception and not app.info
    assert [one.proto.json for one in app.get("bidi_component") if "7" * 24 in one.proto.json]
    session = app.session_state["gb"]
    assert "tool.class" in [button.key for button in app.button]
    for link, text in (("/attention?v=1&text=The+dog&head=1", "The dog"), ("//evil?text=x", "The dog")):
        held = sessions._held.set(session)
        try:
            follow.go(link)
        finally:
            sessions._held.reset(held)
        assert session.store["text"] == text and session.store["class"] == "7" * 24
    assert (session.store["head"], session.store["unit"]) == (1, "nats"), (
        "what the link leaves out has its default"
    )
    app.run()
    assert session.page == "attention"
