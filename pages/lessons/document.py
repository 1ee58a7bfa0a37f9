"""A lesson as a document on the page, its numbers filled in from the model."""

from __future__ import annotations

import streamlit as st

from app.lessons import player, printed
from app.lessons.player import Playing
from app.lessons.reading import Lesson


def draw(lesson: Lesson) -> None:
    """Draw the document."""
    st.html(printed.article(lesson, lambda mark, texts: player.filled(Playing(lesson, mark), texts)))
