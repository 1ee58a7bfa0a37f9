"""Every value that a page remembers, and the link that carries it: the only user of session state and query parameters.

One store per session holds the values (app/fields.py declares them); widgets are views of it (`bind`), component events
write to it (`set`), the link is a rendering of it (`link`), and a fresh browser begins with a link (`start`).

Not known here: models, tokens, pages. `fit` takes the bounds that depend on the model from whoever knows it.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from dataclasses import field as part_of
from typing import Any
from urllib.parse import urlencode

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException

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
_KEY = "gb"  # inside Streamlit's session state


@dataclass
class Session:
    """What one visitor's session remembers. An object: who holds it need not ask Streamlit for it again.

    Attributes:
        store: the value of every field.
        notes: messages that wait to be shown.
        linked: the fields that the link brought and nobody has checked against the model yet.
        history: earlier stores, for undo.
        last: the slider that was dragged last, and when.
        page: the page that is being drawn; bound: for each widget key the page that drew it.
        memos: scratch records of the frame and of pages, by name.
        replaced: for each widget key what the browser showed in it before the page put something else there.
        heard: how many callbacks the event of this run has called; doubtful: those that may be echoes (`part`).
        newer: an event that came while a callback was at work.
        finished: whether the last run of the page came to its end; again: whether this run follows one that did not.
    """

    store: dict[str, Value]
    notes: list[str] = part_of(default_factory=list)
    linked: frozenset[str] = frozenset()
    history: list[dict[str, Value]] = part_of(default_factory=list)
    last: tuple[str, float] = ("", 0.0)
    page: str = ""
    bound: dict[str, str] = part_of(default_factory=dict)
    memos: dict[str, dict[str, Any]] = part_of(default_factory=dict)
    replaced: dict[str, Any] = part_of(default_factory=dict)
    heard: int = 0
    doubtful: list[Callable[[], None]] = part_of(default_factory=list)
    newer: RerunException | None = None
    finished: bool = True
    again: bool = False


# The session while one of its callbacks is at work.
_held: ContextVar[Session | None] = ContextVar("glassbox_session", default=None)


def start() -> None:
    """Begin a session with defaults and what the link says; later, finish hearing what the browser sent (`part`)."""
    session = _session()
    doubtful, session.doubtful = session.doubtful, []
    if session.heard == 1:
        for callback in doubtful:
            callback()
    session.heard = 0
    session.again, session.finished = not session.finished, False


def finish() -> None:
    """The page is drawn to its end (the router says so)."""
    _session().finished = True


def _session() -> Session:
    session: Session | None = _held.get() or st.session_state.get(_KEY)
    if session is None:
        query = st.query_params
        repeated = [key for key in query if len(query.get_all(key)) > 1]
        read = parse({key: query[key] for key in query}, repeated)
        defaults = {field.key: field.default for field in FIELDS}
        session = Session(defaults | read.values, list(read.notes), frozenset(read.values))
        st.session_state[_KEY] = session
    return session


def whole(callback: Callable[..., None]) -> Callable[..., None]:
    """`callback` for a widget, as one that is never interrupted: every `on_click` and `on_change` goes through this.

    Streamlit ends a run of the page when it looks at its session state and finds a newer event waiting, and does so in
    the middle of a callback, too: the text just typed or the button just pressed would be lost, because the next run
    sees nothing new in it. So a callback works on the session that it was given when its widget was drawn, without
    asking for it, and the newer event has its turn afterwards.
    """
    session = _session()

    @functools.wraps(callback)
    def uninterrupted(*args: Any, **kwargs: Any) -> None:
        before = _held.set(session)
        session.heard += 1
        try:
            callback(*args, **kwargs)
        finally:
            _held.reset(before)
        newer, session.newer = session.newer, None
        if newer is not None:
            raise newer

    return uninterrupted


def enter(page: str) -> None:
    """Say which page is being drawn."""
    session = _session()
    if session.page != page:
        session.page, session.bound = page, {}


def get(key: str) -> Any:
    """The value of one field. KeyError: no such field."""
    return _session().store[key]


def snapshot() -> dict[str, Value]:
    """A copy of all values, field by field."""
    return dict(_session().store)


def set(key: str, value: Value) -> None:
    """Remember `value`; a value that the field does not allow is ignored (events of a browser are untrusted too).

    Raises:
        KeyError: no such field.
    """
    update({key: value})


def update(values: Mapping[str, Value]) -> None:
    """Remember several values as one step of undo."""
    store = _session().store
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
    _session().store.update({BY_KEY[key].key: value for key, value in values.items()})


def _remember(dragged: str) -> None:
    """Push the present values on the undo stack; a slider dragged in one go (`dragged` is its key) makes one step."""
    session = _session()
    last, when = session.last
    now = time.monotonic()
    if not (dragged and dragged == last and now - when < 0.8):
        session.history.append(snapshot())
        del session.history[:-UNDO_STEPS]
    session.last = (dragged, now)


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
    """As `bind`, for a widget that shows a part of a field: it shows `value`, and a change calls `changed(chosen)`.

    An event carries the values of all widgets as the browser shows them. One that was sent before the browser heard
    that the page had put something else into a widget carries the old value, and Streamlit takes that echo for a
    change. An echo comes along with what the visitor really did, and a visitor does one thing at a time: so a return
    to the value that was replaced counts only when nothing else was heard with it.
    """
    session = _session()
    # A widget of another page is another widget, although the old one's value is still found under its key.
    if session.bound.get(widget) != session.page or widget not in st.session_state:
        session.replaced.pop(widget, None)
        st.session_state[widget] = value
        session.bound[widget] = session.page
    elif (browsers := st.session_state[widget]) != value:
        session.replaced[widget] = browsers
        st.session_state[widget] = value
    elif session.again:
        # Streamlit sends a value that was put into a widget once, and drops what a run that was cut short had not sent.
        st.session_state[widget] = value
    else:
        session.replaced.pop(widget, None)  # the browser shows it by now

    def heard() -> None:
        chosen = widget_value(widget)
        if widget in session.replaced and session.replaced[widget] == chosen:
            session.doubtful.append(whole(lambda: changed(chosen)))
        else:
            changed(chosen)

    return {"key": widget, "on_change": whole(heard)}


def fit(limits: Mapping[str, int]) -> None:
    """Tighten numbers to the model and text at hand: `limits` maps a key to its largest allowed value.

    A block that this model does not have becomes its last one; a position past the end becomes -1, the last token.
    A note says so only when the value came from the link: when a learner shortens a text there is nothing to explain.
    """
    session = _session()
    store, linked = session.store, session.linked
    session.linked = linked - frozenset(limits)
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
    notes = _session().notes
    if message not in notes:
        notes.append(message)


def unsay(message: str) -> None:
    """Take a note back that is no longer true, if it has not been shown yet."""
    notes = _session().notes
    if message in notes:
        notes.remove(message)


def take_notes() -> list[str]:
    """The messages that have gathered, oldest first; they are shown once."""
    session = _session()
    notes, session.notes = session.notes, []
    return notes


def link() -> str:
    """The query string that restores this page in another browser: version, model, text, and every selection made."""
    store = _session().store
    parts = {"v": str(VERSION)}
    for field in FIELDS:
        value = store[field.key]
        if field.key in {"model", "text"} or value != field.default:
            parts[field.key] = field.render(value)[:LINK_CHARACTERS]
    return urlencode(parts)


def link_is_whole() -> bool:
    """Whether the link carries all of the texts."""
    store = _session().store
    return all(len(str(store[field.key])) <= LINK_CHARACTERS for field in FIELDS if field.kind == "text")


def undo() -> None:
    """Go back by one change; without one, do nothing."""
    session = _session()
    if session.history:
        session.store = session.history.pop()
        session.last = ("", 0.0)


def can_undo() -> bool:
    """Whether there is a change to go back from."""
    return bool(_session().history)


def reset() -> None:
    """Put every selection of the page back to its default; model and texts stay. Undo brings them back."""
    update({field.key: field.default for field in FIELDS if field.selection})


def changed_selections() -> bool:
    """Whether any selection differs from its default."""
    store = _session().store
    return any(store[field.key] != field.default for field in FIELDS if field.selection)


def memo(name: str) -> dict[str, Any]:
    """A scratch record of this session for the frame (a Predict in progress, what a page takes away)."""
    return _session().memos.setdefault(name, {})


def widget_value(key: str) -> Any:
    """What a frame widget outside the fields (a Predict choice) holds now; None when it has not been drawn."""
    while True:
        try:
            return st.session_state.get(key)
        except RerunException as newer:  # its values come with it; a callback at work goes on first
            session = _held.get()
            if session is None:
                raise
            session.newer = newer


def empty_widget(key: str) -> None:
    """Make a frame widget that allows no choice start without one when it is drawn next."""
    st.session_state[key] = None
