"""The state: a link restores every value, whatever does not fit falls back with a message, undo and reset work."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch
from urllib.parse import parse_qsl

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.runtime.scriptrunner import RerunData, RerunException

from app.session import events, language, state
from app.session.fields import BY_KEY, FIELDS, VERSION, Field


class Query(dict[str, str]):
    """A stand-in for Streamlit's query parameters: the last value of each key, and all of them."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__(pairs)
        self.pairs = pairs

    def get_all(self, key: str) -> list[str]:
        """Every value that the address has for `key`."""
        return [value for name, value in self.pairs if name == key]


class Session:
    """A stand-in for Streamlit's session and address, one per simulated visitor."""

    def __init__(self, query: str = "") -> None:
        self.session_state: dict[str, Any] = {}
        self.query_params = Query(parse_qsl(query, keep_blank_values=True))
        self.context = SimpleNamespace(cookies={})


@pytest.fixture
def session() -> Iterator[Session]:
    """A fresh visitor without a link."""
    with patch("app.session.session.st", Session()) as fresh:
        yield fresh


def values_of(query: str) -> dict[str, Any]:
    """All values of a fresh visitor who comes by the link `query`."""
    with patch("app.session.session.st", Session(query)):
        return state.snapshot()


def value_for(field: Field) -> st.SearchStrategy[Any]:
    """Any value that `field` allows."""
    if field.kind == "bool":
        return st.booleans()
    if field.kind == "choice":
        return st.sampled_from(field.choices)
    if field.kind == "int":
        return st.integers(int(field.low), int(field.high))
    if field.kind == "float":
        return st.integers(math.ceil(field.low * 10), math.floor(field.high * 10)).map(
            lambda tenths: tenths / 10
        )
    return st.text(st.characters(exclude_categories=["Cs"]), max_size=200)


ANY_VALUES = st.fixed_dictionaries({field.key: value_for(field) for field in FIELDS})


@pytest.mark.full(reason="takes 2 s")
@given(ANY_VALUES)
def test_a_link_restores_every_value_in_a_fresh_browser(values: dict[str, Any]) -> None:
    with patch("app.session.session.st", Session()):
        state.update(values)
        link = state.link()
    assert values_of(link) == values


@given(
    st.dictionaries(st.text(max_size=12) | st.sampled_from([*BY_KEY, "v"]), st.text(max_size=40), max_size=12)
)
def test_no_link_raises_and_every_value_stays_allowed(query: dict[str, str]) -> None:
    read = state.parse(query)
    for key, value in read.values.items():
        assert BY_KEY[key].parse(BY_KEY[key].render(value)) == value
    ignored = set(query) - set(read.values) - {"v"}
    assert bool(read.notes) == (bool(ignored) or query.get("v", str(VERSION)) != str(VERSION))


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ({"nope": "1"}, "“nope”, which this Glassbox does not know"),
        ({"block": "two"}, "block=two is not a whole number; 3 is used"),
        ({"block": "1.5"}, "block=1.5 is not a whole number"),
        ({"block": "1_0"}, "block=1_0 is not a whole number"),
        ({"block": "٣"}, "is not a whole number"),
        ({"block": "-3"}, "block=-3 is not between 0 and 999"),
        ({"head": "1000"}, "head=1000 is not between 0 and 999"),
        ({"temperature": "nan"}, "temperature=nan is not between 0 and 5"),
        ({"temperature": "inf"}, "temperature=inf is not between 0 and 5"),
        ({"temperature": "warm"}, "temperature=warm is not a number"),
        ({"mask": "yes"}, "mask=yes is neither 0 nor 1"),
        ({"stack": "sideways"}, "is not one of encoder, decoder"),
        ({"block": "9" * 5000}, "is not a whole number"),
        ({"merge": "many"}, "merge=many is not a whole number; the last one is used"),
        ({"snapshot": "-7"}, "snapshot=-7 is not between 0 and 1,000,000,000; the finished model is used"),
        ({"walk": "-1"}, "walk=-1 is not between 0 and 999; the whole picture is used"),
    ],
)
def test_what_does_not_fit_is_named_and_left_out(query: dict[str, str], says: str) -> None:
    read = state.parse(query)
    assert read.values == {}
    assert says in read.notes[0]
    assert len(read.notes[0]) < 300


