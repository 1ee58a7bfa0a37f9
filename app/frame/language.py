"""The choice of a language: a link to this page as it stands, in the other one. The choice is in the link.

A page is loaded anew for it, since its scripts say their words as they start; a text that is too long for a link is
handed over.
"""

from __future__ import annotations

import html

import streamlit as st

from app.session import state
from app.session.fields import query
from core.messages import ENGLISH, LANGUAGES, say, spoken


def draw() -> None:
    """Draw a link for each language that is not spoken; in a translation also how far it can be trusted."""
    links = "".join(
        f'<a class="gb-language" lang="{code}" hreflang="{code}" href="?{html.escape(_in(code))}" target="_self">'
        f"{html.escape(name)}</a>"
        for code, name in LANGUAGES.items()
        if code != spoken()
    )
    doubt = say("No native reader has checked this translation yet.")
    st.html(links + (f'<small class="gb-doubt">{html.escape(doubt)}</small>' if spoken() != ENGLISH else ""))


def _in(code: str) -> str:
    """Return the query of this page in a language; English is named, too: the browser may remember another one."""
    rest = query(state.snapshot() | {"lang": ENGLISH})
    held = "" if state.link_is_whole() else f"&{state.HELD}={state.hand_over()}"
    return f"{rest}&lang={code}{held}"
