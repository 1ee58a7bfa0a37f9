"""The learner's own training text, typed or uploaded; used by tokenizers and word2vec."""

from __future__ import annotations

from typing import Any

import streamlit as st

from app.session import state
from core.messages import say

LARGEST = 5_000_000  # size limit of an own text, in bytes


def _memo() -> dict[str, Any]:
    return state.memo("tokenization")


def own_corpus() -> None:
    """Draw the input for a learner's own text: typed, or an uploaded file."""
    with st.popover(say("Your corpus"), key="gb-own"):
        st.text_area(
            say("A text to learn from"), key="tokenization.own", on_change=state.whole(_typed), height=160
        )
        st.file_uploader(
            say("Or a text file (UTF-8, up to 5 MB; 1 MB learns in a few seconds)"),
            type=["txt", "md", "csv", "json", "py"], key="tokenization.file", on_change=state.whole(_brought),
        )  # fmt: skip


def _typed() -> None:
    _take(str(state.widget_value("tokenization.own") or "").encode("utf-8", "replace"))


def _brought() -> None:
    file = state.widget_value("tokenization.file")
    if file is not None:
        _take(file.getvalue())


def _take(data: bytes) -> None:
    if len(data) > LARGEST:
        state.note(say("The file is larger than 5 MB; its first 5 MB are learned from."))
        data = data[:LARGEST].decode("utf-8", "ignore").encode()
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        state.note(
            say(
                "The file is not UTF-8 (byte {byte}): save it as UTF-8 and bring it again.",
                byte=error.start,
            )
        )
        return
    _memo()["own"] = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        state.note(say("There is nothing to learn from in it yet: bring a text with some words in it."))


def own() -> str:
    """Return the learner's own training text; "" while there is none."""
    return str(_memo().get("own", ""))
