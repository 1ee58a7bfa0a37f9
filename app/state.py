"""Every value that a page remembers, and the link that carries it: the only user of session state and query parameters.

One store per session holds the values (app/fields.py declares them); widgets are views of it (`bind`), component events
write to it (`set`), the link is a rendering of it (`link`), and a fresh browser begins with a link (`start`).

Not known here: models, tokens, pages. `fit` takes the bounds that depend on the model from whoever knows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from app.fields import BY_KEY as BY_KEY
from app.fields import DEFAULT_MODEL as DEFAULT_MODEL
from app.fields import DEFAULT_TEXT as DEFAULT_TEXT
from app.fields import FIELDS as FIELDS
from app.fields import LINK_CHARACTERS as LINK_CHARACTERS
from app.fields import VERSION as VERSION
from app.fields import Field as Field
from app.fields import Value as Value
from app.fields import parse as parse

UNDO_STEPS = 50

# Keys inside the session state; the dot keeps them apart from widget keys.
_STORE, _HISTORY, _NOTES, _LAST, _LINKED = "gb.store", "gb.history", "gb.notes", "gb.last", "gb.linked"
_PAGE, _BOUND = "gb.page", "gb.bound"


def start() -> None:
    """Begin a session: defaults, then what the link says. Later calls in the same session do nothing."""
    if _STORE in st.session_state:
        return
    query = st.query_params
    repeated = [key for key in query if len(query.get_all(key)) > 1]
    read = parse({key: query[key] for key in query}, repeated)
    st.session_state[_STORE] = {field.key: field.default for field in FIELDS} | read.values
    st.session_state[_HISTORY] = []
    st.session_state[_NOTES] = list(read.notes)
    st.session_state[_LAST] = ("", 0.0)
    st.session_state[_LINKED] = frozenset(read.values)


def enter(page: str) -> None:
    """Say which page is being drawn."""
    if st.session_state.get(_PAGE) != page:
        st.session_state[_PAGE] = page
        st.session_state[_BOUND] = {}


def _store() -> dict[str, Value]:
    start()
    store: dict[str, Value] = st.session_state[_STORE]
    return store


def get(key: str) -> Any:
    """The value of one field. KeyError: no such field."""
    return _store()[key]


def snapshot() -> dict[str, Value]:
    """A copy of all values, field by field."""
    return dict(_store())


def set(key: str, value: Value) -> None:
    """Remember `value`; a value that the field does not allow is ignored (events of a browser are untrusted too).

    Raises:
        KeyError: no such field.
    """
    update({key: value})


def update(values: Mapping[str, Value]) -> None:
    """Remember several values as one step of undo."""
    store = _store()
    changed = {}
    for key, value in values.items():
        field = BY_KEY[key]
        try:
            fitted = field.parse(field.render(value))
        except (ValueError, TypeError, OverflowError):
            continue
        if fitted != store[key]:
            changed[key] = fitted
    if changed:
        only = next(iter(changed)) if len(changed) == 1 else ""
        _remember(only if only and BY_KEY[only].dragged else "")
        store.update(changed)


def put(values: Mapping[str, Value]) -> None:
    """Correct values without a step of undo: for a fallback, not for a choice of the learner's."""
    _store().update({BY_KEY[key].key: value for key, value in values.items()})


def _remember(dragged: str) -> None:
    """Push the present values on the undo stack; a slider dragged in one go (`dragged` is its key) makes one step."""
    last, when = st.session_state[_LAST]
    now = time.monotonic()
    if not (dragged and dragged == last and now - when < 0.8):
        history = st.session_state[_HISTORY]
        history.append(snapshot())
        del history[:-UNDO_STEPS]
    st.session_state[_LAST] = (dragged, now)


def bind(key: str, view: str = "", then: Callable[[], None] | None = None) -> dict[str, Any]:
    """Keyword arguments that make a widget a view of field `key`: `st.toggle("Mask", **state.bind("mask"))`.

    The store is the truth: the widget shows its value before it draws, and writes to it when it changes. Two widgets
    may show one field if the second gives a `view` name. `then` runs after a change. Pass no default to the widget.
    """

    def changed(chosen: Any) -> None:
        if chosen is not None:
            set(key, chosen)
        if then is not None:
            then()

    return part(key if not view else f"{key}.{view}", get(key), changed)


