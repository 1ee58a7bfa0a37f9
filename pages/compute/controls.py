"""Draw the controls below the picture: which configuration, in which precision, on which card, and its sizes."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app import markup
from app.controls import widgets
from app.session import state
from app.units import PRECISIONS
from core.costs.accelerators import ACCELERATORS
from core.costs.memory import PRECISIONS as KINDS
from core.costs.sized import LIMITS
from core.families.presets import PRESETS
from core.messages import say
from pages.compute.subject import OPEN, SIZES, SUBJECTS, Subject


def draw(shown: Subject, opened: str) -> None:
    """Draw the widgets; `opened` is the open model's name."""
    names = {OPEN: say("{model}, open", model=opened)} | {key: preset.name for key, preset in PRESETS.items()}
    st.selectbox(
        say("Configuration"), SUBJECTS, format_func=lambda key: names[key], filter_mode=None,
        **state.part("costed", shown.key, _choose),
    )  # fmt: skip
    widgets.segments(say("Numbers"), "floats", KINDS, lambda key: say(PRECISIONS[str(key)]))
    st.selectbox(
        say("Card"), list(ACCELERATORS), format_func=lambda key: ACCELERATORS[key].name, filter_mode=None,
        **state.bind("card"),
    )  # fmt: skip
    # What a closed popover holds would show zeros when it is opened: what a page puts into a widget is sent once.
    menu = st.popover(say("Sizes"), key="gb-compute-sizes", on_change="rerun")
    if menu.open:
        with menu:
            _sizes(shown)
    if shown.wrong:
        said = say(
            "These sizes make no model: {why}. Shown is {name} as it is; your numbers stay under Sizes.",
            why=shown.wrong, name=shown.name,
        )  # fmt: skip
        st.warning(markup.escape(said))


def _choose(key: str | None) -> None:
    """Begin another configuration with its own sizes and its own length."""
    if key in SUBJECTS and key != state.get("costed"):
        state.update({**dict.fromkeys(("long", *SIZES), -1), "costed": key})


def _sizes(shown: Subject) -> None:
    config = shown.config
    with st.container(horizontal=True, gap="small"):
        for field, (name, label) in SIZES.items():
            asked = shown.sizes.get(name)
            value = asked if asked is not None else int(getattr(config, name))
            # A list of numbers answers with what it showed: another configuration has boxes of its own.
            st.number_input(
                say(label), 0, LIMITS[name], step=1, width=150,
                **state.part(f"{field}.{shown.key}", value, _changed(field, int(getattr(shown.base, name)))),
            )  # fmt: skip
    st.button(
        say("As it was"), key="compute.sizes", disabled=not shown.sizes,
        on_click=state.whole(lambda: state.update(dict.fromkeys(SIZES, -1))),
    )  # fmt: skip


def _changed(field: str, own: int) -> Callable[[int | None], None]:
    def change(value: int | None) -> None:
        if value is not None:
            state.set(field, -1 if value == own else value)

    return change