def test_what_is_wrong_with_a_link_is_said_in_its_language() -> None:
    for query, cookies in (("lang=es&block=two", {}), ("block=two", {language.COOKIE: "es"})):
        with patch("app.session.session.st", Session(query)) as visitor:
            visitor.context.cookies = cookies
            state.start()
            assert state.take_notes() == ["En el enlace, block=two no es un número entero; se usa: 3."]
            assert state.BY_KEY["follow"].name(-1) == "el último token"
    with patch("app.session.session.st", Session("lang=xx")):
        state.start()
        assert state.get("lang") == "en" and "lang=xx is not one of en, es" in state.take_notes()[0]


def test_of_a_repeated_key_the_last_value_counts_and_a_message_says_so() -> None:
    with patch("app.session.session.st", Session("head=1&head=3&block=2&nope=1&nope=2")):
        state.start()
        assert (state.get("head"), state.get("block")) == (3, 2)
        said = " ".join(state.take_notes())
    assert "“head”, “nope” more than once; the last value counts" in said
    assert "“nope”, which this Glassbox does not know" in said


def test_another_version_keeps_the_model_and_the_text_only() -> None:
    read = state.parse({"v": "2", "model": "m", "text": "t", "head": "3"})
    assert read.values == {"model": "m", "text": "t"}
    assert "written for version 2" in read.notes[0]


def test_the_link_says_its_version_and_only_what_differs(session: Session) -> None:
    state.set("head", 3)
    assert dict(parse_qsl(state.link())) == {
        "v": "1", "model": state.DEFAULT_MODEL, "text": state.DEFAULT_TEXT, "head": "3",
    }  # fmt: skip


def test_a_long_text_is_clipped_in_the_link_and_nowhere_else(session: Session) -> None:
    text = "word " * 20_000
    state.set("text", text)
    assert state.get("text") == text
    assert len(dict(parse_qsl(state.link()))["text"]) == state.LINK_CHARACTERS
    assert len(state.link()) < 10_000


@pytest.mark.full(reason="takes a second")
def test_a_text_longer_than_a_link_is_handed_over_while_its_session_lives(session: Session) -> None:
    state.update({"text": "a" * 3 * state.LINK_CHARACTERS, "block": 1})
    link = f"{state.link()}&{state.HELD}={state.hand_over()}"
    taken = values_of(link)
    assert taken == state.snapshot()
    session.session_state.clear()
    gc.collect()
    assert values_of(link)["text"] == "a" * state.LINK_CHARACTERS


def test_a_session_that_nobody_knows_hands_over_nothing() -> None:
    with patch("app.session.session.st", Session(f"v=1&text=a+cat&{state.HELD}=nobody")):
        assert state.get("text") == "a cat"
        assert not state.take_notes()


def test_a_broken_character_does_not_break_the_link(session: Session) -> None:
    state.set("text", "a\ud800b\0c")
    assert dict(parse_qsl(state.link()))["text"] == state.get("text") == "a�b\0c"


def test_undo_goes_back_change_by_change_and_stops_at_the_start(session: Session) -> None:
    before = state.snapshot()
    state.set("head", 1)
    state.update({"block": 2, "head": 3})
    state.undo()
    assert (state.get("head"), state.get("block")) == (1, before["block"])
    state.undo()
    assert state.snapshot() == before
    assert not state.can_undo()
    state.undo()
    assert state.snapshot() == before


def test_undo_holds_no_more_than_so_many_characters(session: Session) -> None:
    texts = [str(number) * 400_000 for number in range(10)]
    for text in texts:
        state.set("text", text)
    held = {store["text"] for store in state.current().history}
    assert sum(len(str(text)) for text in held) <= state.UNDO_CHARACTERS
    for text in texts[-2:-6:-1]:
        state.undo()
        assert state.get("text") == text
    assert not state.can_undo()


def test_one_large_text_leaves_all_steps_to_undo(session: Session) -> None:
    state.set("text", "x" * (state.UNDO_CHARACTERS - 1000))
    for head in range(1, 31):
        state.set("head", head)
    assert len(state.current().history) == 31


