"""The session of one visitor.

What it remembers, and how the events of its browser are handled, none lost and none twice.

The only user of Streamlit's session state and of a link's query parameters. `state.py` says what the values mean.
"""

from __future__ import annotations

import functools
import secrets
import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from dataclasses import field as part_of
from typing import Any
from weakref import WeakValueDictionary

import streamlit as st
from streamlit.runtime.scriptrunner import RerunException

from app.session import language
from app.session.fields import BY_KEY, FIELDS, Value, parse
from core import messages

_WHOLE: dict[str, Value] = {field.key: field.default for field in FIELDS if field.steps}
_KEY = "gb"  # key inside Streamlit's session state
ARRIVES = 3.0  # seconds in which what the page has put into a widget should have reached the browser


@dataclass(frozen=True)
class Echoes:
    """The values of a widget that a browser may send although the visitor did not choose them (`part`).

    Attributes:
        values: oldest first; the last one is what the page has put into the widget.
        put: when it did, in seconds.
    """

    values: tuple[Any, ...] = ()
    put: float = 0.0

    def may_replace(self, value: Any) -> bool:
        """Return whether what the page has put there may still arrive, and take the place of `value`."""
        return bool(self.values) and self.values[-1] != value and time.monotonic() - self.put < ARRIVES


@dataclass
class Session:
    """The remembered state of one visitor. An object: its holder need not ask Streamlit for it again.

    Attributes:
        store: the value of every field.
        notes: messages that wait to be shown.
        linked: the fields that came from the link and were not checked against the model yet.
        query: whether there was a link, with anything in it.
        history: earlier stores, for undo.
        last: the slider that was dragged last, and when.
        carried: the page that is opened next with the steps as they are (`carry`).
        page: the page that is being drawn; bound: for each widget key the page that drew it.
        memos: temporary records of the frame and of pages, by name.
        echoes: for each widget key what the browser may show, and send, without a choice of the visitor's (`part`).
        heard: how many callbacks this run's event has called; doubtful: those that may be echoes (`part`).
        newer: an event that came while a callback was running.
        finished: whether the last run of the page came to its end; again: whether this run follows one that did not.
        told: the messages that this run of the page shows.
        turn: when the page last requested a rerun by itself, in seconds.
        token: a secret that lets the page which is loaded instead of this one take over the texts; "": none does.
        this_run: temporary records of one run of the page, by name.
    """

    store: dict[str, Value]
    notes: list[str] = part_of(default_factory=list)
    linked: frozenset[str] = frozenset()
    query: bool = False
    history: list[dict[str, Value]] = part_of(default_factory=list)
    last: tuple[str, float] = ("", 0.0)
    carried: str = ""
    page: str = ""
    bound: dict[str, str] = part_of(default_factory=dict)
    memos: dict[str, dict[str, Any]] = part_of(default_factory=dict)
    echoes: dict[str, Echoes] = part_of(default_factory=dict)
    heard: int = 0
    doubtful: list[Callable[[], None]] = part_of(default_factory=list)
    newer: RerunException | None = None
    finished: bool = True
    again: bool = False
    told: list[str] = part_of(default_factory=list)
    turn: float = 0.0
    token: str = ""
    this_run: dict[str, dict[Any, Any]] = part_of(default_factory=dict)


HELD = "held"  # the link's parameter with the secret of `hand_over`

# Sessions by their token, for as long as Streamlit holds them.
_leaving: WeakValueDictionary[str, Session] = WeakValueDictionary()

# The session while one of its callbacks is running.
_held: ContextVar[Session | None] = ContextVar("glassbox_session", default=None)


def current() -> Session:
    """Return the current session; the first call creates it with defaults and the link's values."""
    session: Session | None = _held.get() or st.session_state.get(_KEY)
    if session is None:
        query = st.query_params
        repeated = [key for key in query if len(query.get_all(key)) > 1]
        defaults = {field.key: field.default for field in FIELDS} | {"lang": _language(query.get("lang", ""))}
        messages.speak(str(defaults["lang"]))  # what is wrong with the link is said, too
        read = parse({key: query[key] for key in query if key != HELD}, repeated)
        values = defaults | read.values | _texts(_leaving.get(query.get(HELD, "")))
        session = Session(values, list(read.notes), frozenset(read.values), bool(query))
        st.session_state[_KEY] = session
    messages.speak(str(session.store["lang"]))  # a fragment is drawn in a thread of its own, without `start`
    return session


def hand_over() -> str:
    """Return a secret for a link: the session that it opens takes over this one's texts, however long they are."""
    session = current()
    session.token = session.token or secrets.token_hex(16)
    _leaving[session.token] = session
    return session.token


def _texts(left: Session | None) -> dict[str, Value]:
    return {field.key: left.store[field.key] for field in FIELDS if left and field.kind == "text"}


