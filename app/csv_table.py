"""Tables as CSV, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any


def to_csv(table: Mapping[str, Sequence[Any]]) -> str:
    """Write `table` (column name -> values of equal length) as CSV.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, as spreadsheets themselves do. A
    carriage return becomes a line feed: unquoted, it would start a row.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_harmless(name) for name in table])
    for row in zip(*table.values(), strict=True):
        writer.writerow([_harmless(cell) for cell in row])
    return out.getvalue()


def _harmless(cell: Any) -> Any:
    if not isinstance(cell, str):
        return cell
    cell = cell.replace("\r\n", "\n").replace("\r", "\n")
    return "'" + cell if len(cell) > 1 and cell[0] in "=+-@\t\n" else cell