def test_a_text_larger_than_all_can_be_undone_once(session: Session) -> None:
    state.set("text", "x" * (2 * state.UNDO_CHARACTERS))
    state.set("text", "short")
    assert len(state.current().history) == 1
    state.undo()
    assert len(state.get("text")) == 2 * state.UNDO_CHARACTERS


def test_a_slider_dragged_in_one_go_is_one_step_back(session: Session) -> None:
    for value in (0.1, 0.2, 0.3):
        state.set("temperature", value)
    state.undo()
    assert state.get("temperature") == 1.0


def test_a_token_that_is_followed_anew_takes_the_chosen_cell_along(session: Session) -> None:
    state.update({"row": 5, "col": 2})
    state.update({"block": 1})
    assert (state.get("row"), state.get("col")) == (5, 2)
    state.update({"follow": 3})
    assert (state.get("row"), state.get("col")) == (-1, -1), "it was of another token"
    state.undo()
    assert (state.get("follow"), state.get("row"), state.get("col")) == (-1, 5, 2), "one step"
    state.update({"row": 4, "col": 1, "follow": 4})
    assert (state.get("row"), state.get("col")) == (4, 1), "both were chosen together"


def test_reset_keeps_model_and_text_and_can_be_undone(session: Session) -> None:
    state.update({"model": "m", "text": "t"})
    usual = state.get("head")
    state.update({"head": usual + 1, "mask": False})
    state.reset()
    assert (state.get("model"), state.get("text"), state.get("head"), state.get("mask")) == (
        "m",
        "t",
        usual,
        True,
    )
    assert not state.changed_selections()
    state.undo()
    assert state.get("head") == usual + 1


@pytest.mark.parametrize("value", ["x", None, 10**6, -5, float("nan"), float("inf"), [], {}])
def test_a_wrong_value_from_the_browser_is_ignored(session: Session, value: Any) -> None:
    state.set("head", 2)
    state.set("head", value)
    assert state.get("head") == 2


def test_an_unknown_field_is_a_mistake_of_ours(session: Session) -> None:
    with pytest.raises(KeyError):
        state.set("headd", 1)


def test_a_widget_shows_the_store_and_writes_to_it(session: Session) -> None:
    state.set("head", 2)
    bound = state.bind("head")
    assert session.session_state["head"] == 2
    session.session_state["head"] = 1  # what Streamlit does before it calls on_change
    bound["on_change"]()
    assert state.get("head") == 1
    state.undo()
    state.bind("head")
    assert session.session_state["head"] == 2


def test_two_views_of_one_field_agree(session: Session) -> None:
    state.bind("text")
    phone = state.bind("text", "phone")
    session.session_state[phone["key"]] = "typed on a phone"
    phone["on_change"]()
    state.bind("text")
    assert session.session_state["text"] == "typed on a phone"


def test_fit_brings_a_link_into_the_models_bounds_and_says_so() -> None:
    with patch("app.session.session.st", Session("block=12&follow=40&head=1")):
        state.start()
        state.fit({"block": 3, "head": 3, "follow": 8})
        assert (state.get("block"), state.get("head"), state.get("follow")) == (3, 1, -1)
        notes = state.take_notes()
        assert len(notes) == 2
        assert "block=12" in notes[0]
        assert "follow=40 is more than this model and text have (8); the last token is used" in notes[1]
        assert state.take_notes() == []


def test_fit_is_silent_when_the_learner_shortens_a_text(session: Session) -> None:
    state.set("follow", 40)
    state.fit({"follow": 8})
    assert state.get("follow") == -1
    assert state.take_notes() == []


def test_a_note_is_said_once(session: Session) -> None:
    state.note("one")
    state.note("one")
    assert state.take_notes() == ["one"]
    assert state.take_notes() == []


def test_a_run_that_follows_by_itself_shows_the_messages_once_more(session: Session) -> None:
    state.note("one")
    assert state.take_notes() == ["one"]
    state.note("two")
    before = state.turn()
    state.turn_again()
    between = state.turn()
    state.turn_again()
    assert before < between < state.turn(), "a browser tells by this which of two came later"
    assert state.take_notes() == ["one", "two"]
    assert state.take_notes() == []


