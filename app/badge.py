"""A badge over the picture: the text is unlike what the open model has read, and the other model is one click away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import cache, choice, models, state, strange, widgets
from core.analysis import surprise

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def draw(place: DeltaGenerator, lm: LanguageModel, key: str, text: str) -> None:
    """Fill the badge's place; nothing where the text is like what was read, or nobody has measured.

    Args:
        key: of the model, for the cache. text: as far as the page reads it.
    """
    from core.data.tasks import missing

    if lacks := missing(text, lm.card):
        place.caption(
            widgets.escape(f"{lacks}. Without one it answers all the same, though nothing was asked.")
        )
        return
    said = why(lm, key, text)
    if not said:
        return
    other = models.SMALL if lm.name == models.REAL else models.REAL
    with place.container(key="gb-badge", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(widgets.escape(said))
        if other in (*models.bundled(), *models.published()):
            st.button(
                f"Read it with {other}",
                key="tool.other",
                type="tertiary",
                on_click=state.whole(choice.switch),
                args=(other,),
            )


def why(lm: LanguageModel, key: str, text: str) -> str:
    """That a text is unlike what the open model has read, by a measured likelihood; "" where it is not."""
    limit = lm.card.get("unlike", {}).get("limit")
    if isinstance(limit, float):
        nats = cache.call(surprise.nats_a_character, key, text)
        if nats is None or nats <= limit:
            return ""
        return (
            f"Hardly a text that {lm.name} can read: {nats:.2f} nats a character, where 995 of 1,000 plain English "
            f"sentences take it less than {limit:.2f}. How sure it is says nothing here."
        )
    return strange.of(text, lm.card)
