"""The Code card: the source of the functions that computed the picture, read with `inspect` from the running code."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from pathlib import Path
from typing import Any

import streamlit as st

from app.counts import counted
from app.markup import inline
from core.messages import say

# A browser places an opened card by the size that it has then: it keeps room for what comes.
ROOM = '<span class="gb-room"></span>'
LINES = 40  # of code that one sees at first
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Source:
    """One function: qualified name, file relative to the repository, first line, and source text."""

    name: str
    file: str
    line: int
    text: str


@lru_cache(maxsize=128)
def read(function: Callable[..., Any]) -> Source:
    """Read the source of the running `function`; decorators are unwrapped.

    Raises:
        OSError: the source is not at hand.
        TypeError: a built-in, which has no Python source.
    """
    plain = inspect.unwrap(function)
    lines, first = inspect.getsourcelines(plain)
    path = Path(inspect.getsourcefile(plain) or "")
    file = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    return Source(plain.__qualname__, file, first, textwrap.dedent("".join(lines)))


def _draw(source: Source) -> None:
    place = f"`{source.file}:{source.line}`"
    st.html(f'<h3 class="gb-source">{inline(source.name)}</h3><p class="gb-hint">{inline(place)}</p>')
    st.code(source.text, language="python")


def at_first(sources: Sequence[Source]) -> int:
    """Count the functions that are seen at once: the first, and what follows it within `LINES` lines together."""
    lines = accumulate(len(source.text.splitlines()) for source in sources)
    return max(1, sum(upto <= LINES for upto in lines))


def code_card(sources: Sequence[Source]) -> None:
    """Draw the name of what the page's claim is about; behind a button its source, and folded that of the others."""
    seen = at_first(sources)
    # A page names up to a dozen functions, and each is two elements more at every run: they come when it is opened.
    card = st.popover(say("Code"), key="gb-code", type="tertiary", on_change="rerun")
    with card:
        st.html(ROOM)
        if card.open:
            for source in sources[:seen]:
                _draw(source)
            if others := sources[seen:]:
                with st.expander(counted(len(others), "more function", "more functions")):
                    for source in others:
                        _draw(source)
    first = sources[0]
    file = inline(first.file).replace("/", "/<wbr>")  # allow a line break after each folder of a long path
    st.html(f'<p class="gb-mono">{inline(first.name)}<br>{file}</p>')
