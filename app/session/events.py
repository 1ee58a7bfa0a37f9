"""Events of the pictures as plain dicts, and a picture's selection, kept equal in browser and page.

A picture reacts to input at once and notifies the page afterwards. While the page is still busy with an earlier choice,
its selection is outdated: so every choice carries a number `n`, and the page's selection the last `n` that it handled.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.session import state


def sent(picture: str, name: str) -> dict[str, Any]:
    """Return the event `name` that the component `picture` sent in this run; empty if none, or no dict."""
    value = (state.widget_value(picture) or {}).get(name)
    return value if isinstance(value, dict) else {}


def select(
    picture: str, keys: Collection[str], row: int | None = None, home: int = -1, column: int | None = None
) -> None:
    """Copy the browser's selection to the page: widgets and link follow. Fields other than `keys` are ignored.

    Args:
        row: of a picture whose rows are the text's tokens, the one that it showed: where another is chosen, that token
            is followed on all pages.
        home: the row of the token that is followed when none was chosen.
        column: the one that the picture showed, in the field `col`: it stays unchosen where it was.
    """
    chosen = sent(picture, "select")
    values = {key: value for key, value in chosen.items() if key in keys}
    if row is not None and "row" in values:
        if values["row"] == row:
            del values["row"]  # shown by default, not chosen
        else:
            values["follow"] = -1 if values["row"] == home else values["row"]
    if column is not None and state.get("col") < 0 and values.get("col") == column:
        del values["col"]
    state.update(values)
    state.memo(f"events.{picture}")["n"] = chosen.get("n", 0)


def followed(count: int, home: int) -> int:
    """Return the row that a picture of `count` tokens shows.

    The chosen one, the one followed on all pages, or `home`.
    """
    return next(row for row in (state.get("row"), state.get("follow"), home) if 0 <= row < count)


def visit(picture: str) -> None:
    """Record a click on a picture's link: the frame opens that page before it draws this one (`page.begin`).

    What the link chooses there (`chosen`), a step for example, is chosen when that page opens.
    """
    event = sent(picture, "visit")
    page, chosen = event.get("page"), event.get("chosen")
    state.memo("visit")["page"] = page
    if isinstance(page, str) and isinstance(chosen, dict):
        state.update({key: value for key, value in chosen.items() if key in state.BY_KEY})
        state.carry(page)


def selection(picture: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return `values` with the number of the last handled choice, for the component's data."""
    return {**values, "n": state.memo(f"events.{picture}").get("n", 0)}
