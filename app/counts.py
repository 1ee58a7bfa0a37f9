"""Counts and ratios in words, in one place: "1 token" and "2 tokens", "2.45 times" and "287 million times".

app/kit/counts.js says the same in the browser. No Streamlit in here.
"""

from __future__ import annotations

import math

_LARGE = ((1e12, "trillion"), (1e9, "billion"), (1e6, "million"))


def counted(count: int | float | str, word: str, many: str = "") -> str:
    """Format a count with its noun.

    Args:
        count: a number, or one that is written already: "3 + 3".
        word: what one of them is called. many: what several are; "": with an s.
    """
    said = count if isinstance(count, str) else f"{count:,}"
    return f"{said} {word if said == '1' else many or plural(word)}"


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
        return "endlessly many times"
    for size, name in _LARGE:
        if abs(ratio) >= 0.9995 * size:
            return f"{_three(ratio / size)} {name} times"
    return f"{_three(ratio)} times"


def _three(value: float) -> str:
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    return f"{value:,.{digits}f}"
