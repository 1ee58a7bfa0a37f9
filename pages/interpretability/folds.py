"""The parts of the page that open on demand, so that the first look is the lens: attribution, patching, explainers.

What is long to compute is computed only in a part that is open.
"""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from app.session import state

SAYS, PATCHES, TOKENS = PARTS = ("says", "patches", "tokens")
MORE = "Which tokens it rests on, and whether that is true: five explainers, probes and a circuit"
# Steps of the picture that show a part, whether or not it is open in the whole picture.
_PATCHED, _SAID = (0, 3, 4, 5), (2, 3, 4, 5)


def opened() -> tuple[str, ...]:
    """List the open parts: those that were opened, and those that hold what a link or a step shows."""
    found = set(str(state.get("unfold")).split())
    stage, sight, tier = int(state.get("stage")), state.get("sight"), int(state.get("tier"))
    if (
        stage in _PATCHED
        or sight in ("attention", "cross", "mlp", "heads")
        or (sight == "stream" and tier >= 0)
    ):
        found.add(PATCHES)
    if stage in _SAID or sight in ("parts", "heads"):
        found.add(SAYS)
    return tuple(part for part in PARTS if part in found)


def more(show: Callable[[], Callable[[], None]]) -> Callable[[], None]:
    """Draw the part below the picture, closed at first; `show` draws what is in it, and is called when it is open.

    Returns what measures the rest: to be called when the page is drawn.
    """
    there = opened()

    def changed(now: bool) -> None:
        rest = [part for part in there if part != TOKENS]
        state.set("unfold", " ".join([*rest, TOKENS] if now else rest))

    box = st.expander(MORE, **state.part("unfold.tokens", TOKENS in there, changed))
    if TOKENS not in there:
        return lambda: None
    with box:
        return show()
