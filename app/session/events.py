"""What a picture sends: its events as plain dicts, and its selection, kept equal in browser and page.

A picture answers to the hand at once and tells the page afterwards. While the page is still busy with an earlier
choice, its idea of the selection is old: so every choice carries a number `n`, and the page's selection the last `n`
that it heard.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.session import state


def sent(picture: str, name: str) -> dict[str, Any]:
    """What the component with key `picture` sent under `name` in this run; empty if nothing, or no dict."""
    value = (state.widget_value(picture) or {}).get(name)
    return value if isinstance(value, dict) else {}


def select(picture: str, keys: Collection[str], row: int | None = None, home: int = -1) -> None:
    """The browser's selection becomes the page's: widgets and link follow. Fields other than `keys` are ignored.

    Args:
        row: of a picture whose rows are the text's tokens, the one that it showed: where another is chosen, that token
            is followed on all pages.
        home: the row of the token that is followed when none was chosen.
    """
    chosen = sent(picture, "select")
    values = {key: value for key, value in chosen.items() if key in keys}
    if row is not None and "row" in values:
        if values["row"] == row:
            del values["row"]  # it is shown, but nobody has chosen it
        else:
            values["follow"] = -1 if values["row"] == home else values["row"]
    state.update(values)
    state.memo(f"events.{picture}")["n"] = chosen.get("n", 0)


def followed(count: int, home: int) -> int:
    """The row that a picture of `count` tokens shows: the chosen one, the one that all pages follow, or `home`."""
    return next(row for row in (state.get("row"), state.get("follow"), home) if 0 <= row < count)


def visit(picture: str) -> None:
    """A door in the picture was opened: the frame goes to that page before it draws this one (`page.begin`)."""
    state.memo("visit")["page"] = sent(picture, "visit").get("page")


def selection(picture: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` with the number of the last choice that the page has heard, for the component's data."""
    return {**values, "n": state.memo(f"events.{picture}").get("n", 0)}
