"""Tables as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any


def to_csv(table: Mapping[str, Sequence[Any]]) -> str:
    """Write `table` (column name -> values of equal length) as CSV.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, as spreadsheets themselves do.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table)
    for row in zip(*table.values(), strict=True):
        writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue()


def _harmless(cell: Any) -> Any:
    return "'" + cell if isinstance(cell, str) and len(cell) > 1 and cell[0] in "=+-@\t\r" else cell
