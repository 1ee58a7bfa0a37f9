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
from streamlit.testing.v1 import AppTest

import core
from app import rooms as rooms_face
from app import runs as run_face
from app.lessons import library
from app.rooms import dealing, follow, teaching
from app.rooms.limits import Rate, RoomLimit
from app.rooms.token_question import words
from app.session import session as sessions
from core.analysis.tasks.token_vote import first_token, token_choices, token_vote, vote_cross_entropy
from core.rooms import ELSE, Look, Rooms, group_of, member_of
from core.runs import Store
from core.training import ladder
from core.training.losses import score_text
from pages.scaling import own
from tests.pages.conftest import OWNER, OpenPage

SHORT = "a|i|am|an|as|at|be|by|do|go|he|hi|if|in|is|it|me|my|no|of|oh|on|or|so|to|up|us|we"
WHOLE = re.compile(rf" [A-Za-z]{{3,}}|[.,!?]|(?i: ({SHORT}))")  # words and full stops, no pieces of words
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
        monkeypatch.setattr(teaching, "room_limit", RoomLimit())
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
        whole = [token for token in others if WHOLE.fullmatch(lm.tokenizer.display(token))]
        assert set(whole[:3]) <= set(vote.ids), "the likeliest other words are offered"
        words = [lm.tokenizer.display(token).strip().lower() for token in vote.ids]
        assert len(vote.ids) == len(set(words)) == 7 and words == sorted(words), (
            "no two look alike; the order tells nothing"
        )
    with pytest.raises(ValueError, match="is not one of"):
        token_vote(lm, told, len(told))


def test_where_nobody_knows_what_comes_the_likeliest_and_two_unlikely_are_offered(
    lm: core.LanguageModel,
) -> None:
    logits = lm.trace(TEXT).logits[-1]
    p = logits.double().softmax(-1)
    choices = token_choices(lm, logits, 11)
    said = [lm.tokenizer.display(token) for token in choices.ids]
    ranked = p.argsort(descending=True).tolist()
    whole = [token for token in ranked if WHOLE.fullmatch(lm.tokenizer.display(token))]
    assert len(said) == 6 and set(whole[:4]) <= set(choices.ids)
    assert choices.probabilities == pytest.approx(p[list(choices.ids)].tolist())
    unlikely = set(choices.ids) - set(whole[:4])
    assert all(5 < ranked.index(token) < 100 for token in unlikely), "unlikely, but the model may go on so"
    assert choices.elsewhere + sum(choices.probabilities) == pytest.approx(1)
    assert choices.entropy == pytest.approx(torch.distributions.Categorical(p).entropy().item(), rel=1e-4)


def test_a_piece_of_a_word_that_is_likeliest_is_offered_as_one(lm: core.LanguageModel) -> None:
    trace = lm.trace("Lily has a kite. Lily likes the k")
    choices = token_choices(lm, trace.logits[-1].detach(), len(trace.ids))
    at = choices.ids.index(int(trace.logits[-1].argmax()))
    options = words(lm, "next", trace.ids.tolist(), choices).options
    assert choices.probabilities[at] > 0.9 and options[at] == "`ite…`"
    assert sum("…" in option for option in options) == 1


@pytest.mark.parametrize(("word", "token"), [("ball", " ball"), ("ballroom", None), ("Zyx", ""), ("🪁", "")])
def test_the_first_token_of_a_word_is_the_tokenizers(
    lm: core.LanguageModel, word: str, token: str | None
) -> None:
    found = first_token(lm.tokenizer, word, lm.special_ids)
    if token == "":
        assert found is None, "what goes on the text is a space alone"
        return
    assert found is not None
    assert found == lm.encode(f"{TEXT} {word}")[len(lm.encode(TEXT))], "as it goes on the text"
    assert token is None or lm.tokenizer.display(found) == token


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
    (way,) = [block.value for block in app.html if f"{room.code[:3]} {room.code[3:]}" in block.value]
    assert "to yourself: it shows the votes and the model’s answer" in way, "it is not for the projector"
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
    assert prompt.options[-1] == ELSE and sum(answer.probabilities) == pytest.approx(1)
    assert any(teaching.ASKED in block.value for block in app.html)
    app.button(key="class.ask").click().run()
    assert any("A vote is going on" in block.value for block in app.html), "one at a time"