def _language(linked: str) -> Value:
    """Return the link's language, or the one that this browser has chosen last where the link names none."""
    known = BY_KEY["lang"]
    for chosen in (linked, st.context.cookies.get(language.COOKIE, "")):
        if chosen in known.choices:
            return chosen
    return known.default


def start() -> None:
    """Start a session with defaults and the link's values; later, finish handling the browser's event (`part`)."""
    session = current()
    doubtful, session.doubtful = session.doubtful, []
    if session.heard == 1:
        for callback in doubtful:
            callback()
    session.heard = 0
    session.this_run = {}
    session.again, session.finished = not session.finished, False


def speak() -> None:
    """Speak the session's language, at the beginning of a fragment: it is drawn in a thread of its own."""
    current()


def finish() -> None:
    """Mark the run of the page as complete (called by the router)."""
    current().finished = True


def enter(page: str) -> None:
    """Set which page is being drawn; steps belong to the page that was left, in what Undo brings back, too."""
    session = current()
    if session.page != page:
        if session.page and session.carried != page:
            for store in (session.store, *session.history):
                store.update(_WHOLE)
        session.memos.pop("near", None)  # charts that were drawn when the visitor came near them
        session.page, session.bound, session.carried = page, {}, ""


def carry(page: str) -> None:
    """Let `page`, which is opened next, begin at the step that was set for it, as a link does."""
    current().carried = page


def whole(callback: Callable[..., None]) -> Callable[..., None]:
    """Wrap a widget's callback so that it is never interrupted; every `on_click` and `on_change` goes through this.

    Streamlit ends a run of the page when it looks at its session state and finds a newer event waiting, and does so in
    the middle of a callback, too: the text just typed or the button just pressed would be lost, because the next run
    sees nothing new in it. So a callback works on the session that it was given when its widget was drawn, without
    asking for it, and the newer event is handled afterwards.
    """
    session = current()

    @functools.wraps(callback)
    def uninterrupted(*args: Any, **kwargs: Any) -> None:
        before = _held.set(session)
        session.heard += 1
        try:
            with messages.speaking(str(session.store["lang"])):
                callback(*args, **kwargs)
        finally:
            _held.reset(before)
        newer, session.newer = session.newer, None
        if newer is not None:
            raise newer

    return uninterrupted


def part(widget: str, value: Any, changed: Callable[[Any], None]) -> dict[str, Any]:
    """Bind a widget to a part of a field: it shows `value`, and a change calls `changed(chosen)`.

    An event carries the values of all widgets as the browser shows them. One that was sent before the browser heard
    that the page had put something else into a widget carries the old value; and what the page had put there may reach
    the browser after the visitor's next choice, and take its place. Streamlit takes either echo for a change. An echo
    comes along with what the visitor really did, and a visitor does one thing at a time: so a return to such a value
    counts only when nothing else was heard with it.
    """
    session = current()
    echoes = session.echoes.get(widget, Echoes())
    # The same key on another page is another widget, although Streamlit still holds the old one's value under it.
    if session.bound.get(widget) != session.page or widget not in st.session_state:
        session.echoes.pop(widget, None)
        st.session_state[widget] = value
        session.bound[widget] = session.page
    # Streamlit sends a value set by the page once, and drops values that an interrupted run had not sent.
    elif (browsers := st.session_state[widget]) != value or session.again or echoes.may_replace(value):
        before = (one for one in (*echoes.values, browsers) if one != value)
        session.echoes[widget] = Echoes((*before, value), time.monotonic())
        st.session_state[widget] = value
    else:
        session.echoes.pop(widget, None)  # the browser shows it by now

    def heard() -> None:
        chosen = widget_value(widget)
        if chosen in session.echoes.get(widget, Echoes()).values:
            session.doubtful.append(whole(lambda: changed(chosen)))
        else:
            changed(chosen)

    return {"key": widget, "on_change": whole(heard)}


def memo(name: str) -> dict[str, Any]:
    """Return a temporary record of this session for the frame (a Predict in progress, the Take away data)."""
    return current().memos.setdefault(name, {})


def memo_of_run(name: str) -> dict[Any, Any]:
    """Return a record that the next run of the page begins anew."""
    return current().this_run.setdefault(name, {})


def widget_value(key: str) -> Any:
    """Return the present value of a frame widget outside the fields (a Predict choice); None if it was not drawn."""
    while True:
        try:
            return st.session_state.get(key)
        # the rerun carries the event's values; a running callback finishes first
        except RerunException as newer:
            session = _held.get()
            if session is None:
                raise
            session.newer = newer


def open_box(key: str) -> None:
    """Open a popover that reports its state (`on_change="rerun"`) when it is drawn next."""
    st.session_state[key] = True


def empty_widget(key: str) -> None:
    """Clear a frame widget that allows no selection when it is drawn next."""
    st.session_state[key] = None
