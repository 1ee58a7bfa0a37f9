"""The room on the Classroom page: how to join, the way to the projector, and the vote on this page's token."""

from __future__ import annotations

import html

import streamlit as st

from app.frame import page
from app.markup import inline
from app.rooms import bar, documents, teaching, token_question
from app.session import state
from core.analysis.tasks.token_vote import TokenVote
from core.language_model import LanguageModel
from core.rooms import Room
from core.training.losses import ScoredText

# What a teacher does who has never done it; the words between backticks stand on the buttons.
STEPS = (
    "Press `Open a room`. A bar comes up at the foot of this page; in it, `Projector page` is for the big screen.",
    "Phones scan the code on the big screen; no names, no app. When the bar counts all of them “here”, press "
    "`Ask the class for this token`.",
    "When they have answered, press `Close the vote` in the bar, and after its countdown `Reveal`: their votes stand "
    "beside the model’s.",
)
# In place of that button while a question is not done with (app/rooms/bar.css): the bar knows it without a rerun.
BUSY = "One question at a time: the next step of this one is in the bar below."
PROJECT = "Show the `Projector page` to the class: this page shows the votes and the model’s answer."
GUIDE = "For teachers: an hour, a day, a week"


def teacher() -> Room | None:
    """Return the room that this browser has open."""
    return teaching.room()


def draw(room: Room | None, lm: LanguageModel, told: ScoredText, vote: TokenVote | None, at: int) -> None:
    """Draw the way into the room, or the button that opens one. at: which of the scored tokens is asked for."""
    with st.container(key="gb-class-room", horizontal=True, gap="medium", vertical_alignment="center"):
        if room is None:
            st.html(_steps(1))
            with st.container(width="content", gap="small"):
                st.button(
                    "Open a room", key="class.open", type="primary", icon=":material/groups:",
                    on_click=state.whole(teaching.open_room),
                )  # fmt: skip
                st.page_link(page.beside("teaching"), label=GUIDE)
            return
        st.html(_way(room))
        if vote is not None:
            st.button(
                "Ask the class for this token", key="class.ask", type="primary", icon=":material/groups:",
                on_click=state.whole(_ask), args=(lm, told, vote, at),
                help=token_question.HELP,
            )  # fmt: skip
            st.html(f'<p class="gb-hint gb-class-busy">{BUSY}</p>')
    said = state.memo("class").pop("said", "")
    if said:
        st.html(f'<p class="gb-hint" role="status">{inline(said)}</p>')


def _steps(first: int) -> str:
    """Return the steps to a vote as HTML, from one of them on."""
    lines = "".join(f"<li>{inline(step)}</li>" for step in STEPS[first - 1 :])
    return f'<ol class="gb-class-how" start="{first}" aria-label="How to hold a vote">{lines}</ol>'


def _way(room: Room) -> str:
    """Return how phones join, as HTML."""
    where = bar.joining()
    code = f"{room.code[:3]} {room.code[3:]}"
    join = where.join(room.code)
    trouble = f'<p class="gb-class-trouble" role="alert">{inline(where.trouble)}</p>' if where.trouble else ""
    picture = (
        f'<img class="gb-class-qr" alt="QR code of {html.escape(join)}" src="{documents.qr_image(join)}">'
    )
    return (
        f'<div class="gb-class-way">{picture}'
        f'<div><p class="gb-class-address">{inline(where.typed)}</p><p class="gb-class-big">{inline(code)}</p>'
        f'<p class="gb-class-project">{inline(PROJECT)}</p>{_steps(2)}{trouble}</div></div>'
    )


def _ask(lm: LanguageModel, told: ScoredText, vote: TokenVote, at: int) -> None:
    """Ask the class for the token of this place."""
    question = token_question.TokenQuestion(lm, told.kind, told.ids, vote, told.logits[at])
    state.memo("class")["said"] = token_question.ask(question)
