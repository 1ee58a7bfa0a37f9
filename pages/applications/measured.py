"""How often a story keeps its hero: measured here and now, when the learner asks for it."""

from __future__ import annotations

from collections.abc import Iterator

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from app import work
from app.counts import counted
from app.widgets import inline
from core.analysis.tasks import heroes
from core.vectors.probe import wilson
from pages.applications.uses import Opened

JOB = "heroes"
STORIES = 30


def button(opened: Opened) -> DeltaGenerator:
    """The button that writes the stories, and what they came to; returns the place for the bar."""

    def make() -> Iterator[bool]:
        return heroes.kept(opened.lm, STORIES)

    bar = work.buttons(JOB, opened.key, f"Write {STORIES} stories with other heroes", STORIES, make)
    job = work.of(JOB, opened.key)
    if job is not None and job.done:
        st.html(f'<p class="gb-hint" role="status">{inline(said(job.done))}</p>')
    return bar


def said(kept: list[bool]) -> str:
    """The share with its interval."""
    found = wilson(sum(kept), len(kept))
    return (
        f"In {found.right} of {counted(found.of, 'story')} no other name is written more often than the hero’s: "
        f"{found.share:.0%} (95 %: {found.low:.0%} to {found.high:.0%})."
    )


def go_on(opened: Opened, bar: DeltaGenerator) -> None:
    """Write the stories that are still to be written."""
    work.go_on(JOB, opened.key, bar, "stories")
