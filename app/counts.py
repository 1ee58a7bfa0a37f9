"""Counts and ratios in words, in one place: "1 token" and "2 tokens", "2.45 times" and "287 million times".

app/kit/counts.js says the same in the browser. No Streamlit in here.
"""

from __future__ import annotations

import math

from core.messages import mark, noun, say

_LARGE = (
    (1e12, mark("{ratio} trillion times")),
    (1e9, mark("{ratio} billion times")),
    (1e6, mark("{ratio} million times")),
)


def counted(count: int | float | str, word: str, many: str = "") -> str:
    """Format a count with its noun.

    Args:
        count: a number, or one that is written already: "3 + 3".
        word: what one of them is called. many: what several are; "": with an s.
    """
    said = count if isinstance(count, str) else f"{count:,}"
    one = said == "1"
    return f"{said} {noun(word, one) or (word if one else many or plural(word))}"


def plural(word: str) -> str:
    """Return the plural of `word`: passes, entries, tokens."""
    if word.endswith(("s", "x", "ch", "sh")):
        return word + "es"
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return word[:-1] + "ies"
    return word + "s"


def times(ratio: float) -> str:
    """Format a ratio, to three significant digits."""
    if not math.isfinite(ratio):
        return say("endlessly many times")
    for size, message in _LARGE:
        if abs(ratio) >= 0.9995 * size:
            return say(message, ratio=_three(ratio / size))
    return say("{ratio} times", ratio=_three(ratio))


def _three(value: float) -> str:
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:,.{digits}f}"
