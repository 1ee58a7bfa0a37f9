"""The frame's own widgets: breadcrumb, messages, and in the sidebar the model, Rewind, the text, examples and tools.

They stand before the picture and are drawn after it (`Places`, `fill`): a browser draws what comes in the order in
which it comes, and the picture is what a learner waits for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import chapters, markup, reading, runs
from app.controls import widgets
from app.counts import counted
from app.frame import language, rewind
from app.frame import shortcuts as keys
from app.markup import inline
from app.models.opening import Opened
from app.rooms import forget, teaching
from app.session import state
from core.messages import say

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def tell(notes: Sequence[str]) -> None:
    """Show all messages in one box at the top of the page."""
    lines = [markup.escape(note) for note in notes]
    # The placeholder is always there: a browser rebuilds all elements below when one is inserted or removed above them.
    place = st.empty()
    if lines:
        place.info(
            lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines), icon=":material/info:"
        )


def crumb(title: str, section: str = "") -> None:
    """Draw the breadcrumb: where in Glassbox this page is."""
    above = f'{inline(section)}<span aria-hidden="true">/</span>' if section else ""
    label = inline(say("Place"))
    st.html(
        f'<nav class="gb-crumb" aria-label="{label}">{above}<span aria-current="page">{inline(title)}</span></nav>'
    )


@dataclass(frozen=True)
class Places:
    """Placeholders of the frame's widgets, created before the picture and filled after it."""

    model: DeltaGenerator  # in the sidebar: model, Rewind, text
    examples: DeltaGenerator
    tools: DeltaGenerator
    phone: DeltaGenerator  # the first three once more, on top of the page, for narrow screens (frame.css shows it)


def head(slug: str) -> Places:
    """Draw the breadcrumb, in projector mode the exit button, and create the placeholders of what is drawn later."""
    with st.sidebar:
        side = (
            st.container(gap="xsmall"),
            st.container(key="gb-examples", gap="xsmall"),
            st.container(key="gb-tools", horizontal=True, gap="xsmall"),
        )
    chapter = chapters.BY_SLUG[slug]
    crumb(say(chapter.title), say(chapter.section) if chapter.section else "")
    if state.get("view") == "projector" and not state.get(
        "class"
    ):  # a frame of a projector's page has no way out
        st.button(
            say("Leave projector mode"),
            key="tool.leave",
            type="tertiary",
            on_click=state.whole(state.set),
            args=("view", "page"),
        )
    return Places(*side, phone=st.container(key="gb-phone", horizontal=True, gap="xsmall"))


def keys_alone() -> None:
    """Draw the list of keys, on a page without other tools; it also mends Streamlit's navigation."""
    with st.sidebar, st.container(key="gb-tools", horizontal=True, gap="xsmall"):
        keys.sheet(key="gb-keys")
        language.draw()


def fill(places: Places, opened: Opened, read: reading.Reading, slug: str, apart: str = "") -> None:
    """Fill the placeholders of page `slug`: model, Rewind, text, tools.

    Args:
        apart: the note in place of Rewind on a page that does not use the open model; "" where it does.
    """
    offered = runs.offered(state.get("model"))
    with places.model:
        widgets.small_or_real()
        widgets.model_picker(offered, apart or _shown_instead(opened) + _shape(opened.lm) + _training(opened))
        if slug != "models":
            st.button(
                say("All models"), key="tool.models", type="tertiary", icon=":material/inventory_2:",
                on_click=state.whole(lambda: state.memo("visit").update(page="models")),
                help=say("What can be opened here, with what each needs."),
            )  # fmt: skip
        if not apart:
            rewind.slider(opened)
        widgets.text_box("" if apart else _fitting(read))
    with places.tools:
        st.button(
            say("Undo"),
            key="tool.undo",
            type="tertiary",
            on_click=state.whole(state.undo),
            disabled=not state.can_undo(),
        )
        st.button(
            say("Reset"), key="tool.reset", type="tertiary", on_click=state.whole(state.reset),
            disabled=not state.changed_selections(), help=say("All selections back to the start; model and text stay."),
        )  # fmt: skip
        st.button(
            say("Projector"),
            key="tool.projector",
            type="tertiary",
            on_click=state.whole(state.set),
            args=("view", "projector"),
        )
        if slug != "classroom":
            st.button(
                say("Class"), key="tool.class", type="tertiary", on_click=state.whole(_class),
                help=say("Open a room that a class joins with phones, to predict together."),
            )  # fmt: skip
        forget.draw()
        keys.sheet(key="gb-keys")
        language.draw()
    with places.phone:
        widgets.text_line("phone")
        widgets.small_or_real("phone")
        widgets.model_picker(offered, view="phone")
        if not apart:
            rewind.slider(opened, "phone")


def _class() -> None:
    """Open a room, or go to the one that is open."""
    teaching.open_room()
    state.memo("visit").update(page="classroom")


def _shown_instead(opened: Opened) -> str:
    """Show which model the page uses where it is not the chosen one.

    The description below the picker is of that one.
    """
    return "" if opened.name == state.get("model") else say("Here {label}: ", label=opened.label)


def _shape(lm: LanguageModel) -> str:
    kind = {
        "decoder": say("Decoder"),
        "encoder": say("Encoder"),
        "encoder-decoder": say("Encoder and decoder"),
    }
    blocks, heads = counted(lm.config.n_layers, "block"), counted(lm.config.n_heads, "head")
    return f"{kind[lm.config.shape]}, {blocks} × {heads}"


def _training(opened: Opened) -> str:
    """Return whether the open model is a run that is still training."""
    return say(", still training") if opened.run is not None and not opened.run.over else ""


def _fitting(read: reading.Reading) -> str:
    body = len(read.ids) - read.special
    tokens, limit = counted(body, "token"), f"{read.limit:,}"
    if read.special == 1:
        tokens = say("{tokens} and a start token", tokens=tokens)
    elif read.special:
        tokens = say("{tokens} and {special} special tokens", tokens=tokens, special=read.special)
    if read.limit >= read.positions:
        return say("{tokens}, of {limit} that fit the model", tokens=tokens, limit=limit)
    return say("{tokens}, of {limit} that this page reads", tokens=tokens, limit=limit)