def test_a_widget_of_another_page_is_filled_anew(session: Session) -> None:
    state.enter("home")
    state.bind("head")
    state.set("head", 2)
    session.session_state["head"] = 2
    state.enter("attention")
    with patch.object(session, "session_state", Written(session.session_state)) as written:
        state.bind("head")
        state.bind("head")
    assert written.keys_written.count("head") == 1


class Written(dict[str, Any]):
    """A dict that remembers which keys were written."""

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.keys_written: list[str] = []

    def __setitem__(self, key: str, value: Any) -> None:
        self.keys_written.append(key)
        super().__setitem__(key, value)


class Interrupting(dict[str, Any]):
    """Streamlit's session state while a newer event waits: the next look at it ends the run."""

    waiting = False

    def _look(self) -> None:
        if self.waiting:
            self.waiting = False
            raise RerunException(RerunData())

    def __getitem__(self, key: str) -> Any:
        self._look()
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:
        self._look()
        return super().get(key, default)


def test_a_newer_event_does_not_interrupt_a_callback(session: Session) -> None:
    session.session_state = streamlits = Interrupting()
    bound = state.bind("text")
    pressed = state.whole(lambda: state.update({"head": 2, "block": 1}))
    streamlits["text"] = "typed"
    for callback in (bound["on_change"], pressed):
        streamlits.waiting = True
        if callback is pressed:
            callback()  # it never looks: the event waits until the page does
            assert streamlits.waiting
        else:
            with pytest.raises(RerunException):
                callback()
            assert not streamlits.waiting
    streamlits.waiting = False
    assert (state.get("text"), state.get("head"), state.get("block")) == ("typed", 2, 1)


def test_outside_a_callback_a_newer_event_ends_the_run(session: Session) -> None:
    session.session_state = streamlits = Interrupting()
    state.start()
    for look in (lambda: state.get("head"), lambda: state.widget_value("head")):
        streamlits.waiting = True
        with pytest.raises(RerunException):
            look()


def test_a_value_that_the_page_replaced_is_no_choice_when_it_comes_back_with_another_event(
    session: Session,
) -> None:
    state.bind("text", "phone")
    box, walk = state.bind("text"), state.whole(lambda: state.set("walk", 1))
    before = state.get("text")
    session.session_state["text"] = "typed"
    box["on_change"]()
    state.start()
    phone = state.bind("text", "phone")  # the page puts "typed" there, too
    # The next click was made before the browser heard of that.
    session.session_state["text.phone"] = before
    walk()
    phone["on_change"]()
    state.start()
    assert (state.get("text"), state.get("walk")) == ("typed", 1)


def test_a_value_that_the_page_replaced_can_be_chosen_again(session: Session) -> None:
    state.bind("head")
    before = state.get("head")
    state.set("head", before + 1)  # in the picture
    head = state.bind("head")
    session.session_state["head"] = before  # back again, in the widget, before any other event
    head["on_change"]()
    assert state.get("head") == before + 1, "not before it is certain that nothing came with it"
    state.start()
    assert state.get("head") == before


def test_once_the_browser_shows_a_value_the_one_before_is_forgotten(session: Session) -> None:
    state.bind("head")
    before = state.get("head")
    state.set("head", before + 1)
    state.bind("head")
    head = state.bind("head")  # a later run: the browser has sent the new value back
    walk = state.whole(lambda: state.set("walk", 1))
    session.session_state["head"] = before
    walk()
    head["on_change"]()
    state.start()
    assert (state.get("head"), state.get("walk")) == (before, 1)


@pytest.mark.parametrize(("seconds", "told"), [(0, 1), (60, 0)])
def test_a_choice_is_told_to_its_widget_where_an_earlier_value_may_still_arrive(
    session: Session, seconds: float, told: int
) -> None:
    state.start()
    state.bind("head")
    state.set("head", 1)  # in the picture
    head = state.bind("head")  # puts it into the widget
    state.finish()
    session.session_state["head"] = 2
    head["on_change"]()
    state.start()
    later = time.monotonic() + seconds
    with (
        patch.object(session, "session_state", Written(session.session_state)) as written,
        patch("app.session.session.time", SimpleNamespace(monotonic=lambda: later)),
    ):
        state.bind("head")
    assert state.get("head") == 2
    assert written.keys_written.count("head") == told


