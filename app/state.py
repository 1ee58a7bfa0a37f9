"""Every value that a page remembers, and the link that carries it: the only user of session state and query parameters.

One store per session holds the values (`Field` by `Field`); widgets are views of it (`bind`), component events write to
it (`set`), the link is a rendering of it (`link`) and a fresh browser begins with a link (`start`). A link is untrusted:
whatever does not fit falls back to the default with a message.

Not known here: models, tokens, pages. `fit` takes the bounds that depend on the model from whoever knows it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlencode

import streamlit as st

VERSION = 1
LINK_CHARACTERS = 2000  # of a text, in a link: more does not travel well through chat programs and proxies
UNDO_STEPS = 50

DEFAULT_MODEL = "tales-gpt"
DEFAULT_TEXT = "Once upon a time, Lily saw a"

Value = str | int | float | bool
Kind = Literal["text", "int", "float", "bool", "choice"]


@dataclass(frozen=True)
class Field:
    """One remembered value: its key (widget key and link parameter), kind, default, and what is allowed.

    `low` and `high` bound a number; `fit` may tighten `high` to the model at hand. `selection` marks what a reset of
    the page puts back (the model and the texts stay).
    """

    key: str
    kind: Kind
    default: Value
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    selection: bool = True

    def parse(self, raw: str) -> Value:
        """The value that `raw` of a link stands for; ValueError says in a learner's words why it stands for none."""
        match self.kind:
            case "text":
                # Half of a surrogate pair has no UTF-8 form, so no widget and no link could carry it.
                return raw.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
            case "bool":
                if raw not in {"0", "1"}:
                    raise ValueError("is neither 0 nor 1")
                return raw == "1"
            case "choice":
                if raw not in self.choices:
                    raise ValueError(f"is not one of {', '.join(self.choices)}")
                return raw
            case "int" | "float":
                return self._number(raw)

    def _number(self, raw: str) -> Value:
        try:
            # int() and float() also read "1_0" and other scripts' digits; a link holds plain ones only.
            if not raw.isascii() or "_" in raw or len(raw) > 24:
                raise ValueError
            number: int | float = int(raw) if self.kind == "int" else float(raw)
        except ValueError:
            raise ValueError("is not a whole number" if self.kind == "int" else "is not a number") from None
        if not self.low <= number <= self.high:  # also refuses nan
            raise ValueError(f"is not between {self.low:g} and {self.high:g}")
        return number

    def render(self, value: Value) -> str:
        """`value` as it stands in a link."""
        if self.kind == "bool":
            return "1" if value else "0"
        if self.kind == "int":
            return str(int(value))
        if self.kind == "float":
            return f"{float(value):g}"
        return str(value)


FIELDS: tuple[Field, ...] = (
    Field("model", "text", DEFAULT_MODEL, selection=False),
    Field("snapshot", "int", -1, -1, 10**9, selection=False),  # a step of its training; -1: the finished model
    Field("text", "text", DEFAULT_TEXT, selection=False),
    Field("target", "text", "", selection=False),  # what an encoder-decoder has written so far
    Field("block", "int", 1, 0, 999),
    Field("head", "int", 0, 0, 999),
    Field("follow", "int", -1, -1, 99_999),  # a token by its position; -1: the last one
    Field("stack", "choice", "encoder", choices=("encoder", "decoder")),
    Field("attention", "choice", "self", choices=("self", "cross")),
    Field("ribbons", "choice", "size", choices=("size", "sign", "none")),
    Field("temperature", "float", 1.0, 0.0, 5.0),  # of the next token
    Field("sharpness", "float", 1.0, 0.1, 5.0),  # the temperature of one head's softmax
    Field("step", "int", -1, -1, 99),  # an operation of one head; -1: the page's own first view
    Field("walk", "int", 0, 0, 999),  # an operation of the whole pass, from 1; 0: the finished picture
    Field("scale", "bool", True),
    Field("mask", "bool", True),
    Field("turn", "bool", True),
    Field("row", "int", -1, -1, 99_999),  # a chosen cell; -1: none
    Field("col", "int", -1, -1, 99_999),
    Field("edits", "text", ""),  # scores that a learner has put in place of a head's own (pages/block/attention.py)
    Field("view", "choice", "page", choices=("page", "projector"), selection=False),
)
BY_KEY: dict[str, Field] = {field.key: field for field in FIELDS}

# Keys inside the session state; the dot keeps them apart from widget keys.
_STORE, _HISTORY, _NOTES, _LAST, _LINKED = "gb.store", "gb.history", "gb.notes", "gb.last", "gb.linked"


@dataclass(frozen=True)
class Parsed:
    """What a link says: the values that fit, and a message for each part that did not."""

    values: dict[str, Value]
    notes: tuple[str, ...]


def parse(query: Mapping[str, str]) -> Parsed:
    """Read the parameters of a link. Never raises: what does not fit is left out and named in `notes`."""
    found: dict[str, Value] = {}
    notes: list[str] = []
    version = query.get("v", str(VERSION))
    unknown = [key for key in query if key != "v" and key not in BY_KEY]
    if unknown:
        notes.append(f"The link has {_listed(unknown)}, which this Glassbox does not know; it was left out.")
    for field in FIELDS:
        if field.key not in query or (version != str(VERSION) and field.selection):
            continue
        raw = query[field.key]
        try:
            found[field.key] = field.parse(raw)
        except ValueError as why:
            notes.append(f"In the link, {field.key}={_short(raw)} {why}; {_shown(field)} is used.")
    if version != str(VERSION):
        notes.append(
            f"The link was written for version {_short(version)} and this Glassbox reads version {VERSION}: "
            "the model and the text were taken, the selections were not."
        )
    return Parsed(found, tuple(notes))


def _shown(field: Field) -> str:
    return f"{field.render(field.default)}" if field.default != "" else "nothing"


def _short(raw: str, most: int = 40) -> str:
    return raw if len(raw) <= most else raw[:most] + "…"


def _listed(keys: list[str], most: int = 5) -> str:
    named = ", ".join(f"“{_short(key)}”" for key in keys[:most])
    return named + (f" and {len(keys) - most} more" if len(keys) > most else "")


def start() -> None:
    """Begin a session: defaults, then what the link says. Later calls in the same session do nothing."""
    if _STORE in st.session_state:
        return
    read = parse({key: st.query_params[key] for key in st.query_params})
    st.session_state[_STORE] = {field.key: field.default for field in FIELDS} | read.values
    st.session_state[_HISTORY] = []
    st.session_state[_NOTES] = list(read.notes)
    st.session_state[_LAST] = ("", 0.0)
    st.session_state[_LINKED] = frozenset(read.values)


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
        _remember(only if only and BY_KEY[only].kind == "float" else "")
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
    widget = key if not view else f"{key}.{view}"
    value = get(key)
    if st.session_state.get(widget) != value or widget not in st.session_state:
        st.session_state[widget] = value

    def changed() -> None:
        chosen = st.session_state.get(widget)
        if chosen is not None:
            set(key, chosen)
        if then is not None:
            then()

    return {"key": widget, "on_change": changed}


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
            note(f"In the link, {key}={value} is more than this model and text have ({most}); {store[key]} is used.")


def note(message: str) -> None:
    """Say something to the learner on top of the page, once."""
    notes = st.session_state.setdefault(_NOTES, [])
    if message not in notes:
        notes.append(message)


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
