"""A visitor who is quicker than the page: whatever arrives late or is cut short, the last choice stands, everywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from unittest.mock import patch

from hypothesis import given, settings
from hypothesis import strategies as st

from app.session import state
from tests.tiers import examples
from tests.unit.test_state import Session, Written

KEYS = ("seed", "draws", "topk")  # numbers up to a thousand at least


@dataclass
class Laboratory:
    """A browser, a page with a widget for each of `KEYS`, and Streamlit between them, one thing at a time.

    Streamlit ends a run of the page when an event waits, drops what that run had written and not sent yet, and takes
    every widget's value that differs from what it held for a change.
    """

    streamlit: Session
    shown: dict[str, Any] = field(default_factory=dict)  # by the browser
    wire: list[tuple[int, str, Any]] = field(default_factory=list)  # (the run that sent it, widget, value)
    written: list[tuple[int, str, Any]] = field(default_factory=list)  # not sent yet
    waiting: tuple[dict[str, Any], list[Callable[[], None]]] | None = None
    chosen: dict[str, bool] = field(default_factory=dict)  # by the event that waits: in a widget?
    bound: dict[str, dict[str, Any]] = field(default_factory=dict)
    drawn: int = 0  # widgets that the present run has drawn
    run: int = 0

    def arrive(self, many: int) -> None:
        """Bring messages to the browser; not while an event waits, whose choices, known to nobody, would be lost."""
        if self.waiting:
            return
        for _, key, value in self.wire[:many]:
            self.shown[key] = value
        del self.wire[:many]

    def act(self, key: str, value: int, in_widget: bool) -> None:
        """Choose a value in a widget or in the picture, as who has seen all but what the present run wrote."""
        self.arrive(sum(run < self.run for run, _, _ in self.wire))
        _, pressed = self.waiting or ({}, [])
        if in_widget:
            self.shown[key] = value
        else:
            pressed = [*pressed, state.whole(lambda: state.set(key, value))]
        self.waiting = (dict(self.shown), pressed)

    def begin(self, sent: int) -> None:
        """Begin a run for the event that waits, when `sent` of what the last one wrote is under way."""
        assert self.waiting is not None
        (values, pressed), self.waiting = self.waiting, None
        self.wire, self.written, self.chosen = self.wire + self.written[:sent], [], {}
        known = self.streamlit.session_state
        changed = [key for key, value in values.items() if known.get(key) != value]
        known.update(values)
        for callback in (*(self.bound[key]["on_change"] for key in changed), *pressed):
            callback()
        self.run, self.drawn = self.run + 1, 0
        state.start()

    def draw(self) -> None:
        """Draw the next widget; the last one ends the run."""
        key = KEYS[self.drawn]
        known = Written(self.streamlit.session_state)
        with patch.object(self.streamlit, "session_state", known):
            self.bound[key] = state.bind(key)
        self.streamlit.session_state = dict(known)
        if key in known.keys_written:
            self.written.append((self.run, key, known[key]))
        self.drawn += 1
        if self.drawn == len(KEYS):
            state.finish()

    def rest(self) -> None:
        """Handle the last event, draw to the end, and bring all of it to the browser."""
        if self.waiting:
            self.begin(len(self.written))
        while self.drawn < len(KEYS):
            self.draw()
        self.wire, self.written = self.wire + self.written, []
        self.arrive(len(self.wire))


ACTS = st.one_of(
    st.tuples(st.just("choose"), st.sampled_from(KEYS), st.booleans()),
    st.tuples(st.just("begin"), st.integers(0, len(KEYS))),
    st.just(("draw",)),
    st.just(("send",)),
    st.tuples(st.just("arrive"), st.integers(1, len(KEYS))),
)


@given(st.lists(ACTS, max_size=40))
@settings(max_examples=examples(1500))
def test_the_last_choice_stands_in_the_store_and_in_every_widget(acts: list[tuple[Any, ...]]) -> None:
    with patch("app.session.session.st", Session()) as streamlit:
        lab = Laboratory(streamlit)
        state.start()
        lab.rest()
        wanted = {key: state.get(key) for key in KEYS}
        for at, (name, *given) in enumerate(acts):
            if name == "choose":
                key, in_widget = given
                if lab.chosen.setdefault(key, in_widget) != in_widget:
                    continue  # of a choice in a widget and one in the picture, told at once, either may be the last
                wanted[key] = 100 + at  # no choice is made twice
                lab.act(key, wanted[key], in_widget)
            elif name == "begin" and lab.waiting:
                lab.begin(given[0])
            elif name == "draw" and lab.drawn < len(KEYS):
                lab.draw()
            elif name == "send":
                lab.wire, lab.written = lab.wire + lab.written, []
            elif name == "arrive":
                lab.arrive(given[0])
        lab.rest()
        assert {key: state.get(key) for key in KEYS} == wanted
        assert lab.shown == wanted
