"""The room on the Classroom page: how to join, the way to the projector, and the vote on this page's token."""

from __future__ import annotations

import html
from collections.abc import Iterable

import streamlit as st

from app.frame import page
from app.markup import inline, mono
from app.rooms import bar, documents, teaching, token_question
from app.rooms.addresses import in_language
from app.session import state
from core.analysis.tasks.token_vote import TokenVote
from core.language_model import LanguageModel
from core.messages import mark, say
from core.rooms import Room
from core.training.losses import ScoredText

OPEN = mark("Open a room")
ASK = mark("Ask the class for this token")
# In place of that button while a question is not done with (app/rooms/bar.css): the bar knows it without a rerun.
BUSY = mark("One question at a time: the next step of this one is in the bar below.")


def teacher() -> Room | None:
    """Return the room that this browser has open."""
    return teaching.room()


def draw(room: Room | None, lm: LanguageModel, told: ScoredText, vote: TokenVote | None, at: int) -> None:
    """Draw the way into the room, or the button that opens one. at: which of the scored tokens is asked for."""
    with st.container(key="gb-class-room", horizontal=True, gap="medium", vertical_alignment="center"):
        if room is None:
            st.html(_listed(steps()))
            with st.container(width="content", gap="small"):
                st.button(
                    say(OPEN), key="class.open", type="primary", icon=":material/groups:",
                    on_click=state.whole(teaching.open_room),
                )  # fmt: skip
                _guide()
            return
        st.html(_way(room))
        with st.container(key="gb-class-ask", width="content", gap="small"):
            if vote is not None:
                st.button(
                    say(ASK), key="class.ask", type="primary", icon=":material/groups:",
                    on_click=state.whole(_ask), args=(lm, told, vote, at),
                    help=say(token_question.HELP),
                )  # fmt: skip
                st.html(f'<p class="gb-hint gb-class-busy">{say(BUSY)}</p>')
            _guide()
    said = state.memo("class").pop("said", "")
    if said:
        st.html(teaching.told(said))


def _guide() -> None:
    st.page_link(page.beside("teaching"), label=say("For teachers: an hour, a day, a week"))


def steps() -> tuple[str, ...]:
    """Say what a teacher does who has never done it; the words between backticks stand on the buttons."""
    return (
        say(
            "Press {open}. A bar comes up at the foot of this page; in it, {projector} is for the big screen.",
            open=mono(say(OPEN)), projector=mono(say("Projector page")),
        ),
        say(
            "Phones scan the code on the big screen; no names, no app. When the bar counts all of them “here”, press "
            "{ask}.",
            ask=mono(say(ASK)),
        ),
        say(
            "When they have answered, press {close} in the bar, and after its countdown {reveal}: their votes stand "
            "beside the model’s.",
            close=mono(say("Close the vote")), reveal=mono(say("Reveal")),
        ),
    )  # fmt: skip


def _listed(told: Iterable[str]) -> str:
    """Return the steps to a vote as HTML."""
    lines = "".join(f"<li>{inline(step)}</li>" for step in told)
    return f'<ol class="gb-class-how" aria-label="{html.escape(say("How to hold a vote"))}">{lines}</ol>'


def _way(room: Room) -> str:
    """Return how phones join, as HTML."""
    where = bar.joining()
    code = f"{room.code[:3]} {room.code[3:]}"
    join = in_language(where.join(room.code))
    trouble = f'<p class="gb-class-trouble" role="alert">{inline(where.trouble)}</p>' if where.trouble else ""
    named = html.escape(say("QR code of {address}", address=join))
    picture = f'<img class="gb-class-qr" alt="{named}" src="{documents.qr_image(join)}">'
    project = say(
        "Show the {page} to the class. Keep the page that you read now to yourself: it shows the votes and the "
        "model’s answer.",
        page=mono(say("Projector page")),
    )
    return (
        f'<div class="gb-class-way">{picture}'
        f'<div><p class="gb-class-address">{inline(where.typed)}</p><p class="gb-class-big">{inline(code)}</p>'
        f"{_listed((project, *steps()[1:]))}{trouble}</div></div>"
    )


def _ask(lm: LanguageModel, told: ScoredText, vote: TokenVote, at: int) -> None:
    """Ask the class for the token of this place."""
    question = token_question.TokenQuestion(lm, told.kind, told.ids, vote, told.logits[at])
    state.memo("class")["said"] = token_question.ask(question)
