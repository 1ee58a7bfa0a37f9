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

underlined = register("words", __file__, shared=False)


def draw(names: Sequence[str]) -> None:
    """Draw the list of definitions and underline its terms on the page; those that hold everywhere stay unlisted."""
    given = (*names, *(name for name in words.EVERYWHERE if name not in names))
    st.html(_defined(given, len(names)))
    terms = [{"name": name, "as": words.FORMS.get(name)} for name in given]
    underlined(data={"terms": terms}, key="words")


@lru_cache(maxsize=128)
def _defined(given: tuple[str, ...], listed: int) -> str:
    """Write the definitions as HTML; those past the first `listed` hold everywhere and stay hidden."""
    defined = [
        f'<dt>{inline(name)}</dt><dd id="gb-word-{at}">{inline(words.WORDS[name])}</dd>'
        for at, name in enumerate(given)
    ]
    return (
        '<section class="gb-words" aria-label="Words"><h2>Words on this page</h2>'
        f"<dl>{''.join(defined[:listed])}</dl><dl hidden>{''.join(defined[listed:])}</dl></section>"
    )
