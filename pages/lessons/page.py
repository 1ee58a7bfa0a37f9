"""Lessons: the list, one of them to read and print, and a teacher's own file."""

from __future__ import annotations

import streamlit as st

from app import markup
from app.frame import page
from app.lessons import library
from app.lessons.reading import LessonError
from app.session import events, state
from pages.lessons import document, listing

page.enter("lessons")
st.html('<header class="gb-claim"><h1>Lessons: short walks through the pages, with questions.</h1></header>')


def opened() -> None:
    """Show the chosen lesson as a document."""
    state.memo("lessons")["read"] = events.sent(listing.KEY, "read").get("lesson")


found = list(library.shown())
listing.draw([lesson for _, lesson in found if not isinstance(lesson, LessonError)], opened)
for name, why in found:
    if isinstance(why, LessonError):
        st.warning(f"{markup.escape(name)}.md is no lesson. {markup.escape(str(why))}")

chosen = next((lesson for name, lesson in found if name == state.memo("lessons").get("read")), None)
if chosen is not None and not isinstance(chosen, LessonError):
    document.draw(chosen)

st.page_link(
    page.beside("teaching"), label="For teachers: an hour, a day, a week", icon=":material/co_present:"
)
with st.popover("A lesson of your own", icon=":material/upload_file:"):
    given = st.file_uploader(
        "A Markdown file: set a page up, press “Step” under Take away, and paste it.",
        type=["md"],
        key="lessons.file",
    )
if given is not None:
    try:
        lesson = library.upload(given.name, given.getvalue())
    except LessonError as why:
        st.error(markup.escape(f"{given.name} is no lesson. {why}"))
    else:
        if state.memo("lessons").get("told") != given.file_id:
            state.memo("lessons")["told"] = given.file_id
            st.rerun()
        st.caption(markup.escape(f"“{lesson.title}” is in the list above, in this visit of yours."))
