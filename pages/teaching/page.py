"""Teaching: the guide for teachers (docs/teaching.md), with its links leading to the app's own pages."""

from __future__ import annotations

import streamlit as st

from app.frame import page
from core.messages import say
from pages.teaching import guide

page.enter("teaching")
found = guide.text()
if found is None:
    st.info(
        say(
            "The guide for teachers is docs/teaching.md in the project’s folder; an installed package lacks it."
        )
    )
else:
    with st.container(key="gb-guide"):
        st.markdown(found)
