"""A page's picture as a part that runs alone: what is chosen in it does not draw the page around it again.

On a page of `chapters.ALONE`, claim, picture, controls and cards are a fragment of Streamlit's. Around it stand the
breadcrumb, the sidebar, the words, the cheatsheet and the examples, which `around` draws when the whole page runs.
Where a choice in the picture changes one of these (another text, the first thing to undo), the whole page runs.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import CodeType
from typing import Any

import streamlit as st

from app import chapters
from app.frame import sidebar
from app.models import turns
from app.rooms import pictures
from app.session import state

# Fields that the sidebar, the strip of a lesson or the address outside of the picture show.
_SHOWN_AROUND = ("model", "snapshot", "text", "target", "view", "class", "path", "mark")


@dataclass
class Part:
    """The picture that runs: where what stands around it goes, and what that is.

    Attributes:
        places: the placeholders around the picture; None: only the picture runs.
        waiting: what draws each thing around it; said: what these depend on.
    """

    places: sidebar.Places | None
    waiting: list[Callable[[], None]] = field(default_factory=list)
    said: list[Hashable] = field(default_factory=list)


_part: ContextVar[Part | None] = ContextVar("glassbox_part", default=None)


def part() -> Part | None:
    """Return the part that runs; None: a page that runs as a whole."""
    return _part.get()


def page(chapter: chapters.Chapter) -> Callable[[], None]:
    """Return what draws a chapter's page, with its picture as a part."""

    def whole() -> None:
        _part.set(Part(sidebar.head(chapter.slug)))
        with st.container(key="gb-picture"):
            _picture(chapter)

    return whole


@st.fragment
def _picture(chapter: chapters.Chapter) -> None:
    alone = not state.begun_whole()
    if alone:
        state.start()
        _part.set(Part(None))
        pictures.begin()
        # the whole page opens another one, too: a browser meets pages and their parts in one order then
        if state.memo("visit").get("page") or _state() != state.memo("around").get("state"):
            st.rerun()
    with turns.drawing():
        exec(_code(chapter), {"__name__": "__main__", "__file__": str(chapters.ROOT / chapter.path)})
    if alone:
        found = _part.get()
        assert found is not None
        if (_state(), found.said) != (state.memo("around").get("state"), state.memo("around").get("said")):
            st.rerun()
        state.finish()
        pictures.send()


@functools.cache
def _code(chapter: chapters.Chapter) -> CodeType:
    path = chapters.ROOT / chapter.path
    return compile(path.read_text(encoding="utf-8"), path, "exec")


def begin() -> None:
    """Begin a run of the whole page, whatever a picture that ran alone has left (called by the router)."""
    _part.set(None)
    state.start(whole=True)


def after(draw: Callable[[], None], *said: Hashable) -> None:
    """Draw something around the picture, after it; at once on a page that runs as a whole.

    Args:
        said: what is drawn depends on, beside the model and its text.
    """
    found = _part.get()
    if found is None:
        draw()
    else:
        found.waiting.append(draw)
        found.said.append(said)


def around() -> None:
    """Draw what waits around the picture (called by the router, after the page)."""
    found = _part.get()
    _part.set(None)
    if found is not None:
        for draw in found.waiting:
            draw()
        state.memo("around").update(state=_state(), said=found.said)


def _state() -> tuple[Any, ...]:
    shown = (state.get(key) for key in _SHOWN_AROUND)
    return (state.page(), *shown, state.can_undo(), state.changed_selections())
