"""Time products of few bits on this machine: whether they save time as well as storage."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app import markup
from app.kit import register
from core.efficiency import kernels
from core.messages import say
from pages.efficiency.measure import Measure, Slot

speed = register("efficiency_speed", __file__)


def record(measure: Measure) -> dict[str, Any]:
    """Describe what speed.js draws, as its JSON."""
    _, times = measure.original
    timed = measure.speeds()
    return {
        "stamp": repr((measure.ctx.model_key, len(timed), times)),
        "tokens": list(measure.ctx.tokens), "name": measure.ctx.label.rsplit("/", 1)[-1],
        "passes": None if times is None else vars(times), "speeds": [vars(one) for one in timed],
        "large": list(kernels.LARGE),
    }  # fmt: skip


def show(measure: Measure) -> Slot:
    """Draw the heading, the button and the figure. Returns the place of the bar."""
    title = markup.inline(say("Storage, or time as well?"))
    st.html(f'<section class="gb-words"><h2>{title}</h2></section>')
    slot = measure.speed_button()
    speed(data=record(measure), key="speed")
    return slot