def part(widget: str, value: Any, changed: Callable[[Any], None]) -> dict[str, Any]:
    """As `bind`, for a widget that shows a part of a field: it shows `value`, and a change calls `changed(chosen)`."""
    # A widget of another page is another widget, although the old one's value is still found under its key.
    page, bound = st.session_state.get(_PAGE, ""), st.session_state.setdefault(_BOUND, {})
    if bound.get(widget) != page or widget not in st.session_state or st.session_state[widget] != value:
        st.session_state[widget] = value
        bound[widget] = page
    return {"key": widget, "on_change": lambda: changed(st.session_state.get(widget))}


def fit(limits: Mapping[str, int]) -> None:
    """Tighten numbers to the model and text at hand: `limits` maps a key to its largest allowed value.

    A block that this model does not have becomes its last one; a position past the end becomes -1, the last token.
    A note says so only when the value came from the link: when a learner shortens a text there is nothing to explain.
    """
    store = _store()
    linked: frozenset[str] = st.session_state[_LINKED]
    st.session_state[_LINKED] = linked - frozenset(limits)
    for key, most in limits.items():
        value = int(store[key])
        if value <= most:
            continue
        field = BY_KEY[key]
        store[key] = -1 if field.low < 0 else max(most, int(field.low))
        if key in linked:
            used = field.name(store[key])
            note(
                f"In the link, {key}={value} is more than this model and text have ({most:,}); {used} is used."
            )


def note(message: str) -> None:
    """Say something to the learner on top of the page, once."""
    notes = st.session_state.setdefault(_NOTES, [])
    if message not in notes:
        notes.append(message)


def unsay(message: str) -> None:
    """Take a note back that is no longer true, if it has not been shown yet."""
    notes: list[str] = st.session_state.get(_NOTES, [])
    if message in notes:
        notes.remove(message)


def take_notes() -> list[str]:
    """The messages that have gathered, oldest first; they are shown once."""
    notes: list[str] = st.session_state.get(_NOTES, [])
    st.session_state[_NOTES] = []
    return notes


def link() -> str:
    """The query string that restores this page in another browser: version, model, text, and every selection made."""
    store = _store()
    parts = {"v": str(VERSION)}
    for field in FIELDS:
        value = store[field.key]
        if field.key in {"model", "text"} or value != field.default:
            parts[field.key] = field.render(value)[:LINK_CHARACTERS]
    return urlencode(parts)


def link_is_whole() -> bool:
    """Whether the link carries all of the texts."""
    return all(len(str(_store()[field.key])) <= LINK_CHARACTERS for field in FIELDS if field.kind == "text")


def undo() -> None:
    """Go back by one change; without one, do nothing."""
    history = st.session_state.get(_HISTORY)
    if history:
        st.session_state[_STORE] = history.pop()
        st.session_state[_LAST] = ("", 0.0)


def can_undo() -> bool:
    """Whether there is a change to go back from."""
    return bool(st.session_state.get(_HISTORY))


def reset() -> None:
    """Put every selection of the page back to its default; model and texts stay. Undo brings them back."""
    update({field.key: field.default for field in FIELDS if field.selection})


def changed_selections() -> bool:
    """Whether any selection differs from its default."""
    store = _store()
    return any(store[field.key] != field.default for field in FIELDS if field.selection)


def memo(name: str) -> dict[str, Any]:
    """A scratch record of this session for the frame (a Predict in progress, what a page takes away)."""
    record: dict[str, Any] = st.session_state.setdefault(f"gb.{name}", {})
    return record


def widget_value(key: str) -> Any:
    """What a frame widget outside the fields (a Predict choice) holds now; None when it has not been drawn."""
    return st.session_state.get(key)


def empty_widget(key: str) -> None:
    """Make a frame widget that allows no choice start without one when it is drawn next."""
    st.session_state[key] = None
