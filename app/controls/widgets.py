"""Pickers that pages and the frame share: model, text, layer, head, token."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from app import markup, models
from app.models import choice
from app.session import state
from core import real
from core.messages import mark, say

if TYPE_CHECKING:
    from core.runs import Run

FEW = 5  # training runs up to which the model menu needs no search


def small_or_real(view: str = "") -> None:
    """Draw the switch between the small model trained here and the published one; the text stays."""
    names = {mark("Small"): models.SMALL, mark("Real"): models.REAL}
    if real.home() is None:
        return
    shown = next((label for label, name in names.items() if name == state.get("model")), None)

    def chosen(label: str | None) -> None:
        name = names.get(str(label))
        if name == models.REAL and name not in models.published():
            state.note(f"{real.missing(name)}.")
        elif name is not None:
            choice.switch(name)

    st.segmented_control(
        say("Small or real"),
        list(names),
        format_func=say,
        label_visibility="collapsed",
        help=say(
            "Small: tales-gpt, trained here on stories of a toy world; it can be rewound. Real: SmolLM2, which has "
            "read the web; it knows your words."
        ),
        width="stretch",
        **state.part(f"small_or_real.{view}" if view else "small_or_real", shown, chosen),
    )


def model_picker(offered: Sequence[Run], caption: str = "", view: str = "") -> None:
    """Draw the model picker and a description of the chosen model.

    Args:
        offered: the training runs in it (`runs.offered`).
        view: a second place on the same page, without heading and owners' names.
    """
    shown = models.labels(state.get("model"), bool(view), offered)

    def chosen(name: str | None) -> None:
        # A run's label changes when it ends: the browser may then still send the old label, which nobody chose. A newly
        # chosen model opens at its final step.
        if name in shown and name != state.get("model"):  # another model opens finished
            choice.choose(str(name))

    st.selectbox(
        say("Model"),
        list(shown),
        format_func=lambda name: shown.get(name, name),  # a selectbox shows plain text, so nothing is escaped
        filter_mode="contains" if len(offered) > FEW else None,
        label_visibility="collapsed" if view else "visible",
        **state.part(f"model.{view}" if view else "model", state.get("model"), chosen),
    )
    if caption:
        st.caption(markup.escape(caption))


def text_box(caption: str = "") -> None:
    """Draw the text area for the text that the model reads."""
    st.text_area(say("Your text"), height=62, **state.bind("text"))
    if caption:
        st.caption(markup.escape(caption))


def text_line(view: str) -> None:
    """Draw the same text as one line, for narrow screens."""
    st.text_input(say("Your text"), label_visibility="collapsed", **state.bind("text", view))


def segments(
    label: str, key: str, options: Sequence[int | str], names: Callable[[int | str], str] = str
) -> None:
    """Draw a row of buttons for one field: `segments("Head", "head", range(8))`.

    The field must hold one of `options`.
    """
    st.segmented_control(
        label,
        list(options),
        required=True,
        format_func=lambda value: markup.escape(names(value)),
        default=state.get(key),
        **state.bind(key),
    )


def hidden(key: str) -> dict[str, Any]:
    """Bind a widget inside a popover, whose content the browser creates only when it is opened.

    The value that the page puts into a widget is sent once, and by then it may be gone: the widget would show
    Streamlit's own default, and a step from there would be taken for the learner's. So it is the default, too.
    """
    return {"value": state.get(key), **state.bind(key)}


def pick(label: str, key: str, count: int, most: int = 12) -> None:
    """Draw a choice of one of `count` numbers from 0: a row of buttons, or a list beyond `most` of them."""
    if count <= most:
        segments(label, key, range(count))
    else:
        # A key of its own: under that of the buttons Streamlit would hold the list's value for sent, and begin it at 0,
        # when a model of few blocks gives way to one of many on the same page.
        st.selectbox(label, range(count), filter_mode=None, **state.bind(key, "list"))
