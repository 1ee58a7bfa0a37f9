"""What of a lesson is read and printed: the lesson itself, or its sheet, with or without answers."""

from __future__ import annotations

import streamlit as st

from app import markup, models
from app.lessons import player, printed, sheets
from app.lessons.player import Playing
from app.lessons.reading import Lesson
from app.models import cache
from core.messages import mark, say

WHOLE = mark("Lesson")
SHEETS = {
    mark("Sheet"): False,
    mark("Sheet with answers"): True,
}  # what is chosen -> whether its blanks are filled in

REFUSED = mark("The model “{model}” did not open, so its numbers are missing here. {why}")


def draw(lesson: Lesson) -> None:
    """Draw the chosen document, and where the lesson has a sheet the choice."""
    chosen = WHOLE
    if lesson.name in sheets.names():
        found = st.segmented_control(
            say("To print"), (WHOLE, *SHEETS), default=WHOLE, required=True, key=f"lessons.print.{lesson.name}",
            format_func=say,
        )  # fmt: skip
        chosen = str(found or WHOLE)
    st.html(printed.paper())
    if chosen == WHOLE:
        refused: dict[str, str] = {}
        article = printed.article(
            lesson, lambda at, texts: player.filled(Playing(lesson, at), texts, refused)
        )
        for model, reason in refused.items():
            st.warning(markup.escape(say(REFUSED, model=model, why=reason)))
        st.html(article)
        return
    try:
        st.html(cache.call(sheets.sheet, cache.key(lesson.model), lesson.name, SHEETS[chosen]))
    except sheets.WrongAnswer as why:
        st.warning(markup.escape(say("There is no sheet on this model: {why}.", why=why)))
    except models.RefusedModel as why:
        st.warning(markup.escape(say(REFUSED, model=lesson.model, why=why)))
