"""Read and write a learner's own scores as text for the link: "self.1.0.9:8,7,3.5;8,6,-inf" is a place, then edits.

An edit is row, column, value; a "!" after it: the key is in view in spite of the mask. The place names the attention,
block, head and number of tokens: edits made elsewhere are not this head's.
"""

from __future__ import annotations

import math
from typing import Any

Edits = tuple[tuple[int, int, float], ...]
Cells = tuple[tuple[int, int], ...]

MOST = 80  # edits that a link carries: more than a row has
LARGEST = 1000.0


def read_edits(text: str, place: str, rows: int, columns: int) -> Edits:
    """Read the edits of `text` that belong to `place` and lie inside rows x columns; what does not fit is left out."""
    found = _read(text, place, rows, columns)
    return tuple((row, column, value) for (row, column), (value, _) in sorted(found.items()))


def read_shown(text: str, place: str, rows: int, columns: int) -> Cells:
    """Read the edited cells of `text` that are in view in spite of the mask."""
    return tuple(cell for cell, (_, shown) in sorted(_read(text, place, rows, columns).items()) if shown)


def _read(text: str, place: str, rows: int, columns: int) -> dict[tuple[int, int], tuple[float, bool]]:
    where, _, listed = text.partition(":")
    if where != place:
        return {}
    found: dict[tuple[int, int], tuple[float, bool]] = {}
    for part in listed.split(";")[:MOST]:
        try:
            row, column, value = (float(number) for number in part.removesuffix("!").split(","))
        except ValueError:
            continue
        inside = 0 <= row < rows and 0 <= column < columns
        allowed = abs(value) <= LARGEST or value == -math.inf
        if inside and row == int(row) and column == int(column) and allowed:
            found[int(row), int(column)] = value, part.endswith("!")
    return found


def write_edits(edits: Edits, place: str, shown: Cells = ()) -> str:
    """Write edits as text, the reverse of `read_edits` and `read_shown`; "" for no edits."""
    if not edits:
        return ""
    marks = dict.fromkeys(shown, "!")
    return f"{place}:" + ";".join(
        f"{row},{column},{value:.6g}{marks.get((row, column), '')}" for row, column, value in edits[-MOST:]
    )


def with_edit(edits: Edits, row: int, column: int, value: float) -> Edits:
    """Add an edit, in place of an earlier one at the same cell; a value that is no number changes nothing.

    Minus infinity is a value: it hides the key.
    """
    if math.isnan(value) or value == math.inf:
        return edits
    fitted = value if value == -math.inf else float(min(max(value, -LARGEST), LARGEST))
    return (*without_edit(edits, row, column), (row, column, fitted))


def without_edit(edits: Edits, row: int, column: int) -> Edits:
    """Give a cell its own score back."""
    return tuple(edit for edit in edits if edit[:2] != (row, column))


def apply_event(
    event: dict[str, Any], edits: Edits, shown: Cells, rows: int, columns: int
) -> tuple[Edits, Cells]:
    """Apply what the picture sent to the edits and the cells in view; an event that fits no cell changes nothing."""
    row, column = event.get("row"), event.get("col")
    if not (isinstance(row, int) and isinstance(column, int) and 0 <= row < rows and 0 <= column < columns):
        return edits, shown
    cell = (row, column)
    others = tuple(one for one in shown if one != cell)
    match event:
        case {"back": True}:
            return without_edit(edits, row, column), others
        case {"hide": True}:
            return with_edit(edits, row, column, -math.inf), others
        case {"value": int(value) | float(value)}:
            kept = (*others, cell) if event.get("show") is True or cell in shown else others
            return with_edit(edits, row, column, value), kept
    return edits, shown
