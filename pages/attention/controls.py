"""The Attention page's controls of one head's change; the window's are a small menu, so that the row stays short."""

from __future__ import annotations

import streamlit as st

from app.session import state
from app.session.fields import BY_KEY
from core.analysis.heads.steps import AttentionSteps
from core.config import ModelConfig
from core.messages import say
from pages.attention.figure import TURNS


def change_controls(steps: AttentionSteps, config: ModelConfig) -> None:
    """The switches that this head has, its window, and its temperature."""
    if config.scale_scores:
        st.toggle(say("Scale by 1/√{size}", size=config.head_size), **state.bind("scale"))
    if steps.causal:
        st.toggle(say("Causal mask"), **state.bind("mask"))
    if steps.attention != "cross":
        window_menu()
    if steps.rot_q is not None or steps.bias is not None:
        st.toggle(say(TURNS[config.position]), **state.bind("turn"))
    st.slider(say("Softmax temperature"), 0.1, 5.0, step=0.1, **state.bind("sharpness"))


def sliders(view: str = "") -> None:
    """How wide a window is, and how many first tokens stay in view beyond it."""
    for label, key in ((say("Window, in tokens"), "reach"), (say("Sink tokens"), "sinks")):
        field = BY_KEY[key]
        st.slider(label, int(field.low), int(field.high), **state.bind(key, view))


def window_menu() -> None:
    """The window's switch and sliders. The button's label stays as it is, or the menu would close at each change."""
    with st.popover(say("Sliding window"), on_change="rerun", key="attention.window") as menu:
        if menu.open:
            st.toggle(say("On this head"), **state.bind("local"))
            if state.get("local"):
                sliders()
