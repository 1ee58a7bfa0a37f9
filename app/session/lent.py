"""Fields that the page has set for a while, such as the text of another question: given back when the page is left."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.session import state
from app.session.state import Value


def _record() -> dict[str, Any]:
    return state.memo("lent")


def lend(values: Mapping[str, Value]) -> None:
    """Set fields as one undo step, and remember what the learner had in them when this page began to change them."""
    record = _record()
    if record.get("page") != state.page():
        record.clear()
        record.update(page=state.page(), own={}, now={})
    before = state.snapshot()
    state.update(values)
    for key, value in state.snapshot().items():
        if value != before[key]:
            if record["now"].get(key) != before[key]:  # new, or changed by the learner since
                record["own"][key] = before[key]
            record["now"][key] = value


def mine() -> dict[str, Value]:
    """Return what the learner had in the fields that still hold what was lent, where that differs."""
    record = _record()
    return {
        key: value
        for key, value in record.get("own", {}).items()
        if state.get(key) == record["now"][key] != value
    }


def back() -> None:
    """Give the learner's own back, as one undo step."""
    state.update(mine())
    forget()


def left(page: str) -> None:
    """Give the learner's own back when `page` is opened in place of the one that changed it."""
    if _record().get("page") not in (None, page):
        state.put(mine())
        forget()


def forget() -> None:
    """Keep what is there now as the learner's own."""
    _record().clear()