def test_a_spanish_teacher_asks_in_spanish(open_page: OpenPage, rooms: Rooms) -> None:
    app = open_page("classroom", text=TEXT, lang="es")
    app.button(key="class.open").click().run()
    room = rooms.of(OWNER)
    assert room is not None
    assert any(f"/join/{room.code}?lang=es" in block.value for block in app.html), "phones open it so"
    app.button(key="class.ask").click().run()
    assert not app.exception
    look = rooms.look(room.id)
    assert look is not None and look.prompt is not None
    assert look.prompt.question.startswith("¿Qué sigue? `")
    assert look.prompt.options[-1] == ELSE, "each phone says it in its own language"
    assert any("La barra de abajo muestra sus votos" in block.value for block in app.html)
    app.button(key="class.ask").click().run()
    assert any("Hay una votación en marcha" in block.value for block in app.html)


def test_the_sidebar_opens_a_room_and_leads_to_it(open_page: OpenPage, rooms: Rooms) -> None:
    app = open_page("loss", text=TEXT)
    app.button(key="tool.class").click().run()
    assert not app.exception and rooms.of(OWNER) is not None
    assert app.session_state["gb"].page == "classroom"
    assert "class.ask" in [button.key for button in app.button]


def test_the_class_button_opens_few_rooms_from_one_network(
    open_page: OpenPage, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    few = RoomLimit()
    few.of_address = Rate(2, 3600.0)
    monkeypatch.setattr(teaching, "room_limit", few)
    for press in range(4):  # each from a browser that is not known yet
        monkeypatch.setattr(run_face, "owner", lambda press=press: f"{press}" * 32)
        app = open_page("classroom", text=TEXT)
        app.button(key="class.open").click().run()
        assert not app.exception
        opened = rooms.of(f"{press}" * 32) is not None
        assert opened == (press < 2), "all rooms of the server are open to one visitor"
    (why,) = [note.value for note in app.info if "room" in note.value]
    assert (
        "your network opened 2 rooms" in why and "other schools" in why and "try again in 60 minutes" in why
    )


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
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
    assert look.prompt.question == f"{asked['question']} The text is: `{TEXT}`", "a phone shows no page"
    assert len(look.prompt.options) == len(asked["options"])
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
    app = open_page("loss", text="The cat", lang="es", **{"class": "7" * 24, "unit": "bits"})
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
        assert session.store["lang"] == "es", "a reader's own"
    assert (session.store["head"], session.store["unit"]) == (1, "nats"), (
        "what the link leaves out has its default"
    )
    app.run()
    assert session.page == "attention"


def asked_from(app: AppTest, room: str, rooms: Rooms) -> Look:
    """Press the page's own button for a token, and read what the class was asked."""
    app.session_state["gb"].memos["class"] = {"id": room}  # as after its button
    app.run()
    app.button(key="class.token").click().run()
    assert not app.exception
    look = rooms.look(room)
    assert look is not None and look.prompt is not None and look.prompt.answer is not None
    assert look.prompt.kind == "next" and look.prompt.options[-1] == ELSE
    assert sum(look.prompt.answer.probabilities) == pytest.approx(1)
    return look


@pytest.mark.full(reason="the other cases take a second", quick_cases=1)
@pytest.mark.parametrize(
    ("slug", "selected", "came", "asked"),
    [
        ("home", {}, None, f"What comes next? `{TEXT} ▁`"),
        ("home", {"follow": 8}, "`the`", "found ▁`"),
        ("decoding", {}, None, "▁`"),
        ("decoding", {"node": "."}, None, f"What comes next? `{TEXT} ▁`"),
        ("loss", {"follow": 10}, "`red`", "found the ▁`"),
    ],
)
def test_a_token_of_a_pages_list_is_asked(
    slug: str, selected: dict[str, Any], came: str | None, asked: str, open_page: OpenPage, rooms: Rooms,
    lm: core.LanguageModel,
) -> None:  # fmt: skip
    app = open_page(slug, text=TEXT, **selected)
    assert "class.token" not in [button.key for button in app.button], "nobody teaches here"
    prompt = asked_from(app, rooms.open(OWNER).id, rooms).prompt
    assert prompt is not None and prompt.answer is not None and asked in prompt.question
    index = prompt.answer.index
    assert (None if index is None else prompt.options[index]) == came
    assert prompt.about.startswith("/?v=1" if slug == "home" else f"/{slug}?v=1")
    assert any(teaching.ASKED in block.value for block in app.html)
    if f"`{TEXT} ▁`" in prompt.question:
        p = lm.trace(TEXT).logits[-1].double().softmax(-1)
        for option, given in zip(prompt.options[:-1], prompt.answer.probabilities):
            word = option.strip("`")
            ids = [id for id in range(len(p)) if lm.tokenizer.display(id).strip() == word]
            assert any(float(p[id]) == pytest.approx(given, rel=1e-3) for id in ids), option


def test_the_session_that_asked_looks_a_word_up(
    open_page: OpenPage, rooms: Rooms, lm: core.LanguageModel
) -> None:
    room = rooms.open(OWNER).id
    app = open_page("home", text=TEXT)
    asked_from(app, room, rooms)
    for secret, word in (("one", "garden"), ("two", "Xylophone")):
        rooms.join(room, secret)
        rooms.vote(room, member_of(room, secret), 1, 1, 6, word)
    rooms.close(room, OWNER, 0.0)
    held = sessions._held.set(app.session_state["gb"])
    try:
        teaching.measure_words(2)  # another question's words are none of this one's
        look = rooms.look(room)
        assert look is not None and all(word.token is None for word in look.words)
        teaching.measure_words(1)
    finally:
        sessions._held.reset(held)
    look = rooms.look(room)
    assert look is not None
    p = lm.trace(TEXT).logits[-1].double().softmax(-1)
    for told in look.words:  # case counts as little as where votes for one word are added up
        spelled = (told.text, told.text.lower(), told.text.capitalize())
        read = [first_token(lm.tokenizer, one, lm.special_ids) for one in spelled]
        token = max((one for one in read if one is not None), key=lambda one: float(p[one]), default=None)
        assert told.token == ("" if token is None else lm.tokenizer.display(token).strip())
        assert told.probability == (None if token is None else pytest.approx(float(p[token]), rel=1e-3))
    assert {one.text for one in look.words if one.text == one.token} == {"garden"}


def test_a_teacher_leads_with_a_sent_view(open_page: OpenPage, rooms: Rooms) -> None:
    room = rooms.open(OWNER).id
    rooms.join(room, "secret")
    rooms.send_view(room, member_of(room, "secret"), "/attention?v=1&text=The+dog&head=1")
    app = open_page("loss", text=TEXT)
    session = app.session_state["gb"]
    session.memos["class"] = {"id": room}
    (view,) = rooms.sent_views(room, OWNER)
    held = sessions._held.set(session)
    try:
        assert teaching.sent_view("0" * 12) == "" and teaching.sent_view(view.id) == view.link
        follow.go(teaching.sent_view(view.id))
    finally:
        sessions._held.reset(held)
    app.run()
    assert session.page == "attention" and session.store["text"] == "The dog" and not app.exception


@pytest.mark.full(reason="takes 2 s")
def test_the_classs_runs_are_dealt_on_the_scaling_page_and_are_points_there(
    open_page: OpenPage, rooms: Rooms, monkeypatch: pytest.MonkeyPatch
) -> None:
    room = rooms.open(OWNER).id
    monkeypatch.setattr(run_face, "engine", object)
    app = open_page("scaling", portion="1/8")
    assert "scaling.deal" not in [button.key for button in app.button], "nobody teaches here"
    app.session_state["gb"].memos["class"] = {"id": room}
    for one in range(5):
        rooms.join(room, f"{one}")
    app.run()
    deal = app.button(key="scaling.deal")
    assert "5 sizes" in deal.label and "about" in deal.label, "it says first how long it takes"
    deal.click().run()
    look = rooms.look(room)
    assert not app.exception and look is not None and len(look.deals) == 5
    said = r"\d+ numbers wide, [\d,]+ weights, reads 131,072 characters: about .+ of training"
    assert all(re.fullmatch(said, one.says) for one in look.deals)
    got = rooms.take(room, member_of(room, "0"))
    assert ladder.is_alike(got.spec) and ladder.tokens_of(got.spec) == ladder.FULL // 8
    with closing(Store(rooms.database.url)) as store:
        run = store.create(got.spec, got.owner, got.name, group=got.group)
    rooms.started(room, got.n, run.id)
    for viewer in (app, open_page("scaling", **{"class": room})):
        viewer.run()
        assert not viewer.exception
        held = sessions._held.set(viewer.session_state["gb"])
        try:
            assert dealing.group() == group_of(room)
            (mine,) = own.own_runs()
            assert mine.of_class and mine.arm.id == run.id
        finally:
            sessions._held.reset(held)
    app.button(key="scaling.keep").click().run()
    rooms.end(room, OWNER)
    assert [one.owner for one in run_face.store().list()] == [OWNER]
    assert app.session_state["gb"].store["ladder"] == run_face.store().list()[0].group


def test_every_page_offers_to_forget(open_page: OpenPage) -> None:
    for slug, count in (("home", 1), ("classroom", 2)):
        app = open_page(slug, text=TEXT)
        found = [one for one in app.get("bidi_component") if one.proto.component_name.endswith("forget")]
        assert len(found) == count
