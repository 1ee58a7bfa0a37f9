"""The strokes of a drawing as a short text that a link can carry, and back. pad.js writes it.

A stroke is a line through points of a raster of 90 x 45; two letters name a point, a full stop stands between strokes.
"""

from __future__ import annotations

from core.messages import say

RASTER = (90, 45)  # columns, rows
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
MOST = 12_000  # letters: some hundred strokes

Stroke = tuple[tuple[float, float], ...]


class BadStrokes(ValueError):
    """No text of strokes; the message says what to do."""


def read(text: str) -> tuple[Stroke, ...]:
    """Strokes as points (x, y), x from 0 to 2 and y from 0 to 1: what `core.multimodal.pen.ink` takes.

    Raises:
        BadStrokes: letters that are none of the raster's, or too many of them.
    """
    if len(text) > MOST:
        raise BadStrokes(
            say(
                "The drawing has {count} letters of strokes, more than the {most} that are read: "
                "draw it simpler.",
                count=f"{len(text):,}",
                most=f"{MOST:,}",
            )
        )
    strokes = tuple(_stroke(one) for one in text.split("."))
    return tuple(one for one in strokes if one)


def _stroke(text: str) -> Stroke:
    columns, rows = RASTER
    places = [LETTERS.find(letter) for letter in text]
    numbers = [64 * high + low for high, low in zip(places[::2], places[1::2])]
    if len(places) % 2 or min(places, default=0) < 0 or max(numbers, default=0) >= columns * rows:
        raise BadStrokes(say("The drawing in the link is damaged: draw it once more."))
    return tuple(((at % columns + 0.5) / rows, (at // columns + 0.5) / rows) for at in numbers)


def write(strokes: tuple[Stroke, ...]) -> str:
    """The reverse of `read`."""
    columns, rows = RASTER
    lines = []
    for stroke in strokes:
        numbers = [
            min(rows - 1, int(y * rows)) * columns + min(columns - 1, int(x * rows)) for x, y in stroke
        ]
        lines.append("".join(LETTERS[at >> 6] + LETTERS[at & 63] for at in numbers))
    return ".".join(lines)
