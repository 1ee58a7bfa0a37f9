"""Below the Bias picture: in plain words, what its numbers do not say."""

from __future__ import annotations

import streamlit as st

from app.widgets import inline

NOT_SAID = {
    "Who meant what": (
        "The vectors hold which words stand near which in a body of text (GloVe: Wikipedia of 2014, and news). What "
        "people did, what was written about them and what writers took for granted is all in it, unseparated."
    ),
    "Whether it is wrong": (
        "Flowers differ from insects (test 1) by the same arithmetic as science from arts (test 8). Whether an "
        "association does harm is decided by what a system does with it; the test measures and does not judge."
    ),
    "How a model will act": (
        "A small d on these lists promises nothing for other words, or for the text that a model writes; a large one "
        "proves no single unfair decision."
    ),
    "Anything about a person": (
        "First names stand for groups here only because studies with people used them so. Their spelling matters, "
        "too: GloVe has small letters only, where Bill is also a bill, and Rose a rose."
    ),
    "That bias is gone": (
        "A projection takes out what its direction defines, and d falls. What else the words of a side share is left, "
        "and a classifier may find it: step 6, after Gonen & Goldberg 2019."
    ),
}


def show() -> None:
    """The list, with a heading."""
    entries = "".join(f"<dt>{inline(name)}</dt><dd>{inline(text)}</dd>" for name, text in NOT_SAID.items())
    st.html(
        '<section class="gb-words" aria-label="What these numbers do not say">'
        f"<h2>What these numbers do not say</h2><dl>{entries}</dl></section>"
    )
