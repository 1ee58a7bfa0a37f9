"""Words at the place where they are used: a term is underlined, and its definition opens there (terms.js).

The definitions themselves stand in a list at the foot of the page, for readers and for screen readers alike.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import streamlit as st

from app import words
from app.kit import register
from app.markup import inline
from core.messages import ENGLISH, say, say_of, spoken

underlined = register("words", __file__, shared=False)


def draw(names: Sequence[str]) -> None:
    """Draw the list of definitions and underline its terms on the page; those that hold everywhere stay unlisted."""
    given = (*names, *(name for name in words.EVERYWHERE if name not in names))
    st.html(_defined(given, len(names), spoken()))
    terms = [{"name": name, "shown": say_of(words.TERM, name), "as": _form(name)} for name in given]
    underlined(data={"terms": terms}, key="words")


def _form(name: str) -> str | None:
    """Return what a term is recognised by in the language that is spoken; None: by its name and its plural."""
    if name in words.SIGNS:
        return words.SIGNS[name]
    if name not in words.FORMS:
        return None
    return words.FORMS[name] if spoken() == ENGLISH else say_of(words.FORM, name)


@lru_cache(maxsize=128)
def _defined(given: tuple[str, ...], listed: int, language: str) -> str:
    """Write the definitions as HTML; those past the first `listed` hold everywhere and stay hidden."""
    defined = [
        f'<dt>{inline(say_of(words.TERM, name))}</dt><dd id="gb-word-{at}">{inline(say(words.WORDS[name]))}</dd>'
        for at, name in enumerate(given)
    ]
    return (
        f'<section class="gb-words" aria-label="{inline(say("Words"))}"><h2>{inline(say("Words on this page"))}</h2>'
        f"<dl>{''.join(defined[:listed])}</dl><dl hidden>{''.join(defined[listed:])}</dl></section>"
    )
