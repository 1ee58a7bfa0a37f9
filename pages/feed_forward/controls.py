"""Draw the Feed-forward page's controls: block, neuron, a curve beside the model's, and which neurons are off."""

from __future__ import annotations

import streamlit as st

from app.controls import widgets
from app.session import state
from core.messages import say, say_of
from pages.feed_forward.ablation import GROUPS, counts
from pages.feed_forward.figure import BENDS


def draw(blocks: int, neurons: int, neuron: int, strongest: int) -> None:
    """The row below the picture.

    Args:
        neuron: the chosen one. strongest: how many count as that.
    """
    widgets.pick(say("Block"), "block", blocks, most=8)
    st.number_input(
        say("Neuron"),
        0,
        neurons - 1,
        width=120,
        **state.part("neuron", neuron, lambda chosen: state.set("neuron", chosen)),
    )
    st.selectbox(
        say("A curve beside it"),
        list(BENDS),
        format_func=lambda name: say_of("curve", BENDS[name]),
        filter_mode=None,
        **state.bind("bend"),
    )
    st.selectbox(
        say("Switched off"),
        list(GROUPS),
        format_func=lambda name: say(GROUPS[name]),
        filter_mode=None,
        **state.bind("silence"),
    )
    if state.get("silence") in ("strongest", "others"):
        st.select_slider(
            say("How many are the strongest"),
            counts(neurons),
            **state.part("loudest", strongest, lambda chosen: state.set("loudest", chosen)),
        )
