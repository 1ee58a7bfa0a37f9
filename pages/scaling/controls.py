"""Draw the controls of the Scaling page: the axis, what the fit may see, how parameters are counted, an own run."""

from __future__ import annotations

from html import escape

import streamlit as st

from app import runs
from app.controls import own_run, widgets
from app.session import state
from core.messages import mark, say
from core.runs import ladder_recordings
from pages.scaling import own
from pages.scaling.seen import Own, Seen

NAMES = {"parameters": mark("Parameters"), "data": mark("Data"), "compute": mark("Compute")}


def draw(seen: Seen) -> None:
    """Draw the row below the picture."""
    widgets.segments(say("Loss against"), "against", tuple(NAMES), lambda name: say(NAMES[str(name)]))
    widgets.segments(say("Largest sizes kept from the fit"), "withheld", range(5))
    if seen.against == "data":
        st.segmented_control(
            say("Width of the runs"), ladder_recordings.widths(), required=True,
            **state.part("rung", seen.width, lambda width: state.set("rung", width)),
        )  # fmt: skip
    else:
        st.toggle(say("Count the embeddings"), **state.bind("tables"))


def train(mine: list[Own]) -> None:
    """Draw the section of an own run: width and text of the next own run, the buttons, what went wrong."""
    st.html(f'<section class="gb-words"><h2>{escape(say("A size of your own"))}</h2></section>')
    spend, why = _cost(mine)
    with st.container(key="gb-own-size", horizontal=True, gap="medium", vertical_alignment="bottom"):
        st.number_input(
            say("Width (d_model), a multiple of 16"), 16, 512, step=16, width=240, **state.bind("width")
        )
        widgets.segments(say("Share of the ladder’s text"), "portion", own.PORTIONS)
        going = own_run.under_way([one.arm for one in mine if not one.of_class], "scaling.stop")
        own_run.button(
            say("Train it now"), spend, "scaling.train", going, disabled=bool(why) or runs.engine() is None,
            on_click=state.whole(own_run.start), args=("scaling", "ladder", lambda: [own.next_run(mine)]),
        )  # fmt: skip
        if state.get("ladder"):
            st.button(
                say("Without mine"), key="scaling.back", on_click=state.whole(lambda: state.set("ladder", ""))
            )
    if not going:
        own_run.quicker(
            "scaling", lambda size: own.next_run(mine, size), own.asked(), own.smaller(own.asked()),
            lambda size: say("Width {width} on {share} of the text", width=size[0], share=size[1]), own.set_size,
        )  # fmt: skip
    if runs.engine() is None:
        st.caption(say(own_run.NOBODY))
    st.caption(
        say(
            "The ladder’s recipe with another seed; its loss is measured on the ladder’s "
            "held-out stories when it is done. Runs of the Training lab on tales, by characters, "
            "with rows of 128 stand beside the ladder, too."
        )
    )
    _told(mine)


def _told(mine: list[Own]) -> None:
    for line in [_cost(mine)[1] or own_run.refused("scaling"), *own.missing_points(mine)]:
        own_run.warn(line)


def _cost(mine: list[Own]) -> tuple[str, str]:
    return own_run.cost(lambda: own.next_run(mine))
