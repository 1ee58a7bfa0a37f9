"""A badge over the picture for an out-of-distribution text, with a link to the model that reads it better."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import markup, models
from app.controls import unlike_text
from app.models import cache, choice
from app.session import state
from core import real
from core.analysis.tasks import surprise
from core.messages import say

if TYPE_CHECKING:
    from core.language_model import LanguageModel


def draw(place: DeltaGenerator, lm: LanguageModel, key: str, text: str) -> bool:
    """Draw the badge; nothing where the text is in distribution or that was never measured.

    Args:
        key: of the model, for the cache. text: as far as the page reads it.
    Returns:
        Whether there is a badge.
    """
    from core.data.tasks import missing, prefixes

    if lacks := missing(text, lm.card):
        _without_task(place, lacks, prefixes(lm.card)[0])
        return True
    said = why(lm, key, text)
    if said is None:
        return False
    other = models.SMALL if lm.name == models.REAL else models.REAL
    # Suggest no model that reads the text worse.
    reads = other == models.REAL or not unlike_text.why(text)
    with place.container(key="gb-badge", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(markup.escape(said[0]), help=markup.escape(said[1]))
        if reads and other in (*models.bundled(), *models.published()):
            st.button(
                say("Read it with {model}", model=real.title(other)),
                key="tool.other",
                type="tertiary",
                on_click=state.whole(choice.switch),
                args=(other,),
            )
    return True


def _without_task(place: DeltaGenerator, lacks: str, prefix: str) -> None:
    """Draw the badge for a text without a task prefix; a click inserts one."""
    short = lacks.partition(":")[0]
    whole = say("{lack}. Without one it answers all the same, though nothing was asked.", lack=lacks)
    with place.container(key="gb-badge", horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(markup.escape(short), help=markup.escape(whole))
        st.button(
            markup.escape(say("Put “{prefix}” there", prefix=prefix.strip())), key="tool.task", type="tertiary",
            on_click=state.whole(_put), args=(prefix,),
        )  # fmt: skip


def _put(prefix: str) -> None:
    text = str(state.get("text")).strip() or state.DEFAULT_TEXT
    state.set("text", f"{prefix.rstrip()} {text}")


def why(lm: LanguageModel, key: str, text: str) -> tuple[str, str] | None:
    """Describe how unlikely the text is under the training data: a short line, and the full explanation."""
    limit = lm.card.get("unlike", {}).get("limit")
    if not isinstance(limit, float):
        found = unlike_text.of(text, lm.card)
        if found is None:
            return None
        measure, whole = found
        return (
            say(
                "Unlike all it read: {nats} nats a character, usual below {limit}",
                nats=f"{measure.nats:.2f}", limit=f"{measure.limit:.2f}",
            ),
            whole,
        )  # fmt: skip
    nats = cache.call(surprise.nats_a_character, key, text)
    if nats is None or nats <= limit:
        return None
    return (
        say(
            "Hardly a text that it can read: {nats} nats a character, usual below {limit}",
            nats=f"{nats:.2f}", limit=f"{limit:.2f}",
        ),
        say(
            "995 of 1,000 plain English sentences take {model} less than {limit} nats a character. It answers all the "
            "same, but how sure it is says nothing here.",
            model=real.title(lm.name), limit=f"{limit:.2f}",
        ),
    )  # fmt: skip
