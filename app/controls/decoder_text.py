"""The text that an encoder-decoder has generated so far: its text field, and generation into it.

Every page about a decoder that reads a source has these; the state's field `target` holds the text.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import streamlit as st

from app import reading
from app.counts import counted
from app.models import cache
from app.session import state
from core.messages import mark, say

if TYPE_CHECKING:
    from app.frame.page import Context
    from core.language_model import LanguageModel

QUIET = 0.4  # seconds of generation before the page shows progress
EMPTY = mark(
    "Nothing is written yet: the decoder has only its start token. Type the beginning of an answer, or let the "
    "model write it, to see what each written token reads."
)
OWN = mark(
    "Nothing is typed: the picture reads what the model itself writes. Type another, or have it written here."
)


def draw(ctx: Context, *, writes: bool = True, empty: str = EMPTY, told: str = "") -> None:
    """Draw the row with the generated text below a page's other controls; nothing for other architectures.

    Args:
        writes: offer generation by the model. empty: the hint while nothing is generated; told: the hint afterwards,
            both marked (`core.messages.mark`).
    """
    if ctx.lm.config.shape != "encoder-decoder":
        return
    with st.container(key="gb-answer", horizontal=True, gap="small", vertical_alignment="bottom"):
        typed = bool(state.get("target"))
        usual = say("nothing yet") if typed else ctx.target or say("nothing yet")
        st.text_input(say("Answer so far"), placeholder=usual, width=360, **state.bind("target"))
        if writes:
            label = say("Let the model go on") if typed else say("Let the model write it")
            st.button(
                label, key="answer.write", on_click=state.whole(_ask), icon=":material/edit:",
                help=say("The likeliest token each time, until it ends or the picture is full. Undo takes it back."),
            )  # fmt: skip
        if typed:
            st.button(say("Clear"), key="answer.clear", on_click=state.whole(state.set), args=("target", ""))
    said = (told if typed else OWN) if ctx.target else empty
    if said:
        st.caption(say(said))


def by_itself(lm: LanguageModel, model_key: str, text: str, longest: int | None) -> str:
    """Generate the model's answer for a page that needs a nonempty target; "" where that takes too long.

    Args:
        text: what its encoder reads. longest: as in `page.begin`.
    """
    most = reading.rows_to_write(lm, longest)
    if not most:
        return ""
    written: str = cache.call(reading.write, model_key, text, most)
    return written


def _ask() -> None:
    state.memo("answer")["asked"] = True


def _stop() -> None:
    """Stop generation and keep the text so far."""
    so_far = state.memo("answer").pop("so_far", None)
    if so_far is not None:
        state.set("target", so_far)


def write(lm: LanguageModel, text: str, longest: int | None) -> None:
    """Generate if the learner asked for it (`page.begin` calls this before anything is drawn).

    It takes the likeliest token each time and goes on after what is written already. What takes longer than a moment
    says how far it is and can be stopped; then what is written by then stays.

    Args:
        text: what its encoder reads. longest: as in `page.begin`.
    """
    from core.decoding.answering import answer_with, answering

    place = (
        st.empty()
    )  # Always present: a browser rebuilds the elements below when an element is inserted above them.
    memo = state.memo("answer")
    if not memo.pop("asked", False):
        return
    before, _ = reading.read_target(lm, state.get("target"), longest)
    written = lm.tokenizer.encode(before, add_special_tokens=False) if before else []
    rows = min(lm.config.n_ctx, longest or lm.config.n_ctx)
    room = min(reading.WRITTEN, rows - 1 - len(written))
    if room <= 0:
        state.note(
            say(
                "All {rows} of the picture are used up: clear or shorten the answer, then let it go on.",
                rows=counted(rows, "row"),
            )
        )
        return
    ids: list[int] = []
    began = time.monotonic()
    bar = None
    for id in answering(lm, lm.tokenizer.encode(text), written, room):
        ids.append(id)
        memo["so_far"] = answer_with(lm, before, ids)
        if time.monotonic() - began > QUIET:
            bar = bar or _bar(place)
            bar.progress(
                len(ids) / room, text=say("Token {number} of at most {room}", number=len(ids), room=room)
            )
    place.empty()
    _said(lm, memo.pop("so_far", before), before, ids, room)


def _bar(place: st.delta_generator.DeltaGenerator) -> st.delta_generator.DeltaGenerator:
    with place.container(horizontal=True, vertical_alignment="center"):
        bar = st.progress(0.0)
        st.button(say("Stop"), key="answer.stop", on_click=state.whole(_stop))
    return bar


def _said(lm: LanguageModel, after: str, before: str, ids: list[int], room: int) -> None:
    """Write the generated text into its field, and report how generation ended where that is not obvious."""
    ended = bool(ids) and ids[-1] in lm.config.eos_ids
    if after != before:
        state.set("target", after)
    elif ended:
        state.note(say("The model has nothing to add: its next token is the one that ends the answer."))
    if not ended:
        tokens = counted(len(ids), "token")
        if room == reading.WRITTEN:
            state.note(say("The model wrote {tokens} without an end.", tokens=tokens))
        else:
            state.note(say("The model wrote {tokens} without an end: more do not fit here.", tokens=tokens))
