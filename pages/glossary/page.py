"""Glossary: every term with its other names, its page and its line of the cheatsheet; to read and to print."""

from __future__ import annotations

import streamlit as st

from app import glossary
from app.frame import page
from app.lessons import printed
from app.session import state

page.enter("glossary")
st.html('<header class="gb-claim"><h1>Every word of the field that the pages use, explained.</h1></header>')
st.html(printed.paper())
query = state.link()
st.html(glossary.article(lambda slug: f"{'./' if slug == 'home' else slug}?{query}", heading=2))
