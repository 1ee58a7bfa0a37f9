"""The values that a page remembers, and the link that carries them.

One store per session holds the values (app/fields declares them); widgets are views of it (`bind`), component events
write to it (`set`), the link is a rendering of it (`link`), and a fresh browser begins with a link. How a browser's
events reach the store: app/session/session.py.

Not known here: models, tokens, pages. `fit` takes the bounds that depend on the model from whoever knows it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

from app.session.fields import BY_KEY as BY_KEY
from app.session.fields import DEFAULT_MODEL as DEFAULT_MODEL
from app.session.fields import DEFAULT_TEXT as DEFAULT_TEXT
from app.session.fields import FIELDS as FIELDS
from app.session.fields import LINK_CHARACTERS as LINK_CHARACTERS
from app.session.fields import Field as Field
from app.session.fields import Value as Value
from app.session.fields import parse as parse
from app.session.fields import query as query
from app.session.session import HELD as HELD
from app.session.session import carry as carry
from app.session.session import current
from app.session.session import empty_widget as empty_widget
from app.session.session import enter as enter
from app.session.session import finish as finish
from app.session.session import hand_over as hand_over
from app.session.session import memo as memo
from app.session.session import memo_of_run as memo_of_run
from app.session.session import open_box as open_box
from app.session.session import part as part
from app.session.session import speak as speak
from app.session.session import start as start
from app.session.session import whole as whole
from app.session.session import widget_value as widget_value
from core.messages import say

UNDO_STEPS = 50
UNDO_CHARACTERS = 2_000_000  # total characters of different texts in them
_TEXTS = tuple(field.key for field in FIELDS if field.kind == "text")


def get(key: str) -> Any:
    """Return the value of one field. KeyError: no such field."""
    return current().store[key]


def snapshot() -> dict[str, Value]:
    """Return A copy of all values, field by field."""
    return dict(current().store)


def linked(key: str) -> bool:
    """Return whether this session's link set the field (and it was not fitted to the model since)."""
    return key in current().linked


def is_linked() -> bool:
    """Return whether this session began with a link; each of our links names a model and a text."""
    return bool(current().query)


def set(key: str, value: Value) -> None:
    """Set a field; a value that the field does not allow is ignored (a browser's events are untrusted, too).

    Raises:
        KeyError: no such field.
    """
    update({key: value})


def update(values: Mapping[str, Value]) -> None:
    """Set several fields as one undo step."""
    store = current().store
    changed = {}
    for key, value in values.items():
        field = BY_KEY[key]
        try:
            fitted = field.parse(field.render(value))
        except (ValueError, TypeError, OverflowError):
            continue
        if fitted != store[key]:
            changed[key] = fitted
    if "follow" in changed:  # a chosen cell belongs to the token that was followed when it was chosen
        changed |= {key: -1 for key in ("row", "col") if key not in values and store[key] != -1}
    if changed:
        only = next(iter(changed)) if len(changed) == 1 else ""
        _remember(only if only and BY_KEY[only].dragged else "")
        store.update(changed)


def put(values: Mapping[str, Value]) -> None:
    """Set fields without an undo step: for a fallback, not for a choice of the learner's."""
    current().store.update({BY_KEY[key].key: value for key, value in values.items()})


def _remember(dragged: str) -> None:
    """Push the present values on the undo stack; one drag of a slider (`dragged` is its key) makes one step."""
    session = current()
    last, when = session.last
    now = time.monotonic()
    if not (dragged and dragged == last and now - when < 0.8):
        session.history.append(snapshot())
        del session.history[: _too_old(session.history)]
    session.last = (dragged, now)


def _too_old(history: list[dict[str, Value]]) -> int:
    """Return how many of the oldest undo steps to drop, by their number and the size of their texts."""
    seen: dict[int, str] = {}  # an unchanged text counts once
    characters = 0
    for count, store in enumerate(reversed(history)):
        for key in _TEXTS:
            text = store[key]
            if isinstance(text, str) and id(text) not in seen:
                seen[id(text)] = text
                characters += len(text)
        if count == UNDO_STEPS or (count and characters > UNDO_CHARACTERS):
            return len(history) - count
    return 0


def bind(key: str, view: str = "", then: Callable[[], None] | None = None) -> dict[str, Any]:
    """Bind a widget to field `key`: `st.toggle("Mask", **state.bind("mask"))` passes the returned keyword arguments.

    The store is the truth: the widget shows its value before it draws, and writes to it when it changes. Two widgets
    may show one field if the second gives a `view` name. `then` runs after a change. Pass no default to the widget.
    """

    def changed(chosen: Any) -> None:
        if chosen is not None:
            set(key, chosen)
        if then is not None:
            then()

    return part(key if not view else f"{key}.{view}", get(key), changed)


def fit(limits: Mapping[str, int]) -> None:
    """Clamp numbers to the model and text at hand: `limits` maps a key to its largest allowed value.

    A block that this model does not have becomes its last one; a position past the end becomes -1, the last token.
    A note is shown only when the value came from the link: when a learner shortens a text there is nothing to explain.
    """
    session = current()
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
                say(
                    "In the link, {key}={value} {why}; {used} is used.",
                    key=key,
                    value=value,
                    why=field.beyond(most),
                    used=used,
                )
            )


def note(message: str) -> None:
    """Show a message to the learner once, at the top of the page."""
    notes = current().notes
    if message not in notes:
        notes.append(message)


def unsay(message: str) -> None:
    """Remove a message that is no longer true, if it has not been shown yet."""
    notes = current().notes
    if message in notes:
        notes.remove(message)


def take_notes() -> list[str]:
    """Return the pending messages, oldest first; they are shown once."""
    session = current()
    session.notes, session.told = [], session.notes
    return list(session.told)


def turn_again() -> None:
    """Keep the messages for the next run, because the page reruns by itself before anybody has read them."""
    session = current()
    session.notes = list(dict.fromkeys((*session.told, *session.notes)))
    session.turn = max(time.time(), session.turn + 1e-3)


def page() -> str:
    """Return the name in a link of the page that is drawn, or was drawn last."""
    return current().page


def turn() -> float:
    """Return a counter of automatic reruns, so that a browser can tell which of two came later."""
    return current().turn


def link() -> str:
    """Return the query string that restores this page in another browser: version, model, text and selections."""
    return query(current().store)


def link_is_whole() -> bool:
    """Return whether the link holds all of the texts."""
    store = current().store
    return all(len(str(store[field.key])) <= LINK_CHARACTERS for field in FIELDS if field.kind == "text")


def undo() -> None:
    """Undo one change; without one, do nothing."""
    session = current()
    if session.history:
        session.store = session.history.pop()
        session.last = ("", 0.0)


def can_undo() -> bool:
    """Return whether there is a change to undo."""
    return bool(current().history)


def reset() -> None:
    """Reset every selection of the page to its default; model and texts stay. Undo restores them."""
    update({field.key: field.default for field in FIELDS if field.selection})


def changed_selections() -> bool:
    """Return whether any selection differs from its default."""
    store = current().store
    return any(store[field.key] != field.default for field in FIELDS if field.selection)
