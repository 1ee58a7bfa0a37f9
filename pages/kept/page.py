"""What is kept: of a visitor, where, for how long, and the button that deletes it."""

from __future__ import annotations

import streamlit as st

from app.frame import page
from app.markup import inline
from app.rooms import forget
from core.messages import say
from pages.kept import listing

page.enter("kept")
claim = inline(say("What this Glassbox keeps of you, and for how long."))
st.html(f'<header class="gb-claim"><h1>{claim}</h1></header>')
st.html(listing.table(listing.lines()))
st.markdown(listing.now())
forget.draw(key="kept.forget", link=False)
