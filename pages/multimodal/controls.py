"""The controls below the Multimodal picture: which picture, the learner's own drawing, whose looking is shown."""

from __future__ import annotations

import streamlit as st

from app import markup
from app.session import state
from core.messages import mark_of, say, say_of
from pages.multimodal.reading import OF, Picture, captioner

KINDS = {False: mark_of("image", "Held out"), True: mark_of("image", "My drawing")}


def draw(what: Picture) -> None:
    """Draw the row of widgets below the picture."""
    st.segmented_control(
        say_of("image", "Picture"),
        list(KINDS),
        required=True,
        format_func=lambda drawn: say_of("image", KINDS[drawn]),
        **state.bind("sketched"),
    )
    st.number_input(
        say("Number"), 0, OF - 1, step=1, width=130, disabled=what.drawn, **state.bind("pictured")
    )
    st.button(
        say("Next dozen"),
        key="multimodal.more",
        on_click=state.whole(lambda: state.update({"pictured": (what.number + 12) % OF, "sketched": False})),
    )
    config = captioner().config
    count = config.n_layers * config.n_heads
    names = {-1: say("all heads, mean")} | {
        at: f"L{at // config.n_heads}H{at % config.n_heads}" for at in range(count)
    }
    if int(state.get("crossing")) >= count:
        state.put({"crossing": -1})
    st.selectbox(
        say("Looking of"), list(names), format_func=lambda at: markup.escape(names[at]), filter_mode=None, width=170,
        **state.bind("crossing"),
    )  # fmt: skip
