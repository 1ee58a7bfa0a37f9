"""The row of native widgets under Home's picture: the same choices once more, for those who want words and lists."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import streamlit as st

from app import markup
from app.controls import stacks, widgets
from app.frame import page
from app.session import state
from core.analysis.stream.overview import Overview
from core.messages import mark, mark_of, say, say_of

EMPTY = mark(
    "Nothing is written yet: the row of the start token predicts the first word. Append one in the picture, or let "
    "the model write its answer."
)

RIBBONS = {
    "size": mark_of("ribbons", "Size"),
    "sign": mark_of("ribbons", "Sign"),
    "none": mark_of("ribbons", "None"),
}


def draw(seen: Overview, both: bool, ask: Callable[[], None]) -> None:
    """Block, head, ribbons and row; which half of an encoder-decoder (`both`) is drawn.

    Args:
        ask: draws the button that asks the class, where there is one.
    """
    with page.controls():
        if seen.n_blocks:
            widgets.pick(say("Open block"), "block", seen.n_blocks)
            widgets.pick(say("Head"), "head", seen.heads.pattern.shape[1])
        widgets.segments(
            say("Ribbons show"), "ribbons", tuple(RIBBONS), lambda name: say_of("ribbons", RIBBONS[str(name)])
        )
        _row(seen)
        if both:
            stacks.pick_stack()
        if seen.cross:
            stacks.pick_attention()
        ask()


def _row(seen: Overview) -> None:
    """The rows by name; -1, "the one that predicts", stands at that row's place and moves with the text."""
    rows = [-1 if i == seen.predicting_row else i for i in range(len(seen.ids))]
    names = [f"{i}  {markup.visible(token)}" for i, token in enumerate(seen.tokens)]

    def name(i: int) -> str:
        return names[i if i >= 0 else seen.predicting_row]  # a list shows its options as they are

    # A list answers with the words it showed, and "8 ·a" is another row once the text has grown: so a new text has
    # a new list.
    view = f"{zlib.crc32(repr(seen.tokens).encode('utf-8', 'replace')):x}"
    st.selectbox(say("Follow token"), rows, format_func=name, filter_mode=None, **state.bind("follow", view))
