"""A learner's own scores as text for the link: "self.1.0.9:8,7,3.5;8,6,-2" is a place, then row, column, value.

The place names the attention, block, head and number of tokens: edits made elsewhere are not this head's.
"""

from __future__ import annotations

import math

Edits = tuple[tuple[int, int, float], ...]

MOST = 40  # edits that a link carries
LARGEST = 1000.0


def read_edits(text: str, place: str, rows: int, columns: int) -> Edits:
    """The edits of `text` that belong to `place` and lie inside rows x columns; whatever does not fit is left out."""
    where, _, listed = text.partition(":")
    if where != place:
        return ()
    found: dict[tuple[int, int], float] = {}
    for part in listed.split(";")[:MOST]:
        try:
            row, column, value = (float(number) for number in part.split(","))
        except ValueError:
            continue
        inside = 0 <= row < rows and 0 <= column < columns
        if inside and row == int(row) and column == int(column) and abs(value) <= LARGEST:
            found[int(row), int(column)] = value
    return tuple((row, column, value) for (row, column), value in sorted(found.items()))


def write_edits(edits: Edits, place: str) -> str:
    """The reverse of `read_edits`; "" for no edits."""
    if not edits:
        return ""
    return f"{place}:" + ";".join(f"{row},{column},{value:.6g}" for row, column, value in edits[-MOST:])


def with_edit(edits: Edits, row: int, column: int, value: float) -> Edits:
    """`edits` and one more, in place of an earlier one at the same cell; a value that is no number changes nothing."""
    if not math.isfinite(value):
        return edits
    others = tuple(edit for edit in edits if edit[:2] != (row, column))
    return (*others, (row, column, float(min(max(value, -LARGEST), LARGEST))))