def test_after_a_run_that_was_cut_short_every_widget_is_told_its_value_again(session: Session) -> None:
    def sent() -> int:
        state.start()
        with patch.object(session, "session_state", Written(session.session_state)) as written:
            state.bind("head")
        session.session_state.update(written)
        return written.keys_written.count("head")

    assert sent() == 1  # and never finished
    assert sent() == 1
    state.finish()
    assert sent() == 0
    state.finish()
    assert sent() == 0


def test_steps_belong_to_their_page(session: Session) -> None:
    state.enter("loss")
    state.set("formula", 3)
    state.set("block", 2)
    state.enter("loss")  # a rerun
    assert state.get("formula") == 3
    state.enter("objectives")
    assert (state.get("formula"), state.get("block")) == (-1, 2)
    state.undo()  # of the block
    assert (state.get("formula"), state.get("block")) == (-1, BY_KEY["block"].default)


def test_a_link_opens_at_its_step() -> None:
    with patch("app.session.session.st", Session("stage=3&walk=2")):
        state.enter("bias")
        assert (state.get("stage"), state.get("walk")) == (3, 2)
        state.enter("home")
        assert (state.get("stage"), state.get("walk")) == (-1, 0)


def test_a_page_that_is_opened_for_a_step_begins_there_and_only_that_page(session: Session) -> None:
    state.enter("home")
    state.set("stage", 3)
    state.carry("bias")
    state.enter("home")  # the page that is left is begun once more before the other one opens
    state.enter("bias")
    assert state.get("stage") == 3
    state.enter("scaling")
    assert state.get("stage") == -1
    state.set("stage", 3)
    state.carry("bias")
    state.enter("embeddings")  # something else was opened
    assert state.get("stage") == -1


def test_a_picture_s_link_opens_its_page_at_the_step_that_it_names(session: Session) -> None:
    state.enter("home")
    session.session_state["home"] = {
        "visit": {"page": "attention", "chosen": {"step": 8, "block": 3, "nobody's": 1}}
    }
    events.visit("home")
    assert state.memo("visit")["page"] == "attention"
    state.enter("attention")
    assert (state.get("step"), state.get("block")) == (8, 3)
    state.enter("home")
    session.session_state["home"] = {"visit": {"page": "attention"}}
    events.visit("home")
    state.enter("attention")
    assert (state.get("step"), state.get("block")) == (-1, 3)


def test_every_field_of_a_step_has_the_whole_picture_as_its_default() -> None:
    steps = {field.key: field.default for field in FIELDS if field.steps}
    assert set(steps) == {
        "stage", "step", "walk", "written", "formula", "lesson", "drafted", "level", "spoken", "counted",
        "circuit", "tour",
    }  # fmt: skip
    assert all(default == (0 if key == "walk" else -1) for key, default in steps.items())


@pytest.mark.full(reason="takes more than a second")
@given(ANY_VALUES)
def test_a_value_of_python_is_checked_as_that_of_a_link(values: dict[str, Any]) -> None:
    for key, value in values.items():
        assert BY_KEY[key].check(value) == BY_KEY[key].parse(BY_KEY[key].render(value))


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        ("block", 1.0, "is not a whole number"),
        ("block", True, "is not a whole number"),
        ("block", "3", "is not a whole number"),
        ("block", None, "is not a whole number"),
        ("block", 1000, "is not between 0 and 999"),
        ("temperature", "1", "is not a number"),
        ("temperature", math.nan, "is not between 0 and 5"),
        ("temperature", math.inf, "is not between 0 and 5"),
        ("mask", 1, "is neither True nor False"),
        ("ribbons", "width", "is not one of size, sign, none"),
        ("ribbons", 3, "is not a text"),
        ("edits", b"x", "is not a text"),
    ],
)
def test_a_value_of_python_that_a_field_does_not_allow_is_refused(key: str, value: Any, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        BY_KEY[key].check(value)
