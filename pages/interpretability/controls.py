"""The controls: which token is explained and against which one, the corrupted text, and another pair of texts."""

from __future__ import annotations

import zlib

import streamlit as st

from app import state, widgets
from app.page import Context
from core.analysis.patching.holder_pairs import draw_pair
from pages.interpretability.asking import NOTHING, Asked

LONGEST = 40  # tokens of a text


def draw(ctx: Context, asked: Asked) -> None:
    """The row below the picture."""
    _answer(ctx, asked)
    _versus(ctx, asked)
    st.text_input(
        "Corrupted text", placeholder=asked.corrupted or "type one", width=330,
        **state.bind("corrupted"),
    )  # fmt: skip
    st.button(
        "Another pair", key="interpretability.pair", on_click=state.whole(_another), args=(ctx,),
        icon=":material/shuffle:",
        help="Who has it? A clean and a corrupted text about two people and a thing, drawn until the model answers "
        "both rightly; for a model that does not, another change of your text.",
    )  # fmt: skip


def _answer(ctx: Context, asked: Asked) -> None:
    """The token that is explained, of those that either text finds likely; -1, the likeliest, moves with the text."""
    word = ctx.lm.tokenizer.display
    names = {id: f"{widgets.visible(word(id))}  id {id}" for id in asked.likely}
    view = (
        f"{zlib.crc32(repr(names).encode('utf-8', 'replace')):x}"  # a list answers with the words it showed
    )
    first = asked.likely[0]

    def chosen(id: int | None) -> None:
        state.set("asked", -1 if id is None else id)

    st.selectbox(
        "Explain", list(names), format_func=lambda id: names.get(id, str(id)), filter_mode=None,
        **state.part(f"asked.{view}", first, chosen),
    )  # fmt: skip


def _versus(ctx: Context, asked: Asked) -> None:
    """Against what the corrupted text says, or alone."""
    word = ctx.lm.tokenizer.display
    other = asked.against
    against = "another token" if other is None else widgets.visible(word(other))
    options = {"less": f"less {against}", "alone": "its logit alone"}
    st.segmented_control(
        "Measure", list(options), required=True, format_func=lambda one: widgets.escape(options[str(one)]),
        **state.part(
            "versus", "alone" if other is None else "less",
            lambda one: state.set("versus", NOTHING if one == "alone" else -1),
        ),
    )  # fmt: skip


def stacks(decoding: bool) -> None:
    """Of an encoder-decoder: whose places are patched."""
    widgets.segments("Stack", "stack", ("encoder", "decoder"), widgets.capital)
    if decoding:
        widgets.segments("Attention", "attention", ("self", "cross"), widgets.capital)


def _another(ctx: Context) -> None:
    """The next pair of Toyland that the model answers as it tells; where it cannot, another change of the text."""
    first = int(state.get("dealt")) + 1
    drawn = draw_pair(ctx.lm, first, LONGEST)
    chosen: dict[str, str | int] = {"corrupted": "", "dealt": first}
    if drawn is not None:
        pair, seed = drawn
        chosen = {"text": pair.clean, "corrupted": pair.corrupted, "dealt": seed, "target": ""}
    state.update(
        chosen
        | {"asked": -1, "versus": -1, "follow": -1, "row": -1, "tier": -1, "sight": "stream", "stage": -1}
    )
