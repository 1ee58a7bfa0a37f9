"""The room on the Classroom page: how to join, the way to the projector, and the vote on this page's token."""

from __future__ import annotations

import html

import streamlit as st

from app.markup import inline
from app.rooms import bar, documents, teaching, token_question
from app.session import state
from core.analysis.tasks.token_vote import TokenVote
from core.language_model import LanguageModel
from core.rooms import Room
from core.training.losses import ScoredText

HOW = (
    "Phones join by a code, without names. Ask any question of a page or a lesson, let them vote, let them talk, let "
    "them vote again; then reveal the model’s answer beside their votes."
)


def teacher() -> Room | None:
    """Return the room that this browser has open."""
    return teaching.room()


def draw(room: Room | None, lm: LanguageModel, told: ScoredText, vote: TokenVote | None, at: int) -> None:
    """Draw the way into the room, or the button that opens one. at: which of the scored tokens is asked for."""
    with st.container(key="gb-class-room", horizontal=True, gap="medium", vertical_alignment="center"):
        if room is None:
            st.html(f'<p class="gb-class-how">{inline(HOW)}</p>')
            st.button(
                "Open a room", key="class.open", type="primary", icon=":material/groups:",
                on_click=state.whole(teaching.open_room),
            )  # fmt: skip
            return
        st.html(_way(room))
        if vote is not None:
            st.button(
                "Ask the class for this token", key="class.ask", type="primary", icon=":material/groups:",
                on_click=state.whole(_ask), args=(lm, told, vote, at),
                help=token_question.HELP,
            )  # fmt: skip
    said = state.memo("class").pop("said", "")
    if said:
        st.html(f'<p class="gb-hint" role="status">{inline(said)}</p>')


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
        f"<p>Open the projector page below, ask here or on any page with Predict, and close the vote in the bar.</p>"
        f"{trouble}</div></div>"
    )


def _ask(lm: LanguageModel, told: ScoredText, vote: TokenVote, at: int) -> None:
    """Ask the class for the token of this place."""
    question = token_question.TokenQuestion(lm, told.kind, told.ids, vote, told.logits[at])
    state.memo("class")["said"] = token_question.ask(question)
