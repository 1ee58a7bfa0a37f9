"""Glossary: every term with its other names, its page and its line of the cheatsheet; to read and to print."""

from __future__ import annotations

import streamlit as st

from app import glossary
from app.frame import page
from app.lessons import printed
from app.session import state
from core.messages import say

page.enter("glossary")
claim = say("Every word of the field that the pages use, explained.")
st.html(f'<header class="gb-claim"><h1>{claim}</h1></header>')
st.html(printed.paper())
query = state.link()
st.html(glossary.article(lambda slug: f"{'./' if slug == 'home' else slug}?{query}", heading=2))
