"""Lessons: the list, one of them to read and print, and a teacher's own file."""

from __future__ import annotations

import streamlit as st

from app import markup
from app.frame import page
from app.lessons import library
from app.lessons.reading import LessonError
from app.session import events, state
from core.messages import say
from pages.lessons import document, listing

page.enter("lessons")
claim = say("Lessons: short walks through the pages, with questions.")
st.html(f'<header class="gb-claim"><h1>{claim}</h1></header>')


def opened() -> None:
    """Show the chosen lesson as a document."""
    state.memo("lessons")["read"] = events.sent(listing.KEY, "read").get("lesson")


found = list(library.shown())
listing.draw([lesson for _, lesson in found if not isinstance(lesson, LessonError)], opened)
for name, why in found:
    if isinstance(why, LessonError):
        st.warning(markup.escape(say("{file} is no lesson. {why}", file=f"{name}.md", why=why)))

chosen = next((lesson for name, lesson in found if name == state.memo("lessons").get("read")), None)
if chosen is not None and not isinstance(chosen, LessonError):
    document.draw(chosen)

st.page_link(
    page.beside("teaching"), label=say("For teachers: an hour, a day, a week"), icon=":material/co_present:"
)
with st.popover(say("A lesson of your own"), icon=":material/upload_file:"):
    given = st.file_uploader(
        say("A Markdown file: set a page up, press “Step” under Take away, and paste it."),
        type=["md"],
        key="lessons.file",
    )
if given is not None:
    try:
        lesson = library.upload(given.name, given.getvalue())
    except LessonError as why:
        st.error(markup.escape(say("{file} is no lesson. {why}", file=given.name, why=why)))
    else:
        if state.memo("lessons").get("told") != given.file_id:
            state.memo("lessons")["told"] = given.file_id
            st.rerun()
        told = say("“{title}” is in the list above, in this visit of yours.", title=lesson.title)
        st.caption(markup.escape(told))
