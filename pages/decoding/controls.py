"""Draw the sliders under the tree. Their steps are those that matter; any other value that a link brings joins them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import streamlit as st

from app.frame import page
from app.session import state
from core.messages import say, say_of

WIDTH = 110  # pixels of a slider: eight stand in a row
TOKENS = (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 30, 40, 60)
BEAMS = (0, 1, 2, 3, 4, 5, 6, 8, 12, 20, 50, 100)
PENALTIES = (-1.0, -0.5, 0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 1.0, 1.2, 1.5, 2.0, 3.0)
TEMPERATURES = (0.0, 0.2, 0.4, 0.6, 0.7, 0.8, 0.9, 1.0, 1.2, 1.5, 2.0, 3.0, 5.0)
TOP_K = (0, 1, 2, 3, 4, 6, 8, 12, 20, 40, 100, 300)
TOP_P = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0)
MIN_P = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)
DRAWS = (10, 30, 100, 200, 500, 1000, 2000)
SPANS = (1, 2, 3, 4, 6, 8)
REPEAT = (0.0, 0.5, 0.8, 1.0, 1.1, 1.2, 1.3, 1.5, 2.0, 3.0, 5.0)


def draw(blanks: bool) -> None:
    """Draw the sliders in groups, each under the name of what it steers; the warpers in the order in which they apply.

    Args:
        blanks: the tree fills blanks and its depth is their number.
    """
    with page.controls():
        with _group(say_of("group", "All"), "all"):
            ladder(say("Blanks, at most") if blanks else say("Tokens ahead"), "depth", TOKENS)
        with _group(say("Beam search"), "search"):
            ladder(say("Beams"), "beams", BEAMS, {0: say("0: off"), 1: say("1: greedy")})
            ladder(say("Length penalty"), "penalty", PENALTIES, {0.0: say("0: plain sum")})
        with _group(say("Greedy, sample"), "both"):
            ladder(say("Repetition penalty"), "repeat", REPEAT, {0.0: say("0: off"), 1.0: say("1: off")})
        with _group(say("Sample"), "draw"):
            ladder(say("Temperature"), "temperature", TEMPERATURES, {0.0: say("0: the best")})
            ladder("Top-k", "topk", TOP_K, {0: say("0: off")})
            ladder("Top-p", "topp", TOP_P, {0.0: say("0: the best"), 1.0: say("1: off")})
            ladder("Min-p", "minp", MIN_P, {0.0: say("0: off")})


@contextmanager
def _group(name: str, key: str) -> Iterator[None]:
    """Group some sliders under one name."""
    with st.container(key=f"gb-group-{key}", width="content", gap=None):
        st.html(f'<p class="gb-group">{name}</p>')
        with st.container(horizontal=True, gap="small", width="content"):
            yield


def ladder(label: str, key: str, steps: Sequence[float], names: dict[float, str] | None = None) -> None:
    """Draw a slider over `steps` for one field; `names` says what a value means where its number does not."""
    value = state.get(key)
    told = names or {}
    st.select_slider(
        label,
        sorted({*steps, value}),
        format_func=lambda number: told.get(number, f"{number:g}"),
        width=WIDTH,
        **state.bind(key),
    )
